/** What the edge has to load, compressed: engine, glue and front. Fails above the budget. */

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

let total = 0;
for (const [name, content] of Object.entries(parts)) {
  const compressed = gzipSync(content, { level: 9 }).length;
  total += compressed;
  console.log(`${name.padEnd(16)} ${kib(content.length)}   gzip ${kib(compressed)}`);
}
console.log(`${"together".padEnd(16)}                 ${kib(total)} of ${kib(BUDGET)}`);
process.exitCode = total <= BUDGET ? 0 : 1;

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1).padStart(7)} KiB`;
}
