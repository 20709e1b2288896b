// Tables and texts of a page as files: the same cells, to the digits that are shown.
import { download } from "./chart-download.ts";
import { csvOf, latexOf, type ViewColumn, type ViewTable } from "./exports.ts";

export function listenToExports(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-save-table], [data-save-text]");
    if (!button) return;
    const { saveTable, saveText, name = "heschl" } = button.dataset;
    if (saveText !== undefined) {
      const text = button.closest("section")?.querySelector("pre")?.textContent ?? "";
      download(saveText, `${text.trim()}\n`, "application/x-bibtex;charset=utf-8");
      return;
    }
    const table = button.closest(".toolbar")?.previousElementSibling?.querySelector("table");
    if (!table) return;
    const view = tableOf(table);
    if (saveTable === "csv") download(`${name}.csv`, csvOf(view), "text/csv;charset=utf-8");
    else download(`${name}.tex`, latexOf(view, document.title), "application/x-tex;charset=utf-8");
  });
}

const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** A table of the page; an error becomes a column of its own after its number's. */
export function tableOf(table: HTMLTableElement): ViewTable {
  const heads = [...table.querySelectorAll<HTMLElement>("thead th")].map((head) => textOf(head));
  const body = [...table.querySelectorAll("tbody tr")].map((row) =>
    [...row.querySelectorAll<HTMLElement>("th, td")].slice(0, heads.length),
  );
  const columns: ViewColumn[] = [];
  const rows = body.map((): string[] => []);
  heads.forEach((label, at) => {
    const values = body.map((cells) => plain(textOf(cells[at]!, ".err")));
    const errors = body.map((cells) => plain(errorOf(cells[at]!)));
    const isNumber = values.every((text) => text === "" || NUMBER.test(text)) && values.some(Boolean);
    columns.push({ key: label, label, isNumber });
    rows.forEach((row, place) => row.push(values[place]!));
    if (!errors.some(Boolean)) return;
    columns.push({ key: `${label}_error`, label: `${label}, error`, isNumber: true });
    rows.forEach((row, place) => row.push(errors[place]!));
  });
  return { columns, rows };
}

function textOf(cell: HTMLElement, without = ""): string {
  const copy = cell.cloneNode(true) as HTMLElement;
  if (without) for (const each of copy.querySelectorAll(without)) each.remove();
  return (copy.textContent ?? "").replace(/\s+/gu, " ").trim();
}

function errorOf(cell: HTMLElement): string {
  const shown = cell.querySelector(".err")?.textContent?.replace("±", "").trim() ?? "";
  return shown.startsWith(".") ? `0${shown}` : shown;
}

/** A shown number with a plain minus, empty where there is none; other texts as they are. */
function plain(text: string): string {
  if (text === "–") return "";
  const number = text.replace(/^\u2212/u, "-").replace(/^\+/u, "");
  return NUMBER.test(number) ? number : text;
}
