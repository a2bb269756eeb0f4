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
  params: (number | null)[];
  bytes: (number | null)[];
  live: (number | null)[];
  line?: (number | null)[];
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
  share?: number;
}

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
  rows: { field: string; stride: string; note: string }[];
  lead: number[];
  sigma: (number[] | null)[];
  fields: Fields;
  memory: { peak: number | null; bytes: number; about: boolean };
  paths?: { lengths: [number, string, number][]; fields: [number, number][] } | null;
  objects?: Sized[];
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

export type Page = Network | Compare | Front;

/** The data of this page. */
export function read(): Page {
  return JSON.parse(document.getElementById("data")?.textContent ?? "{}") as Page;
}
