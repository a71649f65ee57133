/**
 * `nightlatch run`: a command with the secrets in its environment.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { constants } from "node:os";
import * as util from "node:util";

import { loadNative } from "../loader.js";
import type { Masker, NativeModule } from "../native.js";
import { asGiven, limited, milliseconds, parsed, UsageError } from "./arguments.js";
import { Command, type End as Ended, endAs, handOn } from "./command.js";
import { type End, interrupted, Trouble } from "./end.js";
import { reasonOf, textOf } from "./files.js";
import { credentialOf, nightlatch } from "./package.js";
import { type Found, Watched } from "./watch.js";

/** What shells, `env` and `timeout` end with when a command cannot be started. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** The command line's. */
export async function run(given: string[]): Promise<End> {
  const border = given.includes("--") ? given.indexOf("--") : given.length;
  const files: string[] = [];
  const { words, flags, values } = parsed(given.slice(0, border), ["no-mask", "watch"], {
    "env-file": (file: string) => files.push(file),
    "client-id": asGiven,
    "max-age": milliseconds,
    timeout: milliseconds,
    "watch-interval": milliseconds,
    "watch-spread": milliseconds,
    "watch-signal": signal,
  });
  limited(words, 0, 0);
  const [file, ...args] = given.slice(border + 1);
  if (file === undefined) {
    throw new UsageError("COMMAND is missing: it stands behind --");
  }
  const { timeout, "watch-interval": interval = 60_000, "watch-spread": spread = 30_000 } = values;
  if (interval === 0) {
    throw new UsageError("argument --watch-interval: 0 is no time between two looks");
  }
  // Each look finds copies that are too old, and so asks the vault.
  const { "max-age": maxAge = interval / 2 } = values;
  const { ReferenceResolver } = nightlatch();
  const resolver = new ReferenceResolver(credentialOf(values));
  try {
    const before: Found = { ...Object.fromEntries(files.flatMap(variables)), ...own(files) };
    const found = await resolver.resolveEnv(before, { timeout });
    const system = native() ?? {};
    // What an earlier command had, a later one may have kept.
    const shown = new Set<string>();
    const start = (environment: Found): Command => {
      const secrets = Object.entries(environment).filter(([name, value]) => value !== before[name]);
      secrets.forEach(([, value]) => shown.add(value));
      const maskers = secrets.length > 0 && !flags.has("no-mask") ? maskersOf([...shown]) : undefined;
      return new Command([file, ...args], environment, maskers, system);
    };
    process.removeListener("SIGINT", interrupted);
    const watch = { interval, spread, signal: values["watch-signal"] };
    const read = (): Promise<Found> => resolver.resolveEnv(before, { timeout, maxAge });
    try {
      const ended = flags.has("watch") ? new Watched(watch, found, start, read).end() : endOf(start(found));
      endAs(await ended, system);
    } catch (why) {
      if (why instanceof Trouble) {
        throw why;
      }
      process.stderr.write(`nightlatch run: ${file}: ${reasonOf(why)}\n`);
      process.exitCode = (why as NodeJS.ErrnoException).code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
    }
  } finally {
    resolver.close();
  }
  return undefined;
}

async function endOf(command: Command): Promise<Ended> {
  const release = handOn(() => command);
  return command.ended.finally(release);
}

/** Reads the name of a signal. */
function signal(given: string): NodeJS.Signals {
  const name = `SIG${given.toUpperCase().replace(/^SIG/, "")}`;
  if (!Object.hasOwn(constants.signals, name)) {
    throw new UsageError(`${given} is no signal`);
  }
  return name as NodeJS.Signals;
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
