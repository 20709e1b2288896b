// <heschl-surface>: a picture of the cortex that can be opened, turned and asked for its values.
//
// Of its data nothing is loaded before it is opened. Browsers allow few WebGL contexts, so that a page has one
// canvas, which goes to the element that was opened last.
import { canvasOf } from "./surface-canvas.ts";
import { coloursOf } from "./surface-colours.ts";
import { controlsOf, type Controls } from "./surface-controls.ts";
import { Drawing } from "./surface-drawing.ts";
import { loadMesh, type Mesh, type Surface } from "./surface-mesh.ts";
import { addOpener, INCOMPLETE, openerIn } from "./surface-opener.ts";
import { regionTable } from "./surface-table.ts";
import {
  loadRegions,
  loadValues,
  regionAt,
  shown,
  shownEnd,
  symmetricRange,
  type MapSpecification,
  type Regions,
  type Specification,
  type Values,
} from "./surface-values.ts";
import { FIRST_VIEW, panesOf, scaleOf, vertexAt, type Pane, type Turn } from "./surface-views.ts";

const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const STEP_DEGREES = 10;
const EASE_MS = 300;
/** A picture that stands still is drawn anew in twice the detail: smooth edges cost no turning. */
const STANDING_MS = 150;
const NO_WEBGL = "This browser has no WebGL 2. The picture and the table show the same.";

/** The page's canvas and what is on its card. */
const stage: {
  canvas?: HTMLCanvasElement;
  gl?: WebGL2RenderingContext;
  drawing?: Drawing;
  owner?: HeschlSurface;
} = {};

export class HeschlSurface extends HTMLElement {
  #specification: Specification = { title: "", regions: "", maps: [] };
  #map = 0;
  #view = FIRST_VIEW;
  #turn: Turn = { yaw: 0, pitch: 0 };
  #zoom = 1;
  #surface: Surface = "inflated";
  #threshold = 0;
  #mesh: Mesh | undefined;
  #values: Values | undefined;
  #regions: Regions | undefined;
  #controls: Controls | undefined;
  #pane = 0;
  #frame = 0;
  #standing = 0;
  readonly #resized = new ResizeObserver(() => this.#redraw());

  disconnectedCallback(): void {
    if (stage.owner === this) this.close();
  }

