// The image pane: the layer that is chosen, the picture, the map of its units, and what one of them sees.

import type { Network } from "./data.ts";
import { h, recolored } from "./dom.ts";
import type { Figures } from "./figures.ts";
import { OutputMap } from "./outmap.ts";
import { chart, embedded, type Picture } from "./picture.ts";
import { Readout } from "./readout.ts";
import { Stage } from "./stage.ts";
import { Supports } from "./supports.ts";
import type { Block } from "./tree.ts";
import { times } from "./units.ts";

const TALLEST = 420;

type Overlay = "grid" | "heat" | "objects";

export class Pane {
  readonly element: HTMLElement;
  readonly supports: Supports;
  readonly #image: number[];
  readonly #stage: Stage;
  readonly #map = new OutputMap();
  readonly #readout = new Readout((unit, channel) => this.#move(unit, channel));
  readonly #title = h("h2", { dir: "auto" });
  readonly #about = h("p", { class: "about" });
  readonly #show: Record<Overlay, boolean> = { grid: true, heat: true, objects: true };
  #layer = 0;
  #unit: number[] = [];
  #channel: number | null = null;
  #middles: (number | null)[][] = [];
  #frame = 0;

  readonly #data: Network;
  readonly #figures: Figures;

  constructor(
    data: Network,
    figures: Figures,
  ) {
    this.#data = data;
    this.#figures = figures;
    this.#image = data.fields.image;
    this.supports = new Supports(data);
    const [height, width] = this.#plane(this.#image);
    this.#stage = new Stage(height, width, chart(width, height));
    for (const canvas of [this.#stage.canvas, this.#map.canvas]) this.#listen(canvas);
    this.#stage.canvas.setAttribute("aria-label", "The picture, and what the chosen unit sees of it");
    this.#map.canvas.setAttribute("aria-label", "The units of this layer");
    this.element = h(
      "section",
      { class: "pane", "aria-label": "What a unit sees" },
      h("header", {}, this.#title, this.#about),
      h("div", { class: "stage" }, this.#stage.canvas),
      this.#options(),
      h("div", { class: "unit" }, h("div", { class: "map" }, this.#map.canvas), this.#readout.element),
    );
    new ResizeObserver(() => this.#layout()).observe(this.element);
    recolored(() => this.#layout());
    this.#drops();
    if (data.image) void embedded(data.image).then((picture) => this.#use(picture));
  }

  /** The last two axes of a size: those that are drawn. */
  #plane(size: readonly number[]): [number, number] {
    return [size[size.length - 2] ?? 1, size[size.length - 1] ?? 1];
  }

  #options(): HTMLElement {
    const check = (key: Overlay, title: string): HTMLElement =>
      h(
        "label",
        {},
        h("input", {
          type: "checkbox",
          checked: this.#show[key],
          change: (event: Event) => {
            this.#show[key] = (event.target as HTMLInputElement).checked;
            this.#draw();
          },
        }),
        title,
      );
    const file = h("input", {
      type: "file",
      accept: "image/*",
      "aria-label": "Your own picture",
      change: () => file.files?.[0] && void this.#open(file.files[0]),
    });
    return h(
      "div",
      { class: "options" },
      check("grid", "Units"),
      this.#data.rows.sigma.some(Boolean) && check("heat", "4σ"),
      this.#data.objects.length > 0 && check("objects", "Objects"),
      this.#image.length > 1 && h("label", { class: "file" }, file, "Own picture"),
    );
  }

  #drops(): void {
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file) void this.#open(file);
    });
  }

  async #open(file: File): Promise<void> {
    try {
      this.#use(await createImageBitmap(file));
    } catch {
      this.#readout.say(`${file.name} is no picture that this browser reads`);
    }
  }

  #use(picture: Picture): void {
    this.#stage.picture = picture;
    this.#layout();
  }

  #listen(canvas: HTMLCanvasElement): void {
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-roledescription", "map of units; arrow keys choose one");
    canvas.addEventListener("pointermove", (event) => this.#point(canvas, event));
    canvas.addEventListener("pointerdown", (event) => this.#point(canvas, event));
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      const far = event.shiftKey ? 10 : 1;
      const rank = this.#unit.length;
      this.#move(this.#unit.map((i, k) => i + far * (step[k - rank + 2] ?? 0)));
    });
  }

