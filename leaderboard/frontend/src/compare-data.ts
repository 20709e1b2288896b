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

/** The difference, its error, the ends of its interval, and who is better: 1 for the first, -1 for the
 * second, 0 where they cannot be told apart; null where that is no question. */
export type Apart = [Whole, Whole, Whole, Whole, -1 | 0 | 1 | null];

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
  /** By benchmark that ranks the model, packed bits: which rows it is separably better than. */
  better?: Record<string, string>;
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
  /** By full precision: a difference that is told apart may look like none. */
  winner: "first" | "second" | "";
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
    const better = apart ? apart[4] : betterByBits(benchmark.slug, first, second);
    found.push({
      benchmark,
      first: [one[0], one[1]],
      second: [other[0], other[1]],
      value,
      error,
      low,
      high,
      isSeparable: better === null ? undefined : better !== 0,
      winner: better === 1 ? "first" : better === -1 ? "second" : "",
    });
  }
  return found.sort(
    (a, b) => Number(a.benchmark.isDescriptive) - Number(b.benchmark.isDescriptive) || size(b) - size(a),
  );
}

/** Who is better, of models for which no differences are prepared; null where one has no rank. */
function betterByBits(slug: string, first: ModelSection, second: ModelSection): -1 | 0 | 1 | null {
  const [ours, theirs] = [first.better?.[slug], second.better?.[slug]];
  if (ours === undefined || theirs === undefined) return null;
  if (bit(ours, second.place)) return 1;
  return bit(theirs, first.place) ? -1 : 0;
}

/** What contrasts are in order of: the difference, or where none is prepared that of what is printed. */
function size({ value, first, second }: Contrast): number {
  return value ?? (first[0] === null || second[0] === null ? -Infinity : first[0] - second[0]);
}

/** On how many benchmarks each of two models is better, on how many neither, and how many tell nobody apart. */
export function tally(found: Contrast[]): Record<"first" | "second" | "alike" | "untold", number> {
  const wins = (who: string): number => found.filter(({ winner }) => winner === who).length;
  const count = (isSeparable: boolean | undefined): number => found.filter((each) => each.isSeparable === isSeparable).length;
  return { first: wins("first"), second: wins("second"), alike: count(false), untold: count(undefined) };
}

/** A bit of a packed row, the first in the highest place. */
export function bit(packed: string, place: number): boolean {
  const byte = atob(packed).charCodeAt(place >> 3);
  return ((byte >> (7 - (place & 7))) & 1) === 1;
}
