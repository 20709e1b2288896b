// A small board, and numbers that a seed draws, for the tests here.
import type { Benchmark, BoardData } from "../../../leaderboard/frontend/src/board-data.ts";

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function benchmark(slug: string, path: string[], change: Partial<Benchmark> = {}): Benchmark {
  return {
    slug,
    id: slug,
    label: slug,
    summary: "",
    path,
    version: 1,
    ceiling: 500,
    ceilingError: 10,
    ceilingKind: "",
    errorKind: "",
    ownErrorKinds: {},
    unranked: [],
    ranks: "",
    tellsApart: 1,
    counts: 1,
    isDescriptive: 0,
    numberName: "",
    metric: "",
    region: "",
    ...change,
  };
}

/** Models named by letters, on benchmarks with the given numbers (benchmark, model). */
export function board(benchmarks: Benchmark[], value: (number | null)[][]): BoardData {
  const n = value[0]?.length ?? 0;
  const rows = Array.from({ length: n }, (_, row) => row);
  const letters = rows.map((row) => String.fromCharCode(97 + row));
  return {
    version: 1,
    section: "real",
    models: {
      words: { family: ["Éole"], modality: ["audio", "text"], training: ["signal"], language: ["en", "fr"], badge: ["rerun"] },
      slug: letters,
      id: letters.map((letter) => `made/${letter}`),
      name: letters.map((letter) => `Model ${letter.toUpperCase()}`),
      family: rows.map(() => 0),
      modality: rows.map((row) => row % 2),
      training: rows.map(() => 0),
      languages: rows.map((row) => (row % 3 === 0 ? [0, 1] : [])),
      badges: rows.map(() => [0]),
      parameters: rows.map((row) => (row === 0 ? null : row * 1000)),
      hours: rows.map(() => null),
      ranked: rows.map(() => 1),
      coverage: rows.map((row) => value.filter((column) => column[row] !== null).length),
    },
    benchmarks,
    groups: {},
    value,
    error: value,
    ties: value.map((column) => column.map(() => "0").join("")),
    overall: {
      value: rows.map(() => null),
      error: rows.map(() => null),
      ties: "0".repeat(n),
      low: rows.map(() => 0),
      high: rows.map(() => 0),
      counted: benchmarks.length,
      words: "",
      untold: "",
    },
  };
}
