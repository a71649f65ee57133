/**
 * The command line: `npx nightlatch`.
 *
 * It prints what the core tells, and ends with a status by which scripts know how things stand. The cases in `tests/cli`
 * hold for it and for Python's alike, and so do the texts of its help.
 *
 * @module
 */

import { parseArgs } from "node:util";

import checkHelp from "../../tests/cli/help/check.txt";
import doctorHelp from "../../tests/cli/help/doctor.txt";
import explainHelp from "../../tests/cli/help/explain.txt";
import wholeHelp from "../../tests/cli/help/nightlatch.txt";
import runHelp from "../../tests/cli/help/run.txt";
import type { DefaultAzureCredential, Failure, SecretClient, SecretClientOptions } from "./index.js";
import { run as runCommand, Trouble } from "./run.js";

/** The version of this package, put in by the build. */
declare const NIGHTLATCH_VERSION: string;

/** The exit statuses, as the help explains them. */
const OK = 0;
const TROUBLE = 1;
const USAGE = 2;
const PASSING = 3;
const INTERRUPTED = 130;
/** What `run` ends with for reasons of its own, as `env` and `timeout` do; the rest is its command's. */
const NOT_RUN = 125;

/** When to print in colour. */
const WHEN = ["auto", "always", "never"];

/** A client has to have a vault; explaining asks none. */
const NO_VAULT = "https://vault.invalid";

/** What a command prints, and the status it ends with; nothing where it has said and set that itself. */
type End = [status: number, text: string] | undefined;

/** The arguments are wrong. */
class UsageError extends Error {}

const COMMANDS: Readonly<Record<string, { help: string; run(given: string[]): Promise<End> }>> = {
  doctor: { help: doctorHelp, run: doctor },
  check: { help: checkHelp, run: check },
  explain: { help: explainHelp, run: explain },
  run: { help: runHelp, run },
};

const interrupted = (): void => process.exit(INTERRUPTED);
process.once("SIGINT", interrupted);
process.stdout.on("error", (why: Error & { code?: string }) => {
  // A reader that goes away is no trouble.
  if (why.code !== "EPIPE") {
    complain(`trouble: ${why.message}\n`, TROUBLE);
  }
});
void main(process.argv.slice(2));

async function main(given: string[]): Promise<void> {
  const command = Object.hasOwn(COMMANDS, given[0] ?? "") ? COMMANDS[given[0] as string] : undefined;
  const name = command === undefined ? "nightlatch" : `nightlatch ${given[0]}`;
  try {
    const end = command === undefined ? withoutCommand(given) : await command.run(given.slice(1));
    if (end !== undefined) {
      const [status, text] = end;
      process.stdout.write(text);
      process.exitCode = status;
    }
  } catch (why) {
    const [wrong, trouble] = command === COMMANDS["run"] ? [NOT_RUN, NOT_RUN] : [USAGE, TROUBLE];
    const { message, code } = why as Error & { code?: unknown };
    if (why instanceof UsageError || code === "INVALID_ARGUMENT") {
      const [usage] = (command?.help ?? wholeHelp).split("\n", 1);
      return complain(`${usage}\n${name}: ${message}\nSee ${name} --help.\n`, wrong);
    }
    // Before the package is loaded, all that may happen is that it finds no engine.
    const isForeseen = why instanceof Trouble || why instanceof (loaded?.NightlatchError ?? AggregateError);
    complain(
      `trouble: ${isForeseen ? "" : "a defect of nightlatch, please report it: "}${message}\n`,
      trouble,
    );
  }
}

function complain(text: string, status: number): void {
  process.stderr.write(text);
  process.exitCode = status;
}

function withoutCommand(given: string[]): End {
  const [first] = given;
  if (given.length === 1 && first === "--version") {
    return [OK, `nightlatch ${NIGHTLATCH_VERSION}\n`];
  }
  if (given.length === 1 && (first === "--help" || first === "-h")) {
    return [OK, wholeHelp];
  }
  throw new UsageError(first === undefined ? "a command is missing" : `${first} is no command`);
}

async function doctor(given: string[]): Promise<End> {
  const options = { "client-id": asGiven, "version-id": asGiven, timeout: milliseconds, color: oneOf(WHEN) };
  const { words, flags, values } = parsed(given, ["json"], options);
  if (flags.has("help")) {
    return [OK, doctorHelp];
  }
  const [vault, name] = limited(words, 1, 2);
  const { "version-id": version, timeout, color = "auto" } = values;
  const found = await asking(vault, values, {}, (client) => client.diagnose(name, { version, timeout }));
  const status = statusOf(found.error === undefined ? [] : [found.error]);
  if (flags.has("json")) {
    return [status, `${found.json}\n`];
  }
  return [status, isColourful(color) ? painted(found.text) : found.text];
}

async function check(given: string[]): Promise<End> {
  const options = { "client-id": asGiven, timeout: milliseconds };
  const { words, flags, values } = parsed(given, ["json", "quiet"], options);
  if (flags.has("help")) {
    return [OK, checkHelp];
  }
  const [vault, ...names] = limited(words, 1, Infinity);
  const { timeout } = values;
  const health = await asking(vault, values, {}, (client) => client.check(names, { timeout }));
  const status = statusOf(health.troubles.map(({ error }) => error));
  if (flags.has("quiet")) {
    return [status, ""];
  }
  return [status, flags.has("json") ? `${health.json}\n` : health.text];
}

