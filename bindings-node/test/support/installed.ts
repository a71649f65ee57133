/** What is published, installed in an empty folder as a user does it. */

import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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

/** Packs the packages and installs them, beside what a project, given by its folder, needs. */
export async function install(project?: string): Promise<Installed> {
  const root = mkdtempSync(join(tmpdir(), "nightlatch-install-"));
  const [tarballs, folder] = [join(root, "tarballs"), join(root, "empty")];
  mkdirSync(folder);
  succeeded(await runProgram(process.execPath, [join(PACKAGE, "scripts", "pack.js"), tarballs]));
  if (project === undefined) {
    writeFileSync(join(folder, "package.json"), "{}");
  } else {
    cpSync(project, folder, { recursive: true });
    succeeded(await runProgram("npm", ["ci"], { cwd: folder }));
  }
  const packages = readdirSync(tarballs).map((name) => join(tarballs, name));
  const flags = ["--no-save", "--offline", "--no-audit"];
  succeeded(await runProgram("npm", ["install", ...flags, ...packages], { cwd: folder }));
  return { folder, remove: () => rmSync(root, { recursive: true }) };
}

/** What a program printed that ended well. */
export function succeeded(ended: Ended): string {
  assert.equal(ended.status, 0, ended.stdout + ended.stderr);
  return ended.stdout.trim();
}
