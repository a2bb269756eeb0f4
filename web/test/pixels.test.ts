import assert from "node:assert/strict";
import { test } from "node:test";
import type { Range } from "../src/data.ts";
import { area } from "../src/pixels.ts";

test("the area of a product is that of its runs", () => {
  assert.equal(area([]), 0);
  assert.equal(area([[[[0, 1], [4, 4]], [[2, 3]]]]), 6);
});

test("what lies in two products counts once", () => {
  let seed = 11;
  const random = (most: number): number => (seed = (seed * 48271) % 2147483647) % most;
  const runs = (): Range[] => [[random(4), 4 + random(3)], [9, 9 + random(3)]];
  for (let round = 0; round < 100; round++) {
    const products = Array.from({ length: 1 + random(4) }, () => [runs(), runs(), runs()]);
    const points = new Set<string>();
    for (const [xs, ys, zs] of products) {
      for (const [a, b] of xs!) for (let x = a; x <= b; x++) for (const [c, d] of ys!) for (let y = c; y <= d; y++) for (const [e, f] of zs!) for (let z = e; z <= f; z++) points.add(`${x} ${y} ${z}`);
    }
    assert.equal(area(products), points.size);
  }
});
