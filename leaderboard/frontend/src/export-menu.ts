// The menu that saves or copies what is on screen.
import { copyText } from "./cell-drawer.ts";
import { make } from "./dom.ts";
import { bibtexOf, csvOf, jsonOf, latexOf, tsvOf } from "./exports.ts";
import { loadPayload } from "./payloads.ts";
import type { Shown } from "./shown.ts";
import { viewTable } from "./view-table.ts";

interface Citations {
  /** The keys that each model and each benchmark cites. */
  models: string[][];
  benchmarks: string[][];
  entries: Record<string, string>;
}

/** Save or copy the view, and return what was done in words. */
export async function exportView(shown: Shown, kind: string): Promise<string> {
  const table = viewTable(shown);
  // A table of numbers says in its name which they are: its head has no room for that.
  const quantity = { normalised: "normalised", score: "raw", ceiling: "ceiling" }[shown.view.quantity];
  const name = `heschl-${shown.data.section}-${quantity}`;
  const about = { section: shown.data.section, quantity: shown.view.quantity, view: location.href };
  const nRows = `${table.rows.length.toLocaleString("en")} models`;
  switch (kind) {
    case "csv":
      save(`${name}.csv`, "text/csv", csvOf(table));
      return `Saved ${nRows} as CSV`;
    case "json":
      save(`${name}.json`, "application/json", jsonOf(table, about));
      return `Saved ${nRows} as JSON`;
    case "latex":
      save(`${name}.tex`, "application/x-tex", latexOf(table, `${about.section}, ${about.quantity}`));
      return `Saved ${nRows} as LaTeX`;
    case "bibtex": {
      const { models, benchmarks, entries } = (await loadPayload(`data/${shown.data.section}-citations.js`)) as Citations;
      const wanted = [
        ...shown.leaves.map((leaf) => (leaf.kind === "benchmark" ? benchmarks[leaf.column]! : [])),
        ...shown.rows.map((row) => models[row]!),
      ];
      save(`heschl-${shown.data.section}.bib`, "application/x-bibtex", bibtexOf(wanted.flat().map((key) => entries[key]!)));
      return "Saved what to cite as BibTeX";
    }
    default: {
      const isCopied = await copyText(tsvOf(table));
      return isCopied ? `Copied ${nRows}` : "The browser would not copy; save it as CSV instead";
    }
  }
}

function save(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = make("a", { href: address, download: name });
  link.click();
  // The download has begun, but browsers read the blob a little later.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
