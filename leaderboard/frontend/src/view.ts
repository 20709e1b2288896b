// What a reader has chosen to see. All of it is in the address, so that a view can be passed on.
export type Quantity = "normalised" | "score" | "ceiling";
export type Range = readonly [number | null, number | null];

export interface View {
  /** `overall`, `name`, `coverage`, `parameters`, `hours`, `training`, `b:slug` or `g:group/path`. */
  sort: string;
  descending: boolean;
  query: string;
  modality: readonly string[];
  training: readonly string[];
  language: readonly string[];
  badge: readonly string[];
  parameters: Range;
  hours: Range;
  complete: boolean;
  quantity: Quantity;
  errors: boolean;
  published: boolean;
  common: boolean;
  collapsed: readonly string[];
  /** The slug of the model that others are compared with; empty for none. */
  focus: string;
  picked: readonly string[];
  /** The cell whose origin is shown, as `model/benchmark`; empty for none. */
  open: string;
}

export const FIRST_VIEW: View = {
  sort: "overall",
  descending: true,
  query: "",
  modality: [],
  training: [],
  language: [],
  badge: [],
  parameters: [null, null],
  hours: [null, null],
  complete: false,
  quantity: "normalised",
  errors: true,
  published: true,
  common: false,
  collapsed: [],
  focus: "",
  picked: [],
  open: "",
};

export const FIXED_SORTS = ["overall", "name", "coverage", "parameters", "hours", "training"];
export const FACETS = ["modality", "training", "language", "badge"] as const;
export const MOST_PICKED = 2;

/** How many of the filters are in use, search apart. */
export function countFilters(view: View): number {
  const ranges = [view.parameters, view.hours].filter(([low, high]) => low !== null || high !== null);
  return FACETS.filter((facet) => view[facet].length > 0).length + ranges.length + Number(view.complete);
}
