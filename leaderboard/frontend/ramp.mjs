// The ramp of scores: 256 steps of one hue family, from the paper to a deep teal.
//
// Lightness alone tells more from less, so that the ramp holds for any colour vision and in grey;
// hue and chroma only please. Interpolated in OKLCH, brought into sRGB by less chroma.
const STEPS = 256;
// Lightness, chroma, hue at the ends of the ramp: of no score and of the ceiling.
const RAMPS = {
  light: { from: [0.985, 0.006, 185], to: [0.58, 0.092, 215], ink: "#1a2322" },
  dark: { from: [0.2, 0.008, 215], to: [0.553, 0.078, 210], ink: "#e6ebe9" },
};

function linear([lightness, chroma, hue]) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function bytes(oklch) {
  let [lightness, chroma, hue] = oklch;
  let rgb = linear(oklch);
  while (rgb.some((value) => value < 0 || value > 1) && chroma > 0) {
    chroma = Math.max(0, chroma - 0.001);
    rgb = linear([lightness, chroma, hue]);
  }
  return rgb.map((value) => {
    const clipped = Math.min(1, Math.max(0, value));
    const encoded = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
    return Math.round(255 * encoded);
  });
}

const hex = (rgb) => `#${rgb.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
const parsed = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));

function luminance(rgb) {
  const [r, g, b] = rgb.map((value) => {
    const encoded = value / 255;
    return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

// The page's own ink where it can be read, else black or white: near the middle nothing else can.
function inkOn(rgb, ink) {
  return [ink, "#000000", "#ffffff"].find((text) => contrast(rgb, parsed(text)) >= 4.55);
}

function steps({ from, to, ink }) {
  return Array.from({ length: STEPS }, (_, step) => {
    const share = step / (STEPS - 1);
    // Chroma comes early, so that the middle is no grey.
    const shares = [share, Math.sin((share * Math.PI) / 2), share];
    const rgb = bytes(from.map((start, axis) => start + shares[axis] * (to[axis] - start)));
    const text = inkOn(rgb, ink);
    if (!text) throw new Error(`no text can be read on step ${step}`);
    return { background: hex(rgb), text };
  });
}

export function rampCss() {
  const light = steps(RAMPS.light);
  const dark = steps(RAMPS.dark);
  const backgrounds = light.map(
    ({ background }, step) =>
      `.r${step}{background-color:light-dark(${background},${dark[step].background})}`,
  );
  const inks = new Map();
  light.forEach(({ text }, step) => {
    const pair = `light-dark(${text},${dark[step].text})`;
    inks.set(pair, [...(inks.get(pair) ?? []), `.r${step}`]);
  });
  // What is quieter elsewhere, and the ring of the focus, borrow the ink of a tinted cell: no one
  // grey and no one accent can be seen on all of them.
  const texts = [...inks].map(([pair, selectors]) => {
    const names = ["color", "--ink-2", "--ink-3", "--focus"];
    return `${selectors.join()}{${names.map((name) => `${name}:${pair}`).join(";")}}`;
  });
  return [...backgrounds, ...texts].join("\n");
}
