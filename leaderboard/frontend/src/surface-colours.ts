// The colours of the style sheet, for the canvas: of the theme that shows at the moment.
export type Colours = {
  /** 256 steps of four bytes. */
  ramp: Uint8Array;
  cortex: [number, number, number];
  sulcus: [number, number, number];
};

const N_STEPS = 256;
const N_STOPS = 5;

export function coloursOf(kind: "sequential" | "diverging"): Colours {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const token = (name: string) => {
    probe.style.backgroundColor = `var(--${name})`;
    return background(probe);
  };
  const [cortex, sulcus] = [token("cortex"), token("cortex-sulcus")];
  let steps: number[][];
  if (kind === "diverging") {
    const stops = Array.from({ length: N_STOPS }, (_, stop) => token(`diverging-${stop}`));
    steps = Array.from({ length: N_STEPS }, (_, step) => between(stops, (step / (N_STEPS - 1)) * (N_STOPS - 1)));
  } else {
    probe.style.backgroundColor = "";
    steps = Array.from({ length: N_STEPS }, (_, step) => {
      probe.className = `r${step}`;
      return background(probe);
    });
  }
  probe.remove();
  return {
    ramp: Uint8Array.from(steps.flatMap(([red, green, blue]) => [red!, green!, blue!, 255])),
    cortex,
    sulcus,
  };
}

function between(stops: number[][], place: number): number[] {
  const at = Math.min(Math.floor(place), stops.length - 2);
  return stops[at]!.map((from, channel) => Math.round(from + (place - at) * (stops[at + 1]![channel]! - from)));
}

function background(element: HTMLElement): [number, number, number] {
  const numbers = getComputedStyle(element).backgroundColor.match(/[\d.]+/g) ?? [];
  return [Number(numbers[0] ?? 0), Number(numbers[1] ?? 0), Number(numbers[2] ?? 0)];
}
