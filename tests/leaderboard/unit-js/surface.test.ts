// The cortex: which way it looks, how it turns, and that no triangle is lost on the way to the card.
import assert from "node:assert/strict";
import { test } from "node:test";
import { orderOf, reordered } from "../../../leaderboard/frontend/src/surface-order.ts";
import { axesOf, FIRST_VIEW, panesOf, scaleOf, vertexAt, VIEWS } from "../../../leaderboard/frontend/src/surface-views.ts";

const STILL = { yaw: 0, pitch: 0 };
const FRONT = [0, 1, 0];
const UP = [0, 0, 1];

/** Right, up and towards the viewer on the screen, rounded. */
function onScreen(direction: number[], view: string, pane: number, turn = STILL): number[] {
  const axes = axesOf(panesOf(view, turn)[pane]!);
  return [0, 3, 6].map((row) => Math.round(direction.reduce((sum, each, at) => sum + each * axes[row + at]!, 0)) + 0);
}

test("the front is on the left of the left hemisphere from outside, and on the right from inside", () => {
  assert.deepEqual(onScreen(FRONT, "Left lateral", 0), [-1, 0, 0]);
  assert.deepEqual(onScreen(FRONT, "Left medial", 0), [1, 0, 0]);
  assert.deepEqual(onScreen(FRONT, "Right lateral", 0), [1, 0, 0]);
  assert.deepEqual(onScreen(UP, "Right medial", 0), [0, 1, 0]);
});

test("from above and from below the front is up, and left is where it is to the viewer", () => {
  assert.deepEqual(panesOf("Dorsal", STILL).map(({ side }) => side), ["left", "right"]);
  assert.deepEqual(onScreen(FRONT, "Dorsal", 0), [0, 1, 0]);
  assert.deepEqual(onScreen(UP, "Dorsal", 0), [0, 0, 1]);
  assert.deepEqual(panesOf("Ventral", STILL).map(({ side }) => side), ["right", "left"]);
  assert.deepEqual(onScreen(FRONT, "Ventral", 0), [0, 1, 0]);
  assert.deepEqual(onScreen([1, 0, 0], "Ventral", 0), [-1, 0, 0]);
});

test("axes stay at right angles however it is turned, and hemispheres mirror each other", () => {
  for (const view of Object.keys(VIEWS)) {
    for (const pane of panesOf(view, { yaw: 37, pitch: -20 })) {
      const axes = axesOf(pane);
      for (const [one, other] of [[0, 3], [0, 6], [3, 6]] as const) {
        const product = [0, 1, 2].reduce((sum, at) => sum + axes[one + at]! * axes[other + at]!, 0);
        assert.ok(Math.abs(product) < 1e-12);
      }
    }
  }
  const [left, right] = panesOf(FIRST_VIEW, { yaw: 30, pitch: 10 });
  assert.equal(left!.yaw, -right!.yaw);
});

test("panes fill the canvas", () => {
  for (const view of Object.keys(VIEWS)) {
    const area = panesOf(view, STILL).reduce((sum, { width, height }) => sum + width * height, 0);
    assert.ok(Math.abs(area - 1) < 1e-12);
  }
  assert.equal(scaleOf(480, 320, 1), 480 / 234); // as the picture has it
});

test("what is in front is pointed at", () => {
  const turn = { yaw: -90, pitch: 0 }; // from the left
  const places = Float32Array.from([-30, 10, 5, 30, 10, 5, -30, 40, 5]);
  assert.equal(vertexAt(places, turn, -10, 5), 0);
  assert.equal(vertexAt(places, { yaw: 90, pitch: 0 }, 10, 5), 1);
  assert.equal(vertexAt(places, turn, 60, 60), -1);
});

test("an order keeps every triangle and the way it turns", () => {
  const corners: number[] = [];
  const side = 12;
  for (let row = 0; row < side - 1; row++) {
    for (let column = 0; column < side - 1; column++) {
      const at = row * side + column;
      corners.push(at, at + 1, at + side, at + 1, at + side + 1, at + side);
    }
  }
  const { triangles, vertices, corners: found } = orderOf(Uint16Array.from(corners), side * side);
  assert.equal(new Set(triangles).size, corners.length / 3);
  assert.equal(new Set(vertices).size, side * side);
  triangles.forEach((from, to) => {
    const before = corners.slice(3 * from, 3 * from + 3);
    assert.deepEqual(Array.from(found.subarray(3 * to, 3 * to + 3), (corner) => vertices[corner]), before);
  });
  assert.deepEqual([...reordered(Float32Array.from([1, 2, 3, 4]), Uint16Array.from([1, 0]), 2)], [3, 4, 1, 2]);
});
