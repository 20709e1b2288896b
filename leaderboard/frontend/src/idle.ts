// Work that can wait until the page has nothing else to do; not every browser says when that is.
export function whenIdle(act: () => void): void {
  if ("requestIdleCallback" in window) window.requestIdleCallback(() => act(), { timeout: 1000 });
  else setTimeout(act, 200);
}
