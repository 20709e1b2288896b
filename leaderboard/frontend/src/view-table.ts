// The view as a table of plain texts, from which every export is made.
import { modelId, type Whole } from "./board-data.ts";
import type { ViewColumn, ViewTable } from "./exports.ts";
import type { Shown } from "./shown.ts";

function plain(whole: Whole): string {
  return whole === null ? "" : (whole / 1000).toFixed(3);
}

function count(value: number | null): string {
  return value === null ? "" : String(value);
}

/** What is on screen: the same rows, columns and numbers, to the same digits. */
export function viewTable(shown: Shown): ViewTable {
  const { data, view } = shown;
  const { models } = data;
  const text = (key: string, label: string): ViewColumn => ({ key, label, isNumber: false });
  const number = (key: string, label: string): ViewColumn => ({ key, label, isNumber: true });
  const withError = (key: string, label: string): ViewColumn[] =>
    view.errors ? [number(key, label), number(`${key}_error`, `${label}, error`)] : [number(key, label)];
  const ranks = shown.common
    ? [number("order", "Order")]
    : [number("rank_low", "Rank, from"), number("rank_high", "Rank, to")];

  const columns = [
    ...ranks,
    text("name", "Model"),
    text("id", "Id"),
    ...withError("overall", shown.common ? "Common" : "Overall"),
    number("coverage", "Benchmarks"),
    ...shown.leaves.flatMap((leaf) =>
      leaf.kind === "group"
        ? [number(leaf.path, data.groups[leaf.path]?.label ?? leaf.path)]
        : withError(data.benchmarks[leaf.column]!.id, data.benchmarks[leaf.column]!.label),
    ),
    number("parameters", "Weights"),
    number("hours", "Hours"),
    text("training_kind", "Training"),
  ];

  const rows = shown.rows.map((row) => {
    const pair = ({ value, error }: { value: Whole; error: Whole }): string[] =>
      view.errors ? [plain(value), plain(error)] : [plain(value)];
    const rank = shown.rank(row)?.map((place) => (place === 0 ? "" : String(place))) ?? ["", ""];
    const common = shown.common?.mean.get(row);
    const overall = pair(shown.overall(row));
    if (shown.common) overall[0] = common === undefined ? "" : (common / 1000).toFixed(2);
    return [
      ...(shown.common ? rank.slice(0, 1) : rank),
      shown.modelLabel(row),
      modelId(models, row),
      ...overall,
      String(models.coverage[row]),
      ...shown.leaves.flatMap((leaf) => {
        const cell = shown.cell(leaf, row);
        return leaf.kind === "group" ? [plain(cell.value)] : pair(cell);
      }),
      count(models.parameters[row]!),
      count(models.hours[row]!),
      models.words.training[models.training[row]!]!,
    ];
  });
  return { columns, rows };
}
