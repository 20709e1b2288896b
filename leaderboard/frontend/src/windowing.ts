// Which rows of a long table are there: those in sight, and a few around them.
export interface Band {
  first: number;
  /** One after the last row. */
  end: number;
}

/** Rows from `first` to before `end` are drawn when the body is scrolled by `offset` pixels. */
export function bandOf(
  offset: number,
  visibleHeight: number,
  rowHeight: number,
  nRows: number,
  margin: number,
): Band {
  if (nRows === 0 || !(rowHeight > 0)) return { first: 0, end: 0 };
  const nVisible = Math.ceil(Math.max(0, visibleHeight) / rowHeight) + 1;
  const nDrawn = Math.min(nRows, nVisible + 2 * margin);
  const top = Math.floor(Math.max(0, offset) / rowHeight) - margin;
  const first = Math.min(Math.max(0, top), nRows - nDrawn);
  return { first, end: first + nDrawn };
}

export function isWithin(inner: Band, outer: Band): boolean {
  return inner.first >= inner.end || (inner.first >= outer.first && inner.end <= outer.end);
}

/** The scroll offset that brings a row into sight with the least movement. */
export function offsetShowing(
  row: number,
  offset: number,
  visibleHeight: number,
  rowHeight: number,
): number {
  const top = row * rowHeight;
  if (top < offset) return top;
  if (top + rowHeight > offset + visibleHeight) return top + rowHeight - visibleHeight;
  return offset;
}
