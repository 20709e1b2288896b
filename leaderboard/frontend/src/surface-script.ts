// What draws the cortex is a script of its own, which a page loads when a picture comes near: most
// visits never get there.
const NEAR = "400px";
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

/** Load it as soon as one of the page's pictures is about to be seen. */
export function loadSurfaceWhenNear(): void {
  const observer = new IntersectionObserver(
    (entries) => {
      const near = entries.find((entry) => entry.isIntersecting);
      if (!near) return;
      observer.disconnect();
      loadSurfaceScript(near.target as HTMLElement);
    },
    { rootMargin: NEAR },
  );
  for (const surface of document.querySelectorAll("heschl-surface")) observer.observe(surface);
}