async function explain(given: string[]): Promise<End> {
  const options = { "client-id": asGiven, secrets: count, instances: count, ttl: milliseconds };
  const { words, flags, values } = parsed(given, ["json"], options);
  if (flags.has("help")) {
    return [OK, explainHelp];
  }
  const [vault = NO_VAULT] = limited(words, 0, 1);
  const { secrets, instances, ttl } = values;
  const settings = ttl === undefined ? {} : { cacheTtl: ttl };
  const forecast = await asking(vault, values, settings, (client) => client.explain({ secrets, instances }));
  return [OK, flags.has("json") ? `${forecast.json}\n` : forecast.text];
}

async function run(given: string[]): Promise<End> {
  const border = given.includes("--") ? given.indexOf("--") : given.length;
  const files: string[] = [];
  const options = {
    "env-file": (file: string) => files.push(file),
    "client-id": asGiven,
    "max-age": milliseconds,
    timeout: milliseconds,
  };
  const { words, flags, values } = parsed(given.slice(0, border), ["no-mask"], options);
  if (flags.has("help")) {
    return [OK, runHelp];
  }
  limited(words, 0, 0);
  const [file, ...rest] = given.slice(border + 1);
  if (file === undefined) {
    throw new UsageError("COMMAND is missing: it stands behind --");
  }
  const { "max-age": maxAge, timeout } = values;
  const { ReferenceResolver } = nightlatch();
  const plan = {
    resolver: new ReferenceResolver(credentialOf(values), { maxAge }),
    files,
    timeout,
    mask: !flags.has("no-mask"),
  };
  await runCommand([file, ...rest], plan, () => process.removeListener("SIGINT", interrupted));
}

/** Options that take a text, each with what reads it, or throws a `UsageError`. */
type Options = Record<string, (given: string) => unknown>;

/** What was given: words, options that stand for themselves, and those with a value. */
interface Given<O extends Options> {
  words: string[];
  flags: Set<string>;
  values: { [Name in keyof O]?: ReturnType<O[Name]> };
}

/** Sorts arguments. Whatever is wrong with them is told in the words of Python's command line. */
function parsed<O extends Options>(args: string[], flagNames: string[], readers: O): Given<O> {
  const known = [
    ...["help", ...flagNames].map((name) => [name, { type: "boolean" }] as const),
    ...Object.keys(readers).map((name) => [name, { type: "string" }] as const),
  ];
  const options = { ...Object.fromEntries(known), help: { type: "boolean", short: "h" } as const };
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
  if (unknown !== undefined && !given.flags.has("help")) {
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

/** The words, if there are as many as there should be. */
function limited(words: string[], least: 0, most: number): string[];
function limited(words: string[], least: 1, most: number): [string, ...string[]];
function limited(words: string[], least: number, most: number): string[] {
  if (words.length > most) {
    throw new UsageError(`${words[most]} is not understood`);
  }
  if (words.length < least) {
    throw new UsageError("VAULT is missing");
  }
  return words;
}

function asGiven(given: string): string {
  return given;
}

function milliseconds(given: string): number {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(given)) {
    throw new UsageError(`${given} is no number of seconds`);
  }
  return Number(given) * 1000;
}

function count(given: string): number {
  if (!/^[0-9]{1,9}$/.test(given)) {
    throw new UsageError(`${given} is no number`);
  }
  return Number(given);
}

function oneOf(choices: string[]): (given: string) => string {
  return (given) => {
    if (!choices.includes(given)) {
      const all = choices.map((choice) => `'${choice}'`).join(", ");
      throw new UsageError(`invalid choice: '${given}' (choose from ${all})`);
    }
    return given;
  };
}

let loaded: typeof import("./index.js") | undefined;

/** The package. Loaded only when there is something to ask: help and wrong usage need no engine. */
function nightlatch(): typeof import("./index.js") {
  return (loaded ??= require("./index.cjs") as typeof import("./index.js"));
}

/** Asks a client of the vault, by the identity that is found here. */
async function asking<T>(
  vault: string,
  values: Identified,
  options: SecretClientOptions,
  ask: (client: SecretClient) => Promise<T>,
): Promise<T> {
  const { SecretClient } = nightlatch();
  const url = vault.includes("://") ? vault : `https://${vault}`;
  const client = new SecretClient(url, credentialOf(values), options);
  try {
    return await ask(client);
  } finally {
    client.close();
  }
}

interface Identified {
  "client-id"?: string | undefined;
}

/** The identity of this host, or the one of those that it has. */
function credentialOf({ "client-id": managedIdentityClientId }: Identified): DefaultAzureCredential {
  const { DefaultAzureCredential } = nightlatch();
  return new DefaultAzureCredential(managedIdentityClientId === undefined ? {} : { managedIdentityClientId });
}

function statusOf(errors: Failure[]): number {
  if (errors.length === 0) {
    return OK;
  }
  return errors.every(({ transient }) => transient) ? PASSING : TROUBLE;
}

function isColourful(when: string): boolean {
  return when === "always" || (when === "auto" && process.stdout.isTTY && !process.env["NO_COLOR"]);
}

const [BOLD, RED, GREEN, YELLOW, CYAN] = [1, 31, 32, 33, 36];

/** The report in colour: how things stand, the headings of the first column, commands. */
function painted(text: string): string {
  return text
    .replace(/^ok:.*/gm, (line) => inColour(GREEN, line))
    .replace(/^trouble:.*/gm, (line) => inColour(RED, line))
    .replace(/^warning:.*/gm, (line) => inColour(YELLOW, line))
    .replace(/^( +)(\$ .*)/gm, (_, before: string, command: string) => before + inColour(CYAN, command))
    .replace(/^[A-Z].*?(?=  )/gm, (heading) => inColour(BOLD, heading));
}

function inColour(colour: number | undefined, text: string): string {
  return `\u001b[${colour}m${text}\u001b[0m`;
}
