// The bundles, a script for each kind of page, a style for networks and one for many designs, into rfcalc/page/assets/, or into the folder that is named.
import { build } from "esbuild";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  entryPoints: [
    { in: here("src/main.ts"), out: "page" },
    { in: here("src/compare.ts"), out: "compare" },
    { in: here("src/front.ts"), out: "front" },
    { in: here("src/page.css"), out: "page" },
    { in: here("src/designs.css"), out: "designs" },
  ],
  outdir: argv[2] ?? here("../rfcalc/page/assets"),
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome120", "firefox120", "safari17"],
  charset: "utf8",
  legalComments: "none",
});
