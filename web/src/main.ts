// The page of one network.

import { type Network, read } from "./data.ts";
import { h } from "./dom.ts";
import { network } from "./network.ts";

const main = h("main", {});
document.body.append(main);
network(read() as Network, main);
