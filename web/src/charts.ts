// Memory over time; paths by their length and by their field.

import type { Network, Share } from "./data.ts";
import { h, hidden, s } from "./dom.ts";
import { percent, short } from "./units.ts";

const WIDE = 960;
const HIGH = 150;

/** Live bytes at each layer, the peak marked; a click leads to the layer. */
export function memory(data: Network, go: (layer: number) => void): HTMLElement | null {
  const live = data.layers.live;
  const peak = data.memory.peak ?? -1;
  const most = live[peak] ?? 0;
  if (!most) return null;
  const x = (k: number): number => (k * WIDE) / live.length;
  const y = (value: number): number => HIGH - (value / most) * (HIGH - 22);
  let path = `M0 ${HIGH}`;
  live.forEach((value, k) => (path += `V${y(value).toFixed(1)}H${x(k + 1).toFixed(1)}`));
  const middle = x(peak + 0.5);
  const cursor = s("line", { class: "cursor", y1: 0, y2: HIGH, x1: -9, x2: -9 });
  const drawing = s(
    "svg",
    { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": `Live memory from the first layer to the last; the peak is ${short(most, "B")} at ${data.layers.name[peak]}` },
    s("path", { class: "area", d: `${path}V${HIGH}Z` }),
    s("line", { class: "peak", x1: middle, x2: middle, y1: y(most), y2: HIGH }),
    cursor,
  );
  const label = h("output", {});
  const rest = `peak ${short(most, "B")} at ${data.layers.name[peak]}`;
  const at = (event: MouseEvent): number => {
    const rect = drawing.getBoundingClientRect();
    return Math.max(0, Math.min(live.length - 1, Math.floor(((event.clientX - rect.left) / rect.width) * live.length)));
  };
  const say = (text: string, place: number): void => {
    label.textContent = text;
    cursor.setAttribute("x1", String(place));
    cursor.setAttribute("x2", String(place));
  };
  drawing.addEventListener("pointermove", (event) => {
    const layer = at(event);
    say(`${short(live[layer], "B")} at ${data.layers.name[layer]}`, x(layer + 0.5));
  });
  drawing.addEventListener("pointerleave", () => say(rest, -9));
  drawing.addEventListener("click", (event) => go(at(event)));
  say(rest, -9);
  return h("section", { class: "chart memory", "aria-label": "Memory" }, h("h2", {}, "Live memory, layer by layer"), label, drawing);
}

/** Shares as bars. */
function bars(title: string, unit: string, list: Share[]): HTMLElement {
  const most = Math.max(...list.map(([, , share]) => share));
  const every = Math.ceil(list.length / 7); // labels that have room
  return h(
    "section",
    { class: "chart", "aria-label": title },
    h("h2", {}, title),
    h(
      "ol",
      { class: "bars" },
      ...list.map(([first, last, share, count], k) => {
        const bar = h("i", { "aria-hidden": "true" });
        bar.style.height = `${(100 * share) / most}%`;
        const span = first === last ? `${first}` : `${first}–${last}`;
        return h("li", { title: `${span} ${unit}: ${count} paths, ${percent(share)}` }, bar, h("span", {}, k % every ? "" : String(first)), hidden(` ${unit}: ${percent(share)}`));
      }),
    ),
    h("p", { class: "soft" }, unit),
  );
}

export function paths({ paths: found }: Network): HTMLElement[] {
  if (!found) return [];
  return [bars(`${found.count} paths by length`, "layers with weights", found.lengths), bars("Paths by field", "pixels", found.fields)];
}
