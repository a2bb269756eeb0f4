// The graph of the rows that are seen: blocks that are folded stand for their layers.

import { type Lanes, lanes } from "./lanes.ts";
import { type Block, isLayer } from "./tree.ts";

export interface View {
  rows: readonly Block[];
  graph: Lanes;
  place: Int32Array; // of a row in the graph; a head's is that of its first member
  layerRow: Int32Array; // of a layer: its place in the graph
}

/** The rows as a graph. An open block's own row is no part of it. */
export function view(rows: readonly Block[], inputs: readonly (readonly number[])[]): View {
  const layerRow = new Int32Array(inputs.length);
  const place = new Int32Array(rows.length);
  const shown: Block[] = [];
  rows.forEach((block, index) => {
    place[index] = shown.length;
    if (block.open && !isLayer(block)) return;
    layerRow.fill(shown.length, block.first, block.last + 1);
    shown.push(block);
  });
  const edges = shown.map((block, row) => {
    const sources = new Set<number>();
    for (let layer = block.first; layer <= block.last; layer++) {
      for (const input of inputs[layer]!) if (input >= 0 && layerRow[input]! < row) sources.add(layerRow[input]!);
    }
    return [...sources];
  });
  return { rows, graph: lanes(edges), place, layerRow };
}

/** The critical path of a layer: for each row on it the next one. The layer's own leads to none, -1. */
export function critical(shown: View, lead: readonly number[], layer: number): Map<number, number> {
  const hot = new Map<number, number>();
  let next = shown.layerRow[layer]!;
  hot.set(next, -1);
  for (let at = lead[layer] ?? -1; at >= 0; at = lead[at] ?? -1) {
    const row = shown.layerRow[at]!;
    if (row === next) continue;
    hot.set(row, next);
    next = row;
  }
  return hot;
}
