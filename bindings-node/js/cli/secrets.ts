/**
 * `nightlatch get`, `list` and `set`: single secrets, for people and scripts.
 *
 * @module
 */

import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { buffer } from "node:stream/consumers";

import type { SecretProperties } from "../index.js";
import { asGiven, limited, milliseconds, parsed, UsageError } from "./arguments.js";
import { type End, interrupted, OK } from "./end.js";
import { asking } from "./package.js";

const COMMON = { "client-id": asGiven, timeout: milliseconds };

/** The command line's. */
export async function get(given: string[]): Promise<End> {
  const { words, flags, values } = parsed(given, ["json"], { ...COMMON, "version-id": asGiven });
  const [vault, name] = limited(words, 2, 2);
  const { "version-id": version, timeout } = values;
  const secret = await asking(vault, values, {}, (client) => client.getSecret(name, { version, timeout }));
  if (flags.has("json")) {
    return [OK, `${JSON.stringify(factsOf(secret.properties))}\n`];
  }
  // Only people want a line of its own: a program would take its end for a part of the secret.
  return [OK, `${secret.value}${process.stdout.isTTY ? "\n" : ""}`];
}

/** The command line's. */
export async function list(given: string[]): Promise<End> {
  const { words, flags, values } = parsed(given, ["json"], COMMON);
  const [vault] = limited(words, 1, 1);
  const { timeout } = values;
  const found = await asking(vault, values, {}, async (client) => {
    const all: SecretProperties[] = [];
    for await (const one of client.listPropertiesOfSecrets({ timeout })) {
      all.push(one);
    }
    return all;
  });
  found.sort((one, other) => (one.name < other.name ? -1 : 1));
  if (flags.has("json")) {
    return [OK, `${JSON.stringify(found.map(factsOf))}\n`];
  }
  const width = Math.max(...found.map(({ name }) => name.length));
  return [OK, found.map((one) => `${one.name.padEnd(width)}  ${stateOf(one)}\n`).join("")];
}

/** The command line's. */
export async function set(given: string[]): Promise<End> {
  const { words, values } = parsed(given, [], { ...COMMON, "content-type": asGiven });
  const [vault, name] = limited(words, 2, 2);
  const { "content-type": contentType, timeout } = values;
  const secret = await asking(vault, values, {}, async (client) =>
    client.setSecret(name, await valueOf(name), { contentType, timeout }),
  );
  return [OK, `${secret.properties.id}\n`];
}

/** The new value: from a person who is not watched, or from stdin. */
async function valueOf(name: string): Promise<string> {
  const value = process.stdin.isTTY ? await typed(`Value of ${name}: `) : await read();
  if (value === "") {
    throw new UsageError("the value on stdin is empty");
  }
  return value;
}

async function read(): Promise<string> {
  const content = await buffer(process.stdin);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
    return text.replace(/\r?\n$/, "");
  } catch {
    throw new UsageError("the value on stdin is not UTF-8");
  }
}

/** What a person types, unseen. */
function typed(prompt: string): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: unseen, terminal: true, historySize: 0 });
  process.stderr.write(prompt);
  return new Promise((resolve) => {
    lines.once("SIGINT", interrupted);
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
    });
    lines.once("close", () => {
      process.stderr.write("\n");
      resolve("");
    });
  });
}

function stateOf({ enabled, expiresOn }: SecretProperties): string {
  const state = enabled === false ? "disabled" : "enabled";
  if (expiresOn === undefined) {
    return state;
  }
  return `${state.padEnd(8)}  expires ${expiresOn.toISOString().replace(/\.\d+/, "")}`;
}

/** By the core's names, in its order; times are seconds since 1970. */
function factsOf(properties: SecretProperties): object {
  const seconds = (date: Date | undefined): number | undefined => date && Math.floor(date.getTime() / 1000);
  const { id, vaultUrl, name, version, enabled, notBefore, expiresOn, createdOn, updatedOn } = properties;
  const { contentType, tags, recoveryLevel, recoverableDays, managed, certificateKeyId, previousVersion } =
    properties;
  const facts = {
    id,
    vault_url: vaultUrl,
    name,
    version,
    enabled,
    not_before: seconds(notBefore),
    expires_on: seconds(expiresOn),
    created_on: seconds(createdOn),
    updated_on: seconds(updatedOn),
    content_type: contentType,
    tags,
    recovery_level: recoveryLevel,
    recoverable_days: recoverableDays,
    managed,
    key_id: certificateKeyId,
    previous_version: previousVersion,
  };
  return Object.fromEntries(Object.entries(facts).map(([fact, value]) => [fact, value ?? null]));
}
