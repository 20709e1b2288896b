// A panel at the side of any page: not modal, closed by Escape, and focus goes back to its opener.
import { make } from "./dom.ts";

let panel: HTMLDialogElement | undefined;
let closed: (() => void) | undefined;

function build(): HTMLDialogElement {
  const title = make("h2", { id: "drawer-title", class: "drawer-title" });
  const close = make("button", { type: "button", class: "button button-quiet drawer-close" }, "Close");
  const body = make("div", { class: "drawer-body" });
  const dialog = make(
    "dialog",
    { class: "drawer", "aria-labelledby": "drawer-title", tabindex: -1 },
    make("div", { class: "drawer-head" }, title, close),
    body,
  );
  close.addEventListener("click", closeDrawer);
  // From wherever the keyboard is, since it covers a part of the page; menus above it close first.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) closeDrawer();
  });
  // Within main, since what a page says belongs to a landmark.
  (document.querySelector("main") ?? document.body).append(dialog);
  return dialog;
}

/** Whether the drawer is open. */
export function isDrawerOpen(): boolean {
  return panel?.open ?? false;
}

/**
 * Show something in the drawer.
 *
 * @param title what it is about
 * @param content what is shown
 * @param whenClosed puts focus back where it came from; by default, the element that has it now
 */
export function openDrawer(title: string, content: Node, whenClosed?: () => void): void {
  panel ??= build();
  const opener = document.activeElement;
  const isElement = opener instanceof HTMLElement && !panel.contains(opener);
  if (whenClosed) closed = whenClosed;
  else if (isElement) closed = () => opener.focus();
  panel.querySelector(".drawer-title")!.textContent = title;
  panel.querySelector(".drawer-body")!.replaceChildren(content);
  if (!panel.open) panel.show();
  panel.scrollTop = 0;
  panel.focus();
}

export function closeDrawer(): void {
  if (!panel?.open) return;
  panel.close();
  const then = closed;
  closed = undefined;
  then?.();
}
