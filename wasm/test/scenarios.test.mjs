/** Every scenario that all languages share, through the public API; see `tests/README.md`. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { initSync } from "../dist/wasm.js";
import { differences } from "./scenarios/check.mjs";
import { readAll } from "./scenarios/format.mjs";
import { encrypted, play, playable } from "./scenarios/player.mjs";

const factory = initSync(readFileSync(new URL("../dist/engine/nightlatch-full.wasm", import.meta.url)));
const all = readAll(fileURLToPath(new URL("../../tests/scenarios", import.meta.url)));
const scenarios = all.filter(([, scenario]) => playable(scenario));

test("few scenarios ask for what has no public call here", () => {
  assert.equal(all.length - scenarios.length, 6);
});

for (const [path, scenario] of scenarios) {
  test(path, async () => {
    if (encrypted(path)) {
      return refusesEncrypted(scenario);
    }
    // Both ways of renewal are an option here, so no case is left out.
    for (const renewal of scenario.renewal ? [scenario.renewal] : ["detached", "caller"]) {
      const player = await play(scenario, factory, { renewal });
      const found = differences(player);
      const log = player.world.transcript.map((line) => JSON.stringify(line));
      assert.deepEqual(found, [], [scenario.name, renewal, ...found, "", ...log].join("\n"));
    }
  });
}

/** The module opens nothing that is encrypted: people convert such files once. It must say so. */
async function refusesEncrypted(scenario) {
  const player = await play(scenario, factory, { renewal: scenario.renewal });
  const [{ error }] = player.ended.values();
  assert.equal(error.code, "UNSUPPORTED");
  assert.match(error.summary, /cannot be opened in this build/);
  assert.match(error.advice, /openssl/);
}

test("no expectation is passed over: each one that is altered is told", async () => {
  for (const [path, scenario] of scenarios.filter(([path]) => !encrypted(path))) {
    const player = await play(scenario, factory, { renewal: scenario.renewal });
    const untold = [];
    const alter = (owner, name, value) => {
      const was = owner[name];
      owner[name] = value;
      untold.push(...(differences(player).length === 0 ? [`${name} as ${JSON.stringify(value)}`] : []));
      owner[name] = was;
    };
    const { construction, ...whole } = scenario.expect;
    const calls = scenario.calls.map((call) => call.expect ?? {});
    const endings = calls.flatMap((ending) => [ending, ...Object.values(ending.secrets ?? {})]);
    for (const ending of construction === undefined ? endings : [construction]) {
      for (const [name, value] of Object.entries(ending)) {
        alter(ending, name, name === "message_lacks" ? [""] : other(value));
      }
    }
    for (const [name, value] of Object.entries(whole)) {
      const events = player.world.told("event").map(({ type }) => type);
      const sent = player.world.told("request").map(() => "");
      const forbidden = { events_exclude: events.slice(0, 1), never_sent_to: sent.slice(0, 1) }[name];
      // Where nothing happened, nothing that is excluded can have happened.
      if (forbidden?.length !== 0) {
        alter(scenario.expect, name, forbidden ?? other(value));
      }
    }
    for (const call of scenario.calls.filter((call) => call.expect !== undefined)) {
      alter(call, "finished_within_ms", -1);
      alter(call, "finished_after_ms", Number.MAX_SAFE_INTEGER);
    }
    assert.deepEqual(untold, [], path);
  }
});

/** Something else of the same form. */
function other(value) {
  if (Array.isArray(value)) {
    return value.length === 0 ? ["something"] : value.map(other);
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, other(part)]));
  }
  return typeof value === "number" ? value + 1000 : typeof value === "boolean" ? !value : `¬${value}`;
}
