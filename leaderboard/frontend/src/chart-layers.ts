// Layer curves: the twin of layer_chart.py.
import {
  add,
  areaPath,
  characters,
  cut,
  domainOf,
  isThere,
  linear,
  linePath,
  spread,
  tickText,
  type Linear,
  type Scene,
  type Value,
} from "./chart-scene.ts";

/** How many lines are shown at once; there are as many looks. */
export const MOST_LINES = 6;

export interface Line {
  label: string;
  slot: number;
  values: Value[];
  errors: Value[];
  /** The number of the layer that the board's number is of, if there is one. */
  chosen: number | null;
}

export interface LayerOptions {
  width: number;
  height?: number;
  axis: string;
  ceiling: Value;
  ceilingText: string;
  committed: number | null;
  depth: "index" | "relative";
  domain?: [number, number];
}

const LEFT = 44;
const TOP = 30;
const TITLE = 12;
const BOTTOM = 40;
const CHARACTER = 6.4;
const LABEL_GAP = 14;
const MOST_DOTS = 30;
const HEIGHT = 280;

export function layerScene(lines: Line[], layers: string[], options: LayerOptions): Scene {
  const { width, height = HEIGHT, ceiling, committed } = options;
  const scene: Scene = { width, height, marks: [] };
  const gutter = gutterOf(lines, width);
  const { x, y } = layerScales(lines, layers, options);
  addAxes(scene, x, y, layers, options);
  if (isThere(ceiling)) addCeiling(scene, x, y, ceiling, options.ceilingText, highestOf(lines) < ceiling);
  if (committed !== null) addCommitted(scene, x, y, layers, committed);
  for (const line of lines) {
    const places = placesOf(x, line, options.depth);
    const band = line.values.map((value, number): [number, Value, Value] => {
      const error = line.errors[number] ?? null;
      if (!isThere(value) || !isThere(error)) return [places[number]!, null, null];
      return [places[number]!, y(value - error), y(value + error)];
    });
    add(scene, "path", { class: `band s${line.slot}`, d: areaPath(band) });
  }
  for (const line of lines) addLine(scene, y, line, placesOf(x, line, options.depth));
  addLabels(scene, x, y, lines, gutter);
  return scene;
}

/** Where the values of a line lie. */
export function placesOf(x: Linear, line: Line, depth: LayerOptions["depth"]): number[] {
  const last = Math.max(1, line.values.length - 1);
  return line.values.map((_, number) => x(depth === "index" ? number : number / last));
}

function addLine(scene: Scene, y: Linear, line: Line, places: number[]): void {
  const points = line.values.map((value, number): [number, Value] => [
    places[number]!,
    isThere(value) ? y(value) : null,
  ]);
  add(scene, "path", { class: `line s${line.slot}`, d: linePath(points) });
  points.forEach(([cx, cy], number) => {
    const isChosen = number === line.chosen;
    if (cy === null || (points.length > MOST_DOTS && !isChosen)) return;
    const look = `dot s${line.slot}${isChosen ? " chosen" : ""}`;
    add(scene, "circle", { class: look, cx, cy, r: isChosen ? 4.5 : 2.2 });
  });
}

function gutterOf(lines: Line[], width: number): number {
  const longest = Math.max(0, ...lines.map((line) => characters(line.label)));
  return longest ? Math.min(0.3 * width, CHARACTER * longest + 20) : 12;
}

/** Where layers and values lie, as the reader's pointer needs to know too. */
export function layerScales(
  lines: Line[],
  layers: string[],
  options: LayerOptions,
): { x: Linear; y: Linear } {
  const { width, height = HEIGHT } = options;
  const ends = options.domain ?? layerDomain(lines, options.ceiling);
  const last = options.depth === "index" ? Math.max(1, layers.length - 1) : 1;
  return {
    x: linear([0, last], [LEFT, width - gutterOf(lines, width)]),
    y: linear(ends, [height - BOTTOM, TOP]),
  };
}

/** The vertical ends: all values with errors, and the ceiling if they come half way. */
export function layerDomain(lines: Line[], ceiling: Value): [number, number] {
  const reach = reachOf(lines);
  if (isThere(ceiling) && highestOf(lines) >= 0.5 * ceiling) reach.push(ceiling);
  return domainOf(reach);
}

