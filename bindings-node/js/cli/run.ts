/**
 * `nightlatch run`: a command with the secrets in its environment.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import * as util from "node:util";

import { loadNative } from "../loader.js";
import type { Masker, NativeModule } from "../native.js";
import { asGiven, limited, milliseconds, parsed, UsageError } from "./arguments.js";
import { endAs, run as runCommand } from "./command.js";
import { type End, interrupted, Trouble } from "./end.js";
import { reasonOf, textOf } from "./files.js";
import { credentialOf, nightlatch } from "./package.js";

/** What shells, `env` and `timeout` end with when a command cannot be started. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** The command line's. */
export async function run(given: string[]): Promise<End> {
  const border = given.includes("--") ? given.indexOf("--") : given.length;
  const files: string[] = [];
  const { words, flags, values } = parsed(given.slice(0, border), ["no-mask"], {
    "env-file": (file: string) => files.push(file),
    "client-id": asGiven,
    "max-age": milliseconds,
    timeout: milliseconds,
  });
  limited(words, 0, 0);
  const [file, ...args] = given.slice(border + 1);
  if (file === undefined) {
    throw new UsageError("COMMAND is missing: it stands behind --");
  }
  const { "max-age": maxAge, timeout } = values;
  const { ReferenceResolver } = nightlatch();
  const resolver = new ReferenceResolver(credentialOf(values), { maxAge });
  const before: Record<string, string> = { ...Object.fromEntries(files.flatMap(variables)), ...own(files) };
  const environment = await resolver.resolveEnv(before, { timeout }).finally(() => resolver.close());
  const secrets = Object.entries(environment).flatMap(([name, value]) =>
    value === before[name] ? [] : [value],
  );
  const maskers = secrets.length > 0 && !flags.has("no-mask") ? maskersOf(secrets) : undefined;
  const system = native() ?? {};
  process.removeListener("SIGINT", interrupted);
  try {
    endAs(await runCommand([file, ...args], environment, maskers, system), system);
  } catch (why) {
    process.stderr.write(`nightlatch run: ${file}: ${reasonOf(why)}\n`);
    process.exitCode = (why as NodeJS.ErrnoException).code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
  }
  return undefined;
}

/** One for each stream. */
function maskersOf(secrets: string[]): [Masker, Masker] {
  const module = native();
  if (module === undefined) {
    throw new Trouble("Secrets can be hidden by the native engine only. Give --no-mask to do without.");
  }
  return [new module.Masker(secrets), new module.Masker(secrets)];
}

/**
 * The environment's own variables. Many a Node takes `--env-file` for an option of its own, wherever it stands, and has
 * set what it reads in the files; but its reading of them is not ours.
 */
function own(files: string[]): Record<string, string> {
  const { parseEnv } = util as { parseEnv?: (text: string) => Record<string, string> };
  const texts = files.map((file) => parseEnv?.(readFileSync(file, "utf8")));
  const set: Record<string, string> = Object.assign({}, ...texts);
  const all = Object.entries(process.env) as [string, string][];
  return Object.fromEntries(all.filter(([name, value]) => set[name] !== value));
}

/** The variables of an `.env` file. */
function variables(file: string): [string, string][] {
  const text = textOf(file);
  const module = native();
  if (module === undefined) {
    throw new Trouble(`${file} cannot be read: that takes the native engine, which this platform has not`);
  }
  try {
    return module.readDotenv(text);
  } catch (why) {
    // The engine's own errors are plain data with a next step.
    const { message, advice } = why as { message: string; advice?: string };
    throw new Trouble(`${file} cannot be read: ${message}\nTo mend this: ${advice}`);
  }
}

function native(): NativeModule | undefined {
  return loadNative([]);
}
