// The canvas under a reader's pointer and keys, whichever element it stands in.

export type Hand = {
  press(key: string): boolean;
  drag(right: number, down: number): void;
  point(x: number, y: number): void;
  showCursor(isShown: boolean): void;
};

export function canvasOf(owner: () => Hand | undefined, redone: () => void): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  let held: { x: number; y: number } | undefined;
  canvas.addEventListener("pointerdown", (event) => {
    held = { x: event.clientX, y: event.clientY };
    owner()?.point(event.offsetX, event.offsetY);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held) {
      owner()?.drag(event.clientX - held.x, event.clientY - held.y);
      held = { x: event.clientX, y: event.clientY };
    } else owner()?.point(event.offsetX, event.offsetY);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = undefined));
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (owner()?.press(event.key)) event.preventDefault();
  });
  canvas.addEventListener("focus", () => owner()?.showCursor(canvas.matches(":focus-visible")));
  canvas.addEventListener("blur", () => owner()?.showCursor(false));
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", redone);
  return canvas;
}
