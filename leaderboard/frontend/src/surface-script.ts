// What draws the cortex is a script of its own, which a page loads after all else: what can be read
// does not wait for what can be turned.
import { whenIdle } from "./idle.ts";

let isAsked = false;

/** Load the script that an element names, once for a page. */
export function loadSurfaceScript(surface: HTMLElement): void {
  const address = surface.dataset["script"];
  if (isAsked || !address) return;
  isAsked = true;
  const script = document.createElement("script");
  script.src = address;
  document.head.append(script);
}

/** Load it when the page has nothing else to do. */
export function loadSurfaceWhenIdle(): void {
  const surface = document.querySelector<HTMLElement>("heschl-surface");
  if (!surface) return;
  whenIdle(() => loadSurfaceScript(surface));
}
