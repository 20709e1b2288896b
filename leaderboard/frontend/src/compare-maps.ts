// The difference of two models' maps, on a benchmark that both have maps of.
import type { ModelData, SectionNames } from "./compare-data.ts";
import { offerSurface } from "./surface-opener.ts";
import { differenceOf, type Specification } from "./surface-values.ts";

/** What there is to show, by the benchmark's name. */
export function mapDifferences(
  names: Record<string, SectionNames>,
  first: ModelData,
  second: ModelData,
): [string, Specification][] {
  const found: [string, Specification][] = [];
  for (const [section, { columns }] of Object.entries(names)) {
    for (const { slug, label } of columns) {
      const [one, other] = [first, second].map(({ sections }) => sections[section]?.maps[slug]);
      if (!one || !other) continue;
      const title = `${first.name} less ${second.name}`;
      const [a, b] = [one, other].map((each) => ({ title, ...each }) as Specification);
      const words = section === "phantom" ? `${label} (simulated)` : label;
      const difference = differenceOf(a!, b!, title);
      if (difference.maps.length > 0) found.push([words, difference]);
    }
  }
  return found;
}

/** Offer the differences in the page's part for them; hidden where there is none. */
export function showMaps(part: HTMLElement | null, found: [string, Specification][]): void {
  const surface = part?.querySelector<HTMLElement>("heschl-surface");
  const choice = part?.querySelector("select");
  if (!part || !surface || !choice) return;
  part.hidden = found.length === 0;
  choice.replaceChildren(...found.map(([label], place) => new Option(label, String(place))));
  const show = (): void => offerSurface(surface, found[choice.selectedIndex]?.[1] ?? NOTHING);
  choice.onchange = show;
  show();
}

const NOTHING: Specification = { title: "", regions: "", maps: [] };
