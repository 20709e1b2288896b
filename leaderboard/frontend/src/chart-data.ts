// What figures.py gives a chart to be drawn from, and the drawing of it at a width.
import { dotScene, rowAt, rowSpan, type DotOptions, type DotRow } from "./chart-dots.ts";
import {
  layerScales,
  layerScene,
  MOST_LINES,
  type LayerOptions,
  type Line,
} from "./chart-layers.ts";
import { withError } from "./chart-numbers.ts";
import { add, isThere, type Scene, type Value } from "./chart-scene.ts";

export interface Curve {
  label: string;
  values: Value[];
  errors: Value[];
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
  const last = data.layers.length - 1;
  return {
    scene,
    nPlaces: data.layers.length,
    placeAt: (at) => Math.max(0, Math.min(last, Math.round(x.invert(at)))),
    words(place) {
      const numbers = lines.map(
        ({ label, values, errors }) =>
          `${label} ${withError(values[place] ?? null, errors[place] ?? null)}`,
      );
      const name = data.layers[place] ?? "";
      const isCommitted = place === data.committed ? " (committed)" : "";
      return `Layer ${name}${isCommitted}: ${numbers.join(" · ")}`;
    },
    marked(place) {
      const more: Scene = { ...scene, marks: [...scene.marks] };
      const [bottom, top] = y.range() as [number, number];
      add(more, "line", { class: "cursor", x1: x(place), x2: x(place), y1: bottom, y2: top });
      for (const { slot, values } of lines) {
        const value = values[place] ?? null;
        if (!isThere(value)) continue;
        add(more, "circle", { class: `dot s${slot} chosen`, cx: x(place), cy: y(value), r: 4.5 });
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
