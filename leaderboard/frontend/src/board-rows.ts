// The table's rows. Each holds the numbers of the columns in sight and, in the place of the others,
// a gap; what it holds is written anew as the reader scrolls, where it differs from what is there.
import {
  rampStep,
  shownAmount,
  shownError,
  shownNumber,
  shownRank,
  trainingWord,
  type Whole,
} from "./board-data.ts";
import { AFTER, BEFORE } from "./columns.ts";
import { make } from "./dom.ts";
import { siteAddress } from "./payloads.ts";
import type { Cell, Shown } from "./shown.ts";
import type { Band } from "./windowing.ts";

const [PICK, RANK, NAME, OVERALL, COVERAGE] = [0, 1, 2, 3, 4];

/** A number and its error, as they were last written. */
class NumberCell {
  readonly td: HTMLTableCellElement;
  readonly #text = document.createTextNode("");
  readonly #error = document.createTextNode("");
  #className: string;

  constructor(className: string) {
    this.#className = className;
    this.td = make("td", { class: className }, this.#text, make("span", { class: "err" }, this.#error));
  }

  write({ value, error }: Cell, className: string, text = shownNumber(value)): void {
    const wide = isWide(value) || isWide(error) ? " wide" : "";
    const whole = value === null ? `${className} none` : className + wide;
    if (whole !== this.#className) this.td.className = this.#className = whole;
    write(this.#text, text);
    write(this.#error, value === null ? "" : shownError(error));
  }
}

/** A row of the table, wherever it comes from. */
export interface Row {
  readonly tr: HTMLTableRowElement;
  /** The cell of a column of the table; undefined where the row has a gap. */
  cell(column: number): HTMLTableCellElement | undefined;
  /** Write what follows from the row in focus, from ranks that have come and from what is picked. */
  mark(shown: Shown): void;
}

/** A row that came with the page: it says what the first view says, of all columns. */
export class FirstRow implements Row {
  constructor(readonly tr: HTMLTableRowElement) {
    const pick = tr.cells[PICK]!.firstChild as HTMLInputElement;
    pick.disabled = false;
    pick.tabIndex = -1;
    (tr.cells[NAME]!.firstChild as HTMLAnchorElement).tabIndex = -1;
  }

  cell(column: number): HTMLTableCellElement | undefined {
    return this.tr.cells[column];
  }

  mark(shown: Shown): void {
    markRow(this.tr, Number(this.tr.dataset["row"]), shown);
  }
}

function markRow(tr: HTMLTableRowElement, row: number, shown: Shown): void {
  const className = row === shown.focusRow ? "is-focus" : shown.isAlike(row) ? "is-alike" : "";
  if (tr.className !== className) tr.className = className;
  const interval = shown.rank(row);
  const text = interval ? shownRank(...interval) : "";
  const rank = tr.cells[RANK]!;
  if (rank.textContent !== text) rank.textContent = text;
  const pick = tr.cells[PICK]!.firstChild as HTMLInputElement;
  pick.checked = shown.view.picked.includes(shown.data.models.slug[row]!);
}

export class BoardRow implements Row {
  readonly tr: HTMLTableRowElement;
  readonly #before: HTMLTableCellElement[];
  readonly #after: HTMLTableCellElement[];
  readonly #texts = new Map<HTMLElement, Text>();
  readonly #overall = new NumberCell("num overall");
  readonly #numbers: NumberCell[];
  readonly #gaps = [gap(), gap()] as const; // left and right of the numbers
  #columns: Band = { first: 0, end: 0 };
  #nLeaves = -1;
  #row = -1;

  /** A row that holds so many columns of numbers. */
  constructor(nColumns: number) {
    this.#numbers = Array.from({ length: nColumns }, () => new NumberCell("num"));
    const text = (element: HTMLElement): HTMLElement => {
      const node = document.createTextNode("");
      element.append(node);
      this.#texts.set(element, node);
      return element;
    };
    this.#before = [
      make("td", { class: "pick" }, make("input", { type: "checkbox", tabindex: -1 })),
      make("td", { class: "rank" }),
      make("th", { scope: "row", class: "name" }, text(make("a", { tabindex: -1, dir: "auto" }))),
      this.#overall.td,
      text(make("td", { class: "num coverage" })) as HTMLTableCellElement,
    ];
    this.#after = AFTER.map(
      ({ name }) => text(make("td", { class: name === "training" ? name : `num ${name}` })) as HTMLTableCellElement,
    );
    this.tr = make("tr", {}, ...this.#before, ...this.#numbers.map(({ td }) => td), ...this.#after);
  }

  get nColumns(): number {
    return this.#numbers.length;
  }

  cell(column: number): HTMLTableCellElement | undefined {
    const leaf = column - BEFORE.length;
    if (leaf < 0) return this.#before[column];
    if (leaf >= this.#nLeaves) return this.#after[leaf - this.#nLeaves];
    return this.#numbers[leaf - this.#columns.first]?.td;
  }

  /** Write what the row at a place of a view says, for some of its columns. */
  fill(shown: Shown, at: number, columns: Band): void {
    const row = shown.rows[at]!;
    const { data, view } = shown;
    const { models } = data;
    const { tr } = this;
    this.#span(columns, shown.leaves.length);
    setAttribute(tr, "aria-rowindex", String(at + 1 + shown.header.length));
    if (row !== this.#row) this.#name(shown, row);
    this.mark(shown);
    const overall = shown.overall(row);
    // A mean of numbers that came rounded has a digit less, and a blank as wide as one.
    const common = shown.common?.mean.get(row);
    const mean = common === undefined ? undefined : `${(common / 1000).toFixed(2)}\u2007`;
    this.#overall.write(overall, overall.value !== null && overall.value > 1000 ? "num overall over" : "num overall", mean);
    this.#write(this.#before[COVERAGE]!, `${models.coverage[row]}/${data.overall.counted}`);
    const isNormalised = view.quantity === "normalised";
    this.#numbers.forEach((number, k) => {
      const leaf = shown.leaves[columns.first + k]!;
      const cell = shown.cell(leaf, row);
      const isTinted = cell.value !== null && !(leaf.kind === "benchmark" && data.benchmarks[leaf.column]!.isDescriptive);
      const step = isTinted ? ` r${rampStep(cell.value!)}` : "";
      const over = isTinted && isNormalised && cell.value! > 1000 ? " over" : "";
      number.write(cell, `num${step}${over}`);
    });
  }

  mark(shown: Shown): void {
    markRow(this.tr, this.#row, shown);
  }

  #name(shown: Shown, row: number): void {
    this.#row = row;
    const { models } = shown.data;
    const label = shown.modelLabel(row);
    this.tr.dataset["row"] = String(row);
    this.#before[PICK]!.firstElementChild!.setAttribute("aria-label", `Compare ${label}`);
    const name = this.#before[NAME]!;
    const link = name.firstChild as HTMLAnchorElement;
    this.#write(link, label);
    link.href = siteAddress(`models/${models.slug[row]!}.html`);
    name.className = models.ranked[row] ? "name" : "name is-published";
    if (!models.ranked[row]) link.title = "From the table of a paper: not ranked";
    else if (link.title) link.removeAttribute("title");
    this.#write(this.#after[0]!, shownAmount(models.parameters[row]!));
    this.#write(this.#after[1]!, shownAmount(models.hours[row]!));
    this.#write(this.#after[2]!, trainingWord(models.words.training[models.training[row]!]!));
  }

  /** Say which columns the numbers are of, to the table's layout and to who hears it. */
  #span(columns: Band, nLeaves: number): void {
    if (columns.first === this.#columns.first && columns.end === this.#columns.end && nLeaves === this.#nLeaves) return;
    this.#columns = columns;
    this.#nLeaves = nLeaves;
    const [left, right] = this.#gaps;
    widen(left, columns.first, () => this.#before[OVERALL + 1]!.after(left));
    widen(right, nLeaves - columns.end, () => this.#after[0]!.before(right));
    // Counted from 1; cells before the first gap are where they are counted to be.
    this.#numbers.forEach(({ td }, k) => td.setAttribute("aria-colindex", String(BEFORE.length + columns.first + k + 1)));
    this.#after.forEach((td, k) => td.setAttribute("aria-colindex", String(BEFORE.length + nLeaves + k + 1)));
  }

  #write(element: HTMLElement, text: string): void {
    write(this.#texts.get(element)!, text);
  }
}

/** The column of the table that a cell is of, from 0. */
export function columnOf(cell: HTMLTableCellElement): number {
  return Number(cell.getAttribute("aria-colindex") ?? cell.cellIndex + 1) - 1;
}

/** Whether a number has more digits than its column has room for. */
function isWide(whole: Whole): boolean {
  return whole !== null && Math.abs(whole) >= 1_000_000;
}

function gap(): HTMLTableCellElement {
  return make("td", { class: "gap", "aria-hidden": "true" });
}

function widen(cell: HTMLTableCellElement, nColumns: number, place: () => void): void {
  if (nColumns <= 0) {
    cell.remove();
    return;
  }
  cell.colSpan = nColumns;
  if (!cell.isConnected && !cell.parentNode) place();
}

function write(node: Text, text: string): void {
  if (node.nodeValue !== text) node.nodeValue = text;
}

function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
