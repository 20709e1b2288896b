// Making elements; what people wrote becomes text nodes and attributes, never markup.
type Attributes = Record<string, string | number | boolean | undefined>;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** An element that the page must have. */
export function need<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`the page lacks ${selector}`);
  return found;
}

/** Ids are long words; they break after their joints. */
export function breakable(label: string): (Node | string)[] {
  const parts = label.split(/(?<=[_-])(?=.)/u);
  return parts.flatMap((part, at) => (at === 0 ? [part] : [make("wbr"), part]));
}
