// The page of one network.

import { memory, paths } from "./charts.ts";
import type { Network } from "./data.ts";
import { h } from "./dom.ts";
import { help } from "./help.ts";
import * as pane from "./pane.ts";
import { Figures } from "./figures.ts";
import { type Seen, Supports } from "./supports.ts";
import * as table from "./table.ts";
import { about, budgets, cards, findings, masthead } from "./top.ts";

declare global {
  interface Window {
    /** What a unit of a layer sees (by its index and the unit's), for tests and consoles. */
    rfcalc?: { at(layer: number, unit: number[], channel?: number | null): Seen };
  }
}

export function network(data: Network, into: HTMLElement): void {
  const [figures, supports] = [new Figures(data), new Supports(data)];
  const rows = table.table(data, figures, pane.choose);
  const go = (layer: number): void => {
    table.goto(layer);
    table.grid.focus({ preventScroll: true });
    rows.scrollIntoView({ block: "nearest" });
  };
  const [dialog, button] = help();
  const head = masthead(data.title, about(data), data.command, data.rfcalc_version);
  head.append(button);
  const verdicts = [budgets(data.budgets), findings(data, go)].filter((section) => section !== null);
  into.append(
    head,
    cards(data.cards),
    ...(verdicts.length ? [h("div", { class: "verdicts" }, ...verdicts)] : []),
    h("div", { class: "bench" }, rows, pane.pane(data, figures, supports)),
    h("div", { class: "charts" }, memory(data, go), ...paths(data)),
    dialog,
  );
  table.start(data.chosen ?? data.layers.name.length - 1);
  window.rfcalc = { at: (layer, unit, channel) => supports.at(layer, unit, channel) };
  document.addEventListener("keydown", (event) => {
    if (dialog.open || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    if (event.key === "/") table.search.focus();
    else if (event.key === "?") dialog.showModal();
    else return;
    event.preventDefault();
  });
  addEventListener("beforeprint", () => table.print(true));
  addEventListener("afterprint", () => table.print(false));
}