  #point(canvas: HTMLCanvasElement, event: PointerEvent): void {
    const [y, x] = canvas === this.#map.canvas ? this.#map.locate(event) : this.#nearest(this.#stage.locate(event));
    const rank = this.#unit.length;
    this.#move(this.#unit.map((i, k) => (k === rank - 1 ? x : k === rank - 2 ? y : i)));
  }

  /** The unit whose middle lies nearest to a place in the picture. */
  #nearest(place: [number, number]): [number, number] {
    const size = this.#size();
    return place.map((at, k) => {
      const middles = this.#middles[this.#middles.length - 2 + k] ?? [];
      let best = Math.floor(((at + 0.5) / this.#plane(this.#image)[k]!) * (this.#plane(size)[k] ?? 1));
      let least = Infinity;
      middles.forEach((middle, i) => {
        const far = middle === null ? Infinity : Math.abs(middle - at);
        if (far < least) [best, least] = [i, far];
      });
      return best;
    }) as [number, number];
  }

  #size(): number[] {
    return this.#data.shapes[this.#data.layers.shape[this.#layer]!]![1];
  }

  /** Shows a layer, with the unit in the middle of its map, or the one that was chosen where it lay. */
  choose(layer: number, block: Block): void {
    const before = this.#unit.length ? this.#size() : [];
    const at = this.#unit.map((i, k) => (i + 0.5) / before[k]!);
    this.#layer = layer;
    this.#channel = null;
    const size = this.#size();
    this.#unit = size.map((n, k) => Math.min(n - 1, Math.floor((at.length === size.length ? at[k]! : 0.5) * n)));
    this.#middles = this.#image.length === size.length ? size.map((n, k) => Array.from({ length: n }, (_, i) => this.supports.middle(layer, k, i))) : [];
    const { field, stride } = this.#figures.row(layer);
    this.#title.textContent = this.#data.layers.name[layer]!;
    this.#about.textContent = [
      this.#figures.text(layer),
      this.#figures.shape(block),
      /\w/.test(field) && `field ${times(field)}`,
      /\w/.test(stride) && `stride ${times(stride)}`,
    ].filter(Boolean).join(" · ");
    this.#readout.layer(size, this.supports.differs(layer) ? this.#data.shapes[this.#data.layers.shape[layer]!]![0] : 0);
    this.#map.canvas.hidden = !size.length;
    if (size.length) this.#coarse();
    this.#draw();
  }

  #coarse(): void {
    const [rows, columns] = this.#plane(this.#size());
    const [height, width] = this.#plane(this.#image);
    const picture = this.#stage.whole;
    const part = (middles: (number | null)[] | undefined, pixels: number, count: number, full: number): [number, number] => {
      const [first, last] = [middles?.[0], middles?.[count - 1]];
      if (typeof first !== "number" || typeof last !== "number" || count < 2) return [0, pixels];
      const step = (last - first) / (count - 1);
      const start = first + 0.5 - step / 2;
      // Units that look away from where they stand, as causal ones do, show the whole.
      if (start < -full / 4 || start + step * count > 1.25 * full) return [0, pixels];
      return [(start / full) * pixels, ((step * count) / full) * pixels];
    };
    const rank = this.#middles.length;
    const [x, w] = part(this.#middles[rank - 1], picture.width, columns, width);
    const [y, tall] = part(this.#middles[rank - 2], picture.height, rows, height);
    this.#map.layout(rows, columns, picture, [x, y, w, tall]);
  }

  #move(unit: number[], channel: number | null = this.#channel): void {
    const size = this.#size();
    this.#unit = unit.map((i, k) => Math.max(0, Math.min(size[k]! - 1, i)));
    this.#channel = channel;
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #layout(): void {
    const wide = this.element.clientWidth;
    if (!wide) return;
    this.#stage.layout(wide, TALLEST);
    if (this.#size().length) this.#coarse();
    this.#draw();
  }

  #draw(): void {
    this.#frame = 0;
    const seen = this.supports.at(this.#layer, this.#unit, this.#channel);
    const rank = this.#unit.length;
    const sigma = this.#figures.sigma(this.#layer);
    const last = this.#middles.slice(-2);
    this.#stage.draw({
      seen,
      middles: last.length === 1 ? [[0], last[0]!] : [last[0] ?? [], last[1] ?? []],
      unit: [rank > 1 ? this.#unit[rank - 2]! : 0, this.#unit[rank - 1] ?? 0],
      sigma: this.#show.heat && sigma ? this.#plane(sigma) : null,
      objects: this.#show.objects ? this.#data.objects : [],
      grid: this.#show.grid,
    });
    if (rank) this.#map.draw([this.#unit[rank - 2] ?? 0, this.#unit[rank - 1]!]);
    this.#readout.show(this.#unit, seen, sigma);
  }
}
