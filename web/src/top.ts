// The head of the page: what it is about, the cards, the budgets, the findings.

import type { Budget, Card, Finding, Network } from "./data.ts";
import { type Child, h } from "./dom.ts";
import { by, times } from "./units.ts";

const FEW = 3; // that are shown at once

/** The title, and what the page was made of. */
export function masthead(title: string, made: Child[], command: string | undefined, version: string): HTMLElement {
  return h(
    "header",
    { class: "masthead" },
    h("h1", { dir: "auto" }, title),
    h("p", { class: "made" }, ...made),
    h("p", { class: "by" }, command && h("code", {}, command), h("span", {}, `rfcalc ${version}`)),
  );
}

export function about({ inputs, source }: Network): Child[] {
  const parts = inputs.map(({ name, channels, size }) => `${inputs.length > 1 ? `${name} ` : ""}${by([channels, ...size])}`);
  return [h("span", {}, `at ${parts.join(", ")}`), source && h("span", { dir: "auto" }, source)];
}

export function cards(list: readonly Card[]): HTMLElement {
  return h(
    "dl",
    { class: "cards" },
    ...list.map(({ label, text, note }) => h("div", {}, h("dt", {}, label), h("dd", {}, times(text), note && h("small", {}, note)))),
  );
}

export function budgets(list: readonly Budget[]): HTMLElement | null {
  if (!list.length) return null;
  const verdict = (ok: boolean | null): [string, string] => (ok === null ? ["unknown", "not known"] : ok ? ["good", "kept"] : ["bad", "broken"]);
  return h(
    "section",
    { class: "budgets", "aria-label": "Budgets" },
    h("h2", {}, "Budgets"),
    h(
      "ul",
      {},
      ...list.map(({ name, text, ok }) => {
        const [kind, word] = verdict(ok);
        return h("li", { class: kind }, h("b", {}, name), " ", text, h("span", { class: "verdict" }, word));
      }),
    ),
  );
}

/** The findings, those of one code together. The name of a layer leads to its row. */
export function findings({ findings: list, layers, pages }: Network, go: (layer: number) => void): HTMLElement | null {
  if (!list.length) return null;
  const codes = [...new Set(list.map(({ code }) => code))];
  return h(
    "section",
    { class: "findings", "aria-label": "Findings" },
    h("h2", {}, "Findings ", h("small", {}, String(list.length))),
    h(
      "ul",
      {},
      ...codes.map((code) => {
        const alike = list.filter((finding) => finding.code === code);
        const [{ severity, name }] = alike as [Finding];
        return h(
          "li",
          { class: severity },
          h("b", {}, code, " ", h("span", { class: "soft" }, name)),
          ...some(alike.map((finding) => item(finding, layers.name, go))),
          pages[code] !== undefined && h("details", {}, h("summary", {}, "Why it counts"), h("pre", {}, pages[code])),
        );
      }),
    ),
  );
}

function item({ message, hint, layers, place }: Finding, names: readonly string[], go: (layer: number) => void): HTMLElement {
  const link = (layer: number): HTMLElement => h("button", { type: "button", class: "go", dir: "auto", click: () => go(layer) }, names[layer]);
  return h(
    "div",
    { class: "finding" },
    h("p", { dir: "auto" }, message, hint && h("span", { class: "soft" }, ` ${hint}`)),
    h("p", { class: "where" }, ...some(layers.map(link)), place && h("span", { dir: "auto" }, place)),
  );
}

/** The first few, and a button that shows the rest. */
function some(list: HTMLElement[]): HTMLElement[] {
  const rest = list.slice(FEW);
  if (rest.length < 2) return list;
  const more = h("button", { type: "button", class: "go", click: () => more.replaceWith(...rest) }, `${rest.length} more`);
  return [...list.slice(0, FEW), more];
}
