import assert from "node:assert/strict";
import { test } from "node:test";
import { cellWords } from "../../../leaderboard/frontend/src/cell-words.ts";
import { BEFORE, headerOf, sharedPath, shownGroups } from "../../../leaderboard/frontend/src/columns.ts";
import { commonSubset } from "../../../leaderboard/frontend/src/common-subset.ts";
import { rowsKept } from "../../../leaderboard/frontend/src/filtering.ts";
import { fitted, fragmentOf, isViewFragment, viewOf, type Known } from "../../../leaderboard/frontend/src/permalink.ts";
import { Separability } from "../../../leaderboard/frontend/src/separability.ts";
import { Shown } from "../../../leaderboard/frontend/src/shown.ts";
import { meaningOf } from "../../../leaderboard/frontend/src/status.ts";
import { FIRST_VIEW, type View } from "../../../leaderboard/frontend/src/view.ts";
import { benchmark, board, seeded } from "./board-samples.ts";

const NAMES = ["a", "wav2vec2-base", "x,y", "50 %", "a=b&c", "#+?/", "שלום", "🎻", "é~", "-"];
const GROUPS = ["Brain/fMRI", "Brain/fMRI/a,b", "Behaviour"];

function randomView(seed: number): View {
  const random = seeded(seed);
  const one = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const some = (from: readonly string[]): string[] => from.filter(() => random() < 0.3);
  const range = (): [number | null, number | null] => [
    random() < 0.5 ? null : Math.floor(random() * 1e12),
    random() < 0.5 ? null : random() * 10 ** (40 * random() - 10),
  ];
  const isChanged = (): boolean => random() < 0.5;
  return {
    sort: one(["overall", "name", `b:${one(NAMES)}`, `g:${one(GROUPS)}`]),
    descending: isChanged(),
    query: isChanged() ? one(NAMES) + " " + one(NAMES) : "",
    modality: some(NAMES),
    training: some(NAMES),
    language: some(NAMES),
    badge: some(NAMES),
    parameters: range(),
    hours: range(),
    complete: isChanged(),
    quantity: one(["normalised", "score", "ceiling"] as const),
    errors: isChanged(),
    published: isChanged(),
    common: isChanged(),
    collapsed: some(GROUPS),
    focus: isChanged() ? one(NAMES) : "",
    picked: some(NAMES).slice(0, 2),
    open: isChanged() ? `${one(NAMES)}/b` : "",
  };
}

test("every view comes back from its address", () => {
  for (let seed = 0; seed < 500; seed++) {
    const view = randomView(seed);
    const fragment = fragmentOf(view);
    // As a browser gives it back.
    const { hash } = new URL(fragment || "#", "file:///index.html");
    assert.deepEqual(viewOf(hash), { view, notices: [] }, fragment);
  }
});

test("the first view has no fragment, and a fragment says only what differs", () => {
  assert.equal(fragmentOf(FIRST_VIEW), "");
  assert.equal(fragmentOf({ ...FIRST_VIEW, sort: "name", descending: false }), "#v=1&s=name");
  assert.deepEqual(viewOf("").view, FIRST_VIEW);
  assert.ok(isViewFragment("#v=1&s=name") && isViewFragment("") && !isViewFragment("#main"));
});

test("what an address says that is not known is told, and the rest is kept", () => {
  const { view, notices } = viewOf("#v=2&zz=1&q=%E0%A4%A&e=maybe&n=toString&p=1&s=name&__proto__=1");
  assert.equal(view.sort, "name");
  assert.deepEqual({ ...view, sort: "overall", descending: true }, FIRST_VIEW);
  assert.equal(notices.length, 7);
});

test("what is no longer on the board is told, and the rest is kept", () => {
  const word = new Set(["audio"]);
  const known: Known = {
    models: new Set(["a", "b"]),
    benchmarks: new Set(["x"]),
    groups: new Set(["Brain"]),
    words: { modality: word, training: word, language: word, badge: word },
  };
  const view: View = {
    ...FIRST_VIEW,
    sort: "b:gone",
    descending: false,
    modality: ["audio", "touch"],
    collapsed: ["Brain", "Gone"],
    focus: "c",
    picked: ["a", "gone", "b"],
    open: "a/gone",
  };
  const found = fitted(view, known);
  assert.equal(found.notices.length, 6);
  assert.deepEqual(found.view, { ...FIRST_VIEW, modality: ["audio"], collapsed: ["Brain"], picked: ["a", "b"] });
  assert.deepEqual(fitted(found.view, known), { view: found.view, notices: [] });
});

