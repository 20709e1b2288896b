// A view as the fragment of an address and back: `#v=1&s=name&q=whisper`. It works from disk, and
// says only what differs from the first view.
import { FIRST_VIEW, FIXED_SORTS, MOST_PICKED, type Range, type View } from "./view.ts";

const VERSION = "1";

interface Codec {
  encode(view: View): string;
  /** Throws for what it cannot read. */
  decode(text: string): Partial<View>;
}

const item = (text: string): string => encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("%3A", ":");

function list(field: "modality" | "training" | "language" | "badge" | "collapsed" | "picked"): Codec {
  return {
    encode: (view) => view[field].map(item).join(","),
    decode: (text) => ({ [field]: text === "" ? [] : text.split(",").map(decodeURIComponent) }),
  };
}

function text(field: "query" | "focus" | "open"): Codec {
  return {
    encode: (view) => item(view[field]),
    decode: (value) => ({ [field]: decodeURIComponent(value) }),
  };
}

function flag(field: "complete" | "errors" | "published" | "common"): Codec {
  return {
    encode: (view) => (view[field] ? "1" : "0"),
    decode: (value) => {
      if (value !== "0" && value !== "1") throw new Error("neither 0 nor 1");
      return { [field]: value === "1" };
    },
  };
}

function range(field: "parameters" | "hours"): Codec {
  const end = (value: string): number | null => {
    if (value === "") return null;
    const number = Number(value);
    if (!Number.isFinite(number)) throw new Error("not a number");
    return number;
  };
  return {
    encode: (view) => (view[field] as Range).map((value) => value ?? "").join("~").replaceAll("+", ""),
    decode: (value) => {
      const [low, high, ...more] = value.split("~");
      if (high === undefined || more.length > 0) throw new Error("not a range");
      return { [field]: [end(low!), end(high)] as const };
    },
  };
}

const QUANTITIES = { n: "normalised", r: "score", c: "ceiling" } as const;

const CODECS: Record<string, Codec> = {
  s: {
    encode: (view) => (view.descending ? "-" : "") + item(view.sort),
    decode: (value) => ({
      descending: value.startsWith("-"),
      sort: decodeURIComponent(value.replace(/^-/, "")),
    }),
  },
  q: text("query"),
  m: list("modality"),
  t: list("training"),
  l: list("language"),
  b: list("badge"),
  p: range("parameters"),
  h: range("hours"),
  c: flag("complete"),
  n: {
    encode: (view) => ({ normalised: "n", score: "r", ceiling: "c" })[view.quantity],
    decode: (value) => {
      const quantity = Object.hasOwn(QUANTITIES, value)
        ? QUANTITIES[value as keyof typeof QUANTITIES]
        : undefined;
      if (!quantity) throw new Error("no quantity");
      return { quantity };
    },
  },
  e: flag("errors"),
  r: flag("published"),
  k: flag("common"),
  x: list("collapsed"),
  f: text("focus"),
  a: list("picked"),
  o: text("open"),
};

/** The fragment of a view, with its `#`; empty for the first view. */
export function fragmentOf(view: View): string {
  const parts = Object.entries(CODECS)
    .map(([key, codec]) => [key, codec.encode(view), codec.encode(FIRST_VIEW)])
    .filter(([, value, first]) => value !== first)
    .map(([key, value]) => `${key}=${value}`);
  return parts.length === 0 ? "" : `#v=${VERSION}&${parts.join("&")}`;
}

/** Whether a fragment is a view's, and not the target of a link within the page: no id has an “=”. */
export function isViewFragment(fragment: string): boolean {
  return fragment === "" || fragment === "#" || fragment.includes("=");
}

/** The view of a fragment, and what of it could not be understood, in words. */
export function viewOf(fragment: string): { view: View; notices: string[] } {
  const notices: string[] = [];
  let view: View = { ...FIRST_VIEW };
  const parts = fragment.replace(/^#/, "").split("&").filter(Boolean);
  for (const part of parts) {
    const at = part.indexOf("=");
    const key = at < 0 ? part : part.slice(0, at);
    const value = at < 0 ? "" : part.slice(at + 1);
    if (key === "v") {
      if (value !== VERSION) notices.push(`it was made by another version of this site (${value})`);
    } else if (!Object.hasOwn(CODECS, key)) {
      notices.push(`its part “${part}” is not known here`);
    } else {
      try {
        view = { ...view, ...CODECS[key]!.decode(value) };
      } catch {
        notices.push(`its part “${part}” cannot be read`);
      }
    }
  }
  return { view, notices };
}

/** What a board has, so that a view of an older one can be told from it. */
export interface Known {
  models: ReadonlySet<string>;
  benchmarks: ReadonlySet<string>;
  groups: ReadonlySet<string>;
  words: Readonly<Record<"modality" | "training" | "language" | "badge", ReadonlySet<string>>>;
}

/** A view without what the board does not have, and what was left out, in words. */
export function fitted(view: View, known: Known): { view: View; notices: string[] } {
  const notices: string[] = [];
  const kept = (names: readonly string[], has: ReadonlySet<string>, noun: string): string[] =>
    names.filter((name, at) => {
      if (!has.has(name)) notices.push(`there is no ${noun} “${name}” any more`);
      return has.has(name) && names.indexOf(name) === at;
    });
  const one = (name: string, has: ReadonlySet<string>, noun: string): string =>
    name === "" ? "" : (kept([name], has, noun)[0] ?? "");
  const [model = "", benchmark = ""] = view.open.split("/");
  const isOpen =
    view.open === "" || (known.models.has(model) && known.benchmarks.has(benchmark));
  if (!isOpen) notices.push(`there is no number “${view.open}” any more`);
  const isSortKnown =
    FIXED_SORTS.includes(view.sort) ||
    (view.sort.startsWith("b:") && known.benchmarks.has(view.sort.slice(2))) ||
    (view.sort.startsWith("g:") && known.groups.has(view.sort.slice(2)));
  if (!isSortKnown) notices.push(`there is no column “${view.sort}” any more`);
  return {
    view: {
      ...view,
      sort: isSortKnown ? view.sort : FIRST_VIEW.sort,
      descending: isSortKnown ? view.descending : FIRST_VIEW.descending,
      modality: kept(view.modality, known.words.modality, "modality"),
      training: kept(view.training, known.words.training, "kind of training"),
      language: kept(view.language, known.words.language, "language"),
      badge: kept(view.badge, known.words.badge, "badge"),
      collapsed: kept(view.collapsed, known.groups, "group"),
      focus: one(view.focus, known.models, "model"),
      picked: kept(view.picked, known.models, "model").slice(0, MOST_PICKED),
      open: isOpen ? view.open : "",
    },
    notices,
  };
}
