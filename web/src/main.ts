// Builds the page from its data.

import { read } from "./data.ts";
import { h } from "./dom.ts";
import { network } from "./network.ts";

const page = read();
const main = h("main", {});
document.body.append(main);
if (page.kind === "network") network(page, main);
