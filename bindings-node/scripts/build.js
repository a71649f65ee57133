/**
 * Builds the package from a checkout: the native module into `npm/<platform>/`, and into `dist/` one bundle, those of the
 * fallback and the command line, and the types for both module systems.
 *
 *     npm ci && npm run build
 */

import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";

import { build } from "esbuild";

import { addon, here, run } from "./tools.js";

const wasm = join(here, "..", "wasm");
const dist = join(here, "dist");
const { version, engines } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
native();
fallback();
await bundles();
types();

function native() {
  const triple = { "linux-x64": "linux-x64-gnu" }[`${process.platform}-${process.arch}`];
  if (triple === undefined) {
    console.warn("There is no native package for this platform yet; the wasm engine will be used.");
    return;
  }
  copyFileSync(addon("nightlatch-node"), join(here, "npm", triple, "nightlatch.node"));
}

/** The wasm package, whose modules stand in where no native package fits. */
function fallback() {
  if (!["wasm.js", "engine/nightlatch-scan.js"].every((file) => existsSync(join(wasm, "dist", file)))) {
    run("npm", ["ci"], { cwd: wasm });
    run("npm", ["run", "build"], { cwd: wasm });
  }
}

async function bundles() {
  const common = {
    absWorkingDir: here,
    bundle: true,
    platform: "node",
    target: `node${engines.node.replace(/\D/g, "")}`,
    legalComments: "none",
    logLevel: "warning",
    define: { NIGHTLATCH_VERSION: JSON.stringify(version) },
    external: ["nightlatch-*"],
  };
  const { metafile } = await build({
    ...common,
    entryPoints: ["js/index.ts"],
    outfile: "dist/index.cjs",
    format: "cjs",
    metafile: true,
  });
  await build({ ...common, entryPoints: ["js/fallback.ts"], outfile: "dist/fallback.cjs", format: "cjs" });
  await build({
    ...common,
    entryPoints: ["js/cli.ts"],
    outfile: "dist/cli.cjs",
    format: "cjs",
    banner: { js: "#!/usr/bin/env node" },
    loader: { ".txt": "text" },
    external: ["./index.cjs", "nightlatch-*"],
  });
  chmodSync(join(dist, "cli.cjs"), 0o755);

  // Both module systems share one set of classes: `instanceof` holds whichever way a dependency loaded them. Through
  // `require` and not `import`, since Node reads a module for its exports' names first, and that takes 40 ms.
  writeFileSync(
    join(dist, "index.js"),
    `import { createRequire } from "node:module";

export const {
  ${exportedNames(metafile).join(",\n  ")},
} = createRequire(import.meta.url)("./index.cjs");
`,
  );
  writeFileSync(join(dist, "edge.js"), `export * from "nightlatch-wasm";\n`);
}

/** What the bundle exports, from the list that esbuild leaves for Node in it. */
function exportedNames(metafile) {
  const [path] = Object.keys(metafile.outputs);
  const list = /0 && \(module\.exports = \{([^}]*)\}\)/.exec(readFileSync(join(here, path), "utf8"))[1];
  return list
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}

/** One declaration tree for each module system: a package may hold both, but a file belongs to one. */
function types() {
  run(join(here, "node_modules", ".bin", "tsc"), [
    "-p",
    "tsconfig.json",
    "--noEmit",
    "false",
    "--emitDeclarationOnly",
  ]);
  const [modules, commons] = ["types", "types-cjs"].map((name) => join(dist, name));
  cpSync(modules, commons, { recursive: true });
  writeFileSync(join(commons, "package.json"), `{ "type": "commonjs" }\n`);
  for (const [file, folder] of [
    ["index.d.ts", modules],
    ["index.d.cts", commons],
  ]) {
    const entry = `./${basename(folder)}/bindings-node/js/index.js`;
    writeFileSync(join(dist, file), `export * from "${entry}";\n`);
  }
  writeFileSync(join(dist, "edge.d.ts"), `export * from "nightlatch-wasm";\n`);
}
