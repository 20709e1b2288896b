// What is below the cortex: which map, which view, how much of it; and what is pointed at.
import type { Surface } from "./surface-mesh.ts";
import { CLOSED, type Opener } from "./surface-opener.ts";
import type { Specification } from "./surface-values.ts";
import { shownEnd } from "./surface-values.ts";
import { FIRST_VIEW, VIEWS } from "./surface-views.ts";

export type Controls = {
  opener: HTMLButtonElement;
  setOpen(isOpen: boolean): void;
  setBusy(isBusy: boolean): void;
  setThreshold(value: number, high: number): void;
  say(words: string, live?: "off" | "polite"): void;
};

export type Actions = {
  chooseMap(map: number): void;
  toggle(): void;
  chooseView(view: string): void;
  threshold(value: number): void;
  fold(surface: Surface): void;
  zoom(factor: number): void;
  reset(): void;
};

let count = 0;

export function controlsOf(
  { title, maps }: Specification,
  { toolbar, button: opener, choice, readout }: Opener,
  actions: Actions,
): Controls {
  const name = `surface-${++count}`;
  opener.addEventListener("click", actions.toggle);
  choice.addEventListener("change", () => actions.chooseMap(Number(choice.value)));

  const views = segmented(`${name}-view`, `View, ${title}`, Object.keys(VIEWS), FIRST_VIEW, actions.chooseView);
  views.classList.add("surface-views");
  const folds = segmented(`${name}-fold`, `Surface, ${title}`, ["Inflated", "Pial"], "Inflated", (fold) =>
    actions.fold(fold === "Pial" ? "pial" : "inflated"),
  );
  const slider = element("input", "");
  Object.assign(slider, { type: "range", min: "0", max: "1", step: "any", value: "0" });
  const sliderValue = element("span", "num");
  const told = () => {
    const value = Number(slider.value);
    sliderValue.textContent = shownEnd(value);
    slider.setAttribute("aria-valuetext", shownEnd(value));
    return value;
  };
  slider.addEventListener("input", () => actions.threshold(told()));
  const threshold = field("Show from", slider);
  threshold.append(sliderValue);
  const zoom = element("span", "segmented");
  zoom.append(
    plain("−", "Zoom out", () => actions.zoom(1 / 1.25)),
    plain("+", "Zoom in", () => actions.zoom(1.25)),
    plain("Reset", "Reset the view", actions.reset),
  );
  const whenOpen = [views, folds, threshold, zoom];
  for (const each of whenOpen) each.hidden = true;
  toolbar.append(...whenOpen);

  return {
    opener,
    setOpen(isOpen) {
      for (const each of whenOpen) each.hidden = !isOpen;
      const back = maps[0]?.pictures ? "Back to the picture" : "Close it";
      opener.textContent = isOpen ? back : CLOSED;
      opener.setAttribute("aria-expanded", String(isOpen));
    },
    setBusy(isBusy) {
      opener.setAttribute("aria-busy", String(isBusy));
    },
    setThreshold(value, high) {
      slider.max = String(high > 0 ? high : 1);
      slider.value = String(value);
      told();
    },
    say(words, live = "polite") {
      readout.setAttribute("aria-live", live);
      if (readout.textContent !== words) readout.textContent = words;
    },
  };
}

function element<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, className: string): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  return made;
}

function button(text: string, action: () => void): HTMLButtonElement {
  const made = element("button", "button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", action);
  return made;
}

function plain(text: string, label: string, action: () => void): HTMLButtonElement {
  const made = button(text, action);
  made.className = "";
  made.setAttribute("aria-label", label);
  return made;
}

function field(text: string, control: HTMLElement): HTMLLabelElement {
  const label = element("label", "field");
  label.append(text, control);
  return label;
}

function segmented(
  name: string,
  legend: string,
  options: string[],
  chosen: string,
  action: (option: string) => void,
): HTMLFieldSetElement {
  const group = element("fieldset", "segmented");
  const title = element("legend", "visually-hidden");
  title.textContent = legend;
  group.append(title);
  for (const option of options) {
    const label = element("label", "");
    const radio = element("input", "");
    Object.assign(radio, { type: "radio", name, value: option, checked: option === chosen });
    radio.addEventListener("change", () => action(option));
    const text = element("span", "");
    text.textContent = option;
    label.append(radio, text);
    group.append(label);
  }
  return group;
}
