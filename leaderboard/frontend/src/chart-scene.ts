// Drawings as plain lists of marks: the twin of scene.py, which draws the first frame. Tests hold
// the marks of both against each other.
import { scaleLinear, type ScaleLinear } from "d3-scale";
import { area, line } from "d3-shape";

export interface Mark {
  tag: string;
  attributes: Record<string, number | string>;
  text: string;
}

export interface Scene {
  width: number;
  height: number;
  marks: Mark[];
}

export type Linear = ScaleLinear<number, number>;
/** A number, or null where there is none, as JSON has it. */
export type Value = number | null;

const SVG = "http://www.w3.org/2000/svg";
const DECIMALS = 2;

export function add(
  scene: Scene,
  tag: string,
  attributes: Record<string, number | string>,
  text = "",
): void {
  scene.marks.push({ tag, attributes, text });
}

export function linear(domain: [number, number], range: [number, number]): Linear {
  return scaleLinear(domain, range);
}

export function isThere(value: Value): value is number {
  return value !== null && Number.isFinite(value);
}

/** A tick's number with as many decimals as tell it from its neighbours. */
export function tickText(value: number, ticks: number[]): string {
  const [first, second] = ticks;
  const step =
    first !== undefined && second !== undefined ? second - first : Math.abs(value) || 1;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (value + 0).toFixed(decimals).replace("-", "\u2212");
}

/** The ends of an axis: all numbers, and nought unless it is far away. */
export function domainOf(values: Value[]): [number, number] {
  const there = values.filter(isThere);
  let low = there.length ? Math.min(...there) : 0;
  let high = there.length ? Math.max(...there) : 1;
  if ((low >= 0 && low < 0.6 * high) || (low === 0 && high === 0)) low = 0;
  else if (high <= 0 && high > 0.6 * low) high = 0;
  const spare = 0.05 * (high - low || Math.abs(high) || 1);
  return [low === 0 ? low : low - spare, high === 0 && low < 0 ? high : high + spare];
}

export function linePath(points: [number, Value][]): string {
  const path = line<[number, Value]>(
    ([x]) => x,
    ([, y]) => y ?? 0,
  );
  return path.defined(([, y]) => isThere(y)).digits(DECIMALS)(points) ?? "";
}

export function areaPath(points: [number, Value, Value][]): string {
  const path = area<[number, Value, Value]>(
    ([x]) => x,
    ([, low]) => low ?? 0,
    ([, , high]) => high ?? 0,
  );
  path.defined(([, low, high]) => isThere(low) && isThere(high)).digits(DECIMALS);
  return path(points) ?? "";
}

/** Places moved apart to at least a gap, none beyond the lowest, in the given order. */
export function spread(places: number[], gap: number, lowest: number): number[] {
  const order = places.map((_, index) => index).sort((a, b) => places[a]! - places[b]!);
  const moved = [...places];
  for (let each = 1; each < order.length; each++) {
    moved[order[each]!] = Math.max(moved[order[each]!]!, moved[order[each - 1]!]! + gap);
  }
  let limit = lowest;
  for (const index of order.reverse()) {
    moved[index] = Math.min(moved[index]!, limit);
    limit = moved[index]! - gap;
  }
  return moved;
}

/** A text that is no longer than so many characters, on one line. */
export function cut(text: string, nCharacters: number): string {
  const plain = [...text.trim().replace(/\s+/gu, " ")];
  if (plain.length <= nCharacters) return plain.join("");
  return `${plain.slice(0, nCharacters - 1).join("").trimEnd()}…`;
}

export function characters(text: string): number {
  return [...text].length;
}

/** Put a drawing in the place of another; its name and description stay. */
export function paint(svg: SVGSVGElement, scene: Scene): void {
  const kept = [...svg.querySelectorAll(":scope > title, :scope > desc")];
  const drawn = scene.marks.map((mark) => {
    const element = document.createElementNS(SVG, mark.tag);
    for (const [name, value] of Object.entries(mark.attributes)) {
      element.setAttribute(name, typeof value === "string" ? value : pixels(value));
    }
    if (mark.text) element.textContent = mark.text;
    return element;
  });
  svg.setAttribute("viewBox", `0 0 ${pixels(scene.width)} ${pixels(scene.height)}`);
  svg.setAttribute("width", pixels(scene.width));
  svg.setAttribute("height", pixels(scene.height));
  svg.replaceChildren(...kept, ...drawn);
}

function pixels(value: number): string {
  return String(Number(value.toFixed(DECIMALS)));
}
