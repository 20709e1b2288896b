// The page that compares models: who is chosen, by search boxes and in the address, and what is
// shown of them.
import { defineChart } from "./chart-element.ts";
import { choiceOf, fragmentOf, LETTERS, type Choice } from "./compare-address.ts";
import type { ModelData, SectionNames } from "./compare-data.ts";
import {
  chartFigure,
  contrasts,
  curvePanels,
  differenceData,
  differenceTable,
  factsTable,
  isolated,
  short,
  verdict,
} from "./compare-view.ts";
import { mapDifferences, showMaps } from "./compare-maps.ts";
import { make, need } from "./dom.ts";
import { loadPayload } from "./payloads.ts";

const TITLES: [string, string][] = [
  ["real", "On recordings"],
  ["phantom", "On simulated recordings"],
];

class CompareElement extends HTMLElement {
  /** By slug, in the order of the page's list. */
  #labels = new Map<string, string>();
  #slugs = new Map<string, string>();
  #inputs: HTMLInputElement[] = [];
  #choice: Choice = [];
  #asked = 0;

  connectedCallback(): void {
    for (const link of document.querySelectorAll<HTMLAnchorElement>(".compare-models a[data-slug]")) {
      const label = plain(link.textContent ?? "");
      this.#labels.set(link.dataset["slug"]!, label);
      this.#slugs.set(label, link.dataset["slug"]!);
    }
    const options = [...this.#slugs.keys()].map((label) => make("option", { value: label }));
    need("#models", this).replaceChildren(...options);
    this.#inputs = LETTERS.map((letter) => need<HTMLInputElement>(`input[name="${letter}"]`, this));
    this.#inputs.forEach((input, place) => {
      input.addEventListener("input", () => this.#typed(place));
      input.addEventListener("change", () => this.#typed(place));
    });
    need("form", this).addEventListener("submit", (event) => event.preventDefault());
    need('[data-action="swap"]', this).addEventListener("click", () => {
      const [first = "", second = "", ...others] = this.#choice;
      this.#choose([second, first, ...others]);
    });
    need('[data-action="more"]', this).addEventListener("click", () => this.#addPicker());
    window.addEventListener("hashchange", () => this.#fromAddress());
    this.#fromAddress();
  }

  #fromAddress(): void {
    const isLinkWithin = location.hash !== "" && !location.hash.includes("=");
    if (isLinkWithin) return;
    const { choice, notices } = choiceOf(location.hash, new Set(this.#labels.keys()));
    this.#choose(choice, false);
    if (notices.length > 0) this.#say(`Of this address, ${notices.join("; ")}.`);
  }

  #typed(place: number): void {
    const slug = this.#slugs.get(plain(this.#inputs[place]!.value)) ?? "";
    if (slug === this.#choice[place]) return;
    if (slug !== "" && this.#choice.includes(slug)) {
      this.#say(`${this.#labels.get(slug)} is chosen already.`);
      return;
    }
    const choice = this.#choice.map((each, other) => (other === place ? slug : each));
    this.#choose(choice, true, false);
  }

  /** Take a choice; `writesInputs` is false while somebody types in one. */
  #choose(choice: Choice, writesAddress = true, writesInputs = true): void {
    this.#choice = choice;
    if (writesInputs) {
      this.#inputs.forEach((input, place) => {
        input.value = this.#labels.get(choice[place] ?? "") ?? "";
        if (choice[place]) this.#picker(input).hidden = false;
      });
    }
    const address = fragmentOf(choice);
    if (writesAddress && address !== location.hash) {
      history.pushState(null, "", address || location.pathname + location.search);
    }
    void this.#show();
  }

  #picker(input: HTMLInputElement): HTMLElement {
    return input.closest<HTMLElement>(".compare-picker")!;
  }

  #addPicker(): void {
    const next = this.#inputs.find((input) => this.#picker(input).hidden);
    if (next) {
      this.#picker(next).hidden = false;
      next.focus();
    }
    const isFull = this.#inputs.every((input) => !this.#picker(input).hidden);
    need<HTMLButtonElement>('[data-action="more"]', this).disabled = isFull;
  }

  #say(words: string): void {
    need(".compare-status", this).textContent = words;
  }

  async #show(): Promise<void> {
    const asked = ++this.#asked;
    const result = need(".compare-result", this);
    const slugs = this.#choice.filter(Boolean);
    if (slugs.length < 2) {
      this.#say(slugs.length === 0 ? "Choose two models." : "Choose another model to compare with.");
      result.replaceChildren();
      showMaps(this.querySelector(".compare-maps"), []);
      return;
    }
    try {
      const names = (await loadPayload("data/compare.js")) as Record<string, SectionNames>;
      const loaded = slugs.map(async (slug) => {
        const data = (await loadPayload(`data/compare/${slug}.js`)) as Omit<ModelData, "slug">;
        return { ...data, slug };
      });
      const models = await Promise.all(loaded);
      // Somebody may have chosen others meanwhile.
      if (asked !== this.#asked) return;
      result.replaceChildren(...this.#parts(names, models));
      const [first, second] = models as [ModelData, ModelData];
      showMaps(this.querySelector(".compare-maps"), mapDifferences(names, first, second));
      this.#say(`Comparing ${models.map(({ name }) => isolated(name)).join(" with ")}.`);
    } catch (reason) {
      if (asked === this.#asked) this.#say(String(reason));
    }
  }

  #parts(names: Record<string, SectionNames>, models: ModelData[]): Node[] {
    const present = TITLES.filter(([section]) => models.every((model) => model.sections[section]));
    const parts: Node[] = [factsTable(models, present)];
    if (present.length === 0) parts.push(make("p", { class: "note" }, "These models have no kind of data in common."));
    for (const [section, title] of present) {
      parts.push(...this.#section(names[section]!, models, section, title));
    }
    return parts;
  }

  #section(names: SectionNames, models: ModelData[], section: string, title: string): Node[] {
    const [first, second] = models as [ModelData, ModelData];
    const nodes: Node[] = [make("h2", { id: section }, title)];
    const found = contrasts(names, first.sections[section]!, second.sections[section]!);
    if (found.length === 0) nodes.push(make("p", {}, "No benchmark has been run with both."));
    else {
      const [one, other] = [short(first.name, 32), short(second.name, 32)];
      const chart = differenceData(found, one, other);
      nodes.push(verdict(found, one, other));
      if (chart) {
        const words = `${isolated(one)} less ${isolated(other)}, with 95 % intervals`;
        nodes.push(chartFigure(`${section}-differences`, words, chart));
      } else if (!names.isPaired) nodes.push(make("p", { class: "note" }, TOO_MANY));
      nodes.push(differenceTable(found, one, other, title));
    }
    const panels = curvePanels(names, models, section);
    if (panels.length > 0) {
      const grid = make("div", { class: "panels" });
      panels.forEach(([label, data], place) => grid.append(chartFigure(`${section}-curves-${place}`, label, data)));
      nodes.push(make("h3", {}, "By layer"), grid);
    }
    return nodes;
  }
}

const TOO_MANY =
  "This board has so many models that differences are not prepared for each pair: shown are the numbers, and whether the paired bootstrap tells them apart.";

/** A name on one line, as a search box can hold it. */
function plain(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}

defineChart();
customElements.define("heschl-compare", CompareElement);
