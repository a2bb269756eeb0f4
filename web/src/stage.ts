// The picture with what a unit sees of it.

import type { Range, Sized } from "./data.ts";
import { color } from "./dom.ts";
import { fitted, type Picture } from "./picture.ts";
import type { Seen } from "./supports.ts";

const STRIP = 72; // height of a signal of one axis
const MARGIN = 0.09;
const CLOSE = 7; // screen pixels between units, below which their grid is left out

/** What is drawn over the picture. `middles`: of the units of a row and a column; `sigma`: in pixels. */
export interface Scene {
  seen: Seen | null;
  middles: [ys: (number | null)[], xs: (number | null)[]];
  unit: [y: number, x: number];
  sigma: [number, number] | null;
  objects: Sized[];
  grid: boolean;
}

export class Stage {
  readonly canvas = document.createElement("canvas");
  readonly #pen = this.canvas.getContext("2d")!;
  readonly #mask = document.createElement("canvas").getContext("2d")!;
  readonly #strip = document.createElement("canvas").getContext("2d")!;
  #bright = document.createElement("canvas");
  #dull = document.createElement("canvas");
  #ratio = 1;
  #left = 0;
  #top = 0;
  #sx = 1;
  #sy = 1;

  readonly #height: number;
  readonly #width: number;

