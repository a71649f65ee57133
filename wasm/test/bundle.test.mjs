import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

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
    const { text } = outputFiles.find((file) => file.path.endsWith(".js"));
    assert.equal(text.match(NODE_ONLY)?.[0], undefined);
  });
}
