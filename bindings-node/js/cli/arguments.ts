/**
 * What is given on the command line. Whatever is wrong with it is told in the words of Python's command line.
 *
 * @module
 */

import { parseArgs } from "node:util";

/** The arguments are wrong. */
export class UsageError extends Error {}

/** Somebody asks for help, which goes before all that may be wrong. */
export class HelpWanted extends Error {}

/** Options that take a text, each with what reads it, or throws a `UsageError`. */
type Options = Record<string, (given: string) => unknown>;

/** What was given: words, options that stand for themselves, and those with a value. */
export interface Given<O extends Options> {
  words: string[];
  flags: Set<string>;
  values: { [Name in keyof O]?: ReturnType<O[Name]> };
}

const SHORT: Readonly<Record<string, string>> = { help: "h", input: "i", output: "o" };

/**
 * Sorts arguments.
 *
 * @throws HelpWanted
 * @throws UsageError
 */
export function parsed<O extends Options>(args: string[], flagNames: string[], readers: O): Given<O> {
  const known = [
    ...["help", ...flagNames].map((name) => [name, "boolean"] as const),
    ...Object.keys(readers).map((name) => [name, "string"] as const),
  ].map(([name, type]) => [name, { type, ...(name in SHORT && { short: SHORT[name] as string }) }] as const);
  const options = Object.fromEntries(known);
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const given: Given<O> = { words: [], flags: new Set(), values: {} };
  let unknown: string | undefined;
  for (const token of tokens) {
    if (token.kind === "positional") {
      given.words.push(token.value);
    } else if (token.kind === "option" && Object.hasOwn(readers, token.name)) {
      // What looks like an option is one, and no value, unless it was written with `=`.
      const isValue = token.inlineValue || !/^-[^\d.]/.test(token.value ?? "");
      given.values[token.name as keyof O] = read(token.name, isValue ? token.value : undefined, readers);
    } else if (token.kind === "option" && Object.hasOwn(options, token.name)) {
      if (token.value !== undefined) {
        throw new UsageError(`argument --${token.name}: ignored explicit argument '${token.value}'`);
      }
      given.flags.add(token.name);
    } else if (token.kind === "option") {
      unknown ??= args[token.index];
    }
  }
  if (given.flags.has("help")) {
    throw new HelpWanted();
  }
  if (unknown !== undefined) {
    throw new UsageError(`${unknown} is not understood`);
  }
  return given;
}

/** The value of an option. */
function read<O extends Options>(
  name: string,
  value: string | undefined,
  readers: O,
): ReturnType<O[keyof O]> {
  try {
    if (value === undefined) {
      throw new UsageError("expected one argument");
    }
    return readers[name]?.(value) as ReturnType<O[keyof O]>;
  } catch (why) {
    throw new UsageError(`argument --${name}: ${(why as UsageError).message}`);
  }
}

/** The words, a vault and names of secrets, if there are as many as there should be. */
export function limited(words: string[], least: 0, most: number): string[];
export function limited(words: string[], least: 1, most: number): [string, ...string[]];
export function limited(words: string[], least: 2, most: number): [string, string, ...string[]];
export function limited(words: string[], least: number, most: number): string[] {
  if (words.length > most) {
    throw new UsageError(`${words[most]} is not understood`);
  }
  if (words.length < least) {
    throw new UsageError(`${["VAULT", "SECRET"][words.length]} is missing`);
  }
  return words;
}

/** Reads any text. */
export function asGiven(given: string): string {
  return given;
}

/** Reads seconds. */
export function milliseconds(given: string): number {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(given)) {
    throw new UsageError(`${given} is no number of seconds`);
  }
  return Number(given) * 1000;
}

/** Reads a number. */
export function count(given: string): number {
  if (!/^[0-9]{1,9}$/.test(given)) {
    throw new UsageError(`${given} is no number`);
  }
  return Number(given);
}

/** Reads one of some words. */
export function oneOf<T extends string>(choices: readonly T[]): (given: string) => T {
  return (given) => {
    const found = choices.find((choice) => choice === given);
    if (found === undefined) {
      const all = choices.map((choice) => `'${choice}'`).join(", ");
      throw new UsageError(`invalid choice: '${given}' (choose from ${all})`);
    }
    return found;
  };
}
