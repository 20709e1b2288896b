// Buttons beside numbers that open the drawer.
import { openCell } from "./cell-drawer.ts";

export function listenToProvenance(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-drawer]");
    if (!button) return;
    const { section = "", row = "", column = "" } = button.dataset;
    const table = button.closest("table");
    const [modelName, benchmarkLabel] = [table?.dataset["model"], table?.dataset["benchmark"]].map(
      (name) => name ?? button.closest("tr")?.querySelector("th")?.textContent ?? "",
    ) as [string, string];
    const cell = { section, model: row, modelName, benchmark: column, benchmarkLabel };
    void openCell(cell, () => button.focus());
  });
}
