import assert from "node:assert/strict";
import { test } from "node:test";
import { critical, view } from "../src/graph.ts";
import { laneOf, lanes, passing } from "../src/lanes.ts";
import { tree } from "../src/tree.ts";

test("a chain stays in one lane", () => {
  const graph = lanes([[], [0], [1], [2]]);
  assert.deepEqual([...graph.lane], [0, 0, 0, 0]);
  assert.equal(graph.held.length, 1);
});

test("a shortcut goes beside, and its lane is used again", () => {
  const graph = lanes([[], [0], [1, 0], [2], [3, 2]]);
  assert.deepEqual([...graph.lane], [0, 0, 0, 0, 0]);
  assert.deepEqual([...graph.beside], [1, -1, 1, -1, -1]);
  assert.equal(passing(graph, 1, 1)?.from, 0);
  assert.equal(passing(graph, 1, 2), null);
  assert.equal(laneOf(graph, 0, 2), 1);
});

test("no two values share a lane, and every edge has its own from end to end", () => {
  let seed = 7;
  const random = (most: number): number => (seed = (seed * 48271) % 2147483647) % most;
  for (let round = 0; round < 200; round++) {
    const inputs = Array.from({ length: 30 }, (_, row) => [...new Set(Array.from({ length: row && random(4) }, () => random(row)))]);
    const graph = lanes(inputs);
    for (const stretches of graph.held) stretches.forEach(({ to }, k) => assert.ok(k + 1 === stretches.length || to <= stretches[k + 1]!.from));
    inputs.forEach((sources, row) => {
      for (const source of sources) {
        const lane = laneOf(graph, source, row);
        for (let at = source + 1; at < row; at++) assert.equal(passing(graph, lane, at)?.from, source);
      }
    });
  }
});

test("five thousand layers that all read each other's neighbours take no time", () => {
  const before = process.cpuUsage();
  lanes(Array.from({ length: 5000 }, (_, row) => Array.from({ length: Math.min(row, 20) }, (_, k) => row - 1 - k)));
  assert.ok(process.cpuUsage(before).user < 1e6, "a second of the processor");
});

test("a folded block stands for its layers, also on the critical path", () => {
  const names = ["in", "a.x", "a.y", "b", "out"];
  const blocks = tree(names, [0, 1, 2, 3, 4]);
  const shown = view(blocks, [[], [0], [1], [0], [3, 2]]);
  assert.deepEqual(shown.graph.inputs, [[], [0], [0], [2, 1]]);
  const found = (lead: number[][]): [number, number[]][] => [...critical(shown, lead, 4, 2)].map(([row, nexts]) => [row, [...nexts]]);
  assert.deepEqual(found([[], [0], [1], [0], [2]]), [[3, []], [1, [3]], [0, [1]]]);
  assert.deepEqual(found([[], [0], [1], [0], [2, 3]]), [[3, []], [1, [3]], [0, [1, 2]], [2, [3]]], "each end has its path");
  assert.deepEqual(found([[], [], [1], [0], [2]]), [[3, []], [1, [3]]], "what is global ends it");
});
