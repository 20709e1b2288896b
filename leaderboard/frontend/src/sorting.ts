// Orders of rows by a column, by full precision: numbers that look the same are told apart by their
// place among each other, which Python has found (`ties`); equal ones stay as the board has them.
import type { Whole } from "./board-data.ts";

export interface Sortable {
  value: readonly Whole[];
  /** The place of each number among those that look the same, best first, as a character. */
  ties?: string;
}

/** Rows by a column; those without a number are last, whichever way. */
export function byNumber(rows: readonly number[], column: Sortable, descending: boolean): number[] {
  const { value, ties } = column;
  const sign = descending ? -1 : 1;
  const place = (row: number): number => (ties ? ties.charCodeAt(row) : 0);
  return [...rows].sort((a, b) => {
    const left = value[a] ?? null;
    const right = value[b] ?? null;
    if (left === null || right === null) {
      if (left === right) return a - b;
      return left === null ? 1 : -1;
    }
    // Better is higher, so a lower place is a higher number.
    return sign * (left - right) || -sign * (place(a) - place(b)) || a - b;
  });
}

/** Rows by a text; those without one are last, whichever way. */
export function byText(
  rows: readonly number[],
  texts: readonly string[],
  descending: boolean,
): number[] {
  const sign = descending ? -1 : 1;
  const collator = new Intl.Collator("en", { sensitivity: "base", numeric: true });
  return [...rows].sort((a, b) => {
    const left = texts[a]!;
    const right = texts[b]!;
    if (left === "" || right === "") {
      if (left === right) return a - b;
      return left === "" ? 1 : -1;
    }
    return sign * collator.compare(left, right) || a - b;
  });
}
