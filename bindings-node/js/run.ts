/**
 * `nightlatch run`: a command with the secrets in its environment.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import * as util from "node:util";

import { endAs, run as runCommand } from "./command.js";
import type { ReferenceResolver } from "./index.js";
import { loadNative } from "./loader.js";
import type { Masker, NativeModule } from "./native.js";

/** What shells, `env` and `timeout` end with when a command cannot be started. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** A trouble that its message explains. */
export class Trouble extends Error {}

/** What a command is run with. */
export interface Plan {
  resolver: ReferenceResolver;
  /** `.env` files: a later one wins over an earlier one, and the environment over both. */
  files: string[];
  timeout: number | undefined;
  mask: boolean;
}

/**
 * Runs a command, and ends as it does.
 *
 * @throws NightlatchError - a secret could not be had
 * @throws Trouble - a file cannot be read, or this platform has no mask
 */
export async function run(words: [string, ...string[]], plan: Plan, begin: () => void): Promise<void> {
  const { resolver, files, timeout, mask } = plan;
  const given: Record<string, string> = { ...Object.fromEntries(files.flatMap(variables)), ...own(files) };
  const environment = await resolver.resolveEnv(given, { timeout }).finally(() => resolver.close());
  const secrets = Object.entries(environment).flatMap(([name, value]) =>
    value === given[name] ? [] : [value],
  );
  const maskers = mask && secrets.length > 0 ? maskersOf(secrets) : undefined;
  const system = native() ?? {};
  begin();
  try {
    endAs(await runCommand(words, environment, maskers, system), system);
  } catch (why) {
    const { code, errno = 0, message } = why as NodeJS.ErrnoException;
    const [, reason] = util.getSystemErrorMap().get(errno) ?? [code, message];
    process.stderr.write(`nightlatch run: ${words[0]}: ${reason}\n`);
    process.exitCode = code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
  }
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
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
    const module = native();
    if (module === undefined) {
      throw new Trouble("this needs the native engine");
    }
    return module.readDotenv(text);
  } catch (why) {
    // The engine's own errors are plain data with a next step.
    const { message, advice, errno } = why as { message: string; advice?: string; errno?: number };
    const [, reason] = util.getSystemErrorMap().get(errno ?? 0) ?? ["", message];
    throw new Trouble(
      `${file} cannot be read: ${reason}${advice === undefined ? "" : `\nTo mend this: ${advice}`}`,
    );
  }
}

function native(): NativeModule | undefined {
  return loadNative([]);
}