  /** Show other maps; the first time by the opener that the page has made. */
  specify(specification: Specification): void {
    const wasOpen = stage.owner === this;
    if (wasOpen) this.close();
    this.#specification = specification;
    const made = openerIn(this);
    const isFirst = made !== undefined && !this.#controls;
    if (!isFirst) for (const each of [made?.toolbar, made?.readout]) each?.remove();
    this.hidden = specification.maps.length === 0;
    if (this.hidden) return;
    const opener = isFirst ? made : addOpener(this, specification);
    this.#controls = controlsOf(specification, opener, {
      chooseMap: (map) => void this.#choose(map),
      toggle: () => (stage.owner === this ? this.close() : void this.open()),
      chooseView: (view) => this.#lookFrom(view),
      threshold: (value) => this.#set(() => (this.#threshold = value)),
      fold: (surface) => this.#set(() => (this.#surface = surface)),
      zoom: (factor) => this.#zoomBy(factor),
      reset: () => this.#reset(),
    });
    void this.#choose(Number(opener.choice.value));
    if (wasOpen) void this.open();
  }

  async open(): Promise<void> {
    const controls = this.#controls!;
    controls.say("");
    const canvas = (stage.canvas ??= canvasOf(() => stage.owner, redone));
    stage.gl ??= canvas.getContext("webgl2", { antialias: false }) ?? undefined;
    if (!stage.gl) return controls.say(NO_WEBGL);
    controls.setBusy(true);
    try {
      [this.#mesh, this.#regions] = await Promise.all([loadMesh(), loadRegions(this.#specification.regions)]);
      this.#values = await loadValues(this.#specification.maps[this.#map]!);
    } catch {
      return controls.say(INCOMPLETE);
    } finally {
      controls.setBusy(false);
    }
    stage.owner?.close();
    stage.owner = this;
    stage.drawing ??= new Drawing(stage.gl, this.#mesh);
    this.#place.append(canvas);
    this.#place.classList.add("surface-live");
    this.#resized.observe(canvas);
    controls.setOpen(true);
    this.#restage();
    this.#draw();
    this.dataset["state"] = "open";
    this.#fillTable();
    canvas.focus({ preventScroll: true });
  }

  close(): void {
    if (stage.owner !== this) return;
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#standing);
    this.#resized.disconnect();
    const hadFocus = document.activeElement === stage.canvas;
    stage.canvas?.remove();
    delete stage.owner;
    for (const mark of this.querySelectorAll(".surface-side, .surface-cursor")) mark.remove();
    this.#place.classList.remove("surface-live");
    this.#controls?.setOpen(false);
    this.#controls?.say("");
    delete this.dataset["state"];
    if (hadFocus) this.#controls?.opener.focus();
  }

  /** All that is on the card, after it was lost or belonged to another. */
  restore(): void {
    if (!this.#mesh || !stage.gl) return;
    stage.drawing = new Drawing(stage.gl, this.#mesh);
    this.#restage();
    this.#redraw();
  }

  /** The theme has changed. */
  recolour(): void {
    stage.drawing?.setColours(coloursOf(this.#current.kind));
    this.#redraw();
  }

  press(key: string): boolean {
    const turn = {
      ArrowLeft: [STEP_DEGREES, 0],
      ArrowRight: [-STEP_DEGREES, 0],
      ArrowUp: [0, -STEP_DEGREES],
      ArrowDown: [0, STEP_DEGREES],
    }[key];
    if (turn) this.#turnBy(turn[0]!, turn[1]!);
    else if (key === "+" || key === "=") this.#zoomBy(1.2);
    else if (key === "-") this.#zoomBy(1 / 1.2);
    else if (key === "0") this.#reset();
    else if (key === "Escape") this.close();
    else return false;
    if (stage.owner === this) this.#tellMiddle();
    return true;
  }

  drag(right: number, down: number): void {
    const degrees = 180 / (this.#place.clientWidth * this.#panes[this.#pane]!.width);
    this.#turnBy(-right * degrees * (this.#panes[this.#pane]!.side === "left" ? 1 : -1), down * degrees);
  }

  /** Say what is at a place of the canvas, in pixels from its left and top. */
  point(x: number, y: number): void {
    const { clientWidth, clientHeight } = this.#place;
    const [across, down] = [x / clientWidth, y / clientHeight];
    this.#pane = Math.max(
      this.#panes.findIndex((p) => across < p.x + p.width && down < p.y + p.height && across >= p.x && down >= p.y),
      0,
    );
    const pane = this.#panes[this.#pane]!;
    const [w, h] = [pane.width * clientWidth, pane.height * clientHeight];
    const scale = scaleOf(w, h, this.#zoom);
    const right = (x - pane.x * clientWidth - w / 2) / scale;
    const up = (pane.y * clientHeight + h / 2 - y) / scale;
    this.#tell(pane, right, up, "off");
  }

  /** Where the keyboard asks: the middle of the pane that was last pointed at. */
  showCursor(isShown: boolean): void {
    this.querySelector(".surface-cursor")?.remove();
    if (!isShown) return;
    const cursor = mark("surface-cursor", "");
    const { x, y, width, height } = this.#panes[this.#pane]!;
    cursor.style.left = `${100 * (x + width / 2)}%`;
    cursor.style.top = `${100 * (y + height / 2)}%`;
    this.#place.append(cursor);
    this.#tellMiddle();
  }

  get #current(): MapSpecification {
    return this.#specification.maps[this.#map]!;
  }

  get #panes(): Pane[] {
    return panesOf(this.#view, this.#turn);
  }

  get #place(): HTMLElement {
    let place = this.querySelector<HTMLElement>(".surface-stage");
    if (!place) this.prepend((place = mark("surface-stage", "", "div")));
    return place;
  }

  async #choose(map: number): Promise<void> {
    this.#map = map;
    const specification = this.#current;
    const pictures = this.querySelectorAll<HTMLImageElement>(".surface-stage > img");
    pictures.forEach((picture, at) => {
      const path = specification.pictures?.[at];
      // Of the page's own folder: the template wrote the first one, relative to the page.
      if (path) picture.src = (document.documentElement.dataset["root"] ?? "") + path;
      picture.alt = specification.alt;
    });
    if (stage.owner === this) {
      this.#values = await loadValues(specification);
      if (this.#current !== specification) return;
    }
    this.#threshold = specification.threshold;
    this.#showScale();
    if (stage.owner !== this) return;
    this.#restage();
    this.#redraw();
    this.#fillTable();
  }

  /** Everything that depends on the map and not on the view. */
  #restage(): void {
    const specification = this.#current;
    if (specification.minus && this.#values && !(specification.high > 0)) {
      specification.high = symmetricRange(this.#values);
      specification.low = -specification.high;
      this.#showScale();
    }
    if (this.#values) stage.drawing?.setValues(this.#values);
    stage.drawing?.setColours(coloursOf(specification.kind));
    stage.canvas!.setAttribute(
      "aria-label",
      `${specification.label} on the cortex. Arrow keys turn it, plus and minus zoom, 0 resets, Escape closes.`,
    );
    this.#label();
  }

  #showScale(): void {
    const { kind, low, high, threshold } = this.#current;
    const scale = this.querySelector<HTMLElement>(".surface-scale");
    if (scale) {
      scale.hidden = !(high > low);
      scale.dataset["kind"] = kind;
      scale.querySelector(".surface-low")!.textContent = shownEnd(low);
      scale.querySelector(".surface-high")!.textContent = shownEnd(high);
    }
    this.#controls?.setThreshold(threshold, high);
  }

  #label(): void {
    for (const each of this.querySelectorAll(".surface-side:not(.surface-still)")) each.remove();
    for (const { x, y, label } of this.#panes) {
      const text = mark("surface-side", label);
      text.style.left = `${100 * x}%`;
      text.style.top = `${100 * y}%`;
      this.#place.append(text);
    }
  }

  #lookFrom(view: string): void {
    const before = this.#panes;
    this.#view = view;
    this.#turn = { yaw: 0, pitch: 0 };
    this.#pane = 0;
    this.#label();
    if (this.querySelector(".surface-cursor")) this.showCursor(true);
    const after = this.#panes;
    if (after.length === 1 && before.length === 1 && after[0]!.side === before[0]!.side) {
      const sign = after[0]!.side === "left" ? 1 : -1;
      this.#ease({ yaw: sign * (before[0]!.yaw - after[0]!.yaw), pitch: before[0]!.pitch - after[0]!.pitch });
    } else this.#redraw();
  }

  #reset(): void {
    const { yaw, pitch } = this.#turn;
    this.#zoom = 1;
    this.#ease({ yaw, pitch });
  }

  /** Turn from there to no turn, at once if the reader wants no motion. */
  #ease(from: Turn): void {
    const start = performance.now();
    const step = (now: number) => {
      const left = STILL.matches ? 0 : Math.max(0, 1 - (now - start) / EASE_MS) ** 3;
      this.#turn = { yaw: from.yaw * left, pitch: from.pitch * left };
      this.#draw();
      if (left > 0) this.#frame = requestAnimationFrame(step);
    };
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(step);
  }

  #turnBy(yaw: number, pitch: number): void {
    this.#set(() => {
      const limit = (degrees: number) => Math.max(-180, Math.min(180, degrees));
      const around = ((this.#turn.yaw + yaw + 540) % 360) - 180;
      this.#turn = { yaw: around, pitch: limit(this.#turn.pitch + pitch) };
    });
  }

  #zoomBy(factor: number): void {
    this.#set(() => (this.#zoom = Math.max(0.5, Math.min(6, this.#zoom * factor))));
  }

  #set(change: () => void): void {
    change();
    this.#redraw();
  }

  #redraw(): void {
    if (stage.owner !== this) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(isStill = false): void {
    const { canvas, drawing } = stage;
    if (stage.owner !== this || !canvas || !drawing || stage.gl?.isContextLost()) return;
    clearTimeout(this.#standing);
    if (!isStill) this.#standing = window.setTimeout(() => this.#draw(true), STANDING_MS);
    const turning = drawing.isBySoftware ? 0.75 : Math.min(devicePixelRatio, 2);
    const dense = isStill ? 2 * Math.ceil(devicePixelRatio) : turning;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * dense));
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width!, height!];
    const { low, high } = this.#current;
    drawing.draw({ panes: this.#panes, zoom: this.#zoom, surface: this.#surface, low, high, threshold: this.#threshold });
  }

  #tellMiddle(): void {
    this.#tell(this.#panes[this.#pane]!, 0, 0, "polite");
  }

  #tell(pane: Pane, right: number, up: number, live: "off" | "polite"): void {
    if (!this.#mesh || !this.#values) return;
    const vertex = vertexAt(this.#mesh[pane.side][this.#surface].places, pane, right, up);
    if (vertex < 0) return this.#controls?.say("", live);
    const value = this.#values[pane.side][vertex]!;
    const region = regionAt(this.#regions, pane.side, vertex);
    const words = [value === value ? shown(value) : "no value", region, `${pane.side} hemisphere`];
    this.#controls?.say(words.filter(Boolean).join(" · "), live);
  }

  /** Where the page has no table of its own, as for a difference, the element makes one. */
  #fillTable(): void {
    const slot = (this.closest("figure") ?? this).querySelector("[data-surface-table]");
    if (slot && this.#values && this.#regions) slot.replaceChildren(regionTable(this.#current, this.#values, this.#regions));
  }
}

function mark(name: string, text: string, tag: "p" | "div" = "p"): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  if (tag === "p") element.setAttribute("aria-hidden", "true");
  return element;
}

/** The card has forgotten everything. */
const redone = () => {
  delete stage.drawing;
  stage.owner?.restore();
};
const recolour = () => stage.owner?.recolour();
document.addEventListener("heschl-theme", recolour);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);

if (!customElements.get("heschl-surface")) customElements.define("heschl-surface", HeschlSurface);
