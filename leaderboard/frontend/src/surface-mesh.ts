// The mesh of both hemispheres, unpacked as leaderboard/surface_mesh.py packs it.
import { loadPayload } from "./payloads.ts";

export const SIDES = ["left", "right"] as const;
export type Side = (typeof SIDES)[number];
export const N_VERTICES = 10242;
const LEVELS = [12, 42, 162, 642, 2562, N_VERTICES];

type Field = { origin: number[]; step: number; rest: string };
type Packed = { triangles: string; fields: Record<Surface | "sulcal", Record<Side, Field>> };

export type Surface = "inflated" | "pial";
export type Hemisphere = Record<
  Surface,
  {
    /** Three numbers a vertex, in millimetres about the middle: right, front, up. */
    places: Float32Array;
    normals: Float32Array;
    /** Where each triangle looks, three numbers of any length. */
    facings: Float32Array;
  }
> & {
  /** How deep in a sulcus a vertex lies. */
  sulcal: Float32Array;
};
export type Mesh = { triangles: Uint16Array } & Record<Side, Hemisphere>;

let kept: Promise<Mesh> | undefined;

export function loadMesh(): Promise<Mesh> {
  kept ??= loadPayload("static/fsaverage5.js").then((content) => unpacked(content as Packed));
  kept.catch(() => (kept = undefined));
  return kept;
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function unpacked({ triangles: packed, fields }: Packed): Mesh {
  // Column by column in the file, each triangle less the one before; row by row on the card.
  const steps = wholeNumbers(packed);
  const n = steps.length / 3;
  const rows = new Uint16Array(steps.length);
  for (let column = 0; column < 3; column++) {
    let corner = 0;
    for (let row = 0; row < n; row++) rows[3 * row + column] = corner += steps[column * n + row]!;
  }
  const parents = parentsOf(rows);
  const hemisphere = (side: Side): Hemisphere => {
    const surface = (name: Surface) => {
      const places = centred(values(fields[name][side], parents));
      return { places, ...directions(places, rows) };
    };
    return {
      inflated: surface("inflated"),
      pial: surface("pial"),
      sulcal: values(fields.sulcal[side], parents),
    };
  };
  return { triangles: rows, left: hemisphere("left"), right: hemisphere("right") };
}

/** Low bytes before high ones; the lowest bit is the sign. */
function wholeNumbers(text: string): Int32Array {
  const bytes = bytesOf(text);
  const n = bytes.length / 2;
  return Int32Array.from({ length: n }, (_, at) => {
    const unsigned = bytes[at]! | (bytes[n + at]! << 8);
    return (unsigned >>> 1) ^ -(unsigned & 1);
  });
}

/** The two vertices that each lies between: a new vertex has two old neighbours. */
function parentsOf(triangles: Uint16Array): Int32Array {
  const parents = new Int32Array(2 * N_VERTICES).fill(-1);
  let faces: ArrayLike<number> = triangles;
  for (const nOld of LEVELS.slice(0, -1).reverse()) {
    const middle: number[] = [];
    for (let at = 0; at < faces.length; at += 3) {
      const corners = [faces[at]!, faces[at + 1]!, faces[at + 2]!];
      const old = corners.find((corner) => corner < nOld);
      if (old === undefined) middle.push(...corners);
      else for (const corner of corners) if (corner !== old) addParent(parents, corner, old);
    }
    const coarser: number[] = [];
    for (let at = 0; at < middle.length; at += 3) {
      const around = new Set<number>();
      for (const corner of middle.slice(at, at + 3)) around.add(parents[2 * corner]!).add(parents[2 * corner + 1]!);
      coarser.push(...around);
    }
    faces = coarser;
  }
  return parents;
}

function addParent(parents: Int32Array, vertex: number, parent: number): void {
  const first = parents[2 * vertex]!;
  if (first === -1) parents[2 * vertex] = parent;
  else if (first !== parent) parents[2 * vertex + 1] = parent;
}

function values({ origin, step, rest }: Field, parents: Int32Array): Float32Array {
  const grid = wholeNumbers(rest);
  const found = new Float32Array(grid.length);
  for (let column = 0; column < origin.length; column++) {
    const start = column * N_VERTICES;
    for (let vertex = 0; vertex < N_VERTICES; vertex++) {
      const [first, second] = [parents[2 * vertex]!, parents[2 * vertex + 1]!];
      if (first >= 0) grid[start + vertex]! += (grid[start + first]! + grid[start + second]!) >> 1;
      found[vertex * origin.length + column] = origin[column]! + step * grid[start + vertex]!;
    }
  }
  return found;
}

/** Turn about the middle of the hemisphere, wherever in the head it lies. */
function centred(positions: Float32Array): Float32Array {
  for (let axis = 0; axis < 3; axis++) {
    let [low, high] = [Infinity, -Infinity];
    for (let at = axis; at < positions.length; at += 3) {
      low = Math.min(low, positions[at]!);
      high = Math.max(high, positions[at]!);
    }
    for (let at = axis; at < positions.length; at += 3) positions[at]! -= (low + high) / 2;
  }
  return positions;
}

function directions(positions: Float32Array, triangles: Uint16Array) {
  const normals = new Float32Array(positions.length);
  const facings = new Float32Array(triangles.length);
  for (let at = 0; at < triangles.length; at += 3) {
    const [a, b, c] = [3 * triangles[at]!, 3 * triangles[at + 1]!, 3 * triangles[at + 2]!];
    const ux = positions[b]! - positions[a]!;
    const uy = positions[b + 1]! - positions[a + 1]!;
    const uz = positions[b + 2]! - positions[a + 2]!;
    const vx = positions[c]! - positions[a]!;
    const vy = positions[c + 1]! - positions[a + 1]!;
    const vz = positions[c + 2]! - positions[a + 2]!;
    facings.set([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx], at);
    for (const corner of [a, b, c]) {
      for (let axis = 0; axis < 3; axis++) normals[corner + axis]! += facings[at + axis]!;
    }
  }
  for (let at = 0; at < normals.length; at += 3) {
    const length = Math.hypot(normals[at]!, normals[at + 1]!, normals[at + 2]!) || 1;
    for (let axis = 0; axis < 3; axis++) normals[at + axis]! /= length;
  }
  return { normals, facings };
}
