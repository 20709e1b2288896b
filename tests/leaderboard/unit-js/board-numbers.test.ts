import assert from "node:assert/strict";
import { test } from "node:test";
import { rampStep, shownAmount, shownError, shownNumber, shownRank } from "../../../leaderboard/frontend/src/board-data.ts";
import { numberTyped, typedNumber } from "../../../leaderboard/frontend/src/facets.ts";
import { placeAfter } from "../../../leaderboard/frontend/src/grid-keys.ts";
import { folded, wordsOf } from "../../../leaderboard/frontend/src/searching.ts";
import { Separability } from "../../../leaderboard/frontend/src/separability.ts";
import { byNumber, byText } from "../../../leaderboard/frontend/src/sorting.ts";
import { bandOf, offsetShowing } from "../../../leaderboard/frontend/src/windowing.ts";
import { seeded } from "./board-samples.ts";

test("numbers look as Python prints them", () => {
  assert.deepEqual([435, -12, 0, 1034, null].map(shownNumber), ["0.435", "−0.012", "0.000", "1.034", "–"]);
  assert.deepEqual([6, 1250, null].map(shownError), ["±.006", "±1.250", ""]);
  assert.deepEqual([shownRank(3, 7), shownRank(2, 2), shownRank(0, 0)], ["3–7", "2", "–"]);
  assert.deepEqual([94_400_000, 1240, 800, 0.5, null].map(shownAmount), ["94.4 M", "1.24 k", "800", "0.5", "–"]);
  assert.deepEqual([-20, 0, 500, 1000, 1300].map(rampStep), [0, 0, 128, 255, 255]);
});

test("a band holds all that is in sight, and no more rows than there are", () => {
  const random = seeded(1);
  for (let n = 0; n < 500; n++) {
    const nRows = Math.floor(random() * 1200);
    const height = 20 + random() * 20;
    const seen = random() * 900;
    const offset = random() * Math.max(0, nRows * height - seen);
    const { first, end } = bandOf(offset, seen, height, nRows, 2);
    assert.ok(first >= 0 && end <= nRows && first <= end);
    assert.ok(end - first <= Math.ceil(seen / height) + 5);
    assert.ok(first * height <= offset, "rows above");
    assert.ok(end === nRows || end * height >= offset + seen, "rows below");
  }
  assert.deepEqual(bandOf(0, 500, 28, 0, 2), { first: 0, end: 0 });
  assert.deepEqual(bandOf(1e9, 280, 28, 100, 2), { first: 85, end: 100 });
  assert.deepEqual(bandOf(0, 280, 0, 100, 2), { first: 0, end: 0 });
});

test("a row comes into sight by the least movement", () => {
  assert.equal(offsetShowing(0, 100, 280, 28), 0);
  assert.equal(offsetShowing(5, 100, 280, 28), 100);
  assert.equal(offsetShowing(20, 100, 280, 28), 21 * 28 - 280);
});

test("keys lead through the grid and not out of it", () => {
  const at = (key: string, isWhole = false) => placeAfter(key, isWhole, { at: 5, cell: 3 }, 10, 8, 6);
  assert.deepEqual(at("ArrowUp"), { at: 4, cell: 3 });
  assert.deepEqual(at("PageDown"), { at: 9, cell: 3 });
  assert.deepEqual(at("PageUp"), { at: 0, cell: 3 });
  assert.deepEqual(at("End"), { at: 5, cell: 7 });
  assert.deepEqual(at("Home", true), { at: 0, cell: 0 });
  assert.equal(at("x"), undefined);
});

test("rows are sorted by full precision, those without a number last either way", () => {
  // Python's places: the second of the equal-looking ones is the better.
  const column = { value: [500, 500, null, 700, -3], ties: "10000" };
  const rows = [0, 1, 2, 3, 4];
  assert.deepEqual(byNumber(rows, column, true), [3, 1, 0, 4, 2]);
  assert.deepEqual(byNumber(rows, column, false), [4, 0, 1, 3, 2]);
  assert.deepEqual(byNumber([0, 1], { value: [5, 5], ties: "00" }, false), [0, 1]);
  assert.deepEqual(byText(rows, ["b", "", "É", "a10", "a9"], false), [4, 3, 0, 2, 1]);
  assert.deepEqual(byText(rows, ["b", "", "É", "a10", "a9"], true), [2, 0, 3, 4, 1]);
});

test("sorting by number equals sorting the numbers themselves", () => {
  const random = seeded(2);
  const exact = Array.from({ length: 300 }, () => (random() < 0.1 ? null : Math.floor(random() * 5e4) / 1e6));
  const value = exact.map((number) => (number === null ? null : Math.round(number * 1000)));
  const better = (one: number, other: number): boolean => value[one] === value[other] && exact[one]! > exact[other]!;
  const rows = exact.map((_, row) => row);
  const places = rows.map((row) => new Set(rows.filter((other) => exact[row] !== null && better(other, row)).map((other) => exact[other])).size);
  const ties = places.map((place) => String.fromCharCode(48 + place)).join("");
  const sorted = byNumber(rows, { value, ties }, true);
  const expected = [...rows].sort((a, b) => (exact[b] ?? -Infinity) - (exact[a] ?? -Infinity) || a - b);
  assert.deepEqual(sorted, expected);
});

test("search forgives case and diacritics", () => {
  assert.equal(folded("Résumé ＷａｖLM"), "resume wavlm");
  assert.deepEqual(wordsOf("  Éole\tBase "), ["eole", "base"]);
});

test("bits of pairs say who can be told apart, both ways round", () => {
  const random = seeded(3);
  const n = 37;
  const apart = Array.from({ length: n }, () => Array.from({ length: n }, () => false));
  const bits: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      apart[i]![j] = apart[j]![i] = random() < 0.5;
      bits.push(apart[i]![j] ? 1 : 0);
    }
  }
  while (bits.length % 8) bits.push(0);
  const bytes = bits.reduce<number[]>((found, bit, at) => {
    if (at % 8 === 0) found.push(0);
    found[found.length - 1]! |= bit << (7 - (at % 8));
    return found;
  }, []);
  const rows = Array.from({ length: n }, (_, place) => 100 - place);
  const ranks = rows.map((_, place) => place + 1);
  const separability = new Separability({ rows, low: ranks, high: ranks, bits: btoa(String.fromCharCode(...bytes)) });
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) assert.equal(separability.isSeparable(100 - i, 100 - j), apart[i]![j], `${i} ${j}`);
  }
  assert.equal(separability.isSeparable(100, 7), undefined);
  assert.deepEqual(separability.rank(99), [2, 2]);
  assert.deepEqual(separability.rank(7), [0, 0]);
});

test("numbers are typed with units", () => {
  assert.deepEqual(["90M", " 1.5 k", "2b", ".5", "1,000", ""].map(numberTyped), [90e6, 1500, 2e9, 0.5, 1000, null]);
  assert.deepEqual(["M", "-3", "1e3", "1.2.3", "NaN"].map(numberTyped), Array(5).fill(undefined));
  for (const number of [0, 7, 960, 1500, 94_400_000, 680_000]) assert.equal(numberTyped(typedNumber(number)), number);
});
