// The main table's payload, as Python writes it (table_payloads.py), and what is read from it.
export type Whole = number | null; // thousandths; null where there is no number

export interface Benchmark {
  slug: string;
  id: string;
  label: string;
  summary: string;
  path: string[];
  version: number;
  ceiling: Whole;
  ceilingError: Whole;
  ceilingKind: string;
  errorKind: string;
  /** By row, what errors are over that are not over what most of the column's are. */
  ownErrorKinds: Record<string, string>;
  /** Rows with a number that is compared with none, as one of other samples or of an old version. */
  unranked: number[];
  /** What ranks rest on, in words. */
  ranks: string;
  /** 1 if it can tell models apart: more is better, and it has the samples that it takes. */
  tellsApart: number;
  /** 1 if the overall mean has it. */
  counts: number;
  /** 1 if more is neither better nor worse. */
  isDescriptive: number;
  /** What the number is called that is no share of a ceiling; empty if it is a normalised score. */
  numberName: string;
  metric: string;
  region: string;
}

export interface Models {
  words: Record<"family" | "modality" | "training" | "language" | "badge", string[]>;
  slug: string[];
  /** 0 where the id is the name. */
  id: (string | 0)[];
  name: string[];
  family: number[];
  modality: number[];
  training: number[];
  languages: number[][];
  badges: number[][];
  parameters: (number | null)[];
  hours: (number | null)[];
  ranked: number[];
  coverage: number[];
}

export interface BoardData {
  version: number;
  section: string;
  models: Models;
  benchmarks: Benchmark[];
  groups: Record<string, { label: string; words: string }>;
  value: Whole[][];
  error: Whole[][];
  ties: string[];
  overall: {
    value: Whole[];
    error: Whole[];
    ties: string;
    low: number[];
    high: number[];
    counted: number;
    words: string;
    /** Why it tells no models apart; empty where it may. */
    untold: string;
  };
}

export interface ScoreData {
  value: Whole[][];
  error: Whole[][];
  ties: string[];
  ceilings: Record<string, Record<string, [Whole, Whole]>>;
}

export type GroupData = Record<string, { value: Whole[]; ties: string }>;

export interface SeparableData {
  rows: number[];
  low: number[];
  high: number[];
  bits: string;
}

/** How numbers of the browser's own look: as Python prints them. */
export function shownNumber(whole: Whole | undefined): string {
  if (whole === null || whole === undefined) return "–";
  const size = Math.abs(whole);
  const sign = whole < 0 ? "−" : "";
  return `${sign}${Math.floor(size / 1000)}.${String(size % 1000).padStart(3, "0")}`;
}

export function shownError(whole: Whole | undefined): string {
  if (whole === null || whole === undefined) return "";
  return `±${shownNumber(whole).replace(/^0/, "")}`;
}

export function shownRank(low: number, high: number): string {
  if (low === 0) return "–";
  return low === high ? String(low) : `${low}–${high}`;
}

/** A large count with its unit, to three digits. */
export function shownAmount(value: number | null): string {
  if (value === null) return "–";
  const units: [number, string][] = [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"]];
  for (const [size, unit] of units) {
    if (value >= size) return `${Number((value / size).toPrecision(3))}${unit}`;
  }
  return String(Number(value.toPrecision(3)));
}

/** Which of the ramp's steps a number gets; the ramp ends at 0 and 1. */
export function rampStep(whole: number): number {
  return Math.round((255 * Math.min(1000, Math.max(0, whole))) / 1000);
}

export function modelId(models: Models, row: number): string {
  return models.id[row] || models.name[row]!;
}

const TRAINING_WORDS: Record<string, string> = { "self-supervised": "self-sup.", unknown: "–" };

export function trainingWord(kind: string): string {
  return TRAINING_WORDS[kind] ?? kind;
}
