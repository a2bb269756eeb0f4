// The page of many designs: any two figures against each other, all figures side by side, the commands that make them.

import { type Front, read } from "./data.ts";
import { h, s } from "./dom.ts";
import { masthead } from "./top.ts";
import { short, whole } from "./units.ts";

const WIDE = 620;
const HIGH = 400;
const EDGE = { left: 64, right: 16, top: 14, bottom: 44 };

const page = read<Front>("front");
const FEW = 14; // designs that have room for their names
const ROOM = 18; // letters of a name that have room
const names = page.rows.length ? page.columns.findIndex((_, k) => page.rows.every((row) => typeof row[k] === "string")) : -1;
const numbers = page.columns.flatMap((_, k) => (page.rows.some((row) => typeof row[k] === "number") ? [k] : []));
const plot = s("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", class: "plot" });
const side = s("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", class: "plot" });
const command = h("code", { class: "command" });
const heading = h("h2", {});
let axes: [x: number, y: number] = [numbers[0] ?? 0, numbers[1] ?? numbers[0] ?? 0];
let chosen = Math.max(0, page.front.indexOf(true));

document.body.append(
  h(
    "main",
    {},
    masthead(page.title, [h("span", {}, `${whole(page.front.filter(Boolean).length)} of ${whole(page.rows.length)} are beaten by none`)], page.command, page.rfcalc_version),
    h(
      "div",
      { class: "plots" },
      h("section", { "aria-label": "Two figures" }, h("div", { class: "tools" }, choice("y", 1), "against", choice("x", 0)), plot),
      h("section", { "aria-label": "All figures" }, h("h2", {}, "All figures"), side),
    ),
    h("section", { class: "chosen", role: "status" }, heading, command),
    h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Designs" }, table()),
  ),
);
draw();

function choice(name: string, index: 0 | 1): HTMLElement {
  const select = h(
    "select",
    {
      "aria-label": `Figure of the ${name} axis`,
      change: () => {
        axes[index] = Number(select.value);
        draw();
      },
    },
    ...numbers.map((k) => h("option", { value: k, selected: k === axes[index] }, page.columns[k]!.title)),
  );
  return select;
}

/** A value of a column. */
function said(value: number | string | null | undefined, k: number): string {
  if (typeof value !== "number") return value ?? "–";
  const { unit } = page.columns[k]!;
  return unit === "B" ? short(value, unit) : `${short(value)}${unit && `\u202f${unit}`}`;
}

/** The least and the most of a column, a little apart where they are the same. */
function span(k: number): [number, number] {
  const values = page.rows.map((row) => row[k]).filter((value) => typeof value === "number");
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? [low - 1, high + 1] : [low, high];
}

function place(k: number, from: number, to: number): (value: number) => number {
  const [low, high] = span(k);
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

/** Round values within a span. */
function ticks([low, high]: [number, number]): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough)!;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(value);
  return found;
}

function kind(row: number): string {
  return `dot${page.front[row] ? " best" : ""}${row === chosen ? " chosen" : ""}`;
}

/** Those on the front come last, the chosen one at the very end: what counts is not hidden. */
function order(): number[] {
  const rank = (row: number): number => (row === chosen ? 2 : page.front[row] ? 1 : 0);
  return page.rows.map((_, row) => row).sort((a, b) => rank(a) - rank(b));
}

function title(k: number): string {
  const { title: name, unit, better } = page.columns[k]!;
  return `${name}${unit && `, ${unit}`}${better ? ` (${better === "low" ? "less" : "more"} is better)` : ""}`;
}

