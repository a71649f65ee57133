/**
 * Every scenario that all languages share, over the native engine and over the one in wasm: what is expected happens,
 * and what happens is the same to the last header and millisecond.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import { initSync } from "../../wasm/dist/wasm.js";
import { differences, encrypted, play, playable, readAll } from "../../wasm/test/scenarios/index.mjs";
import { nativeFactory, type NativeModule } from "../js/native.js";
import { ROOT } from "./support/places.js";

const require = createRequire(import.meta.url);
const native = nativeFactory(require("nightlatch-linux-x64-gnu") as NativeModule);
const wasm = initSync(readFileSync(require.resolve("nightlatch-wasm/nightlatch-full.wasm")));

for (const [path, scenario] of readAll(join(ROOT, "tests", "scenarios"))) {
  // How many are left out is checked once, by the test of the package in wasm.
  if (!playable(scenario)) continue;
  test(path, async () => {
    for (const renewal of scenario.renewal ? [scenario.renewal] : (["detached", "caller"] as const)) {
      for (const seed of [7, 8]) {
        const player = await play(scenario, native, { renewal, seed });
        const { transcript } = player.world;
        const log = transcript.map((line) => JSON.stringify(line));
        const found = differences(player);
        assert.deepEqual(found, [], [scenario.name, renewal, ...found, "", ...log].join("\n"));
        // What the module in wasm does not open, its own test is about.
        if (encrypted(path)) continue;
        const other = await play(scenario, wasm, { renewal, seed });
        assert.deepEqual(withoutSalt(transcript), withoutSalt(other.world.transcript));
      }
    }
  });
}

/** A transcript without signatures of assertions: PS256 salts each one anew. */
function withoutSalt(transcript: readonly unknown[]): unknown {
  const text = JSON.stringify(transcript);
  return JSON.parse(text.replace(/(client_assertion=[\w-]+\.[\w-]+\.)[\w-]{300,}/g, "$1signature"));
}
