/**
 * Packs what is published: `nightlatch`, `nightlatch-wasm`, and the platform packages that are built here.
 *
 *     npm run build && npm run pack [folder]
 *
 * In the checkout the packages find each other by path; published, by the one version that they share.
 */

import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const here = join(import.meta.dirname, "..");
const target = resolve(process.argv[2] ?? join(here, "packages"));
const licences = ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT"];

mkdirSync(target, { recursive: true });
pack(here, ["dist", "README.md"]);
for (const platform of readdirSync(join(here, "npm"))) {
  if (existsSync(join(here, "npm", platform, "nightlatch.node"))) {
    pack(join(here, "npm", platform), ["nightlatch.node"]);
  }
}
pack(join(here, "..", "wasm"), ["dist", "README.md"]);

function pack(folder, contents) {
  const {
    scripts: _scripts,
    devDependencies: _tools,
    prettier: _style,
    files: _all,
    ...manifest
  } = read(folder);
  for (const group of ["dependencies", "optionalDependencies"]) {
    for (const [name, range] of Object.entries(manifest[group] ?? {})) {
      manifest[group][name] = range.startsWith("file:") ? read(join(folder, range.slice(5))).version : range;
    }
  }
  const staged = mkdtempSync(join(tmpdir(), "nightlatch-pack-"));
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of contents.filter((name) => existsSync(join(folder, name)))) {
    cpSync(join(folder, name), join(staged, name), { recursive: true });
  }
  for (const name of licences) {
    cpSync(join(here, "..", name), join(staged, name));
  }
  const { status, stderr } = spawnSync("npm", ["pack", "--silent", "--pack-destination", target], {
    cwd: staged,
    stdio: ["ignore", "inherit", "pipe"],
    shell: process.platform === "win32",
  });
  rmSync(staged, { recursive: true });
  if (status !== 0) {
    throw new Error(`npm pack failed: ${stderr}`);
  }
}

function read(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}
