// The columns of a view: benchmarks, or a group of them folded into one, under a header of groups.
import type { Benchmark, BoardData } from "./board-data.ts";

/** The columns around the benchmarks; those without a sort key are not sorted by. */
export const BEFORE = [
  { key: "", name: "pick", label: "Compare" },
  { key: "", name: "rank", label: "Rank" },
  { key: "name", name: "name", label: "Model" },
  { key: "overall", name: "overall", label: "Overall" },
  { key: "coverage", name: "coverage", label: "Coverage" },
] as const;
export const AFTER = [
  { key: "parameters", name: "parameters", label: "Weights" },
  { key: "hours", name: "hours", label: "Hours" },
  { key: "training", name: "training", label: "Training" },
] as const;

export type Leaf =
  | { kind: "benchmark"; key: string; column: number }
  | { kind: "group"; key: string; path: string };

export interface HeaderCell {
  label: string;
  nColumns: number;
  nRows: number;
  /** Empty for a benchmark. */
  path: string;
  isCollapsed: boolean;
  leaf: Leaf | null;
}

/** How many groups from the root on are above every benchmark: naming them says nothing. */
export function sharedPath(benchmarks: readonly Benchmark[]): number {
  const paths = benchmarks.map((benchmark) => benchmark.path);
  const shortest = Math.min(...paths.map((path) => path.length));
  let shared = 0;
  while (
    shared < shortest - 1 &&
    new Set(paths.map((path) => path.slice(0, shared + 1).join("/"))).size === 1
  ) {
    shared += 1;
  }
  return paths.length === 0 ? 0 : shared;
}

/** Groups that a header shows, outermost first. */
export function shownGroups(benchmarks: readonly Benchmark[]): string[] {
  const top = sharedPath(benchmarks);
  const found = new Set<string>();
  for (const { path } of benchmarks) {
    for (let end = top + 1; end <= path.length; end++) found.add(path.slice(0, end).join("/"));
  }
  return [...found];
}

export function leavesOf(data: BoardData, collapsed: readonly string[]): Leaf[] {
  return headerOf(data, collapsed).leaves;
}

/** How many groups of a benchmark are named: one of it alone, whose name it begins with, is not. */
function nNamed({ benchmarks, groups }: BoardData, { path, label }: Benchmark, top: number): number {
  let named = path.length;
  for (; named > top; named--) {
    const key = path.slice(0, named).join("/");
    const isAlone = benchmarks.filter((each) => each.path.slice(0, named).join("/") === key).length === 1;
    const words = groups[key]?.label ?? path[named - 1]!;
    if (!isAlone || !(label === words || label.startsWith(`${words}-`))) break;
  }
  return named;
}

/** The header's rows, and the columns below it from left to right. */
export function headerOf(
  data: BoardData,
  collapsed: readonly string[],
): { rows: HeaderCell[][]; leaves: Leaf[] } {
  const { benchmarks, groups } = data;
  const top = sharedPath(benchmarks);
  const hidden = new Set(collapsed);
  const leaves: Leaf[] = [];
  const shown: { path: string[]; isFolded: boolean; column: number }[] = [];
  let previous = "";
  benchmarks.forEach((benchmark, column) => {
    const { path, slug } = benchmark;
    for (let end = top + 1; end <= path.length; end++) {
      const key = path.slice(0, end).join("/");
      if (!hidden.has(key)) continue;
      if (previous !== key) {
        leaves.push({ kind: "group", key: `g:${key}`, path: key });
        shown.push({ path: path.slice(top, end), isFolded: true, column });
      }
      previous = key;
      return;
    }
    previous = "";
    leaves.push({ kind: "benchmark", key: `b:${slug}`, column });
    shown.push({ path: path.slice(top, nNamed(data, benchmark, top)), isFolded: false, column });
  });

  const depth = Math.max(0, ...shown.map(({ path, isFolded }) => path.length - Number(isFolded)));
  const rows: HeaderCell[][] = Array.from({ length: depth + 1 }, () => []);
  const open: (HeaderCell | undefined)[] = [];
  shown.forEach(({ path, isFolded, column }, at) => {
    const root = benchmarks[column]!.path.slice(0, top);
    const nGroups = path.length - Number(isFolded);
    for (let level = 0; level < nGroups; level++) {
      const key = [...root, ...path.slice(0, level + 1)].join("/");
      const last = open[level];
      if (last?.path === key) {
        last.nColumns += 1;
        continue;
      }
      const label = groups[key]?.label ?? path[level]!;
      const cell = { label, nColumns: 1, nRows: 1, path: key, isCollapsed: false, leaf: null };
      rows[level]!.push(cell);
      open[level] = cell;
      open.length = level + 1;
    }
    open.length = nGroups;
    const key = isFolded ? [...root, ...path].join("/") : "";
    rows[nGroups]!.push({
      label: isFolded ? (groups[key]?.label ?? path.at(-1)!) : benchmarks[column]!.label,
      nColumns: 1,
      nRows: depth + 1 - nGroups,
      path: key,
      isCollapsed: isFolded,
      leaf: leaves[at]!,
    });
  });
  return { rows, leaves };
}
