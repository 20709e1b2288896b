// Which models a paired bootstrap can tell apart in a column, as Python has found it.
import type { SeparableData } from "./board-data.ts";

export class Separability {
  readonly #place = new Map<number, number>();
  readonly #bits: Uint8Array;
  readonly #data: SeparableData;

  constructor(data: SeparableData) {
    this.#data = data;
    data.rows.forEach((row, place) => this.#place.set(row, place));
    const bytes = atob(data.bits);
    this.#bits = new Uint8Array(bytes.length);
    for (let at = 0; at < bytes.length; at++) this.#bits[at] = bytes.charCodeAt(at);
  }

  /** The interval of ranks of a row; nought for one that has none. */
  rank(row: number): [number, number] {
    const place = this.#place.get(row);
    return place === undefined ? [0, 0] : [this.#data.low[place]!, this.#data.high[place]!];
  }

  isRanked(row: number): boolean {
    return this.#place.has(row);
  }

  /** Whether the difference of two ranked rows excludes nought; undefined where one is unranked. */
  isSeparable(one: number, other: number): boolean | undefined {
    const i = this.#place.get(one);
    const j = this.#place.get(other);
    if (i === undefined || j === undefined) return undefined;
    if (i === j) return false;
    const [low, high] = i < j ? [i, j] : [j, i];
    const n = this.#data.rows.length;
    // Pairs above the diagonal, row by row; the first in the highest bit.
    const pair = low * n - (low * (low + 1)) / 2 + high - low - 1;
    return ((this.#bits[pair >> 3]! >> (7 - (pair & 7))) & 1) === 1;
  }
}
