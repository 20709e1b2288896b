// The drawer of a number: how it came about, and what to type to compute it again.
import { make } from "./dom.ts";
import { openDrawer } from "./drawer.ts";
import { loadPayload, siteAddress } from "./payloads.ts";

interface CellsData {
  /** The parts in which facts are read, each with its labels. */
  order: [string, string[]][];
  shared: Record<string, string>;
  cells: Record<string, Record<string, string>>;
  explanations: Record<string, string>;
  commands: Record<string, string>;
}

export interface Cell {
  section: string;
  model: string;
  modelName: string;
  benchmark: string;
  benchmarkLabel: string;
}

/** Show what stands behind a cell, and give focus back by `whenClosed`. */
export async function openCell(cell: Cell, whenClosed?: () => void): Promise<void> {
  const content = make("div", {}, make("p", { class: "note" }, "Loading …"));
  openDrawer(`${cell.modelName} on ${cell.benchmarkLabel}`, content, whenClosed);
  try {
    const data = (await loadPayload(`data/${cell.section}/cells-${cell.model}.js`)) as CellsData;
    content.replaceChildren(...parts(cell, data));
  } catch (reason) {
    content.replaceChildren(make("p", { class: "note note-bad" }, String(reason)));
  }
}

function parts(cell: Cell, data: CellsData): Node[] {
  const facts = data.cells[cell.benchmark];
  const links = make(
    "p",
    { class: "drawer-links" },
    make("a", { href: siteAddress(`models/${cell.model}.html`) }, "About the model"),
    make("a", { href: siteAddress(`benchmarks/${cell.benchmark}.html`) }, "About the benchmark"),
    copyButton("Copy link", linkTo(cell), "button button-quiet"),
  );
  if (!facts) return [make("p", { class: "note" }, "Nobody has submitted this number yet."), links];

  const nodes: Node[] = [links];
  const explanation = data.explanations[cell.benchmark];
  if (explanation) nodes.push(make("p", { class: "drawer-explanation" }, explanation));
  const command = data.commands[cell.benchmark];
  if (command) nodes.push(make("h3", {}, "Compute it again"), copied(command));
  for (const [part, labels] of data.order) {
    const list = make("dl", { class: "facts" });
    for (const label of labels) {
      const text = facts[label] ?? data.shared[label];
      if (text !== undefined) list.append(make("dt", {}, label), make("dd", {}, text));
    }
    if (list.childElementCount > 0) nodes.push(make("h3", {}, part), list);
  }
  return nodes;
}

/** The board with this number open, whatever page it is shown on: the drawer may cover the board's own link. */
function linkTo({ section, model, benchmark }: Cell): string {
  const page = section === "phantom" ? "simulated.html" : "index.html";
  // As permalink.ts reads it, which pages without a board need not carry.
  const open = `#v=1&o=${encodeURIComponent(model)}/${encodeURIComponent(benchmark)}`;
  return new URL(siteAddress(page + open), location.href).href;
}

function copied(command: string): HTMLElement {
  const button = copyButton("Copy", command, "button");
  return make("div", { class: "command" }, make("pre", { tabindex: 0 }, make("code", {}, command)), button);
}

function copyButton(label: string, text: string, look: string): HTMLElement {
  const button = make("button", { type: "button", class: look }, label);
  button.addEventListener("click", () => {
    void copyText(text).then((isCopied) => {
      button.textContent = isCopied ? "Copied" : "Select and copy";
    });
  });
  return button;
}

/** Put a text on the clipboard; from disk and without permission it can fail. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = make("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: -1 });
    field.value = text;
    const active = document.activeElement;
    document.body.append(field);
    field.select();
    // The clipboard of pages that browsers do not trust, such as those from disk.
    const isCopied = document.execCommand("copy");
    field.remove();
    if (active instanceof HTMLElement) active.focus();
    return isCopied;
  }
}
