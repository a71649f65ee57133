/**
 * `nightlatch doctor`, `check` and `explain`: what the core tells.
 *
 * @module
 */

import type { Diagnosis, Health } from "../index.js";
import { asGiven, count, limited, milliseconds, oneOf, parsed } from "./arguments.js";
import { type End, OK, PASSING, TROUBLE } from "./end.js";
import { asking } from "./package.js";

/** When to print in colour. */
const WHEN = ["auto", "always", "never"];

/** A client has to have a vault; explaining asks none. */
const NO_VAULT = "https://vault.invalid";

export async function doctor(given: string[]): Promise<End> {
  const options = { "client-id": asGiven, "version-id": asGiven, timeout: milliseconds, color: oneOf(WHEN) };
  const { words, flags, values } = parsed(given, ["json"], options);
  const [vault, name] = limited(words, 1, 2);
  const { "version-id": version, timeout, color = "auto" } = values;
  const found = await asking(vault, values, {}, (client) => client.diagnose(name, { version, timeout }));
  const status = statusOf(found);
  if (flags.has("json")) {
    return [status, `${found.json}\n`];
  }
  return [status, isColourful(color) ? painted(found.text) : found.text];
}

export async function check(given: string[]): Promise<End> {
  const options = { "client-id": asGiven, timeout: milliseconds };
  const { words, flags, values } = parsed(given, ["json", "quiet"], options);
  const [vault, ...names] = limited(words, 1, Infinity);
  const { timeout } = values;
  const health = await asking(vault, values, {}, (client) => client.check(names, { timeout }));
  const status = statusOf(health);
  if (flags.has("quiet")) {
    return [status, ""];
  }
  return [status, flags.has("json") ? `${health.json}\n` : health.text];
}

export async function explain(given: string[]): Promise<End> {
  const options = { "client-id": asGiven, secrets: count, instances: count, ttl: milliseconds };
  const { words, flags, values } = parsed(given, ["json"], options);
  const [vault = NO_VAULT] = limited(words, 0, 1);
  const { secrets, instances, ttl } = values;
  const settings = ttl === undefined ? {} : { cacheTtl: ttl };
  const forecast = await asking(vault, values, settings, (client) => client.explain({ secrets, instances }));
  return [OK, flags.has("json") ? `${forecast.json}\n` : forecast.text];
}

function statusOf({ ok, transient }: Diagnosis | Health): number {
  if (ok) {
    return OK;
  }
  return transient ? PASSING : TROUBLE;
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
