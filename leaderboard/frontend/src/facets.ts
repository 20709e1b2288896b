// The panel of filters: what models' cards say, as boxes to tick and ranges to type.
import type { BoardData } from "./board-data.ts";
import { make, need } from "./dom.ts";
import { facetOf } from "./filtering.ts";
import { FACETS, type Range, type View } from "./view.ts";

const TITLES = { modality: "Hears or reads", training: "Training", language: "Trained on", badge: "Vouched for by" };
const BADGES: Record<string, string> = {
  rerun: "a rerun by maintainers",
  "self-reported": "its submitter",
  "features-only": "its submitter, features only",
  published: "a paper",
};
let languages: Intl.DisplayNames | undefined;

function wordOf(facet: string, word: string): string {
  if (facet === "badge") return BADGES[word] ?? word;
  if (facet !== "language") return word;
  // Browsers take long to load them: not before the panel is opened.
  languages ??= new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });
  try {
    return languages.of(word) ?? word;
  } catch {
    return word; // no code of a language
  }
}

/** Fill the panel once, when it is first opened, and keep it as the view has it. */
export class Facets {
  #isBuilt = false;

  constructor(
    readonly panel: HTMLElement,
    readonly data: BoardData,
    readonly change: (part: Partial<View>, isTyped: boolean) => void,
  ) {}

  show(view: View): void {
    if (!this.#isBuilt) return;
    for (const box of this.panel.querySelectorAll<HTMLInputElement>("input[data-facet]")) {
      const facet = box.dataset["facet"] as (typeof FACETS)[number];
      box.checked = view[facet].includes(box.value);
    }
    need<HTMLInputElement>("input[data-complete]", this.panel).checked = view.complete;
    for (const field of this.panel.querySelectorAll<HTMLInputElement>("input[data-range]")) {
      if (field === document.activeElement) continue;
      const [name, end] = field.dataset["range"]!.split(" ") as ["parameters" | "hours", "0" | "1"];
      field.value = typedNumber(view[name][Number(end) as 0 | 1]);
    }
  }

  build(view: View): void {
    if (this.#isBuilt) return;
    this.#isBuilt = true;
    this.panel.replaceChildren(
      ...FACETS.map((facet) => this.#boxes(facet)).filter((group) => group !== undefined),
      this.#range("parameters", "Weights", "such as 90M"),
      this.#range("hours", "Hours of training", "such as 960"),
      make(
        "fieldset",
        {},
        make("legend", {}, "Coverage"),
        make("label", {}, make("input", { type: "checkbox", "data-complete": true }), "every benchmark"),
      ),
    );
    this.panel.addEventListener("change", (event) => this.#changed(event.target as HTMLInputElement));
    this.panel.addEventListener("input", (event) => {
      const field = event.target as HTMLInputElement;
      if (field.dataset["range"]) this.#typed(field);
    });
    this.show(view);
  }

  #boxes(facet: (typeof FACETS)[number]): HTMLElement | undefined {
    const { models } = this.data;
    const words = models.words[facet];
    if (words.length === 0) return undefined;
    const counts = words.map(() => 0);
    models.slug.forEach((_, row) => facetOf(models, facet, row).forEach((at) => counts[at]!++));
    return make(
      "fieldset",
      {},
      make("legend", {}, TITLES[facet]),
      ...words.map((word, at) =>
        make(
          "label",
          {},
          make("input", { type: "checkbox", "data-facet": facet, value: word }),
          wordOf(facet, word),
          make("span", { class: "panel-count" }, String(counts[at])),
        ),
      ),
    );
  }

  #range(name: "parameters" | "hours", title: string, hint: string): HTMLElement {
    const field = (end: number, label: string): HTMLElement =>
      make("input", {
        type: "text",
        inputmode: "decimal",
        size: 7,
        "data-range": `${name} ${end}`,
        "aria-label": `${title}, ${label}`,
        placeholder: label,
        title: hint,
      });
    return make(
      "fieldset",
      { class: "panel-range" },
      make("legend", {}, title),
      field(0, "at least"),
      field(1, "at most"),
    );
  }

  #changed(box: HTMLInputElement): void {
    const facet = box.dataset["facet"] as (typeof FACETS)[number] | undefined;
    if (facet) {
      const boxes = this.panel.querySelectorAll<HTMLInputElement>(`input[data-facet="${facet}"]:checked`);
      this.change({ [facet]: [...boxes].map(({ value }) => value) }, false);
    } else if (box.dataset["complete"] !== undefined) {
      this.change({ complete: box.checked }, false);
    }
  }

  #typed(field: HTMLInputElement): void {
    const [name] = field.dataset["range"]!.split(" ") as ["parameters" | "hours"];
    const ends = [0, 1].map((end) =>
      need<HTMLInputElement>(`input[data-range="${name} ${end}"]`, this.panel),
    );
    const numbers = ends.map((end) => numberTyped(end.value));
    ends.forEach((end, at) => end.setAttribute("aria-invalid", String(numbers[at] === undefined)));
    if (numbers.includes(undefined)) return;
    this.change({ [name]: numbers as unknown as Range }, true);
  }
}

const UNITS: Record<string, number> = { "": 1, k: 1e3, m: 1e6, g: 1e9, b: 1e9 };

/** A number as people type it, with a unit: `90M`; null for nothing, undefined for anything else. */
export function numberTyped(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const found = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([kmgb]?)\s*$/i.exec(text.replaceAll(",", ""));
  return found ? Number(found[1]) * UNITS[found[2]!.toLowerCase()]! : undefined;
}

export function typedNumber(value: number | null): string {
  if (value === null) return "";
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (value >= size && Number.isInteger((value / size) * 100)) return `${value / size}${unit}`;
  }
  return String(value);
}
