// The picture with what a unit sees of it.

import type { Range, Sized } from "./data.ts";
import { color } from "./dom.ts";
import { fitted, type Picture } from "./picture.ts";
import type { Seen } from "./supports.ts";

const STRIP = 72; // height of a signal of one axis
const MARGIN = 0.09;
const CLOSE = 7; // screen pixels between units, below which their grid is left out

/** What is drawn over the picture. `middles`: of the units of a row and a column; `sigma`: in pixels;
 * `offset`: of the mean of the energy from the unit's middle. */
export interface Scene {
  seen: Seen | null;
  middles: [ys: (number | null)[], xs: (number | null)[]];
  unit: [y: number, x: number];
  sigma: [number, number] | null;
  offset: [y: number, x: number];
  objects: Sized[];
  grid: boolean;
}

export const canvas = document.createElement("canvas");
const pen = canvas.getContext("2d")!;
const mask = document.createElement("canvas").getContext("2d")!;
const strip = document.createElement("canvas").getContext("2d")!;
let bright = document.createElement("canvas");
let dull = bright;
let picture: Picture;
let height = 1;
let width = 1;
let ratio = 1;
let left = 0;
let top = 0;
let sx = 1;
let sy = 1;

/** Begins with a picture for an image of so many pixels. */
export function start(high: number, wide: number, first: Picture): void {
  [height, width, picture] = [high, wide, first];
}

/** Takes another picture, from the next layout on. */
export function use(other: Picture): void {
  picture = other;
}

/** Fits the canvas to a width on the screen; what is drawn is gone. */
export function layout(wide: number, tallest: number): void {
  ratio = Math.min(3, devicePixelRatio || 1);
  const margin = Math.round(wide * MARGIN);
  sx = (wide - 2 * margin) / width;
  if (height > 1) sx = Math.min(sx, (tallest - 2 * margin) / height);
  sy = height === 1 ? STRIP : sx;
  left = (wide - sx * width) / 2;
  top = margin;
  const high = Math.round(sy * height + 2 * margin);
  canvas.width = wide * ratio;
  canvas.height = high * ratio;
  canvas.style.width = `${wide}px`;
  canvas.style.height = `${high}px`;
  load();
}

function load(): void {
  const w = sx * width * ratio;
  const h = sy * height * ratio;
  bright = fitted(picture, w, h);
  dull = fitted(picture, w, h);
  const brush = dull.getContext("2d")!;
  for (const [how, tone] of [["saturation", "#888"], ["source-over", color("veil")]] as const) {
    brush.globalCompositeOperation = how;
    brush.fillStyle = tone;
    brush.fillRect(0, 0, w + 1, h + 1);
  }
  for (const context of [mask, strip]) {
    context.canvas.width = bright.width;
    context.canvas.height = bright.height;
  }
}

/** Where a point of the screen lies in the picture, in pixels of the network's input. */
export function locate(event: MouseEvent): [y: number, x: number] {
  const rect = canvas.getBoundingClientRect();
  return [(event.clientY - rect.top - top) / sy - 0.5, (event.clientX - rect.left - left) / sx - 0.5];
}

/** The picture as it fills the network's input. */
export function whole(): HTMLCanvasElement {
  return bright;
}

export function draw(scene: Scene): void {
  const w = sx * width;
  const h = sy * height;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(scene.seen ? dull : bright, left, top, w, h);
  if (scene.seen) light(scene.seen);
  if (scene.sigma) heat(scene, scene.sigma);
  if (scene.grid) grid(scene);
  if (scene.seen) outlines(scene.seen);
  objects(scene);
  point(scene);
}

/** The picture as it is, where it is read. A product is drawn as columns, of which its rows are copied. */
function light({ products }: Seen): void {
  const { width: w, height: h } = mask.canvas;
  const [kx, ky] = [w / width, h / height];
  mask.globalCompositeOperation = "source-over";
  mask.clearRect(0, 0, w, h);
  for (const product of products) {
    const xs = product[product.length - 1] ?? [[0, width - 1]];
    const ys = product.length > 1 ? product[product.length - 2]! : ([[0, 0]] as Range[]);
    strip.clearRect(0, 0, w, h);
    strip.fillStyle = "#000";
    for (const [low, high] of xs) strip.fillRect(low * kx, 0, Math.max(1, (high - low + 1) * kx), h);
    for (const [low, high] of ys) {
      const [y, tall] = [low * ky, Math.max(1, (high - low + 1) * ky)];
      mask.drawImage(strip.canvas, 0, y, w, tall, 0, y, w, tall);
    }
  }
  mask.globalCompositeOperation = "source-in";
  mask.drawImage(bright, 0, 0);
  pen.drawImage(mask.canvas, left, top, sx * width, sy * height);
}

