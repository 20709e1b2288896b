// Dots with intervals, a row each: the twin of dot_chart.py.
import {
  add,
  characters,
  cut,
  domainOf,
  isThere,
  linear,
  tickText,
  type Linear,
  type Scene,
  type Value,
} from "./chart-scene.ts";

/** With more rows there is no room for names. */
export const MOST_ROWS = 60;

export interface DotRow {
  label: string;
  value: Value;
  low: Value;
  high: Value;
  shown: string;
  interval: string;
  ceiling: Value;
  tone: string;
}

export interface DotOptions {
  width: number;
  axis: string;
  ceiling: Value;
  ceilingText: string;
  sides: [string, string];
}

const ROW = 24;
const DENSE_HEIGHT = 480;
const CHARACTER = 6.7;
const DIGIT = 7;
const WIDE = 520;

export function dotScene(rows: DotRow[], options: DotOptions): Scene {
  if (rows.length > MOST_ROWS) return denseScene(rows, options);
  const { width, axis, ceiling, ceilingText, sides } = options;
  const top = topOf(options);
  const bottom = top + ROW * rows.length;
  const [left, right] = gutters(rows, width);
  const x = linear(domain(rows, ceiling), [left, width - right]);
  const scene: Scene = { width, height: bottom + 40, marks: [] };
  addAxis(scene, x, top, bottom, axis);
  if (isThere(ceiling)) addCeiling(scene, x, top, bottom, ceiling, ceilingText);
  if (sides[0] !== "") addSides(scene, x, sides, width);
  const nCharacters = Math.max(3, Math.floor((left - 12) / CHARACTER));
  rows.forEach((row, place) => addRow(scene, x, row, top + ROW * (place + 0.5), nCharacters));
  return scene;
}

/** Name the sides above their halves, or across the chart where those are too narrow. */
function addSides(scene: Scene, x: Linear, sides: [string, string], width: number): void {
  const within = ([start, end]: number[]): string[] => {
    const half = Math.floor((end! - start!) / 2 / CHARACTER) - 2;
    return sides.map((side) => cut(side, Math.max(3, half)));
  };
  const isWhole = within(x.range()).every((text, at) => text === sides[at]);
  const [start, end] = isWhole ? (x.range() as [number, number]) : [0, width];
  const [left, right] = within([start, end]);
  add(scene, "text", { class: "note", x: start, y: 14 }, `← ${left}`);
  add(scene, "text", { class: "note", x: end, y: 14, "text-anchor": "end" }, `${right} →`);
}

/** Which row lies at a height; -1 if none does. */
export function rowAt(rows: DotRow[], options: DotOptions, y: number): number {
  const isDense = rows.length > MOST_ROWS;
  const top = isDense ? 24 : topOf(options);
  const place = Math.floor((y - top) / (isDense ? DENSE_HEIGHT / rows.length : ROW));
  return place >= 0 && place < rows.length ? place : -1;
}

/** From where to where a row lies. */
export function rowSpan(rows: DotRow[], options: DotOptions, place: number): [number, number] {
  const isDense = rows.length > MOST_ROWS;
  const top = isDense ? 24 : topOf(options);
  const height = isDense ? DENSE_HEIGHT / rows.length : ROW;
  return [top + place * height, Math.max(1, height)];
}

function topOf({ ceiling, sides }: DotOptions): number {
  return sides[0] !== "" || isThere(ceiling) ? 24 : 6;
}

function gutters(rows: DotRow[], width: number): [number, number] {
  const longest = Math.max(0, ...rows.map((row) => characters(row.label)));
  const written = Math.max(
    0,
    ...rows.map((row) =>
      characters((width >= WIDE ? `${row.shown}  ${row.interval}` : row.shown).trimEnd()),
    ),
  );
  return [Math.min(0.38 * width, CHARACTER * longest + 16), DIGIT * written + 14];
}

