// The page of two designs, merged by the names of their layers.

import { type Compare, read, type Side } from "./data.ts";
import { h } from "./dom.ts";
import { masthead } from "./top.ts";
import { short, times, whole } from "./units.ts";

type Row = Compare["rows"][number];
type Figure = "macs" | "params";

const WORDS = { same: "same", changed: "changed", added: "added", removed: "removed" };

const page = read<Compare>("compare");
const table = rows(page.rows);
document.body.append(
  h(
    "main",
    {},
    masthead(`${page.before} → ${page.after}`, [], page.command, page.rfcalc_version),
    cards(page),
    filter(page.rows, table),
    h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Layers" }, table),
  ),
);

function cards({ cards: list }: Compare): HTMLElement {
  return h(
    "dl",
    { class: "cards" },
    ...list.map(({ label, before, after, change }) =>
      h(
        "div",
        {},
        h("dt", {}, label),
        h("dd", {}, times(after), h("small", {}, before === after ? "as before" : `${times(before)} before${change && `, ${change}`}`)),
      ),
    ),
  );
}

/** Boxes that say which rows are shown; at first those that differ, if there are any. */
function filter(list: readonly Row[], table: HTMLElement): HTMLElement {
  const counts = new Map<string, number>();
  for (const { state } of list) counts.set(state, (counts.get(state) ?? 0) + 1);
  const differ = list.some(({ state }) => state !== "same");
  const boxes = Object.keys(WORDS).filter((state) => counts.has(state)).map((state) => {
    const show = (on: boolean): void => void table.classList.toggle(`no-${state}`, !on);
    const on = state !== "same" || !differ;
    show(on);
    const box = h("input", { type: "checkbox", checked: on, change: () => show(box.checked) });
    return h("label", { class: state }, box, `${whole(counts.get(state)!)} ${WORDS[state as Row["state"]]}`);
  });
  return h("div", { class: "options states", role: "group", "aria-label": "Rows that are shown" }, ...boxes);
}

function rows(list: readonly Row[]): HTMLTableElement {
  const heads = ["Layer", "", "Operator", "Output", "Field", "MACs", "Params"];
  return h(
    "table",
    { class: "merged" },
    h("thead", {}, h("tr", {}, ...heads.map((title, k) => h("th", { scope: "col", class: k > 2 ? "figure" : null }, title || h("span", { class: "sr" }, "State"))))),
    h("tbody", {}, ...list.map(row)),
  );
}

function row({ name, state, before, after }: Row): HTMLElement {
  return h(
    "tr",
    { class: state },
    h("th", { scope: "row", dir: "auto" }, name),
    h("td", { class: "state" }, WORDS[state]),
    text(before, after, "op", false),
    text(before, after, "shape", true),
    text(before, after, "field", true),
    figure(before, after, "macs"),
    figure(before, after, "params"),
  );
}

function text(before: Side | null, after: Side | null, key: "op" | "shape" | "field", number: boolean): HTMLElement {
  const was = before && after && before[key] !== after[key] && h("del", {}, times(before[key]));
  return h("td", { class: number ? "figure" : null }, was, was && " ", times((after ?? before)?.[key] ?? ""));
}

function figure(before: Side | null, after: Side | null, key: Figure): HTMLElement {
  const was = before && after && before[key] !== after[key] && h("del", {}, short(before[key]));
  const value = (after ?? before)?.[key] ?? null;
  return h("td", { class: "figure", title: value === null ? null : whole(value) }, was, was && " ", short(value));
}
