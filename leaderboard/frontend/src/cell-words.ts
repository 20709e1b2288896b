// What a cell says in a sentence, for who rests on it.
import { shownError, shownNumber } from "./board-data.ts";
import { AFTER, BEFORE } from "./columns.ts";
import type { Shown } from "./shown.ts";

const QUANTITIES = { normalised: "normalised", score: "raw", ceiling: "ceiling" } as const;

export function cellWords(shown: Shown, row: number, cell: number): string {
  const { data, view } = shown;
  const model = shown.modelLabel(row);
  const leaf = shown.leaves[cell - BEFORE.length];
  if (leaf?.kind === "benchmark") {
    const benchmark = data.benchmarks[leaf.column]!;
    const { value, error } = shown.cell(leaf, row);
    if (value === null) return `${model} has no number on ${benchmark.label}`;
    const errorKind = benchmark.ownErrorKinds[row] ?? benchmark.errorKind;
    const spread = error === null ? "no error is known" : `${shownError(error)} ${errorKind}`;
    const isNormalised = view.quantity === "normalised";
    const over = isNormalised && !benchmark.isDescriptive && value > 1000 ? "; above its ceiling" : "";
    const quantity = (isNormalised && benchmark.numberName.toLowerCase()) || QUANTITIES[view.quantity];
    return `${model} on ${benchmark.label}: ${quantity} ${shownNumber(value)}, ${spread}${over}`;
  }
  if (leaf) {
    if (view.quantity !== "normalised") return "Raw scores of different metrics have no mean";
    return `${model}: ${data.groups[leaf.path]?.words ?? leaf.path}`;
  }
  const { name } = [...BEFORE, ...AFTER][cell < BEFORE.length ? cell : cell - shown.leaves.length] ?? {};
  if (name === "name") return model;
  if (name === "coverage") return `Ranked on ${data.models.coverage[row]} of the ${data.overall.counted} benchmarks that count overall`;
  if (name === "rank" || name === "overall") return rankWords(shown, row);
  return "";
}

function rankWords(shown: Shown, row: number): string {
  const { data, view } = shown;
  if (!data.models.ranked[row]) return "Published numbers are not ranked";
  if (view.common) return "An order only: intervals need all benchmarks";
  const rank = shown.rank(row);
  if (rank && rank[0] > 0) return shown.untold;
  if (!rank) return "";
  if (shown.rankedBy !== "overall") return "No rank on this benchmark";
  const { counted } = data.overall;
  const missing = counted - data.models.coverage[row]!;
  return missing > 0 ? `No overall rank: it lacks ${missing} of the ${counted} benchmarks that count` : "No overall rank";
}
