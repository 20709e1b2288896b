// What of the table is in sight, in pixels as last measured, and how to bring other cells there.
import { AFTER, BEFORE } from "./columns.ts";
import { bandOf, offsetShowing, type Band } from "./windowing.ts";

const MARGIN_ROWS = 2; // above and below what is in sight
const MARGIN_COLUMNS = 1;

export class Sight {
  rowHeight = 28;
  #height = 600; // of the body
  #frozen = 300; // how much of the left the columns cover that stay
  #left = 508; // where the first benchmark's column begins
  #columnWidth = 104;

  constructor(
    readonly scroller: HTMLElement,
    readonly table: HTMLTableElement,
  ) {}

  /** Measure the table, by any of its rows; cheap once the browser has laid it out. */
  measure(row: HTMLTableRowElement | undefined): void {
    const head = this.table.tHead!;
    this.#height = this.scroller.clientHeight - head.offsetHeight;
    this.rowHeight = row?.getBoundingClientRect().height || this.rowHeight;
    const fixed = [...head.rows[0]!.cells].filter(({ className }) => /^h-(pick|rank|name|overall|coverage)$/.test(className));
    this.#left = fixed.reduce((width, { offsetWidth }) => width + offsetWidth, 0);
    this.#columnWidth = head.querySelector<HTMLElement>(".h-cell")?.offsetWidth || this.#columnWidth;
    this.#frozen = fixed
      .filter((cell) => getComputedStyle(cell).left !== "auto")
      .reduce((width, { offsetWidth }) => width + offsetWidth, 0);
  }

  /** Rows that are in sight when the body is scrolled by `offset`, or those and a few around them. */
  rows(offset: number, nRows: number, isWithMargin: boolean): Band {
    return bandOf(offset, this.#height, this.rowHeight, nRows, isWithMargin ? MARGIN_ROWS : 0);
  }

  /** The same of the benchmarks' columns. */
  columns(nColumns: number, isWithMargin: boolean): Band {
    const { scrollLeft, clientWidth } = this.scroller;
    const margin = isWithMargin ? MARGIN_COLUMNS : 0;
    const place = (x: number): number => (scrollLeft + x - this.#left) / this.#columnWidth;
    const first = Math.max(0, Math.min(nColumns, Math.floor(place(this.#frozen)) - margin));
    return { first, end: Math.max(first, Math.min(nColumns, Math.ceil(place(clientWidth)) + margin)) };
  }

  /** How many rows a page further is. */
  get nPage(): number {
    return Math.max(1, Math.floor(this.#height / this.rowHeight) - 1);
  }

  /** Scroll to a row and a benchmark's column, or to a column before or after all of them. */
  bring(row: number, column: number, nColumns: number): void {
    const { scroller } = this;
    const offset = offsetShowing(row, scroller.scrollTop, this.#height, this.rowHeight);
    if (offset !== scroller.scrollTop) scroller.scrollTop = offset;
    const left = this.#left + column * this.#columnWidth;
    if (column >= 0 && column < nColumns) this.#across(left, left + this.#columnWidth);
    else this.bringHead(this.#headAround(column, nColumns));
  }

  bringHead(cell: HTMLElement): void {
    // Those that stay are in sight.
    if (getComputedStyle(cell).left === "auto") this.#across(cell.offsetLeft, cell.offsetLeft + cell.offsetWidth);
  }

  #headAround(column: number, nColumns: number): HTMLElement {
    const cells = [...this.table.tHead!.rows[0]!.cells];
    return cells.at(column < 0 ? BEFORE.length + column : column - nColumns - AFTER.length)!;
  }

  /** Scroll sideways so far that no column which stays covers what is there. */
  #across(left: number, right: number): void {
    const { scroller } = this;
    const most = left - this.#frozen;
    const least = right - scroller.clientWidth;
    if (scroller.scrollLeft > most) scroller.scrollLeft = most;
    else if (scroller.scrollLeft < least) scroller.scrollLeft = least;
  }
}
