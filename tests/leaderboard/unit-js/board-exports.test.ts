import assert from "node:assert/strict";
import { test } from "node:test";
import { bibtexOf, csvOf, jsonOf, latexOf, latexText, plainText, readText, tsvOf, type ViewTable } from "../../../leaderboard/frontend/src/exports.ts";
import { Shown } from "../../../leaderboard/frontend/src/shown.ts";
import { FIRST_VIEW } from "../../../leaderboard/frontend/src/view.ts";
import { viewTable } from "../../../leaderboard/frontend/src/view-table.ts";
import { benchmark, board } from "./board-samples.ts";

const TEXTS = ["plain", '=HYPERLINK("http://x")', "+1", "-1", "@a", "'quoted", '"', "a,b", "two\nlines", "\ttab", " blank ", "＝1", "שלום", "🎻", "", "back\\slash_$%&#{}~^"];
const TABLE: ViewTable = {
  columns: [
    { key: "name", label: "=Model", isNumber: false },
    { key: "b", label: "Bench, one", isNumber: true },
    { key: "b_error", label: "error", isNumber: true },
  ],
  rows: TEXTS.map((text, at) => [text, at % 3 ? "-0.012" : "", at % 2 ? "0.001" : ""]),
};

/** Read a CSV file as RFC 4180 has it. */
function read(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    row.push(found[1] === undefined ? found[2]! : found[1].replaceAll('""', '"'));
    if (found[3] === "\r\n") {
      rows.push(row);
      row = [];
    }
  }
  assert.deepEqual(row, []);
  return rows;
}

test("CSV reads back cell by cell, and holds no formula", () => {
  const [head, ...rows] = read(csvOf(TABLE));
  assert.equal(readText(head![0]!), "=Model");
  assert.equal(rows.length, TEXTS.length);
  rows.forEach((row, at) => {
    assert.deepEqual([readText(row[0]!), row[1], row[2]], TABLE.rows[at]);
    assert.doesNotMatch(row[0]!, /^[=+\-@\t\r\n＝]/u);
  });
});

test("a text with an apostrophe of its own keeps it", () => {
  for (const text of TEXTS) assert.equal(readText(plainText(text)), text);
});

test("a copy for spreadsheets has a line for each row and a tab for each cell", () => {
  const lines = tsvOf(TABLE).split("\n");
  assert.equal(lines.length, TEXTS.length + 1);
  for (const line of lines) assert.equal(line.split("\t").length, 3);
});

test("LaTeX takes no text for a command", () => {
  assert.equal(latexText("a_b\\input{x}"), "a\\_b\\textbackslash{}input\\textbraceleft{}x\\textbraceright{}");
  assert.equal(latexText("two\nlines\u202e"), "two lines");
  const table = latexOf(TABLE, "50 % of\nwhat");
  const body = table.split("\\midrule\n")[1]!.split("\n\\bottomrule")[0]!.split("\n");
  assert.equal(body.length, TEXTS.length);
  // One number stands with its error.
  for (const line of body) assert.equal(line.match(/(?<!\\)&/g)?.length, 1);
  assert.ok(body[1]!.endsWith("$-0.012 \\pm 0.001$ \\\\"));
  assert.ok(table.includes("\\begin{tabular}{lr}"));
  assert.ok(table.startsWith("% 50 \\% of what\n"));
});

test("JSON has numbers as numbers, and null where there is none", () => {
  const { rows, section } = JSON.parse(jsonOf(TABLE, { section: "real" })) as { rows: Record<string, unknown>[]; section: string };
  assert.equal(section, "real");
  assert.deepEqual(rows[1], { name: TEXTS[1], b: -0.012, b_error: 0.001 });
  assert.deepEqual(rows[0], { name: "plain", b: null, b_error: null });
});

test("BibTeX has each entry once", () => {
  assert.equal(bibtexOf(["@a{x}", "@b{y}\n", "@a{x}"]), "@a{x}\n\n@b{y}\n");
});

test("the table of a view has its rows, order and digits", () => {
  const data = board([benchmark("x", ["Brain"]), benchmark("y", ["Brain"])], [[100, -20, 1034], [1, null, 3]]);
  const shown = new Shown(data, { separability: new Map() }, { ...FIRST_VIEW, sort: "b:x", errors: false });
  const { columns, rows } = viewTable(shown);
  const at = (key: string): number => columns.findIndex((column) => column.key === key);
  assert.deepEqual(rows.map((row) => row[at("name")]), ["Model C", "Model A", "Model B"]);
  assert.deepEqual(rows.map((row) => row[at("x")]), ["1.034", "0.100", "-0.020"]);
  assert.deepEqual(rows.map((row) => row[at("y")]), ["0.003", "0.001", ""]);
  assert.equal(at("x_error"), -1);
  for (const row of rows) assert.equal(row.length, columns.length);
});
