// The image pane: the layer that is chosen, the picture, the map of its units, and what one of them sees.

import type { Network } from "./data.ts";
import { h, recolored } from "./dom.ts";
import type { Figures } from "./figures.ts";
import { chains } from "./graph.ts";
import { OutputMap } from "./outmap.ts";
import { chart, embedded, type Picture } from "./picture.ts";
import { Readout } from "./readout.ts";
import * as stage from "./stage.ts";
import type { Supports } from "./supports.ts";
import type { Block } from "./tree.ts";
import { times } from "./units.ts";

const TALLEST = 420;

type Overlay = "grid" | "heat" | "objects";

const map = new OutputMap();
const readout = new Readout((chosen, one) => move(chosen, one));
const title = h("h2", { dir: "auto" });
const about = h("p", { class: "about" });
const element = h("section", { class: "pane", "aria-label": "What a unit sees" });
const show: Record<Overlay, boolean> = { grid: true, heat: true, objects: true };
let data: Network;
let figures: Figures;
let supports: Supports;
let image: number[];
let layer = 0;
let unit: number[] = [];
let channel: number | null = null;
let middles: (number | null)[][] = [];
let frame = 0;

/** The pane of a network. */
export function pane(network: Network, sums: Figures, seen: Supports): HTMLElement {
  [data, figures, supports, image] = [network, sums, seen, network.fields.image];
  const [height, width] = plane(image);
  stage.start(height, width, chart(width, height));
  listen(stage.canvas, "The picture, and what the chosen unit sees of it");
  listen(map.canvas, "The units of this layer");
  element.append(
    h("header", {}, title, about),
    h("div", { class: "stage" }, stage.canvas),
    options(),
    h("div", { class: "unit" }, h("div", { class: "map" }, map.canvas), readout.element),
  );
  new ResizeObserver(layout).observe(element);
  recolored(layout);
  drops();
  if (data.image) void embedded(data.image).then(use);
  return element;
}

/** The last two axes of a size: those that are drawn. */
function plane(size: readonly number[]): [number, number] {
  return [size[size.length - 2] ?? 1, size[size.length - 1] ?? 1];
}

function options(): HTMLElement {
  const check = (key: Overlay, title: string): HTMLElement =>
    h(
      "label",
      {},
      h("input", {
        type: "checkbox",
        checked: show[key],
        change: (event: Event) => {
          show[key] = (event.target as HTMLInputElement).checked;
          draw();
        },
      }),
      title,
    );
  const file = h("input", {
    type: "file",
    class: "sr",
    accept: "image/*",
    "aria-label": "Your own picture",
    change: () => file.files?.[0] && void open(file.files[0]),
  });
  return h(
    "div",
    { class: "options" },
    check("grid", "Units"),
    data.rows.sigma.some(Boolean) && check("heat", "4σ"),
    data.objects.length > 0 && check("objects", "Objects"),
    image.length > 1 && h("label", { class: "file" }, file, "Own picture"),
  );
}

function drops(): void {
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) void open(file);
  });
}

async function open(file: File): Promise<void> {
  try {
    use(await createImageBitmap(file));
  } catch {
    readout.say(`${file.name} is no picture that this browser reads`);
  }
}

function use(picture: Picture): void {
  stage.use(picture);
  layout();
}

function listen(canvas: HTMLCanvasElement, label: string): void {
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", label);
  canvas.setAttribute("aria-roledescription", "map of units; arrow keys choose one");
  canvas.addEventListener("pointermove", (event) => point(canvas, event));
  canvas.addEventListener("pointerdown", (event) => point(canvas, event));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    const rank = unit.length;
    move(unit.map((i, k) => i + far * (step[k - rank + 2] ?? 0)));
  });
}

function point(canvas: HTMLCanvasElement, event: PointerEvent): void {
  const [y, x] = canvas === map.canvas ? map.locate(event) : nearest(stage.locate(event));
  const rank = unit.length;
  move(unit.map((i, k) => (k === rank - 1 ? x : k === rank - 2 ? y : i)));
}