  constructor(
    height: number,
    width: number,
    public picture: Picture,
  ) {
    this.#height = height;
    this.#width = width;}

  /** Fits the canvas to a width on the screen; what is drawn is gone. */
  layout(wide: number, tallest: number): void {
    this.#ratio = Math.min(3, devicePixelRatio || 1);
    const margin = Math.round(wide * MARGIN);
    this.#sx = (wide - 2 * margin) / this.#width;
    if (this.#height > 1) this.#sx = Math.min(this.#sx, (tallest - 2 * margin) / this.#height);
    this.#sy = this.#height === 1 ? STRIP : this.#sx;
    this.#left = (wide - this.#sx * this.#width) / 2;
    this.#top = margin;
    const high = Math.round(this.#sy * this.#height + 2 * margin);
    this.canvas.width = wide * this.#ratio;
    this.canvas.height = high * this.#ratio;
    this.canvas.style.width = `${wide}px`;
    this.canvas.style.height = `${high}px`;
    this.#load();
  }

  #load(): void {
    const w = this.#sx * this.#width * this.#ratio;
    const h = this.#sy * this.#height * this.#ratio;
    this.#bright = fitted(this.picture, w, h);
    this.#dull = fitted(this.picture, w, h);
    const pen = this.#dull.getContext("2d")!;
    pen.globalCompositeOperation = "saturation";
    pen.fillStyle = "#888";
    pen.fillRect(0, 0, w + 1, h + 1);
    pen.globalCompositeOperation = "source-over";
    pen.fillStyle = color("veil");
    pen.fillRect(0, 0, w + 1, h + 1);
    for (const context of [this.#mask, this.#strip]) {
      context.canvas.width = this.#bright.width;
      context.canvas.height = this.#bright.height;
    }
  }

  /** Where a point of the screen lies in the picture, in pixels of the network's input. */
  locate(event: MouseEvent): [y: number, x: number] {
    const rect = this.canvas.getBoundingClientRect();
    return [(event.clientY - rect.top - this.#top) / this.#sy - 0.5, (event.clientX - rect.left - this.#left) / this.#sx - 0.5];
  }

  /** The picture as it fills the network's input. */
  get whole(): HTMLCanvasElement {
    return this.#bright;
  }

  draw(scene: Scene): void {
    const pen = this.#pen;
    const w = this.#sx * this.#width;
    const h = this.#sy * this.#height;
    pen.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(scene.seen ? this.#dull : this.#bright, this.#left, this.#top, w, h);
    if (scene.seen) this.#light(scene.seen);
    if (scene.sigma) this.#heat(scene, scene.sigma);
    if (scene.grid) this.#grid(scene);
    if (scene.seen) this.#outlines(scene.seen);
    this.#objects(scene);
    this.#point(scene);
  }

  /** The picture as it is, where it is read. A product is drawn as columns, of which its rows are copied. */
  #light({ products }: Seen): void {
    const [mask, strip] = [this.#mask, this.#strip];
    const { width, height } = mask.canvas;
    const [kx, ky] = [width / this.#width, height / this.#height];
    mask.globalCompositeOperation = "source-over";
    mask.clearRect(0, 0, width, height);
    for (const product of products) {
      const xs = product[product.length - 1] ?? [[0, this.#width - 1]];
      const ys = product.length > 1 ? product[product.length - 2]! : ([[0, 0]] as Range[]);
      strip.clearRect(0, 0, width, height);
      strip.fillStyle = "#000";
      for (const [low, high] of xs) strip.fillRect(low * kx, 0, Math.max(1, (high - low + 1) * kx), height);
      for (const [low, high] of ys) {
        const [y, tall] = [low * ky, Math.max(1, (high - low + 1) * ky)];
        mask.drawImage(strip.canvas, 0, y, width, tall, 0, y, width, tall);
      }
    }
    mask.globalCompositeOperation = "source-in";
    mask.drawImage(this.#bright, 0, 0);
    this.#pen.drawImage(mask.canvas, this.#left, this.#top, this.#sx * this.#width, this.#sy * this.#height);
  }

  #rect(box: readonly Range[]): [x: number, y: number, w: number, h: number] {
    const xs = box[box.length - 1] ?? [0, this.#width - 1];
    const ys = box.length > 1 ? box[box.length - 2]! : [0, this.#height - 1];
    return [
      this.#left + xs[0]! * this.#sx,
      this.#top + ys[0]! * this.#sy,
      Math.max(2, (xs[1]! - xs[0]! + 1) * this.#sx),
      Math.max(2, (ys[1]! - ys[0]! + 1) * this.#sy),
    ];
  }

  #outlines({ hull, box, certain }: Seen): void {
    const pen = this.#pen;
    const trace = (range: readonly Range[], dash: number[], width: number, tone: string): void => {
      pen.setLineDash(dash);
      pen.lineWidth = width;
      pen.strokeStyle = tone;
      pen.strokeRect(...this.#rect(range));
    };
    const cut = hull && box && hull.some(([first, last], k) => first !== box[k]![0] || last !== box[k]![1]);
    if (hull && (cut || !box)) trace(hull, [5, 4], 1.5, color("hot"));
    if (box) {
      trace(box, certain ? [] : [2, 3], 4, color("halo"));
      trace(box, certain ? [] : [2, 3], 2, color("hot"));
    }
    pen.setLineDash([]);
  }

  #at({ middles, unit }: Scene): [number, number] | null {
    const y = middles[0][unit[0]];
    const x = middles[1][unit[1]];
    if (y === null || y === undefined || x === null || x === undefined) return null;
    return [this.#left + (x + 0.5) * this.#sx, this.#top + (y + 0.5) * this.#sy];
  }

  #point(scene: Scene): void {
    const at = this.#at(scene);
    if (!at) return;
    const pen = this.#pen;
    pen.beginPath();
    pen.arc(...at, 3.5, 0, 7);
    pen.fillStyle = color("hot");
    pen.fill();
    pen.strokeStyle = color("halo");
    pen.lineWidth = 1.5;
    pen.stroke();
  }

  /** Sigma as heat, with a ring that is four of them across. */
  #heat(scene: Scene, [sy, sx]: [number, number]): void {
    const at = this.#at(scene);
    if (!at || !sx) return;
    const pen = this.#pen;
    const wide = sx * this.#sx;
    const tall = this.#height === 1 ? STRIP / 4 : sy * this.#sy;
    pen.save();
    pen.beginPath();
    pen.rect(this.#left, this.#top, this.#sx * this.#width, this.#sy * this.#height);
    pen.clip();
    pen.translate(...at);
    pen.scale(1, tall / wide);
    const glow = pen.createRadialGradient(0, 0, 0, 0, 0, 3 * wide);
    for (let k = 0; k <= 6; k++) glow.addColorStop(k / 6, `rgb(255 176 32 / ${(0.5 * Math.exp(-((k / 2) ** 2) / 2) * (1 - k / 6) ** 0.3).toFixed(3)})`);
    pen.fillStyle = glow;
    pen.fillRect(-3 * wide, -3 * wide, 6 * wide, 6 * wide);
    pen.restore();
    pen.beginPath();
    pen.ellipse(...at, 2 * wide, 2 * tall, 0, 0, 7);
    pen.strokeStyle = color("ring");
    pen.lineWidth = 1.5;
    pen.stroke();
  }

  #grid({ middles: [ys, xs] }: Scene): void {
    const gap = (middles: (number | null)[], scale: number): number =>
      middles.length < 2 ? Infinity : Math.abs(((middles[middles.length - 1] ?? 0) - (middles[0] ?? 0)) / (middles.length - 1)) * scale;
    if (Math.min(gap(xs, this.#sx), gap(ys, this.#sy)) < CLOSE) return;
    const pen = this.#pen;
    pen.fillStyle = color("grid");
    for (const y of ys) {
      for (const x of xs) {
        if (x !== null && y !== null) pen.fillRect(this.#left + (x + 0.5) * this.#sx - 1, this.#top + (y + 0.5) * this.#sy - 1, 2, 2);
      }
    }
  }

  #objects(scene: Scene): void {
    const pen = this.#pen;
    const at = this.#at(scene) ?? [this.#left + (this.#sx * this.#width) / 2, this.#top + (this.#sy * this.#height) / 2];
    pen.font = "600 11px system-ui, sans-serif";
    for (const { name, size } of scene.objects) {
      const w = size[size.length - 1]! * this.#sx;
      const h = size.length > 1 ? size[size.length - 2]! * this.#sy : STRIP;
      const [x, y] = [at[0] - w / 2, at[1] - h / 2];
      pen.setLineDash([1, 3]);
      pen.lineCap = "round";
      pen.lineWidth = 2.5;
      pen.strokeStyle = color("object");
      pen.strokeRect(x, y, w, h);
      pen.setLineDash([]);
      pen.lineCap = "butt";
      pen.lineWidth = 3;
      pen.strokeStyle = color("halo");
      pen.strokeText(name, x + 3, y - 4);
      pen.fillStyle = color("object");
      pen.fillText(name, x + 3, y - 4);
    }
  }
}
