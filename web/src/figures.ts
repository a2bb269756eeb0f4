// The figures of rows: a block's are those of its layers together.

import type { Layers, Network } from "./data.ts";
import { type Block, isLayer } from "./tree.ts";
import { by, short, whole } from "./units.ts";

export type Measure = "macs" | "params" | "bytes" | "time";

/** A column with bars. */
export interface Column {
  key: Measure;
  title: string;
  unit: string;
  help: string;
}

const COLUMNS: Column[] = [
  { key: "macs", title: "MACs", unit: "", help: "Multiply-accumulates" },
  { key: "params", title: "Params", unit: "", help: "Learned numbers" },
  { key: "bytes", title: "Bytes", unit: "B", help: "Bytes of the output" },
  { key: "time", title: "Time", unit: "", help: "Measured time" },
];

export class Figures {
  readonly columns: Column[];
  readonly #sums = new Map<Measure, Float64Array>();
  readonly #gaps = new Map<Measure, Int32Array>();

  readonly #data: Network;

  constructor(data: Network) {
    this.#data = data;
    this.columns = COLUMNS.filter(({ key }) => data.layers[key]);
    for (const { key } of this.columns) {
      const values = data.layers[key] as NonNullable<Layers[Measure]>;
      const sums = new Float64Array(values.length + 1);
      const gaps = new Int32Array(values.length + 1);
      values.forEach((value, k) => {
        sums[k + 1] = sums[k]! + (value ?? 0);
        gaps[k + 1] = gaps[k]! + (value === null ? 1 : 0);
      });
      this.#sums.set(key, sums);
      this.#gaps.set(key, gaps);
    }
  }

  /** The sum of a block; null where a part of it is not known. */
  of({ first, last }: Block, key: Measure): number | null {
    const gaps = this.#gaps.get(key)!;
    if (gaps[last + 1]! - gaps[first]!) return null;
    const sums = this.#sums.get(key)!;
    return first === last ? this.#data.layers[key]![first]! : sums[last + 1]! - sums[first]!;
  }

  said(block: Block, { key, unit }: Column): string {
    const value = this.of(block, key);
    if (key !== "time" || value === null) return short(value, unit);
    return value < 1 ? short(1000 * value, "µs") : value < 1000 ? short(value, "ms") : short(value / 1000, "s");
  }

  /** With all digits. */
  exact(block: Block, { key, help }: Column): string {
    const value = this.of(block, key);
    if (value === null) return `${help}: not known`;
    if (key === "time") return `${help}: ${value ? `${value} ms` : "with an earlier layer"}`;
    return `${help}: ${whole(value)}`;
  }

  op(block: Block): string {
    if (!isLayer(block) && !block.part) return `${block.last - block.first + 1} layers`;
    const parts = Array.from({ length: block.last - block.first + 1 }, (_, k) => this.text(block.first + k));
    return parts.join(" + ");
  }

  /** What a layer does, with the settings that say most. */
  text(layer: number): string {
    return this.#data.ops[this.#data.layers.op[layer]!]!.text;
  }

  word(layer: number): string {
    return this.#data.ops[this.#data.layers.op[layer]!]!.word;
  }

  shape({ last }: Block): string {
    const [channels, size] = this.#data.shapes[this.#data.layers.shape[last]!]!;
    return by([channels, ...size]);
  }

  /** A layer's field as its row says it. */
  row(layer: number): { field: string; stride: string; note: string } {
    const { rows, notes, layers } = this.#data;
    const k = layers.field[layer]!;
    return { field: rows.field[k] ?? "–", stride: rows.stride[k] ?? "–", note: notes[rows.note[k]!] ?? "" };
  }

  /** How far from the middle of a unit's box the mean of its energy lies, per axis. */
  offset(layer: number, unit: readonly number[]): number[] {
    const { axes, of } = this.#data.means ?? { axes: [], of: {} };
    return unit.map((i, k) => {
      const list = axes[of[layer]?.[k] ?? -1] ?? [0];
      return list[i % list.length]!;
    });
  }

  /** Sigma of a layer's effective field, per axis. */
  sigma(layer: number): number[] | null {
    const { rows, layers, fields } = this.#data;
    const found = rows.sigma[layers.field[layer]!];
    return found ? fields.image.map((_, k) => found[k] ?? found[0]!) : null;
  }
}
