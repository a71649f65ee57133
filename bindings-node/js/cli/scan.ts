/**
 * `nightlatch scan`: values in files that look like secrets, and references in their place.
 *
 * @module
 */

import { createInterface, type Interface } from "node:readline";

import type { SecretClient } from "../index.js";
import { loadScanner } from "../loader.js";
import type { Scanner } from "../native.js";
import { asGiven, milliseconds, parsed, UsageError } from "./arguments.js";
import { type End, interrupted, OK, Trouble } from "./end.js";
import { replace, textOf } from "./files.js";
import { asking } from "./package.js";
import { type File, PASSED_OVER, Search } from "./search.js";

/** What a scan ends with that has found something that is still there. */
const FOUND = 1;

/** How many names are tried for a secret whose first name is taken. */
const NAMES = 9;

/** A value that looks like a secret. */
interface Finding {
  line: number;
  column: number;
  rule: string;
  what: string;
  name: string;
  fixable: boolean;
}

/** The command line's. */
export async function scan(given: string[]): Promise<End> {
  const excluded: string[] = [];
  const { words, flags, values } = parsed(given, ["fix", "json", "yes"], {
    exclude: (glob) => void excluded.push(glob),
    vault: asGiven,
    "client-id": asGiven,
    timeout: milliseconds,
  });
  const { vault, timeout } = values;
  check(flags, vault);
  const engine = loadScanner();
  checkVault(vault, engine);
  const search = new Search(words, excluded);
  if (flags.has("fix") && vault !== undefined) {
    return asking(vault, values, {}, (client) =>
      fix(search, engine, vault, client, flags.has("yes"), timeout),
    );
  }
  const found = [...search].flatMap((file) =>
    findingsOf(file, engine).map((one) => ({ path: file.path, one })),
  );
  const status = found.length > 0 ? FOUND : OK;
  if (flags.has("json")) {
    const findings = found.map(({ path, one }) => ({
      path,
      ...one,
      command: commandOf(one.name, vault),
      reference: engine.referenceTo(urlOf(vault), one.name),
    }));
    return [status, `${JSON.stringify({ findings, files: search.count, passed_over: search.passedOver })}\n`];
  }
  const texts = found.map(({ path, one }) => told(path, one, vault, engine));
  return [status, texts.join("") + summary(found.length, search)];
}

function check(flags: Set<string>, vault: string | undefined): void {
  if (flags.has("fix") && vault === undefined) {
    throw new UsageError("--vault is missing: --fix sets the secrets there");
  }
  if (flags.has("fix") && flags.has("json")) {
    throw new UsageError("--fix and --json do not go together");
  }
  if (flags.has("yes") && !flags.has("fix")) {
    throw new UsageError("--yes is for --fix");
  }
  if (flags.has("fix") && !flags.has("yes") && !process.stdin.isTTY) {
    throw new UsageError("--fix asks on a terminal; give --yes to replace all without asking");
  }
}

/** Tells a vault that is none before anything else. */
function checkVault(vault: string | undefined, engine: Scanner): void {
  try {
    engine.referenceTo(urlOf(vault), "name");
  } catch (why) {
    throw new UsageError((why as { message: string }).message);
  }
}

function findingsOf(file: File, engine: Scanner): Finding[] {
  return new engine.Scanned(file.path, file.text)
    .findings()
    .map(([line, column, rule, what, name, fixable]) => ({ line, column, rule, what, name, fixable }));
}

function told(path: string, one: Finding, vault: string | undefined, engine: Scanner): string {
  const { line, column, rule, what, name, fixable } = one;
  const place = fixable ? engine.referenceTo(urlOf(vault), name) : "(no reference can stand here)";
  const head = `${printable(path)}:${line}:${column} ${rule} ${what}`;
  return `${head}\n    ${commandOf(name, vault)}\n    ${place}\n`;
}

function commandOf(name: string, vault: string | undefined): string {
  return `nightlatch set ${vault ?? "VAULT"} ${name}`;
}

function summary(found: number, search: Search, replaced?: number): string {
  const what = `${found || "No"} ${found < 2 ? "secret" : "secrets"} found`;
  const where = `in ${search.count} ${search.count === 1 ? "file" : "files"}`;
  const done = replaced === undefined ? "" : `, ${replaced} replaced`;
  const reasons = Object.entries(PASSED_OVER) as [keyof typeof PASSED_OVER, string][];
  const counts = reasons.map(([reason, words]) => [words, search.passedOver[reason]] as const);
  const over = counts.filter(([, count]) => count > 0).map(([words, count]) => `${words} ${count}`);
  return `${what} ${where}${done}.${over.length > 0 ? ` Passed over: ${over.join(", ")}.` : ""}\n`;
}