/** The unit whose middle lies nearest to a place in the picture. */
function nearest(place: [number, number]): [number, number] {
  return place.map((at, k) => {
    let best = Math.floor(((at + 0.5) / plane(image)[k]!) * plane(size())[k]!);
    let least = Infinity;
    middles[middles.length - 2 + k]?.forEach((middle, i) => {
      const far = middle === null ? Infinity : Math.abs(middle - at);
      if (far < least) [best, least] = [i, far];
    });
    return best;
  }) as [number, number];
}

function size(): number[] {
  return data.shapes[data.layers.shape[layer]!]![1];
}

/** Shows a layer, with the unit in the middle of its map, or the one that was chosen where it lay. */
export function choose(chosen: number, block: Block): void {
  const before = unit.length ? size() : [];
  const at = unit.map((i, k) => (i + 0.5) / before[k]!);
  [layer, channel] = [chosen, null];
  const counts = size();
  unit = counts.map((n, k) => Math.min(n - 1, Math.floor((at.length === counts.length ? at[k]! : 0.5) * n)));
  const placed = image.length === counts.length ? counts : [];
  middles = placed.map((n, k) => Array.from({ length: n }, (_, i) => supports.middle(layer, k, i)));
  say(block);
  readout.layer(counts, supports.differs(layer) ? data.shapes[data.layers.shape[layer]!]![0] : 0);
  map.canvas.hidden = !counts.length;
  if (counts.length) coarse();
  draw();
}

/** The name of the layer, what its row says, and whether its units or channels have other critical paths as well. */
function say(block: Block): void {
  const { field, stride, note } = figures.row(layer);
  title.textContent = data.layers.name[layer]!;
  about.textContent = [
    figures.text(layer),
    figures.shape(block),
    /\w/.test(field) && `field ${times(field)}`,
    /\w/.test(stride) && `stride ${times(stride)}`,
    note,
    chains(data.lead, layer, 2 * image.length).flat().some((at) => data.lead_differs?.includes(at)) && "one of several critical paths is lit",
  ].filter(Boolean).join(" · ");
}

function coarse(): void {
  const [rows, columns] = plane(size());
  const [height, width] = plane(image);
  const picture = stage.whole();
  const part = (places: (number | null)[] | undefined, pixels: number, count: number, full: number): [number, number] => {
    const [first, last] = [places?.[0], places?.[count - 1]];
    if (typeof first !== "number" || typeof last !== "number" || count < 2) return [0, pixels];
    const step = (last - first) / (count - 1);
    const start = first + 0.5 - step / 2;
    // Units that look away from where they stand, as causal ones do, show the whole.
    if (start < -full / 4 || start + step * count > 1.25 * full) return [0, pixels];
    return [(start / full) * pixels, ((step * count) / full) * pixels];
  };
  const rank = middles.length;
  const [x, w] = part(middles[rank - 1], picture.width, columns, width);
  const [y, tall] = part(middles[rank - 2], picture.height, rows, height);
  map.layout(rows, columns, picture, [x, y, w, tall]);
}

function move(chosen: number[], one: number | null = channel): void {
  unit = chosen.map((i, k) => Math.max(0, Math.min(size()[k]! - 1, i)));
  channel = one;
  frame ||= requestAnimationFrame(draw);
}

function layout(): void {
  const wide = element.clientWidth;
  if (!wide) return;
  stage.layout(wide, TALLEST);
  if (size().length) coarse();
  draw();
}

function draw(): void {
  frame = 0;
  const seen = supports.at(layer, unit, channel);
  const rank = unit.length;
  const sigma = figures.sigma(layer);
  const offset = figures.offset(layer, unit);
  const last = middles.slice(-2);
  stage.draw({
    seen,
    middles: last.length === 1 ? [[0], last[0]!] : [last[0] ?? [], last[1] ?? []],
    unit: [rank > 1 ? unit[rank - 2]! : 0, unit[rank - 1] ?? 0],
    sigma: show.heat && sigma ? plane(sigma) : null,
    offset: [rank > 1 ? offset[rank - 2]! : 0, offset[rank - 1] ?? 0],
    objects: show.objects ? data.objects : [],
    grid: show.grid,
  });
  if (rank) map.draw([unit[rank - 2] ?? 0, unit[rank - 1]!]);
  readout.show(unit, seen, sigma);
}
