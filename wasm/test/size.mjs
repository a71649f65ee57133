/**
 * What the edge has to load, compressed: engine, glue and front. Fails above the budget. The module for places with a file
 * system has no budget; it is shown beside.
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const BUDGET = 150 * 1024;
const root = fileURLToPath(new URL("..", import.meta.url));

const { outputFiles } = await build({
  entryPoints: [`${root}/dist/entry/module.js`],
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  platform: "neutral",
  external: ["*.wasm"],
});
const parts = {
  "nightlatch.wasm": readFileSync(`${root}/dist/engine/nightlatch.wasm`),
  "glue and front": outputFiles[0].contents,
};

const total = Object.entries(parts).reduce((sum, [name, content]) => sum + show(name, content), 0);
console.log(`${"together".padEnd(20)}                 ${kib(total)} of ${kib(BUDGET)}`);
show("nightlatch-full.wasm", readFileSync(`${root}/dist/engine/nightlatch-full.wasm`));
process.exitCode = total <= BUDGET ? 0 : 1;

function show(name, content) {
  const compressed = gzipSync(content, { level: 9 }).length;
  console.log(`${name.padEnd(20)} ${kib(content.length)}   gzip ${kib(compressed)}`);
  return compressed;
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1).padStart(7)} KiB`;
}
