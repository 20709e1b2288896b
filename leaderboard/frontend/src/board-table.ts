// The windowed table: rows in sight and a few around them, drawn anew as the reader scrolls; a grid that arrow keys walk through.
import { BEFORE, columnsOf, explainHeads, headerRows, markSorts } from "./board-header.ts";
import { adoptRow, fillRow, markRow, rowTemplate } from "./board-rows.ts";
import { cellWords } from "./cell-words.ts";
import { make, need } from "./dom.ts";
import { placeAfter, type Place } from "./grid-keys.ts";
import type { Shown } from "./shown.ts";
import { bandOf, offsetShowing, type Band } from "./windowing.ts";

const MARGIN = 2; // rows above and below what is in sight
const [PICK, NAME] = [0, 2]; // cells of a row that hold something to operate

export interface Actions {
  sort(key: string): void;
  fold(path: string): void;
  focus(row: number): void;
  pick(row: number): void;
  open(row: number, leaf: number): void;
}

export class BoardTable {
  readonly #table: HTMLTableElement;
  readonly #body: HTMLTableSectionElement;
  readonly #above = make("tr", { class: "spacer", "aria-hidden": "true" }, make("td"));
  readonly #below = make("tr", { class: "spacer", "aria-hidden": "true" }, make("td"));
  readonly #drawn = new Map<number, HTMLTableRowElement>();
  #shown: Shown | undefined;
  #template!: HTMLTableRowElement;
  #rowHeight = 28;
  #sight = 600; // pixels of the body that are seen, as last measured
  #active: Place = { at: 0, cell: NAME };
  #stop: HTMLElement | undefined;
  #headLayout = "";

