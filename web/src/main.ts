// The page of one network.

import { filled, type Given, read } from "./data.ts";
import { h } from "./dom.ts";
import { network } from "./network.ts";

const main = h("main", {});
document.body.append(main);
network(filled(read<Given>("network")), main);
