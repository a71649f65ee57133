import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const edge = readFileSync(new URL("../dist/engine/nightlatch.wasm", import.meta.url));
const NODE_ONLY = /\bnode:|\brequire\(|\bBuffer\b|\b__dirname\b|\beval\(|new Function\b/;

for (const condition of ["workerd", "deno", "bun", "browser", "default"]) {
  test(`the ${condition} bundle imports nothing of Node and evaluates no text`, async () => {
    const { outputFiles, warnings } = await build({
      stdin: {
        contents: 'export * from "nightlatch-wasm";',
        resolveDir: fileURLToPath(new URL("..", import.meta.url)),
      },
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      // `node` is a condition of no other place, and must not be needed by any.
      conditions: [condition],
      loader: { ".wasm": "copy" },
      outdir: "/bundle",
      logLevel: "silent",
    });
    assert.deepEqual(warnings, []);
    const modules = outputFiles.filter((file) => file.path.endsWith(".wasm"));
    // Workers get the module by their bundler, and the one for the edge; elsewhere it is found beside the package.
    assert.deepEqual(
      modules.map((file) => Buffer.from(file.contents).equals(edge)),
      condition === "workerd" ? [true] : [],
    );
    const { text } = outputFiles.find((file) => file.path.endsWith(".js"));
    assert.equal(text.match(NODE_ONLY)?.[0], undefined);
  });
}
