// The graph as a gutter of lanes. A row stands in a lane, which leads on to the first row that reads it; where more rows read
// it, a lane beside leads to them.

/** A stretch of a lane, from the row that makes a value to the last one that it leads to. */
export interface Stretch {
  from: number;
  to: number;
  beside: boolean;
}

/** `lane` and `beside` (-1: none) of each row; `first`: the first row that reads it, -1 for none; `held`: the stretches of
 * each lane, in order. */
export interface Lanes {
  lane: Int32Array;
  beside: Int32Array;
  first: Int32Array;
  inputs: readonly (readonly number[])[];
  held: Stretch[][];
}

/** Lanes for rows that each read earlier rows. Every edge is looked at twice, and nothing else. */
export function lanes(inputs: readonly (readonly number[])[]): Lanes {
  const count = inputs.length;
  const [lane, beside, first, last] = [0, 1, 2, 3].map(() => new Int32Array(count).fill(-1)) as [Int32Array, Int32Array, Int32Array, Int32Array];
  inputs.forEach((sources, row) => {
    for (const source of sources) {
      if (first[source]! < 0) first[source] = row;
      last[source] = row;
    }
  });
  const held: Stretch[][] = [];
  const free: boolean[] = [];
  let lowest = 0;
  const release = (at: number): void => {
    free[at] = true;
    lowest = Math.min(lowest, at);
  };
  const take = (at: number, from: number, to: number, side: boolean): void => {
    free[at] = false;
    (held[at] ??= []).push({ from, to, beside: side });
  };
  const open = (): number => {
    while (lowest < held.length && !free[lowest]) lowest++;
    return lowest;
  };
  for (let row = 0; row < count; row++) {
    let mine = Infinity;
    let side = Infinity;
    for (const source of inputs[row]!) {
      if (first[source] === row) {
        release(lane[source]!);
        mine = Math.min(mine, lane[source]!);
      }
      if (beside[source]! >= 0 && last[source] === row) {
        release(beside[source]!);
        side = Math.min(side, beside[source]!);
      }
    }
    lane[row] = mine < Infinity ? mine : side < Infinity ? side : open();
    take(lane[row]!, row, Math.max(row, first[row]!), false);
    if (last[row]! > first[row]!) take((beside[row] = open()), row, last[row]!, true);
    if (first[row]! < 0) release(lane[row]!);
  }
  return { lane, beside, first, inputs, held };
}

/** The stretch of a lane that passes a row by; null if none does. */
export function passing({ held }: Lanes, lane: number, row: number): Stretch | null {
  const stretches = held[lane]!;
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stretches[middle]!.from < row) low = middle + 1;
    else high = middle;
  }
  const found = stretches[low - 1];
  return found && found.to > row ? found : null;
}

/** The lane by which a row reads another one. */
export function laneOf({ lane, beside, first }: Lanes, source: number, row: number): number {
  return first[source] === row ? lane[source]! : beside[source]!;
}
