// Both drawings of a chart, by Python and by these scripts, have the same marks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dotScene, rowAt, type DotRow } from "../../../leaderboard/frontend/src/chart-dots.ts";
import { layerScene, type Line } from "../../../leaderboard/frontend/src/chart-layers.ts";
import { thousandths, withError } from "../../../leaderboard/frontend/src/chart-numbers.ts";
import type { Scene, Value } from "../../../leaderboard/frontend/src/chart-scene.ts";
import charts from "./charts.json";

const TENTH = 0.1;
const NUMBER = /-?\d+(?:\.\d+)?/g;

/** A text or path without its numbers, and those. */
function parted(text: string): [string, number[]] {
  return [text.replaceAll(NUMBER, "#"), [...text.matchAll(NUMBER)].map(([number]) => Number(number))];
}

function assertNear(found: number, expected: number, where: string): void {
  assert.ok(Math.abs(found - expected) <= TENTH, `${where}: ${found} for ${expected}`);
}

function assertSame(found: Scene, expected: Scene): void {
  assert.equal(found.marks.length, expected.marks.length);
  assertNear(found.height, expected.height, "height");
  found.marks.forEach((mark, index) => {
    const other = expected.marks[index]!;
    const where = `${index} ${other.tag} ${other.attributes["class"]}`;
    assert.equal(mark.tag, other.tag, where);
    assert.equal(mark.text, other.text, where);
    assert.deepEqual(Object.keys(mark.attributes).sort(), Object.keys(other.attributes).sort(), where);
    for (const [name, value] of Object.entries(other.attributes)) {
      const own = mark.attributes[name]!;
      if (typeof value === "number") {
        assertNear(own as number, value, `${where} ${name}`);
      } else if (name === "d") {
        const [shape, numbers] = parted(own as string);
        const [otherShape, otherNumbers] = parted(value);
        assert.equal(shape, otherShape, where);
        numbers.forEach((number, each) => assertNear(number, otherNumbers[each]!, where));
      } else {
        assert.equal(own, value, where);
      }
    }
  });
}

charts.layers.forEach((chart, index) => {
  test(`layer curves have the marks that Python draws (${index})`, () => {
    const { lines, layers, scene, ceiling, ceiling_text: ceilingText, committed, depth } = chart;
    const found = layerScene(lines as Line[], layers, {
      width: chart.width,
      axis: chart.axis,
      ceiling: ceiling as Value,
      ceilingText,
      committed,
      depth: depth as "index" | "relative",
    });

    assertSame(found, scene as unknown as Scene);
  });
});

charts.dots.forEach((chart, index) => {
  test(`rows of dots have the marks that Python draws (${index})`, () => {
    const { width, axis, ceiling, ceiling_text: ceilingText } = chart;
    const sides = chart.sides as [string, string];
    const options = { width, axis, ceiling: ceiling as Value, ceilingText, sides };
    const rows = chart.rows as DotRow[];

    assertSame(dotScene(rows, options), chart.scene as unknown as Scene);
    assert.equal(rowAt(rows, options, -5), -1);
    assert.equal(rowAt(rows, options, 9999), -1);
    const dots = (chart.scene as unknown as Scene).marks.filter((mark) => mark.tag === "circle");
    const numbers = rows.flatMap((row, number) => (row.value === null ? [] : [number]));
    dots.forEach((dot, each) => {
      assert.equal(rowAt(rows, options, Number(dot.attributes["cy"])), numbers[each]);
    });
  });
});

test("numbers are rounded as Python rounds them, halves to the even", () => {
  assert.deepEqual([0.0625, 0.1875, -0.0625, 0.4345, -0.0004].map(thousandths), [62, 188, -62, 434, -0]);
  assert.equal(withError(0.41249, 0.0062), "0.412 ±.006");
  assert.equal(withError(-0.0121, null), "−0.012");
  assert.equal(withError(null, 0.1), "–");
});
