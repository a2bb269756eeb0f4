// One row of the gutter: lanes that pass by, edges that come in and go out, the mark of the row.

import { s } from "./dom.ts";
import { type Lanes, laneOf, passing, type Stretch } from "./lanes.ts";

const MOST = 12;
const ROUND = 6;

export type Mark = "layer" | "block" | "none";

/** Draws a row. `row` is its place in the graph, or the next one's for the head of a block, which has no mark; `hot`: for each
 * row on the critical paths the next ones; `widest`: the room for all lanes. */
export function gutter(graph: Lanes, row: number, mark: Mark, hot: ReadonlyMap<number, ReadonlySet<number>>, height: number, widest: number): SVGSVGElement {
  const count = graph.held.length;
  const step = Math.max(2, Math.min(MOST, widest / count));
  const x = (lane: number): number => Math.round((9 + lane * step) * 2) / 2;
  const middle = height / 2;
  const paths = { cold: "", hot: "" };
  const add = (warm: boolean, path: string): void => void (paths[warm ? "hot" : "cold"] += path);
  /** An edge between the middle of the row and the end of a lane above (0) or below it. */
  const bend = (own: number, lane: number, end: number): string => {
    const turn = Math.min(ROUND, Math.abs(own - lane), middle);
    if (!turn) return `M${own} ${end}V${middle}`;
    return `M${lane} ${end}V${middle + (end ? turn : -turn)}Q${lane} ${middle} ${lane + (own < lane ? -turn : turn)} ${middle}H${own}`;
  };
  const nexts = (from: number): number[] => [...(hot.get(from) ?? [])];
  const leads = ({ from, beside }: Stretch): boolean =>
    nexts(from).some((next) => (mark === "none" ? next >= row : next > row) && beside === (next !== graph.first[from]));
  for (let lane = 0; lane < count; lane++) {
    const stretch = passing(graph, lane, row);
    if (stretch) add(leads(stretch), `M${x(lane)} 0V${height}`);
  }
  const own = x(graph.lane[row] ?? 0);
  for (const source of graph.inputs[row] ?? []) {
    const lane = laneOf(graph, source, row);
    if (mark !== "none") add(nexts(source).includes(row), bend(own, x(lane), 0));
    else if (!passing(graph, lane, row)) add(nexts(source).includes(row), `M${x(lane)} 0V${height}`);
  }
  const parts: SVGElement[] = [];
  if (mark !== "none") {
    const first = graph.first[row]!;
    if (first >= 0) add(nexts(row).includes(first), `M${own} ${middle}V${height}`);
    if (graph.beside[row]! >= 0) add(nexts(row).some((next) => next !== first), bend(own, x(graph.beside[row]!), height));
    const kind = hot.has(row) ? "mark hot" : "mark";
    const size = step < 6 ? 2.5 : 3.5;
    parts.push(
      mark === "block"
        ? s("rect", { class: kind, x: own - size - 0.5, y: middle - size - 0.5, width: 2 * size + 1, height: 2 * size + 1, rx: 2 })
        : s("circle", { class: kind, cx: own, cy: middle, r: size }),
    );
  }
  return s(
    "svg",
    { class: "gutter", width: Math.round(18 + (count - 1) * step), height, "aria-hidden": "true" },
    paths.cold && s("path", { class: "lane", d: paths.cold }),
    paths.hot && s("path", { class: "lane hot", d: paths.hot }),
    ...parts,
  );
}
