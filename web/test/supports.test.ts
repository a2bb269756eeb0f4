import assert from "node:assert/strict";
import { test } from "node:test";
import type { Network, Reads, Support } from "../src/data.ts";
import { runsOf, Supports } from "../src/supports.ts";

function made(axes: Reads[], supports: Support[], image: number[], units = {}): Supports {
  const layers = { support: supports.map((_, k) => k) };
  return new Supports({ fields: { image, axes, supports, units }, layers } as unknown as Network);
}

test("the runs of a mask count from its lowest bit", () => {
  assert.deepEqual(runsOf("1"), [[0, 0]]);
  assert.deepEqual(runsOf("15"), [[0, 0], [2, 2], [4, 4]]);
  assert.deepEqual(runsOf("f0f"), [[0, 3], [8, 11]]);
  assert.deepEqual(runsOf("1ffffffffffffffff"), [[0, 64]]);
});

test("a unit's span is its phase's, moved by the turns, and cut to the image", () => {
  const axis = { period: 2, advance: 3, spans: [[-1, 1], [0, 4]] } as Reads;
  const supports = made([axis], [{ terms: [{ axes: [0] }] }], [9]);
  assert.deepEqual(supports.at(0, [0]).box, [[0, 1]]);
  assert.deepEqual(supports.at(0, [0]).hull, [[-1, 1]]);
  assert.deepEqual(supports.at(0, [3]).box, [[3, 7]]);
  assert.deepEqual(supports.at(0, [5]).box, [[6, 8]]);
  assert.deepEqual(supports.at(0, [5]).hull, [[6, 10]]);
});

test("holes are kept, and those at the border cut", () => {
  const axis = { period: 1, advance: 1, spans: [[-2, 2]], holes: ["15"] } as Reads;
  const { products, box, exact } = made([axis], [{ terms: [{ axes: [0] }] }], [9]).at(0, [1]);
  assert.deepEqual(products, [[[[1, 1], [3, 3]]]]);
  assert.deepEqual(box, [[1, 3]]);
  assert.ok(exact);
});

test("what is listed for a size has no turns, and no other units", () => {
  const axis = { period: 1, advance: 1, spans: [[0, 0], [4, 5]], units: 2 } as Reads;
  const supports = made([axis], [{ terms: [{ axes: [0] }] }], [9]);
  assert.deepEqual(supports.at(0, [1]).box, [[4, 5]]);
  assert.equal(supports.at(0, [2]).box, null);
});

test("a unit that is not certified reads nothing, unless the support is uncertain: then it is a bound", () => {
  const axis = { period: 1, advance: 1, spans: [[0, 2]] } as Reads;
  const terms = [{ axes: [0], certified: [[1, 3]] }] as Support["terms"];
  const supports = made([axis], [{ terms }, { terms, uncertain: true }], [9]);
  assert.equal(supports.at(0, [0]).box, null);
  assert.ok(supports.at(0, [0]).certain);
  assert.deepEqual(supports.at(1, [0]).box, [[0, 2]]);
  assert.ok(!supports.at(1, [0]).certain);
});

test("pixels hold where each term is exact", () => {
  const axis = { period: 1, advance: 1, spans: [[0, 2]] } as Reads;
  const supports = made([axis], [{ terms: [{ axes: [0], exact: [[2, 5]] }] }], [9]);
  assert.deepEqual([1, 2].map((i) => supports.at(0, [i]).exact), [false, true]);
});

test("channels choose among the terms, and extents join the box", () => {
  const axis = { period: 1, advance: 1, spans: [[0, 0]] } as Reads;
  const support: Support = { terms: [{ axes: [0], channels: "1" }], extents: [{ box: [[0, 8]], channels: "2" }] };
  const supports = made([axis], [support], [9]);
  assert.deepEqual(supports.at(0, [4], 0).box, [[4, 4]]);
  assert.deepEqual(supports.at(0, [4], 1).box, [[0, 8]]);
  assert.deepEqual(supports.at(0, [4]).box, [[0, 8]]);
  assert.ok(supports.differs(0));
});

test("a unit that is given in full is answered by that", () => {
  const axis = { period: 1, advance: 1, spans: [[0, 8]] } as Reads;
  const unit = { unit: [3], box: [[1, 3]], mask: [[[[1, 1], [3, 3]]]] };
  const seen = made([axis], [{ terms: [{ axes: [0] }], uncertain: true }], [9], { 0: [unit] }).at(0, [3]);
  assert.deepEqual([seen.box, seen.certain, seen.exact], [[[1, 3]], true, true]);
});
