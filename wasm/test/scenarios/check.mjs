/** What a scenario expects, against what happened. Every difference is told, not only the first. */

import { isDeepStrictEqual } from "node:util";

import { AbortError, NightlatchError } from "../../dist/front.js";
import {
  cacheFacts,
  deletedFacts,
  errorFacts,
  eventOf,
  identityFacts,
  propertyFacts,
  toldFacts,
} from "./names.mjs";
import { callers } from "./player.mjs";

/** All differences; none means that the scenario holds. */
export function differences(player) {
  return [...found(player)];
}

function* found({ scenario, world, construction, ended, cacheInfo }) {
  const { expect, calls } = scenario;
  yield* world.complaints;
  if (expect.construction !== undefined) {
    yield* construction === undefined
      ? ["the client could be built"]
      : ofError("construction", expect.construction, construction);
    return;
  }
  if (construction !== undefined) {
    yield `the client could not be built: ${construction}`;
    return;
  }
  for (const call of calls) {
    for (const name of call.expect === undefined ? [] : callers(call)) {
      const end = ended.get(name);
      yield* end === undefined ? [`${name}: did not end`] : ofEnd(name, call, end);
    }
  }
  yield* ofWhole(expect, world);
  yield* ofParts("the cache", expect.cache_info, cacheFacts(cacheInfo ?? {}));
}

function* ofEnd(name, call, { result, error, tookMs }) {
  const expected = call.expect;
  if (error instanceof AbortError && expected.cancelled) {
    // As it wanted.
  } else if (expected.cancelled) {
    yield `${name}: was not cancelled`;
  } else if (error !== undefined) {
    yield* ofError(name, expected, error);
  } else {
    yield* ofResult(name, expected, result);
  }
  if (tookMs > (call.finished_within_ms ?? tookMs)) {
    yield `${name}: took ${tookMs} ms, too long`;
  }
  if (tookMs < (call.finished_after_ms ?? 0)) {
    yield `${name}: took ${tookMs} ms, not long enough`;
  }
}

function* ofResult(name, expected, result) {
  if (expected.error !== undefined) {
    yield `${name}: no error, but ${expected.error} is expected`;
    return;
  }
  const plain = ["value", "token", "page", "continuation", "finished", "backup"];
  const named = Object.entries(expected).filter(([part]) => plain.includes(part));
  yield* ofParts(name, Object.fromEntries(named), result);
  yield* ofParts(`${name}: properties`, expected.properties, propertyFacts(result?.properties ?? {}));
  yield* ofParts(`${name}: deleted`, expected.deleted, deletedFacts(result));
  // Both as users see it and, if they are shown that, as the core wrote it.
  const { told } = result ?? {};
  yield* inDepth(`${name}: told`, expected.told, told && toldFacts(told));
  if (told?.toJSON !== undefined) {
    yield* inDepth(`${name}: told as JSON`, expected.told, told.toJSON());
  }
  yield* lacking(name, "text", expected.text_contains, String(result?.told));
  const { secrets = {} } = expected;
  for (const [secret, fared] of Object.entries(secrets)) {
    const end = result.secrets.get(secret);
    yield* end instanceof NightlatchError
      ? ofError(`${name}: ${secret}`, fared, end)
      : ofResult(`${name}: ${secret}`, fared, end);
  }
}

function* ofError(name, expected, error) {
  if (expected.error === undefined || !(error instanceof NightlatchError)) {
    yield `${name}: failed with ${error.code}: ${error.stack}`;
    return;
  }
  const facts = errorFacts(error);
  const named = Object.entries(expected).filter(([part]) => part in facts);
  yield* ofParts(name, Object.fromEntries(named), facts);
  const texts = { message: error.summary, advice: error.advice ?? "" };
  for (const [what, text] of Object.entries(texts)) {
    yield* lacking(name, what, expected[`${what}_contains`], text);
  }
  for (const part of expected.message_lacks ?? []) {
    if (error.summary.includes(part)) {
      yield `${name}: the message holds ${part}: ${error.summary}`;
    }
  }
  yield* ofParts(`${name}: identity`, expected.identity, identityFacts(error.identity));
}

function* lacking(name, what, expected = [], text) {
  yield* expected
    .filter((part) => !text.includes(part))
    .map((it) => `${name}: the ${what} lacks ${it}: ${text}`);
}

/** Members that are expected must be there; lists are compared as wholes, item by item. */
function* inDepth(what, expected, actual = null) {
  if (expected === null || typeof expected !== "object") {
    if (expected !== undefined && expected !== actual) {
      yield `${what} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`;
    }
  } else if (Array.isArray(expected) && expected.length !== actual?.length) {
    yield `${what} is ${JSON.stringify(actual)}, expected ${expected.length} items`;
  } else {
    for (const [part, value] of Object.entries(expected)) {
      yield* inDepth(`${what}.${part}`, value, actual?.[part]);
    }
  }
}

function* ofParts(what, expected = {}, actual = {}) {
  for (const [part, value] of Object.entries(expected)) {
    // What is not known is absent here, and null elsewhere.
    if (!isDeepStrictEqual(actual[part] ?? null, value)) {
      yield `${what}: ${part} is ${JSON.stringify(actual[part])}, expected ${JSON.stringify(value)}`;
    }
  }
}

function* ofWhole(expect, world) {
  const requests = world.told("request");
  const lists = {
    requests,
    commands: world.told("command"),
    files: world.told("file"),
    signatures: world.told("signature"),
    prompts: world.told("prompt"),
    pages: world.told("page"),
    steps: world.told("step"),
  };
  for (const [what, actual] of Object.entries(lists)) {
    if (!alike(expect[what], actual, (e, a) => a.startsWith(e))) {
      yield `the ${what} are ${JSON.stringify(actual, undefined, 1)}`;
    }
  }
  for (const [prefix, count] of Object.entries(expect.counts ?? {})) {
    const [least, most] = Array.isArray(count) ? count : [count, count];
    const actual = requests.filter((request) => request.startsWith(prefix)).length;
    if (actual < least || actual > most) {
      yield `${actual} requests begin with ${prefix}, expected ${count}`;
    }
  }
  const events = world.told("event");
  const text = JSON.stringify(events, undefined, 1);
  if (!alike(expect.events, events, isEvent)) {
    yield `the events are ${text}`;
  }
  for (const expected of expect.events_include ?? []) {
    if (!events.some((actual) => isEvent(expected, actual))) {
      yield `no event is ${JSON.stringify(expected)} among ${text}`;
    }
  }
  for (const name of expect.events_exclude ?? []) {
    if (events.some((actual) => isEvent(name, actual))) {
      yield `the event ${name} occurs`;
    }
  }
  for (const prefix of expect.never_sent_to ?? []) {
    yield* requests
      .filter((request) => request.split(" ")[1].startsWith(prefix))
      .map((it) => `${it} was sent`);
  }
}

function alike(expected, actual, fits) {
  return (
    expected === undefined ||
    (expected.length === actual.length && expected.every((one, index) => fits(one, actual[index])))
  );
}

function isEvent(expected, actual) {
  return ofParts("", eventOf(expected), actual).next().done;
}
