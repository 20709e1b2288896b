// What a map says, region by region, for maps that only the page's script knows.
import { SIDES } from "./surface-mesh.ts";
import { shown, type MapSpecification, type Regions, type Values } from "./surface-values.ts";

export function regionTable({ label }: MapSpecification, values: Values, regions: Regions): HTMLTableElement {
  const table = document.createElement("table");
  const caption = table.createCaption();
  caption.textContent = `${label}: means over the vertices of each region that have a value`;
  addRow(table.createTHead(), "th", ["Region", "Left", "Right"], "col");
  const body = table.createTBody();
  addRow(body, "td", ["All vertices", ...SIDES.map((side) => mean(values[side], () => true))], "row");
  regions.names.forEach((name, region) => {
    const means = SIDES.map((side) => mean(values[side], (vertex) => regions[side][vertex] === region + 1));
    if (means.some((each) => each !== "–")) addRow(body, "td", [name, ...means], "row");
  });
  return table;
}

function addRow(section: HTMLTableSectionElement, tag: "th" | "td", cells: string[], scope: string): void {
  const row = section.insertRow();
  cells.forEach((text, at) => {
    const cell = document.createElement(at === 0 ? "th" : tag);
    if (cell.tagName === "TH") cell.setAttribute("scope", scope);
    if (at > 0) cell.className = "num";
    cell.textContent = text;
    row.append(cell);
  });
}

function mean(values: Float32Array, isInside: (vertex: number) => boolean): string {
  let [sum, n] = [0, 0];
  values.forEach((value, vertex) => {
    if (value === value && isInside(vertex)) [sum, n] = [sum + value, n + 1];
  });
  return n ? shown(sum / n) : "–";
}
