// What compare_page.py gives: numbers in whole thousandths, as Python has rounded them.
import type { Value } from "./chart-scene.ts";
import type { MapSpecification, Specification } from "./surface-values.ts";

export type Whole = number | null;

export interface Benchmark {
  slug: string;
  label: string;
  region: string;
  errors: string;
  ceiling: Whole;
  /** More is neither better nor worse, and the number no share of a ceiling. */
  isDescriptive: boolean;
  /** What the number is called that is no share of a ceiling; empty if it is a normalised score. */
  numberName: string;
}

export interface SectionNames {
  columns: Benchmark[];
  /** Whether differences have been prepared; of too many models they are not. */
  isPaired: boolean;
}

export interface ModelCurve {
  values: Value[];
  errors: Value[];
  chosen: number | null;
}

/** The difference, its error, the ends of its interval, and whether nought is outside; null where that
 * cannot be told. */
export type Apart = [Whole, Whole, Whole, Whole, 0 | 1 | null];

type MapName = Pick<MapSpecification, "label" | "about" | "payload">;

export interface ModelSection {
  place: number;
  overall: [Whole, Whole];
  rank: string;
  /** By benchmark: the number, its error, the raw number and its error. */
  cells: Record<string, [Whole, Whole, Whole, Whole]>;
  curves: Record<string, ModelCurve>;
  maps: Record<string, Pick<Specification, "regions"> & { maps: MapName[] }>;
  differences?: Record<string, Record<string, Apart>>;
  separable?: Record<string, string>;
}

export interface ModelData {
  slug: string;
  name: string;
  facts: [string, string][];
  sections: Record<string, ModelSection>;
}

export interface Contrast {
  benchmark: Benchmark;
  first: [Whole, Whole];
  second: [Whole, Whole];
  value: Whole;
  error: Whole;
  low: Whole;
  high: Whole;
  /** Undefined where nothing pairs. */
  isSeparable: boolean | undefined;
}

/** What sets two models apart on each benchmark that both have: the first's gains on top, what praises
 * nobody at the bottom. */
export function contrasts(
  names: SectionNames,
  first: ModelSection,
  second: ModelSection,
): Contrast[] {
  const found: Contrast[] = [];
  for (const benchmark of names.columns) {
    const [one, other] = [first.cells[benchmark.slug], second.cells[benchmark.slug]];
    if (!one || !other) continue;
    const apart = first.differences?.[benchmark.slug]?.[String(second.place)];
    const [value, error, low, high] = apart ?? [null, null, null, null];
    const bits = second.separable?.[benchmark.slug] && first.separable?.[benchmark.slug];
    found.push({
      benchmark,
      first: [one[0], one[1]],
      second: [other[0], other[1]],
      value,
      error,
      low,
      high,
      isSeparable: apart ? told(apart[4]) : bit(bits, second.place),
    });
  }
  return found.sort(
    (a, b) => Number(a.benchmark.isDescriptive) - Number(b.benchmark.isDescriptive) || size(b) - size(a),
  );
}

function told(separable: 0 | 1 | null): boolean | undefined {
  return separable === null ? undefined : separable === 1;
}

/** What contrasts are in order of: the difference, or where none is prepared that of what is printed. */
function size({ value, first, second }: Contrast): number {
  return value ?? (first[0] === null || second[0] === null ? -Infinity : first[0] - second[0]);
}

/** Whether a model does better, as far as the two can be told apart. */
export function winner(contrast: Contrast): "first" | "second" | "" {
  if (!contrast.isSeparable) return "";
  return size(contrast) > 0 ? "first" : "second";
}

/** A bit of a packed row, the first in the highest place. */
export function bit(packed: string | undefined, place: number): boolean | undefined {
  if (packed === undefined) return undefined;
  const byte = atob(packed).charCodeAt(place >> 3);
  return ((byte >> (7 - (place & 7))) & 1) === 1;
}
