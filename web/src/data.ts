// The data that the page is given: docs/json.md describes it (`rfcalc schema --of report`).

export type Range = [first: number, last: number];

export interface Input {
  name: string;
  channels: number;
  size: number[];
}

export interface Card {
  label: string;
  text: string;
  note?: string;
}

export interface Budget {
  name: string;
  text: string;
  ok: boolean | null;
}

export interface Finding {
  code: string;
  name: string;
  severity: string;
  message: string;
  hint: string;
  layers: number[];
  place: string;
}

/** Columns of one entry per layer. `part`: the first layer of those that the spec writes as one. */
export interface Layers {
  name: string[];
  part: number[];
  op: number[];
  shape: number[];
  inputs: number[][];
  support: number[];
  field: number[];
  macs: (number | null)[];
  params: number[];
  bytes: number[];
  live: number[];
  time?: (number | null)[];
}

/** What units read on an axis: unit i `spans[i % period]`, moved by the turns; with `units` there are no others than these. */
export interface Reads {
  period: number;
  advance: number;
  spans: (Range | null)[];
  holes?: (string | null)[];
  units?: number;
}

/** A product of sets, one per axis; `certified` and `exact`: the units for which the box, and each pixel in it, holds. */
export interface Term {
  axes: number[];
  certified?: (Range | null)[];
  exact?: (Range | null)[];
  channels?: string;
}

export interface Support {
  terms: Term[];
  extents?: { box: Range[]; channels?: string }[];
  uncertain?: boolean;
  holes?: boolean;
  bound?: boolean;
}

/** A unit whose answer is given, because the supports promise nothing for it. */
export interface Known {
  unit: number[];
  box: Range[] | null;
  mask: Range[][][];
}

export interface Fields {
  image: number[];
  axes: Reads[];
  supports: Support[];
  units: Record<string, Known[]>;
}

export interface Sized {
  name: string;
  size: number[];
}

/** First and last value, how large a share of the paths has one of them, how many these are. */
export type Share = [first: number, last: number, share: number, count: string];

export interface Network {
  kind: "network";
  rfcalc_version: string;
  title: string;
  source: string;
  command: string;
  inputs: Input[];
  source_input: number;
  outputs: number[];
  chosen: number | null;
  cards: Card[];
  budgets: Budget[];
  findings: Finding[];
  pages: Record<string, string>;
  ops: { word: string; text: string }[];
  shapes: [channels: number, size: number[]][];
  layers: Layers;
  rows: { field: string[]; stride: string[]; note: number[]; sigma: (number[] | null)[] };
  notes: string[];
  dtype_bytes: number;
  /** The layers that set the ends of a layer's box: one for all, or for each axis those of the first and the last pixel. */
  lead: number[][];
  lead_differs?: number[];
  fields: Fields;
  memory: { peak: number | null; bytes: number; about: boolean };
  /** How far from the middle of its box a unit's energy has its mean, where it is not there. */
  means?: { axes: number[][]; of: Record<number, number[]> };
  paths?: { lengths: Share[]; fields: Share[]; count: string };
  objects: Sized[];
  image?: string;
}

export interface Side {
  op: string;
  shape: string;
  field: string;
  macs: number | null;
  params: number | null;
}

export interface Compare {
  kind: "compare";
  rfcalc_version: string;
  command?: string;
  before: string;
  after: string;
  cards: { label: string; before: string; after: string; change: string }[];
  rows: { name: string; state: "same" | "changed" | "added" | "removed"; before: Side | null; after: Side | null }[];
}

export interface Front {
  kind: "front";
  rfcalc_version: string;
  command?: string;
  title: string;
  columns: { key: string; title: string; unit: string; better: "low" | "high" | null }[];
  rows: (number | string | null)[][];
  commands: string[];
  front: boolean[];
}

/** A network as it is given: `lead` only where that is not the first input, `inputs` where these are not the layer before. */
export type Given = Omit<Network, "lead" | "layers"> & {
  lead: Record<number, number[]>;
  layers: Omit<Layers, "inputs"> & { inputs: Record<number, number[]> };
};

export type Page = Given | Compare | Front;

/** The data of this page. */
export function read<T extends Page>(kind: T["kind"]): T {
  const data = JSON.parse(document.getElementById("data")!.textContent!) as T;
  if (data.kind !== kind) throw new Error(`not the data of a ${kind}`);
  return data;
}

/** A network with what its data leave out because it is as usual. */
export function filled(data: Given): Network {
  const { layers, shapes, fields } = data;
  const inputs = layers.name.map((_, k) => layers.inputs[k] ?? [k - 1]);
  const bytes = layers.shape.map((k) => {
    const [channels, size] = shapes[k]!;
    return size.reduce((product, n) => product * n, channels) * data.dtype_bytes;
  });
  const lead = inputs.map((list, k) => data.lead[k] ?? list.slice(0, 1));
  const axes = fields.axes.map((axis) => ({ ...axis, period: axis.period ?? axis.spans.length }));
  return { ...data, lead, layers: { ...layers, inputs, bytes }, fields: { ...fields, axes } };
}
