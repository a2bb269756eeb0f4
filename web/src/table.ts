// The layers as rows: the graph beside them, blocks that fold, bars, order, filter, keyboard.

import type { Network } from "./data.ts";
import { h } from "./dom.ts";
import type { Figures, Measure } from "./figures.ts";
import { critical, type View, view } from "./graph.ts";
import * as lanes from "./gutter.ts";
import { type Block, every, isLayer, reveal, rows, tree, unfold } from "./tree.ts";
import { whole } from "./units.ts";
import { rowOf } from "./row.ts";
import { VirtualList } from "./virtual.ts";

const HEIGHT = 28;
const HEAD = 34;
const FEW = 44; // rows that are unfolded at the start
const NARROW = 500; // of the table, below which the lanes take less of it
const [FINE, WIDEST] = [40, 120];

/** The rows, which the keyboard moves in. */
export const grid = h("div", { role: "treegrid", tabindex: 0, "aria-label": "Layers", keydown: key });
export const search = h("input", {
  type: "search",
  placeholder: "Search layers  /",
  "aria-label": "Search layers by name or operator",
  input: find,
  keydown: leave,
});
const body = h("div", { role: "rowgroup", class: "rows", click, dblclick: (event: Event) => indexOf(event) >= 0 && toggle(indexOf(event)) });
const list = new VirtualList(grid, body, HEIGHT, row);
const operators = h("select", { "aria-label": "Operator", change: pick });
const count = h("span", { class: "count", role: "status" });
const heads = new Map<Measure, HTMLElement>();
const most = new Map<Measure, number>();
let data: Network;
let figures: Figures;
let selected: (layer: number, block: Block) => void;
let blocks: Block[];
let layers: Block[];
let found: Map<number, string[]>;
let shown: View = view([], []);
let hot = new Map<number, Set<number>>();
let sort: { key: Measure; down: boolean } | null = null;
let query: string[] = [];
let word = "";
let active = -1;
let opened = new Set<Block>();
let flat = false;

/** The table of a network; `then` is called for the layer of the row that is chosen. */
export function table(network: Network, sums: Figures, then: (layer: number, block: Block) => void): HTMLElement {
  [data, figures, selected] = [network, sums, then];
  blocks = tree(data.layers.name, data.layers.part);
  layers = [...every(blocks)].filter(isLayer);
  found = findings(data);
  unfold(blocks, FEW);
  grid.className = data.layers.time ? "grid timed" : "grid";
  grid.setAttribute("aria-colcount", String(5 + figures.columns.length));
  grid.append(head(), body);
  update();
  return h("section", { class: "table", "aria-label": "Layers" }, tools(), grid);
}

function find(): void {
  query = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  update();
}

function pick(): void {
  word = operators.value;
  update();
}

/** The keys that lead from the search to the rows. */
function leave(event: KeyboardEvent): void {
  if (event.key === "Escape") clear();
  else if (event.key !== "Enter" && event.key !== "ArrowDown") return;
  event.preventDefault();
  grid.focus();
  if (active < 0) choose(0);
}

function tools(): HTMLElement {
  const words = new Map<string, number>();
  for (const { first } of layers) words.set(figures.word(first), (words.get(figures.word(first)) ?? 0) + 1);
  operators.append(
    h("option", { value: "" }, "all operators"),
    ...[...words].sort(([a], [b]) => a.localeCompare(b)).map(([each, times]) => h("option", { value: each }, `${each} (${times})`)),
  );
  const fold = (open: boolean, title: string): HTMLElement =>
    h("button", { type: "button", class: "fold", click: () => all(open) }, title);
  const folds = layers.length > blocks.length ? [fold(true, "Unfold all"), fold(false, "Fold all")] : [];
  return h("div", { class: "tools" }, search, operators, ...folds, count);
}

function head(): HTMLElement {
  const plain = (name: string, title: string): HTMLElement => h("div", { role: "columnheader", class: name }, title);
  const measured = figures.columns.map((column) => {
    const { key, title, help } = column;
    const head = h(
      "div",
      { role: "columnheader", class: `figure ${key}`, "aria-sort": "none" },
      h("button", { type: "button", title: `${help}: sort`, click: () => order(key) }, title, h("i", { "aria-hidden": "true" })),
    );
    heads.set(key, head);
    return head;
  });
  return h(
    "div",
    { role: "rowgroup", class: "head" },
    h("div", { role: "row", class: "row", "aria-rowindex": 1 }, plain("name", "Layer"), plain("op", "Operator"), plain("shape", "Output"), plain("field", "Field"), plain("stride", "Stride"), ...measured),
  );
}

/** Which rows there are, anew; the active one stays where it can. */
function update(): void {
  const kept = shown.rows[active];
  flat = !!(sort || query.length || word);
  shown = view(flat ? matching() : rows(blocks), data.layers.inputs);
  for (const { key } of figures.columns) {
    const values = shown.rows.map((block) => (block.open && !isLayer(block) ? 0 : (figures.of(block, key) ?? 0)));
    most.set(key, values.reduce((a, b) => Math.max(a, b), 0));
  }
  const total = whole(data.layers.inputs.filter((inputs) => inputs.length).length);
  count.textContent = flat ? `${whole(shown.rows.length)} of ${total} layers` : `${total} layers`;
  grid.setAttribute("aria-rowcount", String(shown.rows.length + 1));
  grid.classList.toggle("flat", flat);
  heads.forEach((head, key) =>
    head.setAttribute("aria-sort", sort?.key !== key ? "none" : sort.down ? "descending" : "ascending"),
  );
  active = kept ? nearest(kept) : -1;
  light();
  list.reset(shown.rows.length);
  mark();
}

