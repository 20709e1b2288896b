// The windowed table: rows in sight and a few around them, drawn anew as the reader scrolls; a grid that arrow keys walk through.
import { columnsOf, explainHeads, headerRows, markSorts } from "./board-header.ts";
import { BoardRow, columnOf, FirstRow, type Row } from "./board-rows.ts";
import { Sight } from "./board-sight.ts";
import { cellWords } from "./cell-words.ts";
import { AFTER, BEFORE } from "./columns.ts";
import { make, need } from "./dom.ts";
import { placeAfter, type Place } from "./grid-keys.ts";
import { whenIdle } from "./idle.ts";
import type { Shown } from "./shown.ts";
import { isWithin, type Band } from "./windowing.ts";

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
  /** On paper alone; not there where the page came with all rows. */
  readonly #more = document.querySelector(".board-more");
  readonly #above = make("tr", { class: "spacer", "aria-hidden": "true" }, make("td"));
  readonly #below = make("tr", { class: "spacer", "aria-hidden": "true" }, make("td"));
  readonly #sight: Sight;
  readonly #drawn = new Map<number, Row>();
  #columns: Band = { first: 0, end: 0 }; // of the benchmarks', those that rows have
  #spare: BoardRow[] = []; // made while there was time, for when those that came are not enough
  #areFirst = false; // whether the rows are still those that came with the page
  #isPrinted = false;
  #shown: Shown | undefined;
  #active: Place = { at: 0, cell: NAME };
  #stop: HTMLElement | undefined;
  #headLayout = "";

  constructor(
    readonly scroller: HTMLElement,
    readonly actions: Actions,
  ) {
    this.#table = need<HTMLTableElement>("table", scroller);
    this.#body = this.#table.tBodies[0]!;
    this.#sight = new Sight(scroller, this.#table);
    this.#table.setAttribute("role", "grid");
    scroller.tabIndex = -1;
    scroller.addEventListener("scroll", () => this.#repaint(scroller.scrollTop), { passive: true });
    scroller.addEventListener("keydown", (event) => this.#pressed(event));
    this.#table.addEventListener("click", (event) => this.#clicked(event));
    this.#body.addEventListener("focusin", (event) => this.#entered(event));
    this.#body.addEventListener("pointerover", (event) => this.#explained(event));
    // Zoom, other text sizes and turned screens change how many rows and columns fit.
    const resized = new ResizeObserver(() => this.#measure());
    resized.observe(scroller);
    resized.observe(this.#table.tHead!);
    for (const [event, isPrinted] of [["beforeprint", true], ["afterprint", false]] as const) {
      window.addEventListener(event, () => this.#print(isPrinted));
    }
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
    this.#count(shown);
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
    this.#areFirst = true;
    const head = this.#table.tHead!;
    const first = this.#body.rows[0]!;
    // Before anything changes, while the browser knows the layout.
    this.#sight.measure(first);
    this.#columns = { first: 0, end: nDisplayed(first) };
    this.#headLayout = layoutOf(shown);
    for (const button of head.querySelectorAll("button")) button.disabled = false;
    this.#headStops().forEach((stop, at) => (stop.tabIndex = at === 0 ? 0 : -1));
    explainHeads(head, shown);
    [...this.#body.rows].forEach((tr, at) => this.#drawn.set(at, new FirstRow(tr)));
    this.#count(shown);
    this.#body.prepend(this.#above);
    this.#body.append(this.#below);
    this.#space(shown, { first: 0, end: this.#drawn.size });
    this.#moveStop();
    this.#repaint(0);
    whenIdle(() => this.#prepare());
  }

  /** Make the rows of the next band ahead, so that the first to scroll does not wait for them. */
  #prepare(): void {
    if (!this.#areFirst || !this.#shown) return;
    const columns = this.#sight.columns(this.#shown.leaves.length, true);
    const { first, end } = this.#sight.rows(0, this.#shown.rows.length, true);
    for (let at = first; at < end; at++) {
      const row = new BoardRow(columns.end - columns.first);
      row.fill(this.#shown, at, columns);
      this.#spare.push(row);
    }
  }

  #count(shown: Shown): void {
    this.#table.setAttribute("aria-rowcount", String(shown.header.length + shown.rows.length));
    this.#table.setAttribute("aria-colcount", String(nCells(shown)));
  }

  /** Show another focused row or other picked models, or ranks that have arrived. */
  mark(shown: Shown): void {
    this.#shown = shown;
    for (const row of this.#drawn.values()) row.mark(shown);
  }

  /** Make a cell the active one: a row of the board, and the place of a benchmark's column. */
  activate(row: number, leaf: number): void {
    const at = this.#shown?.rows.indexOf(row) ?? -1;
    if (at >= 0) this.#active = { at, cell: leaf < 0 ? NAME : BEFORE.length + leaf };
  }

  /** Give the keyboard to the active cell, bringing it into sight. */
  focusCell(): void {
    const { at, cell } = this.#active;
    if (this.#shown) this.#sight.bring(at, cell - BEFORE.length, this.#shown.leaves.length);
    this.#repaint(this.scroller.scrollTop);
    if (this.#drawn.get(at)?.cell(cell)) this.#stop?.focus({ preventScroll: true });
    else this.scroller.focus({ preventScroll: true });
  }

  #measure(): void {
    const row: Row | undefined = this.#drawn.values().next().value;
    this.#sight.measure(row?.tr);
    if (this.#areFirst && row) this.#columns = { first: 0, end: nDisplayed(row.tr) };
    this.#repaint(this.scroller.scrollTop);
  }

  /** Paper shows every column, so that rows must have them all; what came with the page has. */
  #print(isPrinted: boolean): void {
    this.#isPrinted = isPrinted;
    if (!this.#areFirst) this.#repaint(this.scroller.scrollTop, true);
  }

  #repaint(offset: number, isAnew = false): void {
    const shown = this.#shown;
    if (!shown) return;
    const nRows = shown.rows.length;
    const nLeaves = shown.leaves.length;
    // What came with the page may lack those after the benchmarks, too.
    const areColumnsThere = isWithin(this.#sight.columns(this.#areFirst ? Infinity : nLeaves, false), this.#columns);
    if (this.#areFirst && !isAnew && areColumnsThere && isWithin(this.#sight.rows(offset, nRows, false), this.#kept())) return;
    const band = this.#sight.rows(offset, nRows, true);
    const hadFocus = this.#body.contains(document.activeElement);
    const isOther = isAnew || this.#areFirst || !areColumnsThere || this.#columns.end > nLeaves;
    if (isOther) this.#columns = this.#isPrinted ? { first: 0, end: nLeaves } : this.#sight.columns(nLeaves, true);
    const nKept = isOther ? 0 : [...this.#drawn.keys()].filter((at) => at >= band.first && at < band.end).length;
    if (2 * nKept < band.end - band.first) this.#fillAll(shown, band);
    else this.#fillGaps(shown, band);
    this.#space(shown, band);
    this.#moveStop();
    if (!hadFocus) return;
    if (this.#drawn.get(this.#active.at)?.cell(this.#active.cell)) this.#stop?.focus({ preventScroll: true });
    // From the table itself arrow keys lead back to where they were.
    else this.scroller.focus({ preventScroll: true });
  }

  /** Write other models into the rows that are there: far cheaper than other rows. */
  #fillAll(shown: Shown, { first, end }: Band): void {
    const nColumns = this.#columns.end - this.#columns.first;
    const rows = this.#spare.filter((row) => row.nColumns === nColumns).slice(0, end - first);
    this.#spare = [];
    for (const row of this.#drawn.values()) {
      if (row instanceof BoardRow && row.nColumns === nColumns && rows.length < end - first) rows.push(row);
      else row.tr.remove();
    }
    this.#areFirst = false;
    this.#drawn.clear();
    const others = document.createDocumentFragment();
    for (let at = first; at < end; at++) {
      const row = rows[at - first] ?? new BoardRow(nColumns);
      row.fill(shown, at, this.#columns);
      if (!row.tr.parentNode) others.append(row.tr);
      this.#drawn.set(at, row);
    }
    this.#body.insertBefore(others, this.#below);
  }

  /** Draw the rows that have come into sight in those that have left it, and leave others alone. */
  #fillGaps(shown: Shown, { first, end }: Band): void {
    const free: BoardRow[] = [];
    for (const [at, row] of this.#drawn) {
      if (at >= first && at < end) continue;
      this.#drawn.delete(at);
      if (row instanceof BoardRow) free.push(row);
    }
    let next: HTMLTableRowElement = this.#below;
    for (let at = end - 1; at >= first; at--) {
      let row = this.#drawn.get(at);
      if (!row) {
        const other = free.pop() ?? new BoardRow(this.#columns.end - this.#columns.first);
        other.fill(shown, at, this.#columns);
        this.#drawn.set(at, other);
        this.#body.insertBefore(other.tr, next);
        row = other;
      }
      next = row.tr;
    }
    for (const { tr } of free) tr.remove();
  }

  /** Keep the room of rows that are not drawn. */
  #space(shown: Shown, { first, end }: Band): void {
    this.#above.style.height = `${first * this.#sight.rowHeight}px`;
    this.#below.style.height = `${(shown.rows.length - end) * this.#sight.rowHeight}px`;
    if (!this.#more) return;
    // On paper stand the rows that are drawn, which may be all.
    const n = shown.rows.length;
    this.#more.classList.toggle("no-print", end - first >= n);
    this.#more.firstChild!.nodeValue = `Models ${first + 1} to ${end} of the ${n} in this view. `;
  }

  /** The rows that are drawn, which follow each other. */
  #kept(): Band {
    const places = [...this.#drawn.keys()];
    return { first: Math.min(...places), end: Math.max(...places) + 1 };
  }

  /** Tab leads to one cell of the body: the active one, or what is in sight in its place. */
  #moveStop(): void {
    const { at, cell: column } = this.#active;
    const row = this.#drawn.get(at) ?? this.#drawn.get(Math.min(this.#kept().first + 2, this.#kept().end - 1));
    const cell = row?.cell(column) ?? row?.cell(NAME);
    const isWidget = cell === row?.cell(PICK) || cell === row?.cell(NAME);
    const stop = isWidget ? (cell?.firstElementChild as HTMLElement | undefined) : cell;
    if (this.#stop && this.#stop !== stop) this.#stop.tabIndex = -1;
    if (stop && stop.tabIndex !== 0) stop.tabIndex = 0;
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
    this.#drawn.clear();
    this.#body.replaceChildren(this.#above, this.#below);
    head.replaceChildren(...headerRows(shown));
    markSorts(head, shown.view);
    explainHeads(head, shown);
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
    const { nPage } = this.#sight;
    const place = placeAfter(event.key, event.ctrlKey, this.#active, shown.rows.length, nCells(shown), nPage);
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
      this.#sight.bringHead(next.closest("th")!);
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
    return tr && this.#drawn.get(at)?.tr === tr ? { at, cell: columnOf(cell!) } : undefined;
  }
}

function nCells(shown: Shown): number {
  return BEFORE.length + shown.leaves.length + AFTER.length;
}

/** How many columns from the first benchmark on a row that came with the page shows. */
function nDisplayed({ cells }: HTMLTableRowElement): number {
  let n = cells.length;
  if (cells[n - 1]!.offsetWidth > 0) return Infinity;
  while (cells[n - 1]!.offsetWidth === 0) n -= 1;
  return n - BEFORE.length;
}

/** What of a view changes the header. */
function layoutOf({ view }: Shown): string {
  return JSON.stringify([view.collapsed, view.common]);
}
