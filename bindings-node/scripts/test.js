/**
 * Bundles the tests, which are TypeScript, and runs them: all, or those whose names begin with an argument.
 *
 *     npm run build && npm test [name...]
 */

import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";

const here = join(import.meta.dirname, "..");
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
  external: ["nightlatch", "nightlatch-*"],
});
const files = names.map((name) => join(output, name.replace(/ts$/, "mjs")));
process.exitCode =
  spawnSync(process.execPath, ["--test", "--test-force-exit", "--test-timeout=120000", ...files], {
    cwd: here,
    stdio: "inherit",
  }).status ?? 1;
