// Which models a view keeps: search, and facets of what their cards say.
import { modelId, type BoardData, type Models } from "./board-data.ts";
import { folded, wordsOf } from "./searching.ts";
import { FACETS, type Range, type View } from "./view.ts";

const haystacks = new WeakMap<Models, string[]>();

/** What of each model is searched, folded when somebody first searches. */
function searched(models: Models): string[] {
  let texts = haystacks.get(models);
  if (!texts) {
    texts = models.slug.map((slug, row) =>
      folded([models.name[row], modelId(models, row), slug, models.words.family[models.family[row]!]].join("\n")),
    );
    haystacks.set(models, texts);
  }
  return texts;
}

function isWithin([low, high]: Range, value: number | null): boolean {
  if (low === null && high === null) return true;
  return value !== null && (low === null || value >= low) && (high === null || value <= high);
}

/** The numbers of a facet's words that a row has. */
export function facetOf(models: Models, facet: (typeof FACETS)[number], row: number): readonly number[] {
  if (facet === "modality") return [models.modality[row]!];
  if (facet === "training") return [models.training[row]!];
  return facet === "language" ? models.languages[row]! : models.badges[row]!;
}

/** The rows that a view keeps, in the board's order. */
export function rowsKept(data: BoardData, view: View): number[] {
  const { models } = data;
  const words = wordsOf(view.query);
  const texts = words.length > 0 ? searched(models) : [];
  const chosen = FACETS.filter((facet) => view[facet].length > 0).map((facet) => {
    const known = models.words[facet];
    return [facet, new Set(view[facet].map((word) => known.indexOf(word)))] as const;
  });
  const { counted } = data.overall;
  const kept: number[] = [];
  for (let row = 0; row < models.slug.length; row++) {
    if (!view.published && !models.ranked[row]) continue;
    if (view.complete && models.coverage[row] !== counted) continue;
    if (!isWithin(view.parameters, models.parameters[row]!)) continue;
    if (!isWithin(view.hours, models.hours[row]!)) continue;
    if (!chosen.every(([facet, numbers]) => facetOf(models, facet, row).some((n) => numbers.has(n)))) continue;
    if (words.every((word) => texts[row]!.includes(word))) kept.push(row);
  }
  return kept;
}
