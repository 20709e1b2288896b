// The table's header: groups that fold, and a button to sort by each column.
import { shownError, shownNumber } from "./board-data.ts";
import { AFTER, BEFORE, type HeaderCell } from "./columns.ts";
import { breakable, make } from "./dom.ts";
import { siteAddress } from "./payloads.ts";
import type { Shown } from "./shown.ts";
import type { View } from "./view.ts";

const TITLES: Record<string, string> = {
  rank:
    "The ranks that a paired bootstrap leaves open: 1 + models that are separably better, " +
    "to all less those that are separably worse. Always by normalised numbers.",
  coverage: "On how many of the benchmarks that count overall the model is ranked",
  parameters: "Number of weights, trained or not",
  hours: "Hours of sound that it was trained on",
  training: "How it was trained",
};

const COMMON_TITLE = "Mean of the benchmarks on which all shown models are ranked: order only, no interval";

export function columnsOf(shown: Shown): HTMLTableColElement[] {
  return [
    ...BEFORE.map(({ name }) => make("col", { class: `c-${name}` })),
    ...shown.leaves.map(() => make("col", { class: "c-cell" })),
    ...AFTER.map(({ name }) => make("col", { class: `c-${name}` })),
  ];
}

export function headerRows(shown: Shown): HTMLTableRowElement[] {
  const rows = shown.header.map((cells, level) =>
    make("tr", { "aria-rowindex": level + 1 }, ...cells.map((cell) => headerCell(shown, cell))),
  );
  const nRows = rows.length;
  rows[0]!.prepend(...BEFORE.map((column) => fixedCell(shown, column, nRows)));
  rows[0]!.append(...AFTER.map((column) => fixedCell(shown, column, nRows)));
  return rows;
}

function fixedCell(
  shown: Shown,
  column: (typeof BEFORE)[number] | (typeof AFTER)[number],
  nRows: number,
): HTMLTableCellElement {
  const { key, name, label } = column;
  const isOrder = name === "rank" && shown.common !== undefined;
  const cell = make("th", { scope: "col", class: `h-${name}`, rowspan: nRows });
  if (key === "") {
    const isHidden = name === "pick";
    cell.append(make("span", { class: isHidden ? "visually-hidden" : "h-label" }, isOrder ? "Order" : label));
  } else {
    cell.append(sortButton(shown, key, name === "overall" && shown.common ? "Common" : label));
  }
  return cell;
}

function headerCell(shown: Shown, cell: HeaderCell): HTMLTableCellElement {
  const { leaf } = cell;
  const element = make("th", { colspan: cell.nColumns, rowspan: cell.nRows });
  if (!leaf) {
    element.scope = "colgroup";
    element.className = "h-group";
    element.append(foldButton(shown, cell));
    return element;
  }
  element.scope = "col";
  element.className = "h-cell";
  if (leaf.kind === "group") {
    element.append(foldButton(shown, cell), sortButton(shown, leaf.key, "mean"));
    return element;
  }
  const benchmark = shown.data.benchmarks[leaf.column]!;
  const ceiling = make("span", { class: "h-ceiling" });
  if (benchmark.ceiling === null) ceiling.append("no ceiling");
  else if (benchmark.numberName) ceiling.append(benchmark.numberName.toLowerCase());
  else {
    const error = make("span", { class: "err" }, shownError(benchmark.ceilingError));
    ceiling.append(`≤ ${shownNumber(benchmark.ceiling)}`, error);
  }
  const about = make("a", {
    class: "h-about",
    href: siteAddress(`benchmarks/${benchmark.slug}.html`),
    "aria-label": `About ${benchmark.label}`,
  });
  about.textContent = "›";
  element.append(sortButton(shown, leaf.key, cell.label), make("div", { class: "h-foot" }, ceiling, about));
  return element;
}

/** Say what each column is to who rests on its head. */
export function explainHeads(head: HTMLTableSectionElement, shown: Shown): void {
  for (const { name } of [...BEFORE, ...AFTER]) {
    const overall = shown.common ? COMMON_TITLE : shown.data.overall.words;
    const title = name === "overall" ? overall : TITLES[name];
    if (title) head.querySelector<HTMLElement>(`.h-${name}`)!.title = title;
  }
  head.querySelectorAll<HTMLElement>(".h-cell").forEach((cell) => {
    const key = cell.querySelector<HTMLElement>("[data-sort]")!.dataset["sort"];
    const benchmark = shown.data.benchmarks.find(({ slug }) => key === `b:${slug}`);
    if (!benchmark) return;
    const { summary, ceilingKind, errorKind, ranks } = benchmark;
    cell.title = [summary, `Ceiling: ${ceilingKind}`, `Errors: ${errorKind}`, ranks].filter(Boolean).join("\n");
  });
}

/** Say at the columns' heads by which of them rows are sorted. */
export function markSorts(head: HTMLTableSectionElement, { sort, descending }: View): void {
  for (const button of head.querySelectorAll<HTMLElement>("[data-sort]")) {
    const cell = button.closest("th")!;
    if (button.dataset["sort"] === sort) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
}

function sortButton(shown: Shown, key: string, label: string): HTMLButtonElement {
  const button = make("button", { type: "button", class: "sort", "data-sort": key }, ...breakable(label));
  if (key.startsWith("g:")) button.title = shown.data.groups[key.slice(2)]?.words ?? "";
  return button;
}

function foldButton(shown: Shown, { path, label, isCollapsed }: HeaderCell): HTMLButtonElement {
  const words = shown.data.groups[path]?.words ?? "The mean of what is below, each counted once.";
  return make(
    "button",
    {
      type: "button",
      class: "fold",
      "data-fold": path,
      "aria-expanded": String(!isCollapsed),
      title: isCollapsed ? words : `Fold ${label} into one column. ${words}`,
    },
    ...breakable(label),
  );
}
