// The table's rows: cloned from a template and filled as the reader scrolls.
import {
  rampStep,
  shownAmount,
  shownError,
  shownNumber,
  shownRank,
  trainingWord,
} from "./board-data.ts";
import { AFTER, BEFORE } from "./board-header.ts";
import { make } from "./dom.ts";
import { siteAddress } from "./payloads.ts";
import type { Cell, Shown } from "./shown.ts";

/** A row without content, for the columns of a view. */
export function rowTemplate(shown: Shown): HTMLTableRowElement {
  const number = (className: string): HTMLTableCellElement =>
    make("td", { class: className }, document.createTextNode(""), make("span", { class: "err" }, ""));
  return make(
    "tr",
    {},
    make("td", { class: "pick" }, make("input", { type: "checkbox", tabindex: -1 })),
    make("td", { class: "rank" }, ""),
    make("th", { scope: "row", class: "name" }, make("a", { tabindex: -1, dir: "auto" }, "")),
    number("num overall"),
    make("td", { class: "num coverage" }, ""),
    ...shown.leaves.map(() => number("num")),
    ...AFTER.map(({ name }) => make("td", { class: name === "training" ? name : `num ${name}` }, "")),
  );
}

export function fillRow(tr: HTMLTableRowElement, shown: Shown, at: number): void {
  const row = shown.rows[at]!;
  const { data, view } = shown;
  const { models } = data;
  const cells = tr.cells;
  tr.dataset["row"] = String(row);
  tr.setAttribute("aria-rowindex", String(at + 1 + shown.header.length));
  tr.className = rowClass(shown, row);

  const label = shown.modelLabel(row);
  const pick = cells[0]!.firstChild as HTMLInputElement;
  pick.checked = view.picked.includes(models.slug[row]!);
  pick.setAttribute("aria-label", `Compare ${label}`);
  fillRank(cells[1]!, shown, row);
  const name = cells[2]!;
  const link = name.firstChild as HTMLAnchorElement;
  link.textContent = label;
  link.href = siteAddress(`models/${models.slug[row]!}.html`);
  if (!models.ranked[row]) {
    name.classList.add("is-published");
    link.title = "From the table of a paper: not ranked";
  }
  const overall = shown.overall(row);
  fillNumber(cells[3]!, overall, overall.value !== null && overall.value > 1000 ? "num overall over" : "num overall");
  // A mean of numbers that came rounded has a digit less, and a blank as wide as one.
  const common = shown.common?.mean.get(row);
  if (common !== undefined) cells[3]!.firstChild!.nodeValue = `${(common / 1000).toFixed(2)}\u2007`;
  cells[4]!.textContent = `${models.coverage[row]}/${data.overall.counted}`;
  const isNormalised = view.quantity === "normalised";
  shown.leaves.forEach((leaf, k) => {
    const cell = shown.cell(leaf, row);
    const isTinted = cell.value !== null && !(leaf.kind === "benchmark" && data.benchmarks[leaf.column]!.isDescriptive);
    const step = isTinted ? ` r${rampStep(cell.value!)}` : "";
    const over = isTinted && isNormalised && cell.value! > 1000 ? " over" : "";
    fillNumber(cells[BEFORE.length + k]!, cell, `num${step}${over}`);
  });
  const after = BEFORE.length + shown.leaves.length;
  cells[after]!.textContent = shownAmount(models.parameters[row]!);
  cells[after + 1]!.textContent = shownAmount(models.hours[row]!);
  cells[after + 2]!.textContent = trainingWord(models.words.training[models.training[row]!]!);
}

/** Make a row that came with the page one of those drawn here; it says the same already. */
export function adoptRow(tr: HTMLTableRowElement): void {
  const pick = tr.cells[0]!.firstChild as HTMLInputElement;
  pick.disabled = false;
  pick.tabIndex = -1;
  (tr.cells[2]!.firstChild as HTMLAnchorElement).tabIndex = -1;
}

/** What of a row follows from the one in focus. */
export function markRow(tr: HTMLTableRowElement, shown: Shown): void {
  const row = Number(tr.dataset["row"]);
  tr.className = rowClass(shown, row);
  fillRank(tr.cells[1]!, shown, row);
  const pick = tr.cells[0]!.firstChild as HTMLInputElement;
  pick.checked = shown.view.picked.includes(shown.data.models.slug[row]!);
}

function rowClass(shown: Shown, row: number): string {
  if (row === shown.focusRow) return "is-focus";
  return shown.isAlike(row) ? "is-alike" : "";
}

function fillRank(cell: HTMLTableCellElement, shown: Shown, row: number): void {
  const rank = shown.rank(row);
  cell.textContent = rank ? shownRank(...rank) : "";
}

function fillNumber(td: HTMLTableCellElement, { value, error }: Cell, className: string): void {
  td.className = value === null ? `${className} none` : className;
  td.firstChild!.nodeValue = shownNumber(value);
  const text = value === null ? "" : shownError(error);
  if (text) td.lastChild!.firstChild!.nodeValue = text;
  else td.lastChild!.remove();
}
