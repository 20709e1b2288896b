import assert from "node:assert/strict";
import { test } from "node:test";
import { choiceOf, fragmentOf } from "../../../leaderboard/frontend/src/compare-address.ts";
import { bit, contrasts, tally, type Apart, type ModelSection } from "../../../leaderboard/frontend/src/compare-data.ts";
import { curvePanels, differenceData, shortLabels } from "../../../leaderboard/frontend/src/compare-view.ts";

const KNOWN = new Set(["one", "two", "hf-a.b_c", "four"]);
const COLUMNS = ["a", "b", "c"].map((slug) => ({ slug, label: slug, region: "all", errors: "", ceiling: 500, isDescriptive: false, numberName: "" }));

function section(place: number, more: Partial<ModelSection>): ModelSection {
  return { place, overall: [null, null], rank: "–", cells: {}, curves: {}, maps: {}, ...more };
}

test("models come back from the address that they are written to", () => {
  for (const choice of [["one", "two", "", ""], ["hf-a.b_c", "four", "one", "two"], ["", "", "", ""], ["", "two", "", ""]]) {
    assert.deepEqual(choiceOf(fragmentOf(choice), KNOWN), { choice, notices: [] });
  }
});

test("what an address does not mean any more is told and left out", () => {
  const { choice, notices } = choiceOf("#v=1&a=one&b=gone&c=one&x=1&d=%E0%A4%A", KNOWN);

  assert.deepEqual(choice, ["one", "", "", ""]);
  assert.equal(notices.length, 4);
  assert.deepEqual(choiceOf("#v=9&a=one", KNOWN).notices.length, 1);
});

test("a packed bit is the one that numpy packed", () => {
  // numpy.packbits of 1 0 0 0 0 0 0 1 | 1 0 ...
  const packed = btoa(String.fromCharCode(0b10000001, 0b10000000));

  assert.deepEqual([0, 1, 7, 8, 9].map((place) => bit(packed, place)), [true, false, true, true, false]);
});

test("contrasts are in order of the first's gain, and only what is told apart has a winner", () => {
  const first = section(0, {
    cells: { a: [400, 10, 200, 5], b: [500, 10, 250, 5], c: [300, 10, 150, 5] },
    differences: { a: { "1": [-101, 10, -120, -80, -1] }, b: { "1": [50, 30, -10, 110, 0] } },
  });
  const second = section(1, { cells: { a: [501, 10, 250, 5], b: [450, 10, 225, 5], c: [300, null, 1, null] } });
  const found = contrasts({ columns: COLUMNS, isPaired: true }, first, second);

  assert.deepEqual(found.map(({ benchmark }) => benchmark.slug), ["b", "c", "a"]);
  assert.deepEqual(found.map(({ winner }) => winner), ["", "", "second"]);
  assert.deepEqual(found.map(({ isSeparable }) => isSeparable), [false, undefined, true]);
  assert.deepEqual(found.map(({ value }) => value), [50, null, -101]);
  assert.deepEqual(tally(found), { first: 0, second: 1, alike: 1, untold: 1 });
});

test("a difference that looks like none has the winner that it has in full", () => {
  const cells = { a: [400, 10, 200, 5], b: [400, 10, 200, 5] } as ModelSection["cells"];
  const [a, b] = [[0, 0, 0, 1, 1], [0, 0, -1, 0, -1]] as Apart[];
  const first = section(0, { cells, differences: { a: { "1": a! }, b: { "1": b! } } });
  const second = section(1, { cells });

  assert.deepEqual(
    contrasts({ columns: COLUMNS, isPaired: true }, first, second).map(({ winner }) => winner),
    ["first", "second"],
  );
});

test("of too many models numbers alone are shown, with who is separable", () => {
  const cells = { a: [400, 10, 200, 5], b: [500, 10, 250, 5] } as ModelSection["cells"];
  const first = section(0, { cells, better: { a: btoa("\x40"), b: btoa("\x40") } });
  const second = section(1, { cells, better: { a: btoa("\x00") } });
  const found = contrasts({ columns: COLUMNS, isPaired: false }, first, second);

  assert.deepEqual(found.map(({ value }) => value), [null, null]);
  assert.deepEqual(found.map(({ isSeparable }) => isSeparable), [true, undefined]);
  assert.deepEqual(found.map(({ winner }) => winner), ["first", ""]);
  const turned = contrasts({ columns: COLUMNS, isPaired: false }, second, first);
  assert.deepEqual(turned.map(({ winner }) => winner), ["second", ""]);
});

test("what praises nobody stands last, and shares no axis with what does", () => {
  const columns = COLUMNS.map((column) => ({ ...column, isDescriptive: column.slug === "b" }));
  const first = section(0, {
    cells: { a: [400, 10, 200, 5], b: [60_000, 900, 60_000, 900] },
    differences: { a: { "1": [-101, 10, -120, -80, -1] }, b: { "1": [4736, 900, 2116, 6336, null] } },
  });
  const second = section(1, { cells: { a: [501, 10, 250, 5], b: [55_264, 900, 55_264, 900] } });
  const found = contrasts({ columns, isPaired: true }, first, second);
  const chart = differenceData(found, "one", "two")!;

  assert.deepEqual(found.map(({ benchmark }) => benchmark.slug), ["a", "b"]);
  assert.deepEqual(chart.quantities["normalised"]!.rows.map(({ label }) => label), ["a"]);
  assert.equal(differenceData(found.slice(1), "one", "two"), undefined);
});

test("curves of percents are called so and reach for no ceiling", () => {
  const columns = COLUMNS.map((column) => ({ ...column, numberName: column.slug === "b" ? "Percent lost" : "" }));
  const curve = { values: [0.1, 0.2], errors: [0.01, 0.01], chosen: 1 };
  const models = ["one", "two"].map((name, at) => ({
    name,
    slug: name,
    facts: [],
    sections: { real: section(at, { curves: { a: curve, b: curve } }) },
  }));
  const panels = curvePanels({ columns, isPaired: true }, models, "real");
  const shown = panels.map(([, data]) => data.quantities["normalised"]!);

  assert.deepEqual(shown.map(({ axis }) => axis), ["Normalised score, all", "Percent lost, all"]);
  assert.deepEqual(shown.map(({ ceiling }) => ceiling), [1, null]);
});

test("names that begin alike are told apart by their ends", () => {
  const names = ["Log-mel spectrum, 80 bands", "Log-mel spectrum, 128 bands", "MFCC"];

  assert.deepEqual(shortLabels(names), ["Log-m…um, 80 bands", "Log-m…m, 128 bands", "MFCC"]);
  assert.deepEqual(shortLabels(["BYOL-A 512", "BYOL-A 512"]).length, 2);
});
