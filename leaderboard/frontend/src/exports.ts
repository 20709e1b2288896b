// What is on screen as text: CSV, TSV, LaTeX, JSON. The cells are those of the view, to the digits
// that it shows; the downloads of the whole board have them in full.
export interface ViewColumn {
  key: string;
  label: string;
  isNumber: boolean;
}

export interface ViewTable {
  columns: ViewColumn[];
  /** By row and column; a number has a point and a plain minus, and is empty where there is none. */
  rows: string[][];
}

// A spreadsheet takes a cell that begins so for a formula, in some languages by the wide forms of
// the signs too. An apostrophe marks a text, and one is added where there is one already, so that
// who takes the first apostrophe off reads the very text.
const FORMULA_START = /^[=+\-@\t\r\n'\uff1d\uff0b\uff0d\uff20]/u;

export function plainText(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text;
}

/** The text of a field of a CSV file that was written here. */
export function readText(field: string): string {
  return field.startsWith("'") ? field.slice(1) : field;
}

function field(text: string, isNumber: boolean): string {
  const plain = isNumber ? text : plainText(text);
  return /[",\r\n]/.test(plain) || plain !== plain.trim() ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** As RFC 4180 has it. */
export function csvOf({ columns, rows }: ViewTable): string {
  const lines = [
    columns.map(({ label }) => field(label, false)),
    ...rows.map((row) => row.map((text, at) => field(text, columns[at]!.isNumber))),
  ];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

/** For pasting into a spreadsheet: tabs and line ends within a text become blanks. */
export function tsvOf({ columns, rows }: ViewTable): string {
  const cell = (text: string, isNumber: boolean): string =>
    isNumber ? text : plainText(text).replace(/[\t\r\n]+/g, " ");
  const lines = [
    columns.map(({ label }) => cell(label, false)),
    ...rows.map((row) => row.map((text, at) => cell(text, columns[at]!.isNumber))),
  ];
  return lines.map((line) => line.join("\t")).join("\n");
}

const LATEX: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\textbraceleft{}",
  "}": "\\textbraceright{}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  _: "\\_",
  "%": "\\%",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "\\textquotedbl{}",
  "–": "--",
};

/** A text that LaTeX prints as it is, on one line: nothing of it acts. */
export function latexText(text: string): string {
  const oneLine = text.replace(/\s+/gu, " ").replace(/[\p{Cc}\p{Cs}]|(?!\u200d)\p{Cf}/gu, "");
  return [...oneLine.trim()].map((character) => LATEX[character] ?? character).join("");
}

/** A booktabs table; the error of a number stands with it, from the column after it. */
export function latexOf({ columns, rows }: ViewTable, comment: string): string {
  const shown = columns
    .map((column, at) => ({ column, at }))
    .filter(({ column }) => !column.key.endsWith("_error"));
  const cell = (row: string[], at: number): string => {
    const text = row[at]!;
    if (!columns[at]!.isNumber) return latexText(text);
    if (text === "") return "--";
    const next = columns[at + 1];
    const error = next?.key === `${columns[at]!.key}_error` ? row[at + 1]! : "";
    return error === "" ? `$${text}$` : `$${text} \\pm ${error}$`;
  };
  const line = (cells: string[]): string => `${cells.join(" & ")} \\\\`;
  return [
    `% ${latexText(comment)}`,
    "% Needs booktabs; names may hold any script, so set it with LuaLaTeX or XeLaTeX.",
    `\\begin{tabular}{${shown.map(({ column }) => (column.isNumber ? "r" : "l")).join("")}}`,
    "\\toprule",
    line(shown.map(({ column }) => latexText(column.label))),
    "\\midrule",
    ...rows.map((row) => line(shown.map(({ at }) => cell(row, at)))),
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

/** Records by the columns' keys; numbers are numbers, and null where there is none. */
export function jsonOf({ columns, rows }: ViewTable, about: Record<string, string>): string {
  const records = rows.map((row) =>
    Object.fromEntries(
      columns.map(({ key, isNumber }, at) => {
        const text = row[at]!;
        return [key, !isNumber ? text : text === "" ? null : Number(text)];
      }),
    ),
  );
  return `${JSON.stringify({ ...about, rows: records }, null, 1)}\n`;
}

/** Entries to cite, each once, in the order in which they were first wanted. */
export function bibtexOf(wanted: readonly string[]): string {
  return [...new Set(wanted)].map((entry) => `${entry.trim()}\n`).join("\n");
}
