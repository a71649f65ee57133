/**
 * Bundles the tests, which are TypeScript, and runs them: all, or those whose names begin with an argument.
 *
 *     npm run build && npm test [name...]
 */

import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";

import { addon, here, run } from "./tools.js";

const output = join(here, "dist-test");
const names = readdirSync(join(here, "test"))
  .filter((file) => file.endsWith(".test.ts"))
  .filter((file) => process.argv.length === 2 || process.argv.slice(2).some((name) => file.startsWith(name)));

rmSync(output, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: names.map((name) => join("test", name)),
  outdir: output,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
  external: ["nightlatch", "nightlatch-*", "@opentelemetry/*"],
});
if (names.includes("vectors.test.ts")) {
  // The core's parsers, which no shipped module exports, in both engines.
  copyFileSync(addon("nightlatch-vectors"), join(output, "vectors.node"));
  run("../wasm/module.sh", [output, "vectors", "nightlatch-vectors"]);
}
const files = names.map((name) => join(output, name.replace(/ts$/, "mjs")));
process.exitCode =
  spawnSync(process.execPath, ["--test", "--test-force-exit", "--test-timeout=120000", ...files], {
    cwd: here,
    stdio: "inherit",
  }).status ?? 1;