test("filters keep what the cards say, whatever the case of a search", () => {
  const data = board([benchmark("x", ["Brain"])], [[1, 2, null, 4]]);
  const kept = (change: Partial<View>): number[] => rowsKept(data, { ...FIRST_VIEW, ...change });
  assert.deepEqual(kept({}), [0, 1, 2, 3]);
  assert.deepEqual(kept({ query: "EOLE model b" }), [1]);
  assert.deepEqual(kept({ query: "made/c" }), [2]);
  assert.deepEqual(kept({ modality: ["text"] }), [1, 3]);
  assert.deepEqual(kept({ language: ["fr"] }), [0, 3]);
  assert.deepEqual(kept({ complete: true }), [0, 1, 3]);
  assert.deepEqual(kept({ parameters: [2000, null] }), [2, 3]);
  assert.deepEqual(kept({ parameters: [null, 1000] }), [1]);
});

const TREE = [
  benchmark("a1", ["Brain", "fMRI", "a"]),
  benchmark("a2", ["Brain", "fMRI", "a"]),
  benchmark("b", ["Brain", "fMRI", "b"]),
  benchmark("c", ["Brain", "ECoG"]),
  benchmark("d", ["Behaviour"]),
];

/** The header as a grid: each square the label of the cell over it, or "" where two would be. */
function grid(collapsed: string[]): string[][] {
  const { rows, leaves } = headerOf(board(TREE, TREE.map(() => [1])), collapsed);
  const squares = rows.map(() => leaves.map(() => ""));
  rows.forEach((cells, top) => {
    for (const cell of cells) {
      const left = squares[top]!.indexOf("");
      for (let row = top; row < top + cell.nRows; row++) {
        for (let column = left; column < left + cell.nColumns; column++) {
          assert.equal(squares[row]![column], "", "two cells in one place");
          squares[row]![column] = cell.label;
        }
      }
    }
  });
  return squares;
}

test("a header covers its columns whole, folded or not", () => {
  assert.deepEqual(grid([]), [
    ["Brain", "Brain", "Brain", "Brain", "Behaviour"],
    ["fMRI", "fMRI", "fMRI", "ECoG", "d"],
    ["a", "a", "b", "c", "d"],
    ["a1", "a2", "b", "c", "d"],
  ]);
  assert.deepEqual(grid(["Brain/fMRI"]), [
    ["Brain", "Brain", "Behaviour"],
    ["fMRI", "ECoG", "d"],
    ["fMRI", "c", "d"],
  ]);
  assert.deepEqual(grid(["Brain", "Brain/fMRI/a", "Behaviour"]), [["Brain", "Behaviour"]]);
});

test("a group of one benchmark that begins with its name is named once", () => {
  const tree = [
    benchmark("a-x", ["Brain", "fMRI", "a"]),
    benchmark("a-y", ["Brain", "fMRI", "a"]),
    benchmark("b-x", ["Brain", "fMRI", "b"]),
    benchmark("c-x", ["Brain", "ECoG", "c"]),
  ];
  const { rows } = headerOf(board(tree, tree.map(() => [1])), []);
  assert.deepEqual(
    rows.map((cells) => cells.map(({ label, nColumns, nRows }) => [label, nColumns, nRows])),
    [
      [["fMRI", 3, 1], ["ECoG", 1, 1]],
      [["a", 2, 1], ["b-x", 1, 2], ["c-x", 1, 2]],
      [["a-x", 1, 1], ["a-y", 1, 1]],
    ],
  );
});

test("groups above every benchmark are not shown", () => {
  const brains = TREE.slice(0, 3);
  assert.equal(sharedPath(brains), 2);
  assert.deepEqual(shownGroups(brains), ["Brain/fMRI/a", "Brain/fMRI/b"]);
  assert.equal(sharedPath([brains[0]!]), 2);
  assert.equal(sharedPath([]), 0);
});

