// What a map says of each vertex, and the scale that colours it.
import { loadPayload } from "./payloads.ts";
import { bytesOf, N_VERTICES, SIDES, type Side } from "./surface-mesh.ts";

export type MapSpecification = {
  label: string;
  about: string;
  payload: string;
  /** Of a difference: the map that is taken away. */
  minus?: string;
  pictures?: readonly [string, string];
  low: number;
  high: number;
  kind: "sequential" | "diverging";
  threshold: number;
  alt: string;
};
export type Specification = {
  title: string;
  /** The payload with the region of each vertex, if any is known. */
  regions: string;
  maps: MapSpecification[];
};

/** NaN where there is no value. */
export type Values = Record<Side, Float32Array>;
export type Regions = { names: string[] } & Record<Side, Uint8Array>;

type Packed = { low: number; high: number; left: string; right: string };

const STEPS = 254;

export async function loadValues({ payload, minus }: MapSpecification): Promise<Values> {
  const [first, second] = await Promise.all([payload, minus].map((path) => path && loadMap(path)));
  if (!first) throw new Error("a map without a payload");
  if (!second) return first;
  return { left: less(first.left, second.left), right: less(first.right, second.right) };
}

export async function loadRegions(path: string): Promise<Regions | undefined> {
  if (!path) return undefined;
  const { names, left, right } = (await loadPayload(path)) as { names: string[] } & Packed;
  return { names, left: bytesOf(left), right: bytesOf(right) };
}

/** The first's maps less the second's of the same name; the scale's ends come with the values. */
export function differenceOf(first: Specification, second: Specification, title: string): Specification {
  const others = new Map(second.maps.map((map) => [map.label, map]));
  const maps = first.maps.flatMap(({ label, about, payload }) => {
    const minus = others.get(label)?.payload;
    const alt = `${label}: ${title}`;
    return minus
      ? [{ label, about, payload, minus, low: 0, high: 0, kind: "diverging" as const, threshold: 0, alt }]
      : [];
  });
  return { title, regions: first.regions || second.regions, maps };
}

/** The name of a vertex's region; byte 0 is none. */
export function regionAt(regions: Regions | undefined, side: Side, vertex: number): string {
  const step = regions?.[side][vertex] ?? 0;
  return step ? (regions?.names[step - 1] ?? "") : "";
}

/** The symmetric range of a difference: what 98 of 100 vertices stay within. */
export function symmetricRange(values: Values): number {
  const sizes: number[] = [];
  for (const side of SIDES) for (const value of values[side]) if (value === value) sizes.push(Math.abs(value));
  sizes.sort((a, b) => a - b);
  const end = sizes[Math.floor(0.98 * (sizes.length - 1))] ?? 0;
  if (!(end > 0)) return 1;
  const unit = 10 ** (Math.floor(Math.log10(end)) - 1);
  return Number((Math.ceil(end / unit - 1e-9) * unit).toPrecision(2));
}

export function shown(value: number): string {
  const digits = Math.abs(value).toFixed(3);
  return value < 0 && Number(digits) !== 0 ? `−${digits}` : digits;
}

/** The end of a scale, in as few digits as it has. */
export function shownEnd(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

async function loadMap(path: string): Promise<Values> {
  const { low, high, left, right } = (await loadPayload(path)) as Packed;
  const values = (text: string) =>
    Float32Array.from(bytesOf(text), (step) => (step ? low + ((high - low) * (step - 1)) / STEPS : NaN));
  return { left: values(left), right: values(right) };
}

function less(first: Float32Array, second: Float32Array): Float32Array {
  return Float32Array.from({ length: N_VERTICES }, (_, vertex) => first[vertex]! - second[vertex]!);
}
