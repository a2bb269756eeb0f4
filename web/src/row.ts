// One row of the table.

import { h, hidden } from "./dom.ts";
import type { Column, Figures, Measure } from "./figures.ts";
import { type Block, isLayer } from "./tree.ts";
import { times } from "./units.ts";

/** What rows are drawn with: `most` of each figure, the codes `found` per layer, the `graph` beside the row, if it has one. */
export interface Look {
  figures: Figures;
  most: ReadonlyMap<Measure, number>;
  found: ReadonlyMap<number, string[]>;
  graph: SVGSVGElement | null;
}

/** Draws the row of a block. */
export function rowOf(block: Block, index: number, look: Look): HTMLElement {
  const { figures, graph } = look;
  const leaf = isLayer(block);
  const { field, stride, note } = figures.row(block.last);
  const cell = (name: string, text: string): HTMLElement => h("div", { role: "gridcell", class: name, title: text }, text);
  return h(
    "div",
    {
      role: "row",
      id: `row-${index}`,
      class: `row${leaf ? "" : " block"}`,
      "data-index": index,
      "aria-rowindex": index + 2,
      "aria-level": graph ? block.depth + 1 : 1,
      "aria-expanded": leaf || !graph ? null : String(block.open),
    },
    name(block, look),
    cell("op", figures.op(block)),
    cell("shape", figures.shape(block)),
    h("div", { role: "gridcell", class: note ? "field noted" : "field", title: note }, h("span", {}, times(field)), note && hidden(` ${note}`)),
    cell("stride", times(stride)),
    ...figures.columns.map((column) => figure(block, column, look)),
  );
}

function name(block: Block, { graph, found }: Look): HTMLElement {
  const leaf = isLayer(block);
  const cell = h("div", { role: "rowheader", class: "name", title: block.path });
  if (graph) {
    const indent = h("span", { class: "indent", "aria-hidden": "true" });
    indent.style.width = `${block.depth * 14}px`;
    cell.append(graph, indent, h("span", { class: leaf ? "twist" : `twist ${block.open ? "open" : "shut"}`, "aria-hidden": "true" }));
  }
  const codes = [...found].filter(([layer]) => block.first <= layer && layer <= block.last).flatMap(([, each]) => each);
  cell.append(h("span", { class: "label", dir: "auto" }, graph ? block.label : block.path));
  if (codes.length) cell.append(h("span", { class: "flag", title: codes.join(", ") }, hidden(`findings: ${codes.join(", ")}`)));
  return cell;
}

function figure(block: Block, column: Column, { figures, most }: Look): HTMLElement {
  const { key } = column;
  const value = figures.of(block, key);
  const cell = h("div", { role: "gridcell", class: `figure ${key}${value ? "" : " none"}`, title: figures.exact(block, column) });
  if (value && !(block.open && !isLayer(block))) {
    const bar = h("span", { class: "bar", "aria-hidden": "true" });
    bar.style.width = `calc((100% - 6px) * ${value / (most.get(key) || 1)})`;
    cell.append(bar);
  }
  cell.append(h("span", {}, value === 0 ? (key === "time" ? "↑" : "0") : figures.said(block, column)));
  return cell;
}