test("a common subset is what all have, averaged by the tree", () => {
  const value = [
    [100, 200, 300],
    [300, 400, null],
    [500, 500, 900],
    [900, 100, 0],
    [0, 800, 100],
  ];
  const data = board(TREE, value);
  const all = commonSubset(data, [0, 1, 2]);
  assert.deepEqual(all.columns, [0, 2, 3, 4]);
  // ((a1 + b) / 2 + c) / 2 of the brain, and d, each half.
  const mean = (row: number): number => (((value[0]![row]! + value[2]![row]!) / 2 + value[3]![row]!) / 2 + value[4]![row]!) / 2;
  for (const row of [0, 1, 2]) assert.ok(Math.abs(all.mean.get(row)! - mean(row)) < 1e-9);
  assert.deepEqual([0, 1, 2].map((row) => all.place.get(row)), [2, 1, 3]);
  assert.equal(commonSubset(data, [0, 1]).columns.length, 5);
  // A number that is compared with none elsewhere, as of other listeners, moves nobody here.
  data.benchmarks[4]!.unranked = [1];
  assert.deepEqual(commonSubset(data, [0, 1, 2]).columns, [0, 2, 3]);
  assert.deepEqual(commonSubset(data, [0, 2]).columns, [0, 2, 3, 4]);
  data.benchmarks = data.benchmarks.map((each) => ({ ...each, counts: 0 }));
  assert.equal(commonSubset(data, [0, 1]).mean.size, 0);
});

test("a cell says of its own number what it is and what its error is over", () => {
  const percent = { isDescriptive: 1, numberName: "Percent lost", errorKind: "standard error over 8 listeners" };
  const benchmarks = [
    benchmark("a", ["Descriptive"], { ...percent, ownErrorKinds: { "1": "standard error over 3 listeners" } }),
    benchmark("b", ["Brain"], { errorKind: "standard error over 8 listeners" }),
  ];
  const shown = new Shown(board(benchmarks, [[40500, 41500], [900, 1042]]), { separability: new Map() }, FIRST_VIEW);
  const words = (row: number, column: number): string => cellWords(shown, row, BEFORE.length + column);

  assert.equal(words(0, 0), "Model A on a: percent lost 40.500, ±40.500 standard error over 8 listeners");
  assert.equal(words(1, 0), "Model B on a: percent lost 41.500, ±41.500 standard error over 3 listeners");
  assert.equal(words(1, 1), "Model B on b: normalised 1.042, ±1.042 standard error over 8 listeners; above its ceiling");
});

test("who cannot be told from the row in focus is marked, but not on a common subset, which has no draws", () => {
  const data = board([benchmark("a", ["Brain"])], [[900, 800, 700]]);
  // Pairs 0-1, 0-2, 1-2: the first two cannot be told apart.
  const overall = new Separability({ rows: [0, 1, 2], low: [1, 1, 3], high: [2, 2, 3], bits: btoa("\x60") });
  const later = { separability: new Map([["overall", overall]]) };
  const marked = (common: boolean): boolean[] => {
    const shown = new Shown(data, later, { ...FIRST_VIEW, focus: "a", common });
    return [0, 1, 2].map((row) => shown.isAlike(row));
  };

  assert.deepEqual(marked(false), [false, true, false]);
  assert.deepEqual(marked(true), [false, false, false]);
});

test("where there are too few samples nobody is called inseparable, and it is said why", () => {
  const few = "3 listeners cannot tell two models apart, for which 6 are needed: every rank may be any";
  const data = board([benchmark("a", ["Brain"], { tellsApart: 0, ranks: few }), benchmark("b", ["Brain"])], [
    [900, 800],
    [500, 600],
  ]);
  data.overall = { ...data.overall, low: [1, 1], high: [2, 2], untold: "Overall tells no models apart." };
  const alike = new Separability({ rows: [0, 1], low: [1, 1], high: [2, 2], bits: btoa("\0") });
  const later = { separability: new Map(["overall", "a", "b"].map((name) => [name, alike])) };
  const meaning = (sort: string): string => {
    const shown = new Shown(data, later, { ...FIRST_VIEW, sort, focus: "a" });
    return `${meaningOf(shown)} ${shown.isAlike(1)} ${cellWords(shown, 1, 1)}`;
  };

  assert.equal(meaning("overall"), "Overall tells no models apart. false Overall tells no models apart.");
  assert.equal(meaning("b:a"), `a: ${few}. false a: ${few}.`);
  assert.match(meaning("b:b"), /^Ranks are of b\. Shaded ≈: 1 not separable from Model A on b .* true $/);
});

test("beside raw scores the overall number is still said to be of normalised ones", () => {
  const data = board([benchmark("a", ["Brain"])], [[900, 800]]);
  const meaning = (change: Partial<View>): string =>
    meaningOf(new Shown(data, { separability: new Map() }, { ...FIRST_VIEW, ...change }));

  assert.equal(meaning({}), "");
  assert.equal(meaning({ quantity: "score" }), "Overall and ranks are of normalised scores.");
  assert.match(meaning({ quantity: "ceiling", common: true }), /Means and their order are of normalised scores\.$/);
});
