// Where a key leads in a grid of rows and cells.
export interface Place {
  at: number;
  cell: number;
}

/** The place after a key, or undefined for keys that lead nowhere. */
export function placeAfter(
  key: string,
  isWhole: boolean, // with Ctrl: to the ends of the grid
  { at, cell }: Place,
  nRows: number,
  nCells: number,
  nPage: number,
): Place | undefined {
  const row = (wanted: number): Place => ({ at: Math.min(nRows - 1, Math.max(0, wanted)), cell });
  switch (key) {
    case "ArrowUp":
      return row(at - 1);
    case "ArrowDown":
      return row(at + 1);
    case "PageUp":
      return row(at - nPage);
    case "PageDown":
      return row(at + nPage);
    case "ArrowLeft":
      return { at, cell: Math.max(0, cell - 1) };
    case "ArrowRight":
      return { at, cell: Math.min(nCells - 1, cell + 1) };
    case "Home":
      return isWhole ? { at: 0, cell: 0 } : { at, cell: 0 };
    case "End":
      return isWhole ? { at: nRows - 1, cell: nCells - 1 } : { at, cell: nCells - 1 };
    default:
      return undefined;
  }
}