function matching(): Block[] {
  const matches = layers.filter(({ path, first }) => {
    if (word && figures.word(first) !== word) return false;
    const text = `${path} ${figures.text(first)}`.toLowerCase();
    return query.every((part) => text.includes(part));
  });
  if (!sort) return matches;
  const { key: by, down } = sort;
  const value = (block: Block): number => figures.of(block, by) ?? -1;
  return matches.sort((a, b) => (down ? value(b) - value(a) : value(a) - value(b)) || a.first - b.first);
}

/** The row of a block, or of the one around it. */
function nearest(block: Block): number {
  for (let at: Block | null = block; at; at = at.parent) {
    const index = shown.rows.indexOf(at);
    if (index >= 0) return index;
  }
  return shown.rows.findIndex(({ first, last }) => first <= block.last && block.last <= last);
}

function light(): void {
  const block = shown.rows[active];
  hot = block && !flat ? critical(shown, data.lead, block.last, 2 * data.fields.image.length) : new Map();
}

function row(index: number): HTMLElement {
  const block = shown.rows[index]!;
  const drawn = rowOf(block, index, { figures, most, found, graph: flat ? null : gutter(index) });
  state(drawn, index);
  return drawn;
}

function state(row: HTMLElement, index: number): void {
  row.classList.toggle("active", index === active);
  row.setAttribute("aria-selected", String(index === active));
}

function gutter(index: number): SVGSVGElement {
  const block = shown.rows[index]!;
  const mark = isLayer(block) ? "layer" : block.open ? "none" : "block";
  return lanes.gutter(shown.graph, shown.place[index]!, mark, hot, HEIGHT, grid.clientWidth < NARROW ? FINE : WIDEST);
}

function order(key: Measure): void {
  const down = sort?.key === key ? (sort.down ? false : null) : true;
  sort = down === null ? null : { key, down };
  update();
  grid.scrollTop = 0;
}

/** Folds or unfolds all blocks. */
function all(open: boolean): void {
  for (const block of every(blocks)) block.open = open;
  update();
  if (active >= 0) list.show(active, HEAD);
}

function indexOf(event: Event): number {
  const row = (event.target as Element).closest<HTMLElement>("[data-index]");
  return row ? Number(row.dataset["index"]) : -1;
}

function click(event: Event): void {
  const index = indexOf(event);
  if (index < 0) return;
  choose(index);
  if ((event.target as Element).closest(".twist.open, .twist.shut")) toggle(index);
}

function toggle(index: number): void {
  const block = shown.rows[index]!;
  if (isLayer(block) || flat) return;
  block.open = !block.open;
  update();
}

/** Makes a row the active one, whose layer is shown. */
function choose(index: number): void {
  const block = shown.rows[index];
  if (!block) return;
  active = index;
  light();
  for (const [at, row] of list.rows) {
    state(row, at);
    row.querySelector(".gutter")?.replaceWith(gutter(at));
  }
  list.show(index, HEAD);
  mark();
  selected(block.last, block);
}

/** Takes back search, operator and order. */
function clear(): void {
  search.value = "";
  operators.value = "";
  query = [];
  word = "";
  sort = null;
  if (flat) update();
}

/** Shows the row of a layer, whatever is folded or left out. */
export function goto(layer: number): void {
  clear();
  const block = reveal(blocks, layer);
  update();
  if (block) choose(shown.rows.indexOf(block));
}

/** Chooses the layer that is shown first, or the block that it lies in. */
export function start(layer: number): void {
  const within = ({ first, last, open }: Block): boolean => first <= layer && layer <= last && !open;
  choose(shown.rows.findIndex(within));
  grid.scrollTop = 0;
}

function mark(): void {
  list.keep(active);
  if (active >= 0) grid.setAttribute("aria-activedescendant", `row-${active}`);
  else grid.removeAttribute("aria-activedescendant");
}

function key(event: KeyboardEvent): void {
  if (event.target !== grid || event.ctrlKey || event.metaKey || event.altKey) return;
  const block = shown.rows[active];
  const folds = block && !isLayer(block) && !flat;
  const last = shown.rows.length - 1;
  const moves: Record<string, () => void> = {
    ArrowDown: () => choose(Math.min(last, active + 1)),
    ArrowUp: () => choose(Math.max(0, active - 1)),
    PageDown: () => choose(Math.min(last, active + list.page)),
    PageUp: () => choose(Math.max(0, active - list.page)),
    Home: () => choose(0),
    End: () => choose(last),
    Enter: () => folds && toggle(active),
    " ": () => folds && toggle(active),
    "*": () => all(true),
    Escape: clear,
    ArrowRight: () => (folds && !block.open ? toggle(active) : folds && choose(active + 1)),
    ArrowLeft: () => {
      if (folds && block.open) toggle(active);
      else if (block?.parent && !flat) choose(shown.rows.indexOf(block.parent));
    },
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  move();
}

/** Draws every layer, for paper. */
export function print(on: boolean): void {
  const each = [...every(blocks)];
  if (on) opened = new Set(each.filter(({ open }) => open));
  for (const block of each) block.open = on || opened.has(block);
  update();
  list.whole(on);
}

/** The codes of the findings of each layer. */
function findings(data: Network): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const { code, layers } of data.findings) for (const layer of layers ?? []) found.set(layer, [...(found.get(layer) ?? []), code]);
  return found;
}
