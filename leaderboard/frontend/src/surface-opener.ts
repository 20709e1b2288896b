// What opens a cortex: a choice of the map and a button, which the page has from the start. What
// draws the cortex is a script of its own, and is loaded when a reader reaches for either of them.
import type { Specification } from "./surface-values.ts";

export type Opener = {
  toolbar: HTMLElement;
  button: HTMLButtonElement;
  choice: HTMLSelectElement;
  readout: HTMLOutputElement;
};

type Surface = HTMLElement & { specify(specification: Specification): void; open(): Promise<void> };

const NAME = "heschl-surface";
export const CLOSED = "Turn it in 3-D";
export const INCOMPLETE = "The map could not be loaded. Is the site’s folder complete?";

/** What each element shall show once it can. */
const wanted = new WeakMap<HTMLElement, Specification>();
let arriving: Promise<boolean> | undefined;

/** Offer the maps of every element that has their names in a script of the page. */
export function offerSurfaces(): void {
  for (const surface of document.querySelectorAll<HTMLElement>(NAME)) {
    const content = surface.querySelector("script")?.textContent;
    if (content) offerSurface(surface, JSON.parse(content) as Specification);
  }
}

/** Offer some maps in an element, in the place of those that it had. */
export function offerSurface(surface: HTMLElement, specification: Specification): void {
  wanted.set(surface, specification);
  if (isDefined()) return takeOver(surface as Surface);
  surface.querySelectorAll(":scope > :is(.toolbar, .surface-readout)").forEach((each) => each.remove());
  surface.hidden = specification.maps.length === 0;
  if (surface.hidden) return;
  const { toolbar, button, readout } = addOpener(surface, specification);
  for (const reach of ["pointerdown", "focusin"]) toolbar.addEventListener(reach, () => void loaded(surface));
  button.addEventListener("click", () => {
    // Once who draws has taken over, it listens for itself.
    if (!wanted.has(surface) || button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    void loaded(surface).then((isThere) => {
      button.removeAttribute("aria-busy");
      if (isThere) void (surface as Surface).open();
      else readout.textContent = INCOMPLETE;
    });
  });
}

/** Put a choice of the map and the button below a cortex. */
export function addOpener(surface: HTMLElement, { maps }: Specification): Opener {
  const toolbar = document.createElement("div");
  toolbar.className = "toolbar no-print";
  const choice = document.createElement("select");
  choice.append(...maps.map(({ label }, at) => new Option(label, String(at))));
  if (maps.length > 1) {
    const field = document.createElement("label");
    field.className = "field";
    field.append("Map", choice);
    toolbar.append(field);
  }
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button", textContent: CLOSED });
  button.setAttribute("aria-expanded", "false");
  toolbar.append(button);
  const readout = document.createElement("output");
  readout.className = "surface-readout no-print";
  surface.append(readout, toolbar);
  return { toolbar, button, choice, readout };
}

/** The opener that an element has already, with what the reader chose in it. */
export function openerIn(surface: HTMLElement): Opener | undefined {
  const toolbar = surface.querySelector<HTMLElement>(":scope > .toolbar");
  const button = toolbar?.querySelector("button");
  const readout = surface.querySelector<HTMLOutputElement>(":scope > .surface-readout");
  if (!toolbar || !button || !readout) return undefined;
  return { toolbar, button, readout, choice: toolbar.querySelector("select") ?? document.createElement("select") };
}

/** Load the script that draws, once for a page; it takes over all that is offered. */
function loaded(surface: HTMLElement): Promise<boolean> {
  arriving ??= new Promise((end) => {
    const script = document.createElement("script");
    script.src = surface.dataset["script"] ?? "";
    script.addEventListener("load", () => {
      for (const each of document.querySelectorAll<Surface>(NAME)) takeOver(each);
      end(true);
    });
    script.addEventListener("error", () => {
      arriving = undefined; // the reader may try again
      script.remove();
      end(false);
    });
    document.head.append(script);
  });
  return arriving;
}

function takeOver(surface: Surface): void {
  const specification = wanted.get(surface);
  wanted.delete(surface);
  if (specification) surface.specify(specification);
}

const isDefined = (): boolean => customElements.get(NAME) !== undefined;
