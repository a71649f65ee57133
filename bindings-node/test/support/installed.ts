/** What is published, installed in an empty folder as a user does it. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PACKAGE } from "./places.js";
import { type Ended, runProgram } from "./program.js";

/** An installation. */
export interface Installed {
  /** The folder in which the packages were installed. */
  readonly folder: string;
  remove(): void;
}

/** Packs the packages and installs them. */
export async function install(): Promise<Installed> {
  const root = mkdtempSync(join(tmpdir(), "nightlatch-install-"));
  const [tarballs, folder] = [join(root, "tarballs"), join(root, "empty")];
  mkdirSync(folder);
  succeeded(await runProgram(process.execPath, [join(PACKAGE, "scripts", "pack.js"), tarballs]));
  writeFileSync(join(folder, "package.json"), "{}");
  const packages = readdirSync(tarballs).map((name) => join(tarballs, name));
  succeeded(await runProgram("npm", ["install", "--offline", "--no-audit", ...packages], { cwd: folder }));
  return { folder, remove: () => rmSync(root, { recursive: true }) };
}

/** What a program printed that ended well. */
export function succeeded(ended: Ended): string {
  assert.equal(ended.status, 0, ended.stdout + ended.stderr);
  return ended.stdout.trim();
}
