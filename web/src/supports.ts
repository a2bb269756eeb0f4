// What a unit sees, by the engine's supports: a union of products of one set per axis, each a phase's set moved by the turns.

import type { Fields, Network, Range, Support, Term } from "./data.ts";

/** What one unit sees. `products`: runs of pixels per axis, cut to the image; what is read is their union. `hull`: the box
 * uncut. `certain`: the box is no mere bound; `exact`: nor are the pixels. */
export interface Seen {
  box: Range[] | null;
  hull: Range[] | null;
  products: Range[][][];
  certain: boolean;
  exact: boolean;
}

interface Span {
  first: number;
  last: number;
  runs: Range[];
}

/** The runs of ones in the hex digits of a number, from its lowest bit on. */
export function runsOf(hex: string): Range[] {
  const runs: Range[] = [];
  const bits = hex.length * 4;
  let start = -1;
  for (let k = 0; k <= bits; k++) {
    const on = k < bits && holds(hex, k);
    if (on && start < 0) start = k;
    else if (!on && start >= 0) {
      runs.push([start, k - 1]);
      start = -1;
    }
  }
  return runs;
}

/** Whether a set of bits, in hex, holds one; every set that is not given does. */
function holds(hex: string | undefined, bit: number): boolean {
  if (hex === undefined) return true;
  return ((parseInt(hex[hex.length - 1 - (bit >> 2)] ?? "0", 16) >> (bit & 3)) & 1) === 1;
}

export class Supports {
  readonly #fields: Fields;
  readonly #of: number[];
  readonly #spans: (Span | null)[][];

  constructor({ fields, layers }: Network) {
    this.#fields = fields;
    this.#of = layers.support;
    this.#spans = fields.axes.map(({ spans, holes }) =>
      spans.map((span, k) => {
        const bits = holes?.[k];
        return span && { first: span[0], last: span[1], runs: bits ? runsOf(bits) : [[0, span[1] - span[0]]] };
      }),
    );
  }

  #support(layer: number): Support {
    return this.#fields.supports[this.#of[layer]!] ?? { terms: [] };
  }

  /** What a unit reads on an axis; null if nothing. */
  #span(axis: number, i: number): Span | null {
    const { period, advance, units } = this.#fields.axes[axis]!;
    if (units !== undefined) return this.#spans[axis]![i] ?? null;
    const turn = Math.floor(i / period);
    const span = this.#spans[axis]![i - turn * period];
    return span ? { first: span.first + turn * advance, last: span.last + turn * advance, runs: span.runs } : null;
  }

  /** What a unit of a layer sees: of one channel, or of all. */
  at(layer: number, unit: readonly number[], channel: number | null = null): Seen {
    const known = channel === null && this.#known(layer, unit);
    if (known) return known;
    const { terms, extents, uncertain, holes, bound } = this.#support(layer);
    const certain = !uncertain && !bound;
    const seen: Seen = { box: null, hull: null, products: [], certain, exact: certain };
    for (const term of terms) if (channel === null || holds(term.channels, channel)) this.#term(term, unit, !!uncertain, seen);
    for (const { box, channels } of extents ?? []) {
      if (channel !== null && !holds(channels, channel)) continue;
      seen.products.push(box.map((range) => [range]));
      seen.box = around(seen.box, box);
      if (holes) seen.exact = false;
    }
    return seen;
  }

  #term({ axes, certified, exact = certified }: Term, unit: readonly number[], uncertain: boolean, seen: Seen): void {
    const { image } = this.#fields;
    const spans = axes.map((axis, k) => this.#span(axis, unit[k]!));
    if (spans.includes(null) || (!uncertain && !within(certified, unit))) return;
    const found = spans as Span[];
    seen.hull = around(seen.hull, found.map(({ first, last }): Range => [first, last]));
    const runs = found.map((span, k) => cut(span, image[k]!));
    if (!within(exact, unit)) seen.exact = false;
    if (runs.some((axis) => !axis.length)) return;
    seen.products.push(runs);
    seen.box = around(seen.box, runs.map((axis): Range => [axis[0]![0], axis[axis.length - 1]![1]]));
  }

  #known(layer: number, unit: readonly number[]): Seen | null {
    const found = this.#fields.units[layer]?.find(({ unit: place }) => place.every((i, k) => i === unit[k]));
    return found ? { box: found.box, hull: null, products: found.mask, certain: true, exact: true } : null;
  }

  /** The middle of what a unit sees on an axis, uncut; null if it has no field of its own there. */
  middle(layer: number, axis: number, i: number): number | null {
    let low = Infinity;
    let high = -Infinity;
    for (const { axes } of this.#support(layer).terms) {
      const span = this.#span(axes[axis]!, i);
      low = Math.min(low, span?.first ?? Infinity);
      high = Math.max(high, span?.last ?? -Infinity);
    }
    return low > high ? null : (low + high) / 2;
  }

  /** Whether some channels of a layer see other places than others do. */
  differs(layer: number): boolean {
    const { terms, extents } = this.#support(layer);
    return new Set([...terms, ...(extents ?? [])].map(({ channels }) => channels)).size > 1;
  }
}

/** Whether a unit lies in a range on every axis; without ranges all do. */
function within(ranges: (Range | null)[] | undefined, unit: readonly number[]): boolean {
  return !ranges || ranges.every((range, k) => range !== null && range[0] <= unit[k]! && unit[k]! <= range[1]);
}

/** The runs of a span within an image of `n` pixels. */
function cut({ first, runs }: Span, n: number): Range[] {
  return runs.flatMap(([low, high]): Range[] => {
    const [from, to] = [Math.max(0, first + low), Math.min(n - 1, first + high)];
    return from <= to ? [[from, to]] : [];
  });
}

function around(box: Range[] | null, other: Range[]): Range[] {
  return box ? box.map(([first, last], k) => [Math.min(first, other[k]![0]), Math.max(last, other[k]![1])]) : other;
}