/** No name of a file does anything to a terminal. */
function printable(path: string): string {
  // eslint-disable-next-line no-control-regex
  return path.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
}

function urlOf(vault: string | undefined): string | undefined {
  return vault === undefined || vault.includes("://") ? vault : `https://${vault}`;
}

/** Sets the secrets, and puts references in their place. */
async function fix(
  search: Search,
  engine: Scanner,
  vault: string,
  client: SecretClient,
  isAnswered: boolean,
  timeout: number | undefined,
): Promise<End> {
  let [found, replaced] = [0, 0];
  const question = new Question(isAnswered);
  try {
    for (const file of search) {
      const scanned = new engine.Scanned(file.path, file.text);
      const findings = findingsOf(file, engine);
      found += findings.length;
      const places: [number, string][] = [];
      const chosen: number[] = [];
      for (const [index, one] of findings.entries()) {
        process.stdout.write(told(file.path, one, vault, engine));
        if (one.fixable && (await question.whether())) {
          chosen.push(index);
        }
      }
      const names: string[] = [];
      for (const index of chosen) {
        const wanted = (findings[index] as Finding).name;
        const name = await setSecret(client, wanted, scanned.value(index) ?? "", timeout);
        names.push(name);
        places.push([index, engine.referenceTo(urlOf(vault), name)]);
      }
      if (names.length > 0) {
        // The file is written once all of them are in the vault.
        if (textOf(file.path) !== file.text) {
          throw new Trouble(`${file.path} was changed meanwhile, and is left as it is`);
        }
        replace(file.path, scanned.replaced(places), true);
        replaced += names.length;
        process.stdout.write(`${printable(file.path)}: replaced by ${names.join(", ")}\n`);
      }
    }
  } finally {
    question.close();
  }
  return [found === replaced ? OK : FOUND, summary(found, search, replaced)];
}

/** Sets a secret, unless it is there with this value, and never over another one; gives its name. */
async function setSecret(
  client: SecretClient,
  name: string,
  value: string,
  timeout: number | undefined,
): Promise<string> {
  for (let number = 1; number <= NAMES; number++) {
    const candidate = number === 1 ? name : `${name.slice(0, 120)}-${number}`;
    try {
      if ((await client.getSecret(candidate, { timeout })).value === value) {
        return candidate;
      }
    } catch (why) {
      const { code } = why as { code?: string };
      if (code === "SECRET_DISABLED") {
        continue;
      }
      if (code !== "NOT_FOUND") {
        throw why;
      }
      if (await isSet(client, candidate, value, timeout)) {
        return candidate;
      }
    }
  }
  throw new Trouble(
    `${name} and ${NAMES - 1} names like it are taken in the vault by other secrets; none was changed`,
  );
}

async function isSet(
  client: SecretClient,
  name: string,
  value: string,
  timeout: number | undefined,
): Promise<boolean> {
  try {
    await client.setSecret(name, value, { timeout });
    return true;
  } catch (why) {
    if ((why as { code?: string }).code === "CONFLICT") {
      return false; // deleted, and it can still be recovered
    }
    throw why;
  }
}

/** Asks a person what to replace. */
class Question {
  #isAnswered: boolean;
  #lines: Interface | undefined;
  /** Whether nobody will answer any more. */
  #isOver = false;

  constructor(isAnswered: boolean) {
    this.#isAnswered = isAnswered;
  }

  /** Whether to replace this one. */
  async whether(): Promise<boolean> {
    if (this.#isAnswered) {
      return true;
    }
    this.#lines ??= this.#opened();
    const lines = this.#lines;
    const answer = await new Promise<string>((resolve) => {
      lines.once("close", () => resolve(""));
      if (this.#isOver) {
        resolve("");
      } else {
        lines.question("Set it, and replace it? [y/N/all] ", resolve);
      }
    });
    const given = answer.trim().toLowerCase();
    this.#isAnswered = given === "a" || given === "all";
    return this.#isAnswered || given === "y" || given === "yes";
  }

  close(): void {
    this.#lines?.close();
  }

  #opened(): Interface {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    lines.once("SIGINT", interrupted);
    lines.once("close", () => (this.#isOver = true));
    return lines;
  }
}
