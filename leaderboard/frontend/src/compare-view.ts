// What the comparison of models looks like: facts, differences, curves.
import { shownError, shownNumber } from "./board-data.ts";
import type { ChartData, Curve, DotData, LayerData } from "./chart-data.ts";
import type { DotRow } from "./chart-dots.ts";
import { contrasts, tally, type Contrast, type ModelData, type SectionNames } from "./compare-data.ts";
import { cut } from "./chart-scene.ts";
import { breakable, make } from "./dom.ts";

const PANEL_HEIGHT = 200;
const NONE = "–";
/** Facts of a model that are numbers, and stand in a column to the right. */
const AMOUNTS = new Set(["Parameters", "Hours"]);

/** What the models are and how they do overall, a line for each. */
export function factsTable(models: ModelData[], sections: [string, string][]): HTMLElement {
  const head = make("tr", {}, make("th", { scope: "col" }, "Model"));
  for (const [section] of sections) {
    const where = section === "phantom" ? ", simulated" : "";
    for (const text of [`Overall${where}`, `Rank${where}`]) head.append(column(text));
  }
  for (const [label] of models[0]?.facts ?? []) head.append(column(label, AMOUNTS.has(label)));
  const body = make("tbody");
  models.forEach((model, slot) => {
    const link = make("a", { href: `models/${encodeURIComponent(model.slug)}.html` }, make("bdi", {}, model.name));
    const row = make("tr", {}, make("th", { scope: "row", "data-slot": slot }, link));
    for (const [section] of sections) {
      const { overall: [value, error] = [null, null], rank = NONE } = model.sections[section] ?? {};
      const spread = make("span", { class: "err" }, shownError(error));
      row.append(make("td", { class: "num" }, number(value), spread), make("td", { class: "num" }, rank));
    }
    for (const [label, text] of model.facts) row.append(make("td", numeric(AMOUNTS.has(label)), text || NONE));
    body.append(row);
  });
  const caption = make("caption", { class: "visually-hidden" }, "The models");
  return scrolling("The models", make("table", { class: "compare-facts" }, caption, make("thead", {}, head), body));
}

function column(text: string, isNumber = true): HTMLElement {
  return make("th", { scope: "col", ...numeric(isNumber) }, text);
}

function numeric(isNumber: boolean): { class?: string } {
  return isNumber ? { class: "num" } : {};
}

/** In words: on how many benchmarks which of two models is better. */
export function verdict(found: Contrast[], first: string, second: string): HTMLElement {
  const n = tally(found);
  const known = found.length - n.untold;
  return make(
    "p",
    { class: "compare-verdict" },
    `Of ${known} ${known === 1 ? "benchmark" : "benchmarks"} on which the two pair, `,
    make("bdi", { "data-slot": 0 }, first),
    ` is better on ${n.first}, `,
    make("bdi", { "data-slot": 1 }, second),
    ` on ${n.second}; on ${n.alike} they cannot be told apart.`,
    n.untold > 0 ? ` ${n.untold} more ${n.untold === 1 ? "tells" : "tell"} nobody apart (–).` : "",
  );
}

/** The differences as a chart; undefined where none is prepared. */
export function differenceData(found: Contrast[], first: string, second: string): DotData | undefined {
  const rows = found.flatMap((each): DotRow[] => {
    // Percents would share an axis with shares, between sides that are better.
    if (each.value === null || each.benchmark.isDescriptive) return [];
    const tone = { first: "better", second: "worse", "": "" }[each.winner];
    return [
      {
        label: each.benchmark.label,
        value: each.value / 1000,
        low: each.low === null ? null : each.low / 1000,
        high: each.high === null ? null : each.high / 1000,
        shown: signed(each.value),
        interval: interval(each),
        ceiling: null,
        tone,
      },
    ];
  });
  if (rows.length === 0) return undefined;
  const only = { axis: "Difference in normalised score", ceiling: null, ceilingText: "", rows };
  return { kind: "dots", sides: [`${second} better`, `${first} better`], quantities: { normalised: only } };
}

