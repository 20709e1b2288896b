// The board as a view shows it: which rows in which order, which columns, and what each cell says.
import {
  modelId,
  type BoardData,
  type GroupData,
  type ScoreData,
  type Whole,
} from "./board-data.ts";
import { headerOf, type HeaderCell, type Leaf } from "./columns.ts";
import { commonSubset, type CommonSubset } from "./common-subset.ts";
import { rowsKept } from "./filtering.ts";
import type { Separability } from "./separability.ts";
import { byNumber, byText, type Sortable } from "./sorting.ts";
import { FIRST_VIEW, type View } from "./view.ts";

/** What arrives after the first paint; undefined until it has. */
export interface Later {
  score?: ScoreData;
  groups?: GroupData;
  /** By a benchmark's slug, or `overall`. */
  separability: Map<string, Separability>;
}

export interface Cell {
  value: Whole;
  error: Whole;
}

const NONE: Cell = { value: null, error: null };

export class Shown {
  readonly rows: number[];
  readonly header: HeaderCell[][];
  readonly leaves: Leaf[];
  readonly common: CommonSubset | undefined;
  /** What ranks are of: a benchmark's slug when the board is sorted by one, else `overall`. */
  readonly rankedBy: string;
  /** Why what ranks are of tells no models apart; empty where it may. */
  readonly untold: string;
  readonly focusRow: number;
  /** Whether all the numbers that it shows were there. */
  readonly isComplete: boolean;

  constructor(
    readonly data: BoardData,
    readonly later: Later,
    readonly view: View,
  ) {
    const { rows, leaves } = headerOf(data, view.collapsed);
    this.header = rows;
    this.leaves = leaves;
    const kept = rowsKept(data, view);
    this.common = view.common ? commonSubset(data, kept) : undefined;
    this.rankedBy = view.sort.startsWith("b:") ? view.sort.slice(2) : "overall";
    const ranking = data.benchmarks.find(({ slug }) => slug === this.rankedBy);
    if (!ranking) this.untold = data.overall.untold;
    else this.untold = ranking.tellsApart ? "" : `${ranking.label}: ${ranking.ranks}.`;
    this.rows = this.#sorted(kept);
    this.isComplete =
      (later.groups !== undefined || (view.collapsed.length === 0 && !view.sort.startsWith("g:"))) &&
      (later.score !== undefined || view.quantity === "normalised");
    this.focusRow = view.focus === "" ? -1 : data.models.slug.indexOf(view.focus);
  }

  /** Whether it is what the page shows before scripts run. */
  get isFirst(): boolean {
    return JSON.stringify(this.view) === JSON.stringify(FIRST_VIEW);
  }

  get separability(): Separability | undefined {
    return this.later.separability.get(this.rankedBy);
  }

  /** A benchmark's or group's cell of a row, in the quantity that is shown. */
  cell(leaf: Leaf, row: number): Cell {
    const { data, later, view } = this;
    if (leaf.kind === "group") {
      // Raw scores of different metrics have no mean.
      if (view.quantity !== "normalised") return NONE;
      return { value: later.groups?.[leaf.path]?.value[row] ?? null, error: null };
    }
    const { column } = leaf;
    if (view.quantity === "normalised") {
      return { value: data.value[column]![row]!, error: data.error[column]![row]! };
    }
    if (!later.score || later.score.value[column]![row] === null) return NONE;
    if (view.quantity === "score") {
      return { value: later.score.value[column]![row]!, error: later.score.error[column]![row]! };
    }
    const { ceiling, ceilingError } = data.benchmarks[column]!;
    const [value, error] = later.score.ceilings[column]?.[row] ?? [ceiling, ceilingError];
    return { value, error };
  }

  overall(row: number): Cell {
    if (this.common) {
      const mean = this.common.mean.get(row);
      return { value: mean === undefined ? null : Math.round(mean), error: null };
    }
    return { value: this.data.overall.value[row]!, error: this.data.overall.error[row]! };
  }

  /** The interval of ranks of a row; undefined while it is on its way, nought for none. */
  rank(row: number): [number, number] | undefined {
    if (this.common) {
      const place = this.common.place.get(row) ?? 0;
      return [place, place];
    }
    if (this.rankedBy === "overall") {
      return [this.data.overall.low[row]!, this.data.overall.high[row]!];
    }
    return this.separability?.rank(row);
  }

  /** Whether a row cannot be told apart from the one in focus; of a common subset nobody knows. */
  isAlike(row: number): boolean {
    // Where nobody could be told apart, a mark would say that somebody was tried.
    if (this.common || this.untold) return false;
    return this.focusRow >= 0 && row !== this.focusRow && this.separability?.isSeparable(this.focusRow, row) === false;
  }

  #sorted(kept: number[]): number[] {
    const { data, view } = this;
    const { models } = data;
    if (view.sort === "name") return byText(kept, models.name, view.descending);
    if (view.sort === "training") {
      const words = models.training.map((at) => models.words.training[at]!);
      return byText(kept, words, view.descending);
    }
    return byNumber(kept, this.#sortable(), view.descending);
  }

  #sortable(): Sortable {
    const { data, later, view } = this;
    const { models } = data;
    if (view.sort === "coverage") return { value: models.coverage };
    if (view.sort === "parameters") return { value: models.parameters };
    if (view.sort === "hours") return { value: models.hours };
    if (view.sort === "overall") {
      if (!this.common) return data.overall;
      const { mean } = this.common;
      return { value: models.slug.map((_, row) => mean.get(row) ?? null) };
    }
    if (view.sort.startsWith("g:")) {
      return later.groups?.[view.sort.slice(2)] ?? { value: [] };
    }
    const column = data.benchmarks.findIndex(({ slug }) => slug === view.sort.slice(2));
    if (view.quantity === "normalised") return { value: data.value[column]!, ties: data.ties[column]! };
    if (view.quantity === "score" && later.score) {
      return { value: later.score.value[column]!, ties: later.score.ties[column]! };
    }
    const leaf: Leaf = { kind: "benchmark", key: view.sort, column };
    return { value: models.slug.map((_, row) => this.cell(leaf, row).value) };
  }

  modelLabel(row: number): string {
    return this.data.models.name[row] || modelId(this.data.models, row);
  }
}
