// The layers as rows: the graph beside them, blocks that fold, bars, order, filter, keyboard.

import type { Network } from "./data.ts";
import { h, hidden } from "./dom.ts";
import { type Column, Figures, type Measure } from "./figures.ts";
import { critical, type View, view } from "./graph.ts";
import { gutter } from "./gutter.ts";
import { type Block, every, isLayer, reveal, rows, tree, unfold } from "./tree.ts";
import { times, whole } from "./units.ts";
import { VirtualList } from "./virtual.ts";

const HEIGHT = 28;
const HEAD = 34;
const FEW = 44; // rows that are unfolded at the start

export class Table {
  readonly element: HTMLElement;
  readonly grid: HTMLElement;
  readonly figures: Figures;
  readonly #blocks: Block[];
  readonly #layers: Block[];
  readonly #list: VirtualList;
  readonly #heads = new Map<Measure, HTMLElement>();
  readonly #found: Map<number, string[]>;
  #shown!: View;
  #hot = new Map<number, number>();
  #most = new Map<Measure, number>();
  #sort: { key: Measure; down: boolean } | null = null;
  #query: string[] = [];
  #word = "";
  #active = -1;
  #opened = new Set<Block>();
  #flat = false;
  #count!: HTMLElement;
  search!: HTMLInputElement;

  readonly #data: Network;
  readonly #selected: (layer: number, block: Block) => void;