/** All values, less and plus their errors. */
function reachOf(lines: Line[]): number[] {
  return lines.flatMap(({ values, errors }) =>
    values.flatMap((value, place) => {
      const spare = errors[place] ?? 0;
      return isThere(value) ? [value - spare, value + spare] : [];
    }),
  );
}

function highestOf(lines: Line[]): number {
  const reach = reachOf(lines);
  return reach.length ? Math.max(...reach) : 0;
}

function addAxes(
  scene: Scene,
  x: Linear,
  y: Linear,
  layers: string[],
  { axis, depth }: LayerOptions,
): void {
  const [left, right] = x.range() as [number, number];
  const bottom = y.range()[0]!;
  const ticks = y.ticks(4);
  for (const value of ticks) {
    const look = value === 0 ? "zero" : "grid";
    add(scene, "line", { class: look, x1: left, x2: right, y1: y(value), y2: y(value) });
    const place = { class: "tick", x: left - 8, y: y(value) + 4, "text-anchor": "end" };
    add(scene, "text", place, tickText(value, ticks));
  }
  add(scene, "text", { class: "axis", x: 0, y: 12 }, axis);
  for (const [place, text] of layerTicks(layers, depth, right - left)) {
    const at = x(place);
    add(scene, "line", { class: "tickmark", x1: at, x2: at, y1: bottom, y2: bottom + 4 });
    add(scene, "text", { class: "tick", x: at, y: bottom + 17, "text-anchor": "middle" }, text);
  }
  const middle = { class: "axis", x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" };
  add(scene, "text", middle, depth === "index" ? "Layer" : "Relative depth");
}

function layerTicks(layers: string[], depth: string, width: number): [number, string][] {
  if (depth === "relative") return [0, 0.25, 0.5, 0.75, 1].map((share) => [share, `${share}`]);
  const last = layers.length - 1;
  if (last < 1) return [[0, "0"]];
  const step = [1, 2, 5, 10, 20, 50, 100].find((each) => (width * each) / last >= 26) ?? last;
  const found: [number, string][] = [];
  for (let place = 0; place <= last; place += step) found.push([place, `${place}`]);
  return found;
}

/** The ceiling and its name: beside it, or above the plot where curves would be in the way. */
function addCeiling(scene: Scene, x: Linear, y: Linear, ceiling: number, text: string, isClear: boolean): void {
  const [left, right] = x.range() as [number, number];
  const [low, high] = y.domain() as [number, number];
  if (low <= ceiling && ceiling <= high) {
    const at = y(ceiling);
    add(scene, "line", { class: "ceiling", x1: left, x2: right, y1: at, y2: at });
    add(scene, "text", { class: "note", x: right, y: isClear ? at - 5 : TITLE, "text-anchor": "end" }, text);
  } else {
    add(scene, "text", { class: "note", x: right, y: TITLE, "text-anchor": "end" }, `${text} ↑`);
  }
}

function addCommitted(
  scene: Scene,
  x: Linear,
  y: Linear,
  layers: string[],
  committed: number,
): void {
  const [bottom, top] = y.range() as [number, number];
  const place = x(committed);
  add(scene, "line", { class: "committed", x1: place, x2: place, y1: bottom, y2: top });
  const name = cut(layers[committed] ?? "", 22);
  const half = (CHARACTER * characters(name)) / 2;
  const [left, right] = x.range() as [number, number];
  let [anchor, at] = ["middle", place];
  if (place - half < left) [anchor, at] = ["start", left];
  else if (place + half > right) [anchor, at] = ["end", right];
  add(scene, "text", { class: "note", x: at, y: top - 6, "text-anchor": anchor }, name);
}

function addLabels(scene: Scene, x: Linear, y: Linear, lines: Line[], gutter: number): void {
  const ended: [Line, number][] = [];
  for (const line of lines) {
    const last = line.values.filter(isThere).at(-1);
    if (last !== undefined) ended.push([line, y(last)]);
  }
  const lowest = y.range()[0]!;
  const places = spread(
    ended.map(([, place]) => place),
    LABEL_GAP,
    lowest,
  );
  const nCharacters = Math.max(3, Math.floor((gutter - 14) / CHARACTER));
  ended.forEach(([line], index) => {
    const at = { class: `label s${line.slot}`, x: x.range()[1]! + 10, y: places[index]! + 4 };
    add(scene, "text", at, cut(line.label, nCharacters));
  });
}
