// What the board says of itself: how many models are shown, what ranks are of, what shading means.
import { need } from "./dom.ts";
import type { Shown } from "./shown.ts";

/** Write the live message and the legend. */
export function sayStatus(page: ParentNode, shown: Shown): void {
  const n = grouped(shown.rows.length);
  const of = grouped(shown.data.models.slug.length);
  set(need("#count", page), `${n} of ${of} ${of === "1" ? "model" : "models"}`);
  set(need("#meaning", page), meaningOf(shown));
  const range = need("#range", page);
  set(range, { normalised: "normalised score", score: "raw score", ceiling: "ceiling" }[shown.view.quantity]);
}

/** What ranks, the overall number and shading mean in a view, where that is not plain. */
export function meaningOf(shown: Shown): string {
  return [rankWords(shown), quantityWords(shown), focusWords(shown)].filter(Boolean).join(" ");
}

/** A whole number with its thousands apart; to ask the browser for that takes it longer than the rest. */
function grouped(whole: number): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Live regions speak whenever they are written to, so only what is new is written. */
function set(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function rankWords(shown: Shown): string {
  const { common, data } = shown;
  if (shown.rows.length === 0) return "Nothing matches the search and the filters.";
  if (!common) return shown.untold || (shown.rankedBy === "overall" ? "" : `Ranks are of ${nameOf(shown)}.`);
  const [n, of] = [common.columns.length, data.overall.counted];
  if (n > 0) return `Order by the mean of the ${n} of ${of} benchmarks on which all shown models are ranked: order only, no interval.`;
  return "On no benchmark are all shown models ranked: narrow the search or the filters.";
}

/** Raw scores have no mean: what stands beside them is still of normalised ones. */
function quantityWords({ common, view }: Shown): string {
  if (view.quantity === "normalised") return "";
  return `${common ? "Means and their order" : "Overall and ranks"} are of normalised scores.`;
}

function focusWords(shown: Shown): string {
  const { focusRow, separability } = shown;
  if (focusRow < 0 || shown.common || !separability) return "";
  const name = shown.modelLabel(focusRow);
  if (!separability.isRanked(focusRow)) return `${name} has no rank to compare with.`;
  if (shown.untold) return "";
  const nAlike = shown.rows.filter((row) => shown.isAlike(row)).length;
  return `Shaded ≈: ${grouped(nAlike)} not separable from ${name} on ${nameOf(shown)} (paired bootstrap, 95 %).`;
}

function nameOf(shown: Shown): string {
  const found = shown.data.benchmarks.find(({ slug }) => slug === shown.rankedBy);
  return found ? found.label : "the overall mean";
}