  constructor(
    data: Network,
    selected: (layer: number, block: Block) => void,
  ) {
    this.#data = data;
    this.#selected = selected;
    this.figures = new Figures(data);
    this.#blocks = tree(data.layers.name, data.layers.part);
    this.#layers = [...every(this.#blocks)].filter(isLayer);
    this.#found = findings(data);
    unfold(this.#blocks, FEW);
    const body = h("div", { role: "rowgroup", class: "rows" });
    this.grid = h(
      "div",
      {
        class: `grid${data.layers.time ? " timed" : ""}`,
        role: "treegrid",
        tabindex: 0,
        "aria-label": "Layers",
        "aria-colcount": 4 + this.figures.columns.length,
        keydown: (event: KeyboardEvent) => this.#key(event),
      },
      this.#head(),
      body,
    );
    body.addEventListener("click", (event) => this.#click(event));
    body.addEventListener("dblclick", (event) => this.#rowOf(event) >= 0 && this.#toggle(this.#rowOf(event)));
    this.#list = new VirtualList(this.grid, body, HEIGHT, (index) => this.#row(index));
    this.element = h("section", { class: "table", "aria-label": "Layers" }, this.#tools(), this.grid);
    this.#update();
  }

  #tools(): HTMLElement {
    const words = new Map<string, number>();
    this.#layers.forEach(({ first }) => words.set(this.figures.word(first), (words.get(this.figures.word(first)) ?? 0) + 1));
    this.search = h("input", {
      type: "search",
      placeholder: "Search layers  /",
      "aria-label": "Search layers by name or operator",
      input: () => {
        this.#query = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
        this.#update();
      },
      keydown: (event: KeyboardEvent) => {
        if (event.key === "Escape") this.#clear();
        else if (event.key !== "Enter" && event.key !== "ArrowDown") return;
        event.preventDefault();
        this.grid.focus();
        if (this.#active < 0) this.choose(0);
      },
    });
    const operators = h(
      "select",
      { "aria-label": "Operator", change: (event: Event) => this.#filter((event.target as HTMLSelectElement).value) },
      h("option", { value: "" }, "all operators"),
      ...[...words].sort(([a], [b]) => a.localeCompare(b)).map(([word, count]) => h("option", { value: word }, `${word} (${count})`)),
    );
    this.#count = h("span", { class: "count", role: "status" });
    const fold = (open: boolean, title: string): HTMLElement =>
      h("button", { type: "button", class: "fold", click: () => this.all(open) }, title);
    const folds = this.#layers.length < this.#blocks.length + 1 ? [] : [fold(true, "Unfold all"), fold(false, "Fold all")];
    return h("div", { class: "tools" }, this.search, operators, ...folds, this.#count);
  }

  #head(): HTMLElement {
    const plain = (name: string, title: string): HTMLElement => h("div", { role: "columnheader", class: name }, title);
    const measured = this.figures.columns.map((column) => {
      const { key, title, help } = column;
      const head = h(
        "div",
        { role: "columnheader", class: `figure ${key}`, "aria-sort": "none" },
        h("button", { type: "button", title: `${help}: sort`, click: () => this.#order(key) }, title, h("i", { "aria-hidden": "true" })),
      );
      this.#heads.set(key, head);
      return head;
    });
    return h(
      "div",
      { role: "rowgroup", class: "head" },
      h("div", { role: "row", class: "row", "aria-rowindex": 1 }, plain("name", "Layer"), plain("op", "Operator"), plain("shape", "Output"), plain("field", "Field"), plain("stride", "Stride"), ...measured),
    );
  }

  /** Which rows there are, anew; the active one stays where it can. */
  #update(): void {
    const kept = this.#shown?.rows[this.#active];
    this.#flat = !!(this.#sort || this.#query.length || this.#word);
    this.#shown = view(this.#flat ? this.#matching() : rows(this.#blocks), this.#data.layers.inputs);
    for (const { key } of this.figures.columns) {
      const values = this.#shown.rows.map((block) => (block.open && !isLayer(block) ? 0 : (this.figures.of(block, key) ?? 0)));
      this.#most.set(key, values.reduce((most, value) => Math.max(most, value), 0));
    }
    const total = whole(this.#data.layers.inputs.filter((inputs) => inputs.length).length);
    this.#count.textContent = this.#flat ? `${whole(this.#shown.rows.length)} of ${total} layers` : `${total} layers`;
    this.grid.setAttribute("aria-rowcount", String(this.#shown.rows.length + 1));
    this.grid.classList.toggle("flat", this.#flat);
    this.#heads.forEach((head, key) =>
      head.setAttribute("aria-sort", this.#sort?.key !== key ? "none" : this.#sort.down ? "descending" : "ascending"),
    );
    this.#active = kept ? this.#nearest(kept) : -1;
    this.#light();
    this.#list.reset(this.#shown.rows.length);
    this.#mark();
  }

  #matching(): Block[] {
    const found = this.#layers.filter(({ path, first }) => {
      if (this.#word && this.figures.word(first) !== this.#word) return false;
      const text = `${path} ${this.figures.text(first)}`.toLowerCase();
      return this.#query.every((word) => text.includes(word));
    });
    const sort = this.#sort;
    if (!sort) return found;
    const value = (block: Block): number => this.figures.of(block, sort.key) ?? -1;
    return found.sort((a, b) => (sort.down ? value(b) - value(a) : value(a) - value(b)) || a.first - b.first);
  }

  /** The row of a block, or of the one around it. */
  #nearest(block: Block): number {
    for (let at: Block | null = block; at; at = at.parent) {
      const index = this.#shown.rows.indexOf(at);
      if (index >= 0) return index;
    }
    return this.#shown.rows.findIndex(({ first, last }) => first <= block.last && block.last <= last);
  }

  #light(): void {
    const block = this.#shown.rows[this.#active];
    this.#hot = block && !this.#flat ? critical(this.#shown, this.#data.lead, block.last) : new Map();
  }

  #row(index: number): HTMLElement {
    const block = this.#shown.rows[index]!;
    const leaf = isLayer(block);
    const { field, stride, note } = this.figures.row(block.last);
    const cell = (name: string, text: string): HTMLElement => h("div", { role: "gridcell", class: name, title: text }, text);
    const row = h(
      "div",
      {
        role: "row",
        id: `row-${index}`,
        class: `row${leaf ? "" : " block"}`,
        "data-index": index,
        "aria-rowindex": index + 2,
        "aria-level": this.#flat ? 1 : block.depth + 1,
        "aria-expanded": leaf || this.#flat ? null : String(block.open),
      },
      this.#name(index, block),
      cell("op", this.figures.op(block)),
      cell("shape", this.figures.shape(block)),
      h("div", { role: "gridcell", class: "field", title: note }, times(field), note && h("small", {}, note)),
      cell("stride", times(stride)),
      ...this.figures.columns.map((column) => this.#figure(block, column)),
    );
    this.#state(row, index);
    return row;
  }

  #state(row: HTMLElement, index: number): void {
    row.classList.toggle("active", index === this.#active);
    row.setAttribute("aria-selected", String(index === this.#active));
  }

  #gutter(index: number): SVGSVGElement {
    const block = this.#shown.rows[index]!;
    const mark = isLayer(block) ? "layer" : block.open ? "none" : "block";
    return gutter(this.#shown.graph, this.#shown.place[index]!, mark, this.#hot, HEIGHT);
  }

  #name(index: number, block: Block): HTMLElement {
    const leaf = isLayer(block);
    const cell = h("div", { role: "rowheader", class: "name", title: block.path });
    if (!this.#flat) {
      cell.append(this.#gutter(index));
      const indent = h("span", { class: "indent", "aria-hidden": "true" });
      indent.style.width = `${block.depth * 14}px`;
      cell.append(indent, h("span", { class: leaf ? "twist" : `twist ${block.open ? "open" : "shut"}`, "aria-hidden": "true" }));
    }
    const found = [...this.#found].filter(([layer]) => block.first <= layer && layer <= block.last).flatMap(([, codes]) => codes);
    cell.append(h("span", { class: "label", dir: "auto" }, this.#flat ? block.path : block.label));
    if (found.length) cell.append(h("span", { class: "flag", title: found.join(", ") }, hidden(`findings: ${found.join(", ")}`)));
    return cell;
  }

  #figure(block: Block, column: Column): HTMLElement {
    const { key } = column;
    const value = this.figures.of(block, key);
    const cell = h("div", { role: "gridcell", class: `figure ${key}${value ? "" : " none"}`, title: this.figures.exact(block, column) });
    if (value && !(block.open && !isLayer(block))) {
      const bar = h("span", { class: "bar", "aria-hidden": "true" });
      bar.style.width = `${(100 * value) / (this.#most.get(key) || 1)}%`;
      cell.append(bar);
    }
    cell.append(h("span", {}, value === 0 ? "0" : this.figures.said(block, column)));
    return cell;
  }

  #filter(word: string): void {
    this.#word = word;
    this.#update();
  }

  #order(key: Measure): void {
    const down = this.#sort?.key === key ? (this.#sort.down ? false : null) : true;
    this.#sort = down === null ? null : { key, down };
    this.#update();
    this.grid.scrollTop = 0;
  }

  /** Folds or unfolds all blocks. */
  all(open: boolean): void {
    for (const block of every(this.#blocks)) block.open = open;
    this.#update();
    if (this.#active >= 0) this.#list.show(this.#active, HEAD);
  }

  #rowOf(event: Event): number {
    const row = (event.target as Element).closest<HTMLElement>("[data-index]");
    return row ? Number(row.dataset["index"]) : -1;
  }

  #click(event: Event): void {
    const index = this.#rowOf(event);
    if (index < 0) return;
    this.choose(index);
    if ((event.target as Element).closest(".twist.open, .twist.shut")) this.#toggle(index);
  }

  #toggle(index: number): void {
    const block = this.#shown.rows[index]!;
    if (isLayer(block) || this.#flat) return;
    block.open = !block.open;
    this.#update();
  }

  /** Makes a row the active one, whose layer is shown. */
  choose(index: number): void {
    const block = this.#shown.rows[index];
    if (!block) return;
    this.#active = index;
    this.#light();
    for (const [at, row] of this.#list.rows) {
      this.#state(row, at);
      row.querySelector(".gutter")?.replaceWith(this.#gutter(at));
    }
    this.#list.show(index, HEAD);
    this.#mark();
    this.#selected(block.last, block);
  }

  /** Takes back search, operator and order. */
  #clear(): void {
    this.search.value = "";
    this.element.querySelector("select")!.value = "";
    this.#query = [];
    this.#word = "";
    this.#sort = null;
    if (this.#flat) this.#update();
  }

  /** Shows the row of a layer, whatever is folded or left out. */
  goto(layer: number): void {
    this.#clear();
    const block = reveal(this.#blocks, layer);
    this.#update();
    if (block) this.choose(this.#shown.rows.indexOf(block));
  }

  /** Chooses the layer that is shown first, or the block that it lies in. */
  start(layer: number): void {
    const within = ({ first, last, open }: Block): boolean => first <= layer && layer <= last && !open;
    this.choose(this.#shown.rows.findIndex(within));
    this.grid.scrollTop = 0;
  }

  #mark(): void {
    this.#list.keep(this.#active);
    if (this.#active >= 0) this.grid.setAttribute("aria-activedescendant", `row-${this.#active}`);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.grid || event.ctrlKey || event.metaKey || event.altKey) return;
    const block = this.#shown.rows[this.#active];
    const folds = block && !isLayer(block) && !this.#flat;
    const last = this.#shown.rows.length - 1;
    const moves: Record<string, () => void> = {
      ArrowDown: () => this.choose(Math.min(last, this.#active + 1)),
      ArrowUp: () => this.choose(Math.max(0, this.#active - 1)),
      PageDown: () => this.choose(Math.min(last, this.#active + this.#list.page)),
      PageUp: () => this.choose(Math.max(0, this.#active - this.#list.page)),
      Home: () => this.choose(0),
      End: () => this.choose(last),
      Enter: () => folds && this.#toggle(this.#active),
      " ": () => folds && this.#toggle(this.#active),
      "*": () => this.all(true),
      Escape: () => this.#clear(),
      ArrowRight: () => (folds && !block.open ? this.#toggle(this.#active) : folds && this.choose(this.#active + 1)),
      ArrowLeft: () => {
        if (folds && block.open) this.#toggle(this.#active);
        else if (block?.parent && !this.#flat) this.choose(this.#shown.rows.indexOf(block.parent));
      },
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  /** Draws every layer, for paper. */
  print(on: boolean): void {
    const blocks = [...every(this.#blocks)];
    if (on) this.#opened = new Set(blocks.filter(({ open }) => open));
    for (const block of blocks) block.open = on || this.#opened.has(block);
    this.#update();
    this.#list.whole(on);
  }
}

/** The codes of the findings of each layer. */
function findings(data: Network): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const { code, layers } of data.findings) for (const layer of layers ?? []) found.set(layer, [...(found.get(layer) ?? []), code]);
  return found;
}
