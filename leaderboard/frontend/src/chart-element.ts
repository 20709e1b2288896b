// <heschl-chart>: a figure that Python has drawn, and that this draws anew as wide as the page is,
// reads out to pointers and keys, and gives away as a file.
import {
  drawDots,
  drawLayers,
  firstSlots,
  type ChartData,
  type Drawing,
  type LayerData,
} from "./chart-data.ts";
import { download, standalone } from "./chart-download.ts";
import { paint } from "./chart-scene.ts";

const QUANTITIES: Record<string, string> = { normalised: "Normalised", score: "Raw" };

export class HeschlChart extends HTMLElement {
  #data: ChartData | undefined;
  #quantity = "";
  #slots: (number | null)[] = [];
  #recent: number[] = [];
  #drawing: Drawing | undefined;
  #width = 0;
  #cursor = document.createElement("input");
  #observer: ResizeObserver | undefined;

  connectedCallback(): void {
    const source = this.querySelector('script[type="application/json"]');
    if (this.#data || !source) return;
    this.#data = JSON.parse(source.textContent ?? "null") as ChartData;
    this.#quantity = Object.keys(this.#data.quantities)[0] ?? "";
    if (this.#data.kind === "layers") this.#slots = firstSlots(this.#data);
    this.#addTools();
    this.#addCursor();
    this.#observer = new ResizeObserver(() => this.#fit());
    this.#observer.observe(this.#plot);
    this.#fit();
  }

  disconnectedCallback(): void {
    this.#observer?.disconnect();
  }

  get #plot(): HTMLElement {
    return this.querySelector(".chart-plot")!;
  }

  get #svg(): SVGSVGElement {
    return this.querySelector<SVGSVGElement>(".chart-plot > svg")!;
  }

  #fit(): void {
    const width = Math.floor(this.#plot.clientWidth);
    if (width === this.#width || width === 0) return;
    this.#width = width;
    this.#draw();
  }

  #draw(): void {
    const data = this.#data!;
    this.#drawing =
      data.kind === "layers"
        ? drawLayers(data, this.#quantity, this.#slots, this.#width)
        : drawDots(data, this.#quantity, this.#width);
    this.#cursor.max = String(this.#drawing.nPlaces - 1);
    paint(this.#svg, this.#drawing.scene);
    this.#say(this.#restingPlace);
  }

  /** What is read out while nobody points: the committed layer. */
  get #restingPlace(): number {
    return this.#data?.kind === "layers" ? (this.#data.committed ?? -1) : -1;
  }

  #say(place: number): void {
    const readout = this.querySelector(".chart-readout");
    if (readout) readout.textContent = place < 0 ? "" : this.#drawing!.words(place);
  }

  #point(place: number): void {
    const drawing = this.#drawing;
    if (!drawing) return;
    const isThere = place >= 0 && place < drawing.nPlaces;
    paint(this.#svg, isThere ? drawing.marked(place) : drawing.scene);
    this.#say(isThere ? place : this.#restingPlace);
  }

  /** A slider that nobody sees: keys move it over the places, and it says where it is. */
  #addCursor(): void {
    const cursor = this.#cursor;
    cursor.type = "range";
    cursor.min = "0";
    cursor.className = "chart-cursor";
    const isRows = this.#data!.kind === "dots";
    // Downwards is less for a slider and more for a list.
    const place = (): number =>
      isRows ? Number(cursor.max) - Number(cursor.value) : Number(cursor.value);
    const show = (): void => {
      this.#point(place());
      cursor.setAttribute("aria-valuetext", this.#drawing!.words(place()));
    };
    const title = this.querySelector(".chart-title")?.textContent ?? "Chart";
    cursor.setAttribute("aria-label", `${title}, read out`);
    cursor.addEventListener("focus", show);
    cursor.addEventListener("input", show);
    cursor.addEventListener("blur", () => this.#point(-1));
    this.#plot.append(cursor);
    const resting = Math.max(0, this.#restingPlace);
    this.#plot.addEventListener("pointermove", (event) => {
      const box = this.#svg.getBoundingClientRect();
      this.#point(this.#drawing?.placeAt(event.clientX - box.left, event.clientY - box.top) ?? -1);
    });
    this.#plot.addEventListener("pointerleave", () => this.#point(-1));
    queueMicrotask(() => {
      cursor.value = isRows ? cursor.max : String(resting);
      cursor.setAttribute("aria-valuetext", this.#drawing?.words(place()) ?? "");
    });
  }

  #addTools(): void {
    const data = this.#data!;
    const tools = this.querySelector(".chart-tools");
    const quantities = Object.keys(data.quantities);
    if (tools && quantities.length > 1) tools.append(this.#quantityChoice(quantities));
    if (tools) {
      const save = button("SVG", () => this.#save());
      save.title = "Download this chart as an SVG file";
      tools.append(save);
    }
    if (data.kind === "layers") this.#addLines(data);
  }

  #quantityChoice(quantities: string[]): HTMLElement {
    const group = document.createElement("div");
    group.className = "segmented";
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Quantity");
    for (const quantity of quantities) {
      const choice = button(QUANTITIES[quantity] ?? quantity, () => {
        this.#quantity = quantity;
        for (const each of group.children) {
          each.setAttribute("aria-pressed", String(each === choice));
        }
        this.#draw();
      });
      choice.className = "";
      choice.setAttribute("aria-pressed", String(quantity === this.#quantity));
      group.append(choice);
    }
    return group;
  }

  #addLines(data: LayerData): void {
    const labels = Object.values(data.quantities)[0]?.curves.map((curve) => curve.label) ?? [];
    // Lines that are few are all there and named; nobody needs to choose among models.
    if (labels.length < 2 || data.depth === "relative") return;
    const group = document.createElement("div");
    group.className = "chart-lines";
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Lines");
    const chips = labels.map((label, curve) => {
      const chip = button(label, () => {
        this.#toggle(curve);
        update();
      });
      chip.className = "chip";
      return chip;
    });
    const update = (): void => {
      chips.forEach((chip, curve) => {
        const slot = this.#slots.indexOf(curve);
        chip.setAttribute("aria-pressed", String(slot >= 0));
        chip.dataset["slot"] = slot < 0 ? "" : String(slot);
      });
    };
    update();
    group.append(...chips);
    this.#plot.after(group);
  }

  /** Show or hide a curve; where all looks are taken, the one that was chosen first makes room. */
  #toggle(curve: number): void {
    const shown = this.#slots.indexOf(curve);
    this.#recent = this.#recent.filter((each) => each !== curve);
    if (shown >= 0) {
      if (this.#slots.filter((each) => each !== null).length > 1) this.#slots[shown] = null;
    } else {
      this.#recent.push(curve);
      let free = this.#slots.indexOf(null);
      if (free < 0) {
        // The last of those that nobody asked for goes first.
        const unasked = this.#slots.filter((each) => each !== null && !this.#recent.includes(each));
        free = this.#slots.indexOf(unasked.at(-1) ?? this.#recent.shift()!);
      }
      this.#slots[free] = curve;
    }
    this.#draw();
  }

  #save(): void {
    paint(this.#svg, this.#drawing!.scene);
    const background = getComputedStyle(document.documentElement).backgroundColor;
    const name = `${this.id || "chart"}.svg`;
    download(name, standalone(this.#svg, background), "image/svg+xml");
  }
}

function button(text: string, press: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button button-quiet";
  made.textContent = text;
  made.addEventListener("click", press);
  return made;
}

export function defineChart(): void {
  if (!customElements.get("heschl-chart")) customElements.define("heschl-chart", HeschlChart);
}
