// The units of a layer as a map: the picture as coarse as the layer has it, the chosen unit framed.

import { color } from "./dom.ts";

const SIDE = 132;
const LOW = 40;

export class OutputMap {
  readonly canvas = document.createElement("canvas");
  readonly #pen = this.canvas.getContext("2d")!;
  readonly #small = document.createElement("canvas").getContext("2d")!;
  #height = 1;
  #width = 1;
  #wide = SIDE;
  #high = SIDE;

  /** Takes the map of a layer: so many units, which look at this part of the picture. */
  layout(height: number, width: number, picture: HTMLCanvasElement, part: [x: number, y: number, w: number, h: number]): void {
    [this.#height, this.#width] = [height, width];
    const scale = SIDE / Math.max(height, width);
    this.#wide = Math.max(LOW / 4, Math.round(width * scale));
    this.#high = height === 1 ? Math.min(LOW, this.#wide) : Math.max(LOW / 4, Math.round(height * scale));
    const ratio = Math.min(3, devicePixelRatio || 1);
    this.canvas.width = this.#wide * ratio;
    this.canvas.height = this.#high * ratio;
    this.canvas.style.width = `${this.#wide}px`;
    this.canvas.style.height = `${this.#high}px`;
    this.#pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { canvas } = this.#small;
    canvas.width = Math.min(width, this.canvas.width);
    canvas.height = Math.min(height, this.canvas.height);
    this.#small.imageSmoothingQuality = "high";
    this.#small.drawImage(picture, ...part, 0, 0, canvas.width, canvas.height);
  }

  draw([y, x]: [number, number]): void {
    const [pen, wide, high] = [this.#pen, this.#wide, this.#high];
    pen.imageSmoothingEnabled = false;
    pen.clearRect(0, 0, wide, high);
    pen.drawImage(this.#small.canvas, 0, 0, wide, high);
    const [w, h] = [wide / this.#width, high / this.#height];
    const [cw, ch] = [Math.max(5, w), Math.max(5, h)];
    const left = Math.min(wide - cw, Math.max(0, (x + 0.5) * w - cw / 2));
    const top = Math.min(high - ch, Math.max(0, (y + 0.5) * h - ch / 2));
    for (const [width, tone] of [[4, "halo"], [2, "hot"]] as const) {
      pen.lineWidth = width;
      pen.strokeStyle = color(tone);
      pen.strokeRect(left + 1, top + 1, cw - 2, ch - 2);
    }
  }

  /** The unit below a point of the screen. */
  locate(event: MouseEvent): [y: number, x: number] {
    const rect = this.canvas.getBoundingClientRect();
    const index = (at: number, size: number, count: number): number => Math.max(0, Math.min(count - 1, Math.floor((at / size) * count)));
    return [index(event.clientY - rect.top, rect.height, this.#height), index(event.clientX - rect.left, rect.width, this.#width)];
  }
}
