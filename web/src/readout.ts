// What a unit sees, in words, and the fields in which it is chosen by number.

import type { Range } from "./data.ts";
import { h } from "./dom.ts";
import { area } from "./pixels.ts";
import type { Seen } from "./supports.ts";
import { by, percent, short, whole } from "./units.ts";

const NAMES: Record<number, string[]> = { 1: ["position"], 2: ["row", "column"], 3: ["frame", "row", "column"] };

export class Readout {
  readonly #numbers = h("div", { class: "numbers" });
  readonly #facts = h("dl", {});
  readonly #note = h("p", { class: "note", role: "status" });
  readonly element = h("div", { class: "readout" }, this.#numbers, this.#facts, this.#note);
  #inputs: HTMLInputElement[] = [];
  #channel: HTMLInputElement | null = null;

  readonly #chosen: (unit: number[], channel: number | null) => void;

  constructor(chosen: (unit: number[], channel: number | null) => void) {
    this.#chosen = chosen;}

  /** Makes the fields for a layer of so many units, and for its channels if they differ (0: they do not). */
  layer(size: readonly number[], channels: number): void {
    const number = (name: string, most: number, more: Record<string, string>): HTMLInputElement =>
      h("input", { type: "number", min: 0, max: most, "aria-label": name, title: name, ...more, input: () => this.#entered() });
    this.#inputs = size.map((n, k) => number(axis(size.length, k), n - 1, {}));
    this.#channel = channels ? number("channel; empty: all", channels - 1, { placeholder: "all" }) : null;
    const unit = size.length ? [h("span", {}, "Unit"), ...this.#inputs, h("span", { class: "of" }, `of ${by(size)}`)] : [];
    this.#numbers.replaceChildren(...unit, ...(this.#channel ? [h("label", {}, "channel ", this.#channel)] : []));
  }

  #entered(): void {
    const channel = this.#channel?.value ? Number(this.#channel.value) : null;
    this.#chosen(this.#inputs.map((input) => Math.round(Number(input.value)) || 0), channel);
  }

  show(unit: readonly number[], seen: Seen, sigma: number[] | null): void {
    this.#inputs.forEach((input, k) => {
      if (document.activeElement !== input || Number(input.value) !== unit[k]) input.value = String(unit[k]);
    });
    const { box, hull, certain, exact } = seen;
    const facts: [string, ...string[]][] = [];
    const most = certain ? "" : "at most ";
    if (box) {
      const read = area(seen.products);
      const held = box.reduce((size, [first, last]) => size * (last - first + 1), 1);
      facts.push(["sees", `${most}${by(box.map(([first, last]) => last - first + 1))}`]);
      box.forEach((range, k) => facts.push([`${axis(box.length, k)}s`, ...ends(range, hull?.[k])]));
      facts.push(["pixels", `${exact ? "" : "at most "}${whole(read)}`]);
      if (read < held) facts.push(["holes", `${percent(1 - read / held)} of its box`]);
    } else facts.push(["sees", "nothing but padding"]);
    if (sigma) facts.push(["4σ", by(sigma.map((value) => short(4 * value)))]);
    this.#facts.replaceChildren(...facts.flatMap(([name, ...text]) => [h("dt", {}, name), h("dd", {}, ...text.flatMap((part) => [h("span", {}, part), " "]))]));
    this.say(certain ? "" : "A bound: the engine promises no more for this unit.");
  }

  say(text: string): void {
    if (this.#note.textContent !== text) this.#note.textContent = text;
  }
}

function axis(rank: number, k: number): string {
  return NAMES[rank]?.[k] ?? `axis ${k}`;
}

/** First and last pixel; also where they would lie without the border, or what is seen by other ways than global ones. */
function ends([first, last]: Range, uncut: Range | undefined): string[] {
  const seen = `${first} – ${last}`;
  if (!uncut || (uncut[0] === first && uncut[1] === last)) return [seen];
  const inside = uncut[0] >= first && uncut[1] <= last;
  return [seen, `${inside ? "by local paths" : "cut from"} ${minus(uncut[0])} – ${minus(uncut[1])}`];
}

function minus(value: number): string {
  return String(value).replace("-", "−");
}