function domain(rows: DotRow[], ceiling: Value): [number, number] {
  const reach = rows.flatMap((row) => [row.value, row.low, row.high]);
  const highest = Math.max(...reach.filter(isThere), ...(reach.some(isThere) ? [] : [0]));
  const ceilings = [...rows.map((row) => row.ceiling), ceiling];
  return domainOf([...reach, ...ceilings.filter((each) => isThere(each) && highest >= 0.5 * each)]);
}

function addAxis(scene: Scene, x: Linear, top: number, bottom: number, axis: string): void {
  const [left, right] = x.range() as [number, number];
  const ticks = x.ticks(Math.max(3, Math.floor((right - left) / 80)));
  for (const value of ticks) {
    const at = x(value);
    add(scene, "line", { class: value === 0 ? "zero" : "grid", x1: at, x2: at, y1: top, y2: bottom });
    const place = { class: "tick", x: at, y: bottom + 16, "text-anchor": "middle" };
    add(scene, "text", place, tickText(value, ticks));
  }
  const middle = { class: "axis", x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" };
  add(scene, "text", middle, axis);
}

function addCeiling(
  scene: Scene,
  x: Linear,
  top: number,
  bottom: number,
  ceiling: number,
  text: string,
): void {
  const [low, high] = x.domain() as [number, number];
  const note = { class: "note", y: 14, "text-anchor": "end" };
  if (low <= ceiling && ceiling <= high) {
    const at = x(ceiling);
    add(scene, "line", { class: "ceiling", x1: at, x2: at, y1: top, y2: bottom });
    add(scene, "text", { ...note, x: at }, text);
  } else {
    add(scene, "text", { ...note, x: x.range()[1]! }, `${text} →`);
  }
}

function addRow(scene: Scene, x: Linear, row: DotRow, y: number, nCharacters: number): void {
  const right = x.range()[1]!;
  const [least, most] = x.domain() as [number, number];
  const tone = row.tone ? ` ${row.tone}` : "";
  add(scene, "text", { class: "name", x: 0, y: y + 4 }, cut(row.label, nCharacters));
  if (isThere(row.ceiling) && least <= row.ceiling && row.ceiling <= most) {
    const at = x(row.ceiling);
    add(scene, "line", { class: "ceilingtick", x1: at, x2: at, y1: y - 8, y2: y + 8 });
  }
  if (isThere(row.low) && isThere(row.high)) {
    const ends = { x1: x(row.low), x2: x(row.high), y1: y, y2: y };
    add(scene, "line", { class: `interval${tone}`, ...ends });
  }
  if (isThere(row.value)) {
    add(scene, "circle", { class: `point${tone}`, cx: x(row.value), cy: y, r: 4 });
  }
  const at = { x: right + 12 + DIGIT * characters(row.shown), y: y + 4, "text-anchor": "end" };
  add(scene, "text", { class: "value", ...at }, row.shown);
  if (row.interval && scene.width >= WIDE) {
    add(scene, "text", { class: "range", ...at, x: scene.width }, row.interval);
  }
}

/** Many rows as two paths, since thousands of marks would make a page slow. */
function denseScene(rows: DotRow[], options: DotOptions): Scene {
  const [top, bottom] = [24, 24 + DENSE_HEIGHT];
  const { width, axis, ceiling, ceilingText } = options;
  const x = linear(domain(rows, ceiling), [12, width - 12]);
  const scene: Scene = { width, height: bottom + 40, marks: [] };
  addAxis(scene, x, top, bottom, axis);
  if (isThere(ceiling)) addCeiling(scene, x, top, bottom, ceiling, ceilingText);
  const y = linear([0, rows.length], [top, bottom]);
  const intervals: string[] = [];
  const points: string[] = [];
  rows.forEach((row, place) => {
    const height = y(place + 0.5).toFixed(2);
    if (isThere(row.low) && isThere(row.high)) {
      intervals.push(`M${x(row.low).toFixed(2)},${height}H${x(row.high).toFixed(2)}`);
    }
    if (isThere(row.value)) points.push(`M${x(row.value).toFixed(2)},${height}h0`);
  });
  add(scene, "path", { class: "interval dense", d: intervals.join("") });
  add(scene, "path", { class: "point dense", d: points.join("") });
  return scene;
}