  constructor(
    readonly scroller: HTMLElement,
    readonly actions: Actions,
  ) {
    this.#table = need<HTMLTableElement>("table", scroller);
    this.#body = this.#table.tBodies[0]!;
    this.#table.setAttribute("role", "grid");
    scroller.tabIndex = -1;
    scroller.addEventListener("scroll", () => this.#repaint(scroller.scrollTop), { passive: true });
    scroller.addEventListener("keydown", (event) => this.#pressed(event));
    this.#table.addEventListener("click", (event) => this.#clicked(event));
    this.#body.addEventListener("focusin", (event) => this.#entered(event));
    this.#body.addEventListener("pointerover", (event) => this.#explained(event));
    // Zoom, other text sizes and turned screens change how many rows fit.
    new ResizeObserver(() => this.#measure()).observe(scroller);
  }

  /** Show a view; `isReordered` starts at its first row. */
  show(shown: Shown, isReordered: boolean): void {
    if (!this.#shown && shown.isFirst) {
      this.#adopt(shown);
      return;
    }
    const hadFocus = this.#body.contains(document.activeElement);
    // Before anything changes: to ask or set it later makes browsers lay out the table again.
    if (isReordered) this.scroller.scrollTop = 0;
    const offset = this.#shown ? this.scroller.scrollTop : 0;
    this.#shown = shown;
    this.#table.setAttribute("aria-rowcount", String(shown.header.length + shown.rows.length));
    this.#table.classList.toggle("no-errors", !shown.view.errors);
    this.#showHeader(shown);
    if (isReordered) this.#active.at = 0;
    this.#active.at = Math.max(0, Math.min(this.#active.at, shown.rows.length - 1));
    this.#repaint(offset, true);
    if (hadFocus) this.focusCell();
  }

  /** Take over the rows that came with the page, which are those of the first view. */
  #adopt(shown: Shown): void {
    this.#shown = shown;
    this.#template = rowTemplate(shown);
    const head = this.#table.tHead!;
    this.#headLayout = layoutOf(shown);
    for (const button of head.querySelectorAll("button")) button.disabled = false;
    this.#headStops().forEach((stop, at) => (stop.tabIndex = at === 0 ? 0 : -1));
    explainHeads(head, shown);
    for (const tr of [...this.#body.rows]) {
      adoptRow(tr);
      this.#drawn.set(Number(tr.dataset["row"]), tr);
    }
    this.#table.setAttribute("aria-rowcount", String(shown.header.length + shown.rows.length));
    this.#body.prepend(this.#above);
    this.#body.append(this.#below);
    this.#repaint(0);
  }

  /** Show another focused row or other picked models, or ranks that have arrived. */
  mark(shown: Shown): void {
    this.#shown = shown;
    for (const tr of this.#drawn.values()) markRow(tr, shown);
  }

  /** Make a cell the active one: a row of the board, and the place of a benchmark's column. */
  activate(row: number, leaf: number): void {
    const at = this.#shown?.rows.indexOf(row) ?? -1;
    if (at >= 0) this.#active = { at, cell: leaf < 0 ? NAME : BEFORE.length + leaf };
  }

  /** Give the keyboard to the active cell, bringing it into sight. */
  focusCell(): void {
    const { scroller } = this;
    const { at } = this.#active;
    const offset = offsetShowing(at, scroller.scrollTop, this.#sight, this.#rowHeight);
    if (offset !== scroller.scrollTop) {
      scroller.scrollTop = offset;
      this.#repaint(offset);
    } else {
      this.#moveStop();
    }
    const tr = this.#drawn.get(at);
    if (!tr) {
      scroller.focus({ preventScroll: true });
      return;
    }
    this.#bringIntoSight(tr.cells[this.#active.cell]!);
    this.#stop?.focus({ preventScroll: true });
  }

  #measure(): void {
    this.#sight = this.scroller.clientHeight - this.#table.tHead!.offsetHeight;
    const row = this.#drawn.values().next().value;
    this.#rowHeight = row?.getBoundingClientRect().height || this.#rowHeight;
    this.#repaint(this.scroller.scrollTop);
  }

  #repaint(offset: number, isAnew = false): void {
    const shown = this.#shown;
    if (!shown) return;
    const nRows = shown.rows.length;
    const band = bandOf(offset, this.#sight, this.#rowHeight, nRows, MARGIN);
    const hadFocus = this.#body.contains(document.activeElement);
    const nKept = isAnew ? 0 : [...this.#drawn.keys()].filter((at) => at >= band.first && at < band.end).length;
    if (2 * nKept < band.end - band.first) this.#fillAll(shown, band);
    else this.#fillGaps(shown, band);
    this.#above.style.height = `${band.first * this.#rowHeight}px`;
    this.#below.style.height = `${(nRows - band.end) * this.#rowHeight}px`;
    this.#moveStop();
    if (!hadFocus) return;
    if (this.#drawn.has(this.#active.at)) this.#stop?.focus({ preventScroll: true });
    // From the table itself arrow keys lead back to where they were.
    else this.scroller.focus({ preventScroll: true });
  }

  /** Write other models into the rows that are there: far cheaper than other rows. */
  #fillAll(shown: Shown, { first, end }: Band): void {
    const rows = [...this.#body.rows].filter((tr) => tr !== this.#above && tr !== this.#below);
    for (const tr of rows.splice(end - first)) tr.remove();
    this.#drawn.clear();
    for (let at = first; at < end; at++) {
      const tr = rows[at - first] ?? this.#newRow();
      if (!tr.isConnected) this.#body.insertBefore(tr, this.#below);
      fillRow(tr, shown, at);
      this.#drawn.set(at, tr);
    }
  }

  /** Draw the rows that have come into sight, and leave the others alone. */
  #fillGaps(shown: Shown, { first, end }: Band): void {
    for (const [at, tr] of this.#drawn) {
      if (at >= first && at < end) continue;
      this.#drawn.delete(at);
      tr.remove();
    }
    let next: HTMLTableRowElement = this.#below;
    for (let at = end - 1; at >= first; at--) {
      let tr = this.#drawn.get(at);
      if (!tr) {
        tr = this.#newRow();
        fillRow(tr, shown, at);
        this.#drawn.set(at, tr);
        this.#body.insertBefore(tr, next);
      }
      next = tr;
    }
  }

  #newRow(): HTMLTableRowElement {
    return this.#template.cloneNode(true) as HTMLTableRowElement;
  }

  /** Tab leads to one cell of the body: the active one, or what is in sight in its place. */
  #moveStop(): void {
    const at = this.#drawn.has(this.#active.at)
      ? this.#active.at
      : Math.min(...this.#drawn.keys()) + MARGIN;
    const cell = this.#drawn.get(at)?.cells[this.#active.cell];
    const isWidget = this.#active.cell === PICK || this.#active.cell === NAME;
    const stop = isWidget ? (cell?.firstElementChild as HTMLElement | undefined) : cell;
    if (this.#stop && this.#stop !== stop) this.#stop.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
    this.#stop = stop;
  }

  #showHeader(shown: Shown): void {
    const head = this.#table.tHead!;
    const layout = layoutOf(shown);
    if (layout === this.#headLayout) {
      markSorts(head, shown.view);
      return;
    }
    this.#headLayout = layout;
    const focused = head.contains(document.activeElement) ? document.activeElement : null;
    const { sort, fold } = (focused as HTMLElement | null)?.dataset ?? {};
    need("colgroup", this.#table).replaceChildren(...columnsOf(shown));
    this.#template = rowTemplate(shown);
    this.#body.replaceChildren(this.#above, this.#below);
    head.replaceChildren(...headerRows(shown));
    markSorts(head, shown.view);
    explainHeads(head, shown);
    // Its height may be another now; the browser tells it once it has laid the table out.
    requestAnimationFrame(() => this.#measure());
    const stops = this.#headStops();
    const same = stops.find(({ dataset }) => {
      return sort === undefined ? fold !== undefined && dataset["fold"] === fold : dataset["sort"] === sort;
    });
    for (const stop of stops) stop.tabIndex = stop === (same ?? stops[0]) ? 0 : -1;
    if (focused) (same ?? stops[0])?.focus({ preventScroll: true });
  }

  #headStops(): HTMLElement[] {
    return [...this.#table.tHead!.querySelectorAll<HTMLElement>("button, a")];
  }

  #clicked(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const { sort, fold } = target.closest<HTMLElement>("button")?.dataset ?? {};
    if (sort !== undefined) this.actions.sort(sort);
    if (fold !== undefined) this.actions.fold(fold);
    const place = this.#placeOf(target);
    if (!place || target.closest("a")) return;
    this.#active = place;
    this.#moveStop();
    if (!(target instanceof HTMLInputElement)) this.#stop?.focus({ preventScroll: true });
    this.#operate();
  }

  #pressed(event: KeyboardEvent): void {
    const shown = this.#shown;
    const target = event.target as HTMLElement;
    if (!shown || event.altKey || event.metaKey) return;
    if (this.#table.tHead!.contains(target)) {
      this.#pressedInHead(event);
      return;
    }
    const row = shown.rows[this.#active.at];
    if (row === undefined) return;
    const nCells = this.#template.cells.length;
    const nPage = Math.max(1, Math.floor(this.#sight / this.#rowHeight) - 1);
    const place = placeAfter(event.key, event.ctrlKey, this.#active, shown.rows.length, nCells, nPage);
    if (place) {
      event.preventDefault();
      const isUp = event.key === "ArrowUp" && this.#active.at === 0;
      this.#active = place;
      if (isUp) this.#headStops().find(({ tabIndex }) => tabIndex === 0)?.focus();
      else this.focusCell();
      this.actions.focus(shown.rows[place.at]!);
    } else if (event.key === "c" && !event.ctrlKey) {
      this.actions.pick(row);
    } else if ((event.key === "Enter" || event.key === " ") && this.#active.cell !== NAME) {
      event.preventDefault();
      this.#operate();
    }
  }

  #pressedInHead(event: KeyboardEvent): void {
    const stops = this.#headStops();
    const now = stops.indexOf(event.target as HTMLElement);
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -stops.length, End: stops.length }[event.key];
    if (event.key === "ArrowDown") {
      event.preventDefault();
      this.focusCell();
    } else if (step !== undefined) {
      event.preventDefault();
      const next = stops[Math.min(stops.length - 1, Math.max(0, now + step))]!;
      for (const stop of stops) stop.tabIndex = stop === next ? 0 : -1;
      this.#bringIntoSight(next.closest("th")!);
      next.focus({ preventScroll: true });
    }
  }

  /** Do what the active cell is for. */
  #operate(): void {
    const row = this.#shown!.rows[this.#active.at]!;
    const leaf = this.#active.cell - BEFORE.length;
    if (this.#active.cell === PICK) {
      this.actions.pick(row);
      return;
    }
    this.actions.focus(row);
    if (this.#shown!.leaves[leaf]?.kind === "benchmark") this.actions.open(row, leaf);
  }

  #entered(event: FocusEvent): void {
    const place = this.#placeOf(event.target as HTMLElement);
    if (!place) return;
    this.#active = place;
    this.#moveStop();
  }

  #explained(event: PointerEvent): void {
    const cell = (event.target as HTMLElement).closest<HTMLTableCellElement>("td, th");
    const place = cell ? this.#placeOf(cell) : undefined;
    if (!cell || !place) return;
    const words = cellWords(this.#shown!, this.#shown!.rows[place.at]!, place.cell);
    if (words && cell.title !== words) cell.title = words;
    else if (!words) cell.removeAttribute("title");
  }

  #placeOf(element: HTMLElement): Place | undefined {
    const cell = element.closest<HTMLTableCellElement>("td, th");
    const tr = cell?.parentElement as HTMLTableRowElement | undefined;
    const at = Number(tr?.getAttribute("aria-rowindex")) - 1 - (this.#shown?.header.length ?? 0);
    return tr && this.#drawn.get(at) === tr ? { at, cell: cell!.cellIndex } : undefined;
  }

  /** Scroll sideways so far that no column which stays covers a cell. */
  #bringIntoSight(cell: HTMLElement): void {
    const { scroller } = this;
    if (getComputedStyle(cell).position === "sticky") return;
    const frozen = [...this.#table.tHead!.rows[0]!.cells]
      .filter((each) => getComputedStyle(each).left !== "auto")
      .reduce((width, each) => width + each.offsetWidth, 0);
    const left = cell.offsetLeft - frozen;
    const right = cell.offsetLeft + cell.offsetWidth - scroller.clientWidth;
    if (scroller.scrollLeft > left) scroller.scrollLeft = left;
    else if (scroller.scrollLeft < right) scroller.scrollLeft = right;
  }
}

/** What of a view changes the header. */
function layoutOf({ view }: Shown): string {
  return JSON.stringify([view.collapsed, view.common]);
}
