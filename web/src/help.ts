// What the keys do.

import { h } from "./dom.ts";

const KEYS: [string, string][] = [
  ["↑ ↓", "another layer; Home, End, Page Up and Down go further"],
  ["→ ←", "unfold; fold, or go to the block around"],
  ["Enter", "fold or unfold"],
  ["*", "unfold all"],
  ["/", "search"],
  ["Escape", "all layers again; or close this"],
  ["?", "this help"],
];

/** A dialog, and the button that opens it. */
export function help(): [HTMLDialogElement, HTMLButtonElement] {
  const close = h("button", { type: "button", click: () => dialog.close() }, "Close");
  const dialog = h(
    "dialog",
    { "aria-label": "Keys" },
    h("h2", {}, "Keys"),
    h("dl", {}, ...KEYS.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)])),
    h("p", {}, "On the picture and the map of units, arrows choose a unit, with Shift ten further. A picture dropped on them takes the chart's place; it goes nowhere."),
    close,
  );
  return [dialog, h("button", { type: "button", class: "help", "aria-label": "Keys", title: "Keys  ?", click: () => dialog.showModal() }, "?")];
}
