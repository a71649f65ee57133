/** What the scripts of this folder have in common. */

import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder of this package. */
export const here = join(import.meta.dirname, "..");

/** Builds a crate of the workspace for Node, and tells where its library is. */
export function addon(crate) {
  const flags = ["build", "--release", "--locked", "-p", crate, "--message-format=json-render-diagnostics"];
  // Panic messages name source files; they must not name this machine's folders.
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry", "src");
  const remap = [`${join(here, "..")}=nightlatch`, `${registry}=registry`].map(
    (pair) => `--remap-path-prefix=${pair}`,
  );
  const messages = run("cargo", flags, {
    env: { ...process.env, RUSTFLAGS: [...remap, process.env.RUSTFLAGS ?? ""].join(" ").trim() },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 26,
  });
  const library = crate.replaceAll("-", "_");
  return messages
    .split("\n")
    .filter((line) => line.includes(library))
    .map((line) => JSON.parse(line))
    .findLast((message) => message.reason === "compiler-artifact").filenames[0];
}

/** Runs a program, here unless `options` say otherwise, and gives what it printed if that is caught. */
export function run(command, args, options = {}) {
  const { status, stdout, error } = spawnSync(command, args, { cwd: here, stdio: "inherit", ...options });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")} failed`, { cause: error });
  }
  return stdout;
}
