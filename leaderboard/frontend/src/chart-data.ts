// What figures.py gives a chart to be drawn from, and the drawing of it at a width.
import { dotScene, rowAt, rowSpan, type DotOptions, type DotRow } from "./chart-dots.ts";
import {
  layerScales,
  layerScene,
  MOST_LINES,
  placesOf,
  type LayerOptions,
  type Line,
} from "./chart-layers.ts";
import { withError } from "./chart-numbers.ts";
import { add, isThere, type Scene, type Value } from "./chart-scene.ts";

export interface Curve {
  label: string;
  values: Value[];
  errors: Value[];
  chosen: number | null;
}

interface Axis {
  axis: string;
  ceiling: Value;
  ceilingText: string;
}

export interface LayerData {
  kind: "layers";
  layers: string[];
  committed: number | null;
  depth?: "index" | "relative";
  height?: number;
  domain?: [number, number];
  quantities: Record<string, Axis & { curves: Curve[] }>;
}

export interface DotData {
  kind: "dots";
  sides: [string, string];
  quantities: Record<string, Axis & { rows: DotRow[] }>;
}

export type ChartData = LayerData | DotData;

/** A chart at a width, and what the reader may point at in it. */
export interface Drawing {
  scene: Scene;
  /** How many places there are to point at. */
  nPlaces: number;
  placeAt(x: number, y: number): number;
  /** What is said of a place. */
  words(place: number): string;
  /** The drawing with a place marked. */
  marked(place: number): Scene;
}

/** Draw curves by layer; `slots` are the numbers of the curves that have each of the six looks. */
export function drawLayers(
  data: LayerData,
  quantity: string,
  slots: (number | null)[],
  width: number,
): Drawing {
  const { curves, axis, ceiling, ceilingText } = data.quantities[quantity]!;
  const lines: Line[] = [];
  slots.forEach((curve, slot) => {
    if (curve !== null && curves[curve]) lines.push({ ...curves[curve], slot });
  });
  const options: LayerOptions = {
    width,
    axis,
    ceiling,
    ceilingText,
    committed: data.committed,
    depth: data.depth ?? "index",
    ...(data.height === undefined ? {} : { height: data.height }),
    ...(data.domain === undefined ? {} : { domain: data.domain }),
  };
  const scene = layerScene(lines, data.layers, options);
  const { x, y } = layerScales(lines, data.layers, options);
  const nPlaces = Math.max(1, ...lines.map((line) => line.values.length));
  // Where lines differ in length, each is read at its layer that lies nearest.
  const numberOf = (line: Line, place: number): number =>
    options.depth === "index"
      ? place
      : Math.round((place / Math.max(1, nPlaces - 1)) * (line.values.length - 1));
  const last = options.depth === "index" ? nPlaces - 1 : 1;
  return {
    scene,
    nPlaces,
    placeAt(at) {
      const share = x.invert(at) / Math.max(1e-9, last);
      return Math.max(0, Math.min(nPlaces - 1, Math.round(share * (nPlaces - 1))));
    },
    words(place) {
      const numbers = lines.map((line) => {
        const number = numberOf(line, place);
        const words = withError(line.values[number] ?? null, line.errors[number] ?? null);
        return `${line.label} ${words}`;
      });
      // The board's number is of the layer that each fold chose, so that it may differ from this one.
      const isMarked = place === data.committed ? " (chosen most often)" : "";
      const where =
        options.depth === "index"
          ? `Layer ${data.layers[place] ?? ""}${isMarked}`
          : `Depth ${(place / Math.max(1, nPlaces - 1)).toFixed(2)}`;
      return `${where}: ${numbers.join(" · ")}`;
    },
    marked(place) {
      const more: Scene = { ...scene, marks: [...scene.marks] };
      const [bottom, top] = y.range() as [number, number];
      const at = x((place / Math.max(1, nPlaces - 1)) * last);
      add(more, "line", { class: "cursor", x1: at, x2: at, y1: bottom, y2: top });
      for (const line of lines) {
        const number = numberOf(line, place);
        const value = line.values[number] ?? null;
        if (!isThere(value)) continue;
        const cx = placesOf(x, line, options.depth)[number]!;
        add(more, "circle", { class: `dot s${line.slot} chosen`, cx, cy: y(value), r: 4.5 });
      }
      return more;
    },
  };
}

export function drawDots(data: DotData, quantity: string, width: number): Drawing {
  const { rows, axis, ceiling, ceilingText } = data.quantities[quantity]!;
  const options: DotOptions = { width, axis, ceiling, ceilingText, sides: data.sides };
  const scene = dotScene(rows, options);
  return {
    scene,
    nPlaces: rows.length,
    placeAt: (_, y) => rowAt(rows, options, y),
    words(place) {
      const row = rows[place];
      return row ? `${row.label}: ${row.shown} ${row.interval}`.trimEnd() : "";
    },
    marked(place) {
      const [y, height] = rowSpan(rows, options, place);
      const mark = { tag: "rect", attributes: { class: "cursor", x: 0, y, width, height }, text: "" };
      return { ...scene, marks: [mark, ...scene.marks] };
    },
  };
}

/** The curves that are shown at first. */
export function firstSlots(data: LayerData): (number | null)[] {
  const n = Object.values(data.quantities)[0]?.curves.length ?? 0;
  return Array.from({ length: MOST_LINES }, (_, slot) => (slot < n ? slot : null));
}
