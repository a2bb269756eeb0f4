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

/** The layers that lead to each of so many ends of a layer's box, from the layer on. */
export function chains(lead: readonly (readonly number[])[], layer: number, ends: number): number[][] {
  return Array.from({ length: ends }, (_, end) => {
    const found: number[] = [];
    for (let at: number | undefined = layer; at !== undefined; at = lead[at]![end % lead[at]!.length]) found.push(at);
    return found;
  });
}

/** The critical paths of a layer to so many ends: for each row on them the next ones. The layer's own leads to none. */
export function critical(shown: View, lead: readonly (readonly number[])[], layer: number, ends: number): Map<number, Set<number>> {
  const own = shown.layerRow[layer]!;
  const hot = new Map([[own, new Set<number>()]]);
  for (const chain of chains(lead, layer, ends)) {
    let next = own;
    for (const at of chain) {
      const row = shown.layerRow[at]!;
      if (row === next) continue;
      hot.set(row, (hot.get(row) ?? new Set()).add(next));
      next = row;
    }
  }
  return hot;
}