function scatter(): void {
  const [left, right, top, bottom] = [EDGE.left, WIDE - EDGE.right, EDGE.top, HIGH - EDGE.bottom];
  const [x, y] = [place(axes[0], left + 10, right - 10), place(axes[1], bottom - 10, top + 10)];
  plot.setAttribute("aria-label", `${title(axes[1])} against ${title(axes[0])}`);
  plot.replaceChildren(
    s("path", { class: "axis", d: `M${left} ${top}V${bottom}H${right}` }),
    ...ticks(span(axes[0])).map((value) => s("text", { class: "tick", x: x(value), y: bottom + 16, "text-anchor": "middle" }, short(value))),
    ...ticks(span(axes[1])).map((value) => s("text", { class: "tick", x: left - 8, y: y(value) + 4, "text-anchor": "end" }, short(value))),
    s("text", { class: "tick", x: (left + right) / 2, y: HIGH - 8, "text-anchor": "middle" }, title(axes[0])),
    s("text", { class: "tick", x: 0, y: 0, transform: `translate(12 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, title(axes[1])),
    ...order().flatMap((row) => dot(row, x, y)),
  );
}

/** A design: its place, and its name where there are few. */
function dot(row: number, x: (value: number) => number, y: (value: number) => number): SVGElement[] {
  const [a, b] = [page.rows[row]![axes[0]], page.rows[row]![axes[1]]];
  if (typeof a !== "number" || typeof b !== "number") return [];
  const size = row === chosen ? 7 : page.front[row] ? 5 : 3.5;
  const point = s("circle", { class: kind(row), cx: x(a), cy: y(b), r: size, pointerenter: () => choose(row) });
  if (names < 0 || page.rows.length > FEW) return [point];
  const anchor = x(a) > WIDE * 0.8 ? "end" : x(a) < WIDE * 0.2 ? "start" : "middle";
  return [point, s("text", { class: "tick", x: x(a), y: y(b) - 10, "text-anchor": anchor }, brief(String(page.rows[row]![names])))];
}

/** What has room beside a point: of a design that says all it sets, its number. */
function brief(name: string): string {
  const first = name.length > ROOM ? name.split(" ")[0]! : name;
  return first.length > ROOM ? `${first.slice(0, ROOM)}…` : first;
}

/** Parallel axes: a line for each design. */
function parallel(): void {
  const step = (WIDE - 80) / Math.max(1, numbers.length - 1);
  const at = numbers.map((k, n) => ({ k, x: 40 + n * step, y: place(k, HIGH - 60, 30) }));
  side.setAttribute("aria-label", `All figures of all designs: ${numbers.map((k) => page.columns[k]!.title).join(", ")}`);
  side.replaceChildren(
    ...order().map((row) => {
      const points = at.flatMap(({ k, x, y }) => {
        const value = page.rows[row]![k];
        return typeof value === "number" ? [`${x} ${y(value).toFixed(1)}`] : [];
      });
      return s("path", { class: kind(row).replace("dot", "line"), d: `M${points.join("L")}`, pointerenter: () => choose(row) });
    }),
    ...at.flatMap(({ k, x }) => [
      s("path", { class: "axis", d: `M${x} 30V${HIGH - 60}` }),
      s("text", { class: "tick", x, y: 20, "text-anchor": "middle" }, said(span(k)[1], k)),
      s("text", { class: "tick", x, y: HIGH - 42, "text-anchor": "middle" }, said(span(k)[0], k)),
      s("text", { class: "tick", x, y: HIGH - 22, "text-anchor": "middle" }, page.columns[k]!.title),
    ]),
  );
}

function table(): HTMLElement {
  const cell = (value: number | string | null, k: number): HTMLElement =>
    h("td", { class: numbers.includes(k) ? "figure" : null, title: typeof value === "number" ? whole(value) : null }, said(value, k));
  return h(
    "table",
    { class: "merged designs" },
    h("thead", {}, h("tr", {}, ...page.columns.map(({ title: name }, k) => h("th", { scope: "col", class: numbers.includes(k) ? "figure" : null }, name)), h("th", { scope: "col" }, "Command"))),
    h(
      "tbody",
      {},
      ...page.rows.map((row, index) =>
        h("tr", { class: page.front[index] ? "best" : null, "data-row": index, pointerenter: () => choose(index) }, ...row.map(cell), h("td", {}, h("button", { type: "button", class: "go", click: () => choose(index), focus: () => choose(index) }, "show"))),
      ),
    ),
  );
}

function choose(row: number): void {
  if (row === chosen) return;
  chosen = row;
  draw();
}

function draw(): void {
  scatter();
  parallel();
  const row = page.rows[chosen] ?? [];
  heading.textContent = page.columns.map(({ title: name }, k) => (k === names ? String(row[k]) : `${name} ${said(row[k], k)}`)).join(" · ");
  command.textContent = page.commands[chosen] ?? "";
  for (const each of document.querySelectorAll<HTMLElement>("[data-row]")) each.classList.toggle("active", Number(each.dataset["row"]) === chosen);
}
