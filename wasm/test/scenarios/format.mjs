/** The scenarios as files, see `tests/README.md`. A name that this player does not know is a mistake. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a scenario may say. */
const NAMES = {
  scenario: "name why sequential renewal tokens world options secrets calls expect",
  world: "platform environment files commands http signatures assertions prompts browser steps",
  file: "text base64 fault shared link delay times",
  hand: "text fault delay times",
  step: "step value slot text fault delay times",
  command: "argv status stdout stderr fault delay times",
  rule:
    "method url url_prefix headers no_headers body_contains body_lacks route trust server_name times delay reply " +
    "fault",
  reply: "status headers json text",
  call:
    "at_ms as count op vault name version value arguments scopes tenant claims authenticate by_ms timeout " +
    "cancel_at_ms expect finished_within_ms finished_after_ms",
  ending:
    "value properties deleted page continuation finished backup secrets told text_contains next_refresh token error " +
    "message_contains message_lacks advice_contains attempts status code inner_code help source request_id claims identity cancelled",
  expect:
    "requests counts commands files signatures prompts pages steps events events_include events_exclude cache_info " +
    "never_sent_to construction",
};

/** Reads every scenario that the folder's index lists: its path, and what it says. */
export function readAll(folder) {
  const listed = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
  return listed.map((path) => [path, read(readFileSync(join(folder, path), "utf8"))]);
}

/** Reads one scenario and puts its tokens in place. */
export function read(text) {
  const tokens = Object.entries(JSON.parse(text).tokens ?? {});
  // A name may be the beginning of another.
  for (const [name, claims] of tokens.sort(([a], [b]) => b.length - a.length)) {
    text = text.replaceAll(`$token:${name}`, unsigned(claims));
  }
  if (text.includes("$token:")) {
    throw new Error("a token is mentioned that is not described");
  }
  const scenario = { calls: [], expect: {}, options: {}, secrets: [], ...JSON.parse(text) };
  checkNames(scenario);
  return scenario;
}

function checkNames(scenario) {
  const { world, calls, expect } = scenario;
  only("scenario", scenario);
  only("world", world);
  for (const rules of Object.values(world.files ?? {})) {
    only("file", ...(typeof rules === "string" ? [] : rules));
  }
  only("command", ...(world.commands ?? []));
  for (const hand of ["signatures", "assertions", "prompts", "browser"]) {
    only("hand", ...(world[hand] ?? []));
  }
  only("step", ...(world.steps ?? []));
  only("rule", ...(world.http ?? []));
  only("reply", ...(world.http ?? []).map((rule) => rule.reply ?? {}));
  only("call", ...calls);
  const endings = calls.map((call) => call.expect ?? {});
  const inner = endings.flatMap((ending) => Object.values(ending.secrets ?? {}));
  only("ending", expect.construction ?? {}, ...endings, ...inner);
  only("expect", expect);
}

function only(what, ...objects) {
  const known = NAMES[what].split(" ");
  const unknown = objects.flatMap(Object.keys).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`a ${what} has no ${unknown.join(", ")}`);
  }
}

function unsigned(claims) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${encode({ alg: "none", typ: "JWT" })}.${encode(sorted(claims))}.bm9uZQ`;
}

function sorted(value) {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}