function rect(box: readonly Range[]): [x: number, y: number, w: number, h: number] {
  const xs = box[box.length - 1] ?? [0, width - 1];
  const ys = box.length > 1 ? box[box.length - 2]! : [0, height - 1];
  return [
    left + xs[0]! * sx,
    top + ys[0]! * sy,
    Math.max(2, (xs[1]! - xs[0]! + 1) * sx),
    Math.max(2, (ys[1]! - ys[0]! + 1) * sy),
  ];
}

function outlines({ hull, box, certain }: Seen): void {
  const trace = (range: readonly Range[], dash: number[], width: number, tone: string): void => {
    pen.setLineDash(dash);
    pen.lineWidth = width;
    pen.strokeStyle = tone;
    pen.strokeRect(...rect(range));
  };
  const cut = hull && box && hull.some(([first, last], k) => first !== box[k]![0] || last !== box[k]![1]);
  if (hull && (cut || !box)) trace(hull, [5, 4], 1.5, color("hot"));
  if (box) {
    trace(box, certain ? [] : [2, 3], 4, color("halo"));
    trace(box, certain ? [] : [2, 3], 2, color("hot"));
  }
  pen.setLineDash([]);
}

function at({ middles, unit }: Scene): [number, number] | null {
  const y = middles[0][unit[0]];
  const x = middles[1][unit[1]];
  if (y === null || y === undefined || x === null || x === undefined) return null;
  return [left + (x + 0.5) * sx, top + (y + 0.5) * sy];
}

function point(scene: Scene): void {
  const place = at(scene);
  if (!place) return;
  pen.beginPath();
  pen.arc(...place, 3.5, 0, 7);
  pen.fillStyle = color("hot");
  pen.fill();
  pen.strokeStyle = color("halo");
  pen.lineWidth = 1.5;
  pen.stroke();
}

/** Sigma as heat, with a ring that is four of them across. */
function heat(scene: Scene, [down, across]: [number, number]): void {
  const place = at(scene);
  if (!place || !across) return;
  place[0] += scene.offset[1] * sx;
  place[1] += scene.offset[0] * sy;
  const wide = across * sx;
  const tall = height === 1 ? STRIP / 4 : down * sy;
  pen.save();
  pen.beginPath();
  pen.rect(left, top, sx * width, sy * height);
  pen.clip();
  pen.translate(...place);
  pen.scale(1, tall / wide);
  const glow = pen.createRadialGradient(0, 0, 0, 0, 0, 3 * wide);
  for (let k = 0; k <= 6; k++) glow.addColorStop(k / 6, `rgb(255 176 32 / ${(0.5 * Math.exp(-((k / 2) ** 2) / 2) * (1 - k / 6) ** 0.3).toFixed(3)})`);
  pen.fillStyle = glow;
  pen.fillRect(-3 * wide, -3 * wide, 6 * wide, 6 * wide);
  pen.restore();
  pen.beginPath();
  pen.ellipse(...place, 2 * wide, 2 * tall, 0, 0, 7);
  pen.strokeStyle = color("ring");
  pen.lineWidth = 1.5;
  pen.stroke();
}

function grid({ middles: [ys, xs] }: Scene): void {
  const gap = (middles: (number | null)[], scale: number): number =>
    middles.length < 2 ? Infinity : Math.abs(((middles[middles.length - 1] ?? 0) - (middles[0] ?? 0)) / (middles.length - 1)) * scale;
  if (Math.min(gap(xs, sx), gap(ys, sy)) < CLOSE) return;
  pen.fillStyle = color("grid");
  for (const y of ys) {
    for (const x of xs) {
      if (x !== null && y !== null) pen.fillRect(left + (x + 0.5) * sx - 1, top + (y + 0.5) * sy - 1, 2, 2);
    }
  }
}

function objects(scene: Scene): void {
  const place = at(scene) ?? [left + (sx * width) / 2, top + (sy * height) / 2];
  pen.font = "600 11px system-ui, sans-serif";
  for (const { name, size } of scene.objects) {
    const w = size[size.length - 1]! * sx;
    const h = size.length > 1 ? size[size.length - 2]! * sy : STRIP;
    const [x, y] = [place[0] - w / 2, place[1] - h / 2];
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
