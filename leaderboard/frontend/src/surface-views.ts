// Where the hemispheres are looked at from: the panes of a view, and the turn of each.
import type { Side } from "./surface-mesh.ts";

/** Degrees. A yaw of 0 looks from behind, of 90 at the right side of the body; a pitch of 90 from above. */
export type Turn = { yaw: number; pitch: number };
export type Pane = Turn & {
  side: Side;
  /** Within the canvas, from its left and top, as shares of it. */
  x: number;
  y: number;
  width: number;
  height: number;
  label: string;
};

type Look = { side: Side; yaw: number; pitch: number; label: string };

const LATERAL_LEFT: Look = { side: "left", yaw: -90, pitch: 0, label: "Left, lateral" };
const LATERAL_RIGHT: Look = { side: "right", yaw: 90, pitch: 0, label: "Right, lateral" };
const MEDIAL_LEFT: Look = { side: "left", yaw: 90, pitch: 0, label: "Left, medial" };
const MEDIAL_RIGHT: Look = { side: "right", yaw: -90, pitch: 0, label: "Right, medial" };
const above = (side: Side): Look => ({ side, yaw: 0, pitch: 90, label: side === "left" ? "Left" : "Right" });
// With the front up, who looks from below has the left of the body on the right.
const below = (side: Side): Look => ({ side, yaw: 180, pitch: -90, label: side === "left" ? "Left" : "Right" });

/** By name; the looks of each fill a grid of as many columns. */
export const VIEWS: Record<string, { columns: number; looks: Look[] }> = {
  "Four views": { columns: 2, looks: [LATERAL_LEFT, LATERAL_RIGHT, MEDIAL_LEFT, MEDIAL_RIGHT] },
  "Left lateral": { columns: 1, looks: [LATERAL_LEFT] },
  "Left medial": { columns: 1, looks: [MEDIAL_LEFT] },
  "Right lateral": { columns: 1, looks: [LATERAL_RIGHT] },
  "Right medial": { columns: 1, looks: [MEDIAL_RIGHT] },
  Dorsal: { columns: 2, looks: [above("left"), above("right")] },
  Ventral: { columns: 2, looks: [below("right"), below("left")] },
};
export const FIRST_VIEW = "Four views";

/** The panes of a view, each turned further: hemispheres open and close like a book. */
export function panesOf(view: string, { yaw, pitch }: Turn): Pane[] {
  const { columns, looks } = VIEWS[view]!;
  const rows = looks.length / columns;
  return looks.map((look, at) => ({
    side: look.side,
    label: look.label,
    yaw: look.yaw + (look.side === "left" ? yaw : -yaw),
    pitch: Math.max(-90, Math.min(90, look.pitch + pitch)),
    x: (at % columns) / columns,
    y: Math.floor(at / columns) / rows,
    width: 1 / columns,
    height: 1 / rows,
  }));
}

/** What is right, up and towards the viewer on the screen, in the brain's axes, row by row. */
export function axesOf({ yaw, pitch }: Turn): number[] {
  const [a, p] = [(yaw * Math.PI) / 180, (pitch * Math.PI) / 180];
  const right = [Math.cos(a), Math.sin(a), 0];
  const level = [Math.sin(a), -Math.cos(a), 0];
  const up = [-Math.sin(p) * level[0]!, -Math.sin(p) * level[1]!, Math.cos(p)];
  const towards = [Math.cos(p) * level[0]!, Math.cos(p) * level[1]!, Math.sin(p)];
  return [...right, ...up, ...towards];
}

/** Pixels of a pane for a millimetre. */
export function scaleOf(width: number, height: number, zoom: number): number {
  return zoom * Math.min(width / 234, height / 156);
}

/** The vertex that is seen at a place of a pane, in millimetres right and up of its middle; or -1. */
export function vertexAt(places: Float32Array, turn: Turn, x: number, y: number): number {
  const axes = axesOf(turn);
  const within: [number, number, number][] = [];
  for (let at = 0; at < places.length; at += 3) {
    const [px, py, pz] = [places[at]!, places[at + 1]!, places[at + 2]!];
    const right = axes[0]! * px + axes[1]! * py + axes[2]! * pz;
    const up = axes[3]! * px + axes[4]! * py + axes[5]! * pz;
    const away = (right - x) ** 2 + (up - y) ** 2;
    if (away < 25) within.push([at / 3, away, axes[6]! * px + axes[7]! * py + axes[8]! * pz]);
  }
  // Of what lies one behind the other, the front is seen.
  const front = within.reduce((most, [, , near]) => Math.max(most, near), -Infinity) - 8;
  return within
    .filter(([, , near]) => near >= front)
    .reduce<[number, number]>((best, [vertex, away]) => (away < best[1] ? [vertex, away] : best), [-1, 25])[0];
}
