import assert from "node:assert/strict";
import { test } from "node:test";
import { type Block, every, isLayer, reveal, rows, tree, unfold } from "../src/tree.ts";

const NAMES = ["stem", "a.0.conv", "a.0.add", "a.1.conv", "a.1.add", "b.x.conv", "head"];
const own = (names: string[]): number[] => names.map((_, k) => k);
const labels = (blocks: Block[]): string[] => rows(blocks).map(({ label }) => label);

test("dots make blocks, and what stands alone is one with its block", () => {
  const blocks = tree(NAMES, own(NAMES));
  assert.deepEqual(labels(blocks), ["stem", "a", "b.x.conv", "head"]);
  unfold(blocks, 6);
  assert.deepEqual(labels(blocks), ["stem", "a", "0", "1", "b.x.conv", "head"]);
  assert.deepEqual([...every(blocks)].filter(isLayer).map(({ path }) => path), NAMES);
});

test("every layer has one row, in order, also where a block comes again", () => {
  const names = ["a.x", "a.y", "b.x", "a.z", "a", "a.w.v", "a.w.u"];
  const layers = [...every(tree(names, own(names)))].filter(isLayer);
  assert.deepEqual(layers.map(({ first }) => first), names.map((_, k) => k));
  assert.deepEqual(layers.map(({ path }) => path), names);
});

test("layers that are written as one are a part", () => {
  const names = ["c", "c_bn", "c_relu", "p", "x.c", "x.c_bn"];
  const blocks = tree(names, [0, 0, 0, 3, 4, 4]);
  assert.deepEqual(blocks.map(({ label, part }) => [label, part]), [["c", true], ["p", false], ["x.c", true]]);
  assert.deepEqual(blocks[0]!.children.map(({ label }) => label), ["c", "c_bn", "c_relu"]);
});

test("a layer is found below what is folded", () => {
  const blocks = tree(NAMES, own(NAMES));
  assert.equal(reveal(blocks, 4)?.path, "a.1.add");
  assert.deepEqual(labels(blocks), ["stem", "a", "0", "1", "conv", "add", "b.x.conv", "head"]);
});