export function differenceTable(found: Contrast[], first: string, second: string, title: string): HTMLElement {
  const isPaired = found.some(({ value }) => value !== null);
  const heads = ["Benchmark", first, second, ...(isPaired ? ["Difference", "Interval"] : []), "Told apart"];
  const head = make("tr");
  heads.forEach((text, place) => {
    head.append(make("th", { scope: "col", class: place ? "num" : undefined }, make("bdi", {}, text)));
  });
  const body = make("tbody");
  for (const each of found) {
    const link = make("a", { href: `benchmarks/${encodeURIComponent(each.benchmark.slug)}.html` }, ...breakable(each.benchmark.label));
    const row = make("tr", {}, make("th", { scope: "row" }, link));
    for (const [value, error] of [each.first, each.second]) {
      const spread = make("span", { class: "err", title: each.benchmark.errors }, shownError(error));
      row.append(make("td", { class: "num" }, number(value, !each.benchmark.isDescriptive), spread));
    }
    if (isPaired) {
      const spread = make("span", { class: "err" }, shownError(each.error));
      const value = each.value === null ? NONE : signed(each.value);
      row.append(make("td", { class: "num" }, value, spread), make("td", { class: "num range" }, interval(each) || NONE));
    }
    const told = each.isSeparable === undefined ? NONE : each.isSeparable ? "yes" : "no";
    const slot = { first: 0, second: 1, "": undefined }[each.winner];
    row.append(make("td", { class: "num", "data-slot": slot }, told));
    body.append(row);
  }
  const caption = make("caption", { class: "visually-hidden" }, `Differences ${title.toLowerCase()}`);
  return scrolling(
    `Differences ${title.toLowerCase()}`,
    make("table", { class: "scores" }, caption, make("thead", {}, head), body),
  );
}

/** The curves of up to four models on each benchmark that at least two of them have layers on. */
export function curvePanels(names: SectionNames, models: ModelData[], section: string): [string, LayerData][] {
  const panels: [string, LayerData][] = [];
  const labels = shortLabels(models.map(({ name }) => name));
  for (const { slug, label, region, ceiling, numberName } of names.columns) {
    // Slots are the models', so that a missing one does not change the others' looks.
    const curves = models.map((model, slot): Curve => {
      const curve = model.sections[section]?.curves[slug];
      return { label: labels[slot]!, ...(curve ?? { values: [], errors: [], chosen: null }) };
    });
    if (curves.filter(({ values }) => values.length > 0).length < 2) continue;
    const hasCeiling = ceiling !== null && !numberName;
    const axis = {
      axis: `${numberName || "Normalised score"}, ${region}`,
      ceiling: hasCeiling ? 1 : null,
      ceilingText: hasCeiling ? "ceiling 1.000" : "",
      curves,
    };
    const shape = { layers: [], committed: null, depth: "relative" as const, height: PANEL_HEIGHT };
    panels.push([label, { kind: "layers", ...shape, quantities: { normalised: axis } }]);
  }
  return panels;
}

/** A figure for a chart that Python has not drawn. */
export function chartFigure(id: string, title: string, data: ChartData): HTMLElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const name = document.createElementNS("http://www.w3.org/2000/svg", "title");
  name.id = `${id}-t`;
  name.textContent = title;
  svg.append(name);
  svg.setAttribute("class", "plot");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-labelledby", name.id);
  const source = make("script", { type: "application/json" });
  source.textContent = JSON.stringify(data);
  const element = make("heschl-chart" as "div", { class: "chart", id });
  const head = make(
    "div",
    { class: "chart-head" },
    make("h4", { class: "chart-title" }, title),
    make("div", { class: "chart-tools" }),
  );
  const figure = make("figure", {}, head, make("div", { class: "chart-plot" }, svg), make("p", { class: "chart-readout" }));
  element.append(figure, source);
  return element;
}

export { contrasts };

function number(value: number | null, isShare = true): HTMLElement {
  const isOver = isShare && value !== null && value > 1000;
  const marks = isOver ? { class: "over", title: "above its ceiling" } : {};
  return make("span", marks, shownNumber(value));
}

function signed(whole: number): string {
  return (whole > 0 ? "+" : "") + shownNumber(whole);
}

function interval({ low, high }: Contrast): string {
  return low === null || high === null ? "" : `[${shownNumber(low)}, ${shownNumber(high)}]`;
}

/** A name as it stands within a sentence or above a chart: on one line, of bounded length. */
export function short(name: string, most = 18): string {
  return cut(name, most);
}

/** Short names beside lines; where they begin alike, it is their ends that tell them apart. */
export function shortLabels(names: string[]): string[] {
  const labels = names.map((name) => short(name));
  return names.map((name, slot) => {
    const isAlone = labels.filter((label) => label === labels[slot]).length === 1;
    const letters = [...name];
    return isAlone ? labels[slot]! : `${letters.slice(0, 5).join("")}…${letters.slice(-12).join("")}`;
  });
}

/** A short name whose direction of writing ends with it. */
export function isolated(name: string): string {
  return `\u2068${short(name, 32)}\u2069`;
}

function scrolling(label: string, table: HTMLElement): HTMLElement {
  return make("div", { class: "scroll-x", tabindex: 0, role: "group", "aria-label": label }, table);
}
