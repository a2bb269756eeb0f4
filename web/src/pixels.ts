// Unions of products of runs: how many pixels they hold, and where they lie.

import type { Range } from "./data.ts";

/** How many pixels a union of products holds, exactly. */
export function area(products: readonly Range[][][]): number {
  const [first] = products;
  if (!first) return 0;
  if (products.length === 1) return first.reduce((size, runs) => size * length(runs), 1);
  if (!first.length) return 1;
  const edges = new Set<number>();
  for (const [runs] of products) for (const [low, high] of runs!) edges.add(low).add(high + 1);
  const sorted = [...edges].sort((a, b) => a - b);
  const alike = new Map<string, number>();
  for (let k = 0; k + 1 < sorted.length; k++) {
    const at = sorted[k]!;
    const inside = products.flatMap(([runs], index) => (runs!.some(([low, high]) => low <= at && at <= high) ? [index] : []));
    if (inside.length) alike.set(inside.join(), (alike.get(inside.join()) ?? 0) + sorted[k + 1]! - at);
  }
  let total = 0;
  for (const [inside, rows] of alike) total += rows * area(inside.split(",").map((index) => products[Number(index)]!.slice(1)));
  return total;
}

function length(runs: readonly Range[]): number {
  return runs.reduce((sum, [low, high]) => sum + high - low + 1, 0);
}

/** The union of runs, in order and apart. */
export function union(runs: readonly Range[]): Range[] {
  const joined: Range[] = [];
  for (const [low, high] of [...runs].sort((a, b) => a[0] - b[0])) {
    const last = joined[joined.length - 1];
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else joined.push([low, high]);
  }
  return joined;
}
