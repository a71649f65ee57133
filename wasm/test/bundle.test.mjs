import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const edge = readFileSync(new URL("../dist/engine/nightlatch.wasm", import.meta.url));
const NODE_ONLY = /\bnode:|\brequire\(|\bBuffer\b|\b__dirname\b|\beval\(|new Function\b/;

for (const condition of ["workerd", "deno", "bun", "browser", "default"]) {
  test(`the ${condition} bundle imports nothing that is Node's alone and evaluates no text`, async () => {
    // Deno and Bun have this one module of Node's, and no way of their own to refuse a symbolic link.
    const files = ["deno", "bun"].includes(condition) ? ["node:fs/promises"] : [];
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
      external: files,
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
    assert.equal(text.replaceAll(`from "${files[0]}"`, "").match(NODE_ONLY)?.[0], undefined);
  });
}
