// An order on the benchmarks on which all shown models are ranked: a number that is compared with none
// there is compared with none here. Intervals need the bootstrap's draws, which stay with Python, so
// this is an order and no more.
import type { BoardData } from "./board-data.ts";

export interface CommonSubset {
  /** Of the benchmarks on which every model is ranked. */
  columns: number[];
  /** By row: the mean over them by the tree, in thousandths, not rounded. */
  mean: Map<number, number>;
  /** By row: 1 + the number of models with a higher mean. */
  place: Map<number, number>;
}

interface Node {
  groups: Map<string, Node>;
  columns: number[];
}

/** Compare ranked rows on what they have in common; there are no means where that is nothing. */
export function commonSubset(data: BoardData, rows: readonly number[]): CommonSubset {
  const ranked = rows.filter((row) => data.models.ranked[row]);
  const columns = data.benchmarks
    .map((_, column) => column)
    .filter((column) => data.benchmarks[column]!.counts)
    .filter((column) => {
      const unranked = new Set(data.benchmarks[column]!.unranked);
      return ranked.every((row) => data.value[column]![row] !== null && !unranked.has(row));
    });
  if (ranked.length === 0 || columns.length === 0) {
    return { columns: ranked.length === 0 ? [] : columns, mean: new Map(), place: new Map() };
  }

  const tree: Node = { groups: new Map(), columns: [] };
  for (const column of columns) {
    let node = tree;
    for (const name of data.benchmarks[column]!.path) {
      if (!node.groups.has(name)) node.groups.set(name, { groups: new Map(), columns: [] });
      node = node.groups.get(name)!;
    }
    node.columns.push(column);
  }

  const mean = new Map(ranked.map((row) => [row, meanOf(tree, (column) => data.value[column]![row]!)]));
  // Numbers come rounded to thousandths, so a smaller difference of their means is none.
  const shown = (row: number): number => Math.round(mean.get(row)!);
  const place = new Map(
    ranked.map((row) => [row, 1 + ranked.filter((other) => shown(other) > shown(row)).length]),
  );
  return { columns, mean, place };
}

function meanOf(node: Node, value: (column: number) => number): number {
  const parts = [
    ...node.columns.map(value),
    ...[...node.groups.values()].map((group) => meanOf(group, value)),
  ];
  return parts.reduce((sum, part) => sum + part, 0) / parts.length;
}
