// The picture below the field: a test chart, or one's own.

export type Picture = HTMLCanvasElement | ImageBitmap | HTMLImageElement;

const BARS = ["#e9c46a", "#8ab17d", "#2a9d8f", "#3d6fa8", "#7a5195", "#c8553d", "#f4a261"];

/** A test chart of a shape: a grid, a circle, bars, a star, gratings that grow finer; of one axis, a sound that rises. */
export function chart(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const scale = 800 / Math.max(width, height);
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const draw = canvas.getContext("2d")!;
  if (height === 1) {
    canvas.height = 120;
    sound(draw);
  } else card(draw, canvas.width, canvas.height);
  return canvas;
}

function card(draw: CanvasRenderingContext2D, w: number, h: number): void {
  const unit = Math.min(w, h) / 16;
  const ground = draw.createLinearGradient(0, 0, w, h);
  ground.addColorStop(0, "#dfe7ee");
  ground.addColorStop(0.5, "#b9c7d6");
  ground.addColorStop(1, "#8fa3b8");
  draw.fillStyle = ground;
  draw.fillRect(0, 0, w, h);
  draw.translate(w / 2, h / 2);
  draw.strokeStyle = "#ffffffa0";
  draw.lineWidth = unit / 20;
  for (let k = -Math.ceil(w / unit / 2); k <= w / unit / 2; k++) line(draw, k * unit, -h / 2, k * unit, h / 2);
  for (let k = -Math.ceil(h / unit / 2); k <= h / unit / 2; k++) line(draw, -w / 2, k * unit, w / 2, k * unit);
  bars(draw, unit);
  gratings(draw, unit);
  for (const [x, y] of [[-1, -1], [1, -1], [-1, 1], [1, 1]] as const) rings(draw, x * (w / 2 - 2 * unit), y * (h / 2 - 2 * unit), unit);
  draw.fillStyle = "#f7f9fb";
  disc(draw, 0, 0, 3.1 * unit);
  star(draw, 2.9 * unit);
  draw.strokeStyle = "#ffffff";
  draw.lineWidth = unit / 7;
  draw.beginPath();
  draw.arc(0, 0, 7 * unit, 0, 7);
  draw.stroke();
}

function line(draw: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  draw.beginPath();
  draw.moveTo(x, y);
  draw.lineTo(toX, toY);
  draw.stroke();
}

function disc(draw: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  draw.beginPath();
  draw.arc(x, y, radius, 0, 7);
  draw.fill();
}

function bars(draw: CanvasRenderingContext2D, unit: number): void {
  BARS.forEach((tone, k) => {
    draw.fillStyle = tone;
    draw.fillRect((k - 3.5) * unit, -6 * unit, unit, 2 * unit);
  });
  for (let k = 0; k < 14; k++) {
    const grey = Math.round((255 * k) / 13);
    draw.fillStyle = `rgb(${grey} ${grey} ${grey})`;
    draw.fillRect((k / 2 - 3.5) * unit, 4 * unit, unit / 2 + 0.5, unit);
  }
}

function gratings(draw: CanvasRenderingContext2D, unit: number): void {
  draw.fillStyle = "#22303f";
  for (let k = 0; k < 4; k++) {
    const pitch = unit / 2 ** (k + 1);
    for (let x = 0; x < 2 * unit - pitch / 2; x += pitch) {
      draw.fillRect(-6 * unit + x, (k - 2) * unit, pitch / 2, unit);
      draw.fillRect(4 * unit, (k - 2) * unit + x / 2, 2 * unit, pitch / 4);
    }
  }
}

function rings(draw: CanvasRenderingContext2D, x: number, y: number, unit: number): void {
  for (let k = 4; k > 0; k--) {
    draw.fillStyle = k % 2 ? "#22303f" : "#f7f9fb";
    disc(draw, x, y, (k * unit * 1.4) / 4);
  }
}

function star(draw: CanvasRenderingContext2D, radius: number): void {
  draw.fillStyle = "#22303f";
  for (let k = 0; k < 36; k++) {
    draw.beginPath();
    draw.moveTo(0, 0);
    draw.arc(0, 0, radius, (k * Math.PI) / 18, ((k + 0.5) * Math.PI) / 18);
    draw.fill();
  }
}

function sound(draw: CanvasRenderingContext2D): void {
  const { width, height } = draw.canvas;
  draw.fillStyle = "#dfe7ee";
  draw.fillRect(0, 0, width, height);
  draw.fillStyle = "#3d6fa8";
  for (let x = 0; x < width; x++) {
    const t = x / width;
    const loud = Math.abs(Math.sin(Math.PI * t * 4)) * 0.6 + 0.3;
    const y = Math.abs(Math.sin(20 * t + 90 * t * t)) * loud * height * 0.48 + 1;
    draw.fillRect(x, height / 2 - y, 1, 2 * y);
  }
}

/** A picture that fills a shape, its middle kept. */
export function fitted(picture: Picture, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  const scale = Math.max(canvas.width / picture.width, canvas.height / picture.height);
  const w = canvas.width / scale;
  const h = canvas.height / scale;
  const draw = canvas.getContext("2d")!;
  draw.imageSmoothingQuality = "high";
  draw.drawImage(picture, (picture.width - w) / 2, (picture.height - h) / 2, w, h, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** A picture that the page was made with. */
export async function embedded(url: string): Promise<Picture> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}
