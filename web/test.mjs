// The unit tests: each file of test/ is bundled into a temporary folder and run by node.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exit } from "node:process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("test", import.meta.url));
const out = mkdtempSync(join(tmpdir(), "rfcalc-page-"));
const files = readdirSync(folder).filter((name) => name.endsWith(".test.ts"));
await build({
  entryPoints: files.map((name) => join(folder, name)),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
});
const tests = files.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
const { status } = spawnSync(process.execPath, ["--test", ...tests], { stdio: "inherit" });
rmSync(out, { recursive: true });
exit(status ?? 1);
