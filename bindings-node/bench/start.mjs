/**
 * What it costs to start: loading the package, and the way from the start of a process to its first secret, beside a
 * program written by hand and the official packages, in this one run.
 *
 *     cargo build -p nightlatch-emulator && npm run build && node bench/start.mjs
 *
 * The official packages need `npm ci` in test/official.
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import {
  median,
  OFFICIAL,
  paired,
  race,
  ratio,
  report,
  startEmulator,
  through,
  VAULT,
  withOfficial,
} from "./support.mjs";

const here = import.meta.dirname;
const ROUNDS = 31;
const ROUND_TRIP_MS = 20;

const ours = createRequire(import.meta.url).resolve("nightlatch");
const theirs = ["identity", "keyvault-secrets"].map((name) => join(OFFICIAL, "node_modules", "@azure", name));

console.log(`Node ${process.version}, medians of ${ROUNDS} rounds\n`);
const { environment, stop } = await startEmulator();
try {
  load();
  first("start to first secret", environment);
  const relay = await startRelay(environment.HTTPS_PROXY, ROUND_TRIP_MS);
  first(`  round trips of ${ROUND_TRIP_MS} ms`, { ...environment, ...through(relay.http) });
  relay.stop();
} finally {
  stop();
}

/** Loading the package, over bare Node. */
function load() {
  const requiring = (paths) => paths.map((path) => `require(${JSON.stringify(path)});`).join("\n");
  const times = race(
    {
      bare: "",
      "nightlatch, CommonJS": requiring([ours]),
      "bare ES module": { module: "" },
      "nightlatch, ES module": { module: `import ${JSON.stringify(import.meta.resolve("nightlatch"))}` },
      ...(withOfficial && { "official, CommonJS": requiring(theirs) }),
    },
    ROUNDS,
    environment,
  );
  const line = (name, bare) => {
    const [ms, mb] = ["ms", "mb"].map((of) => paired(times[name][of], times[bare][of], (a, b) => a - b));
    report(`load, ${name}`, `+${ms.toFixed(1)} ms, +${mb.toFixed(1)} MB over bare Node`);
  };
  line("nightlatch, CommonJS", "bare");
  line("nightlatch, ES module", "bare ES module");
  if (withOfficial) {
    line("official, CommonJS", "bare");
  }
}

/** From the start of a process to its first secret. */
function first(what, variables) {
  const program = ([identity, secrets]) => `
    const { ManagedIdentityCredential } = require(${JSON.stringify(identity)});
    const { SecretClient } = require(${JSON.stringify(secrets)});
    new SecretClient("${VAULT}", new ManagedIdentityCredential())
      .getSecret("db-password")
      .then(({ value }) => { console.log(value); process.exit(); });`;
  const times = race(
    {
      hand: readFileSync(join(here, "by-hand.cjs"), "utf8"),
      ours: program([ours, ours]),
      ...(withOfficial && { theirs: program(theirs) }),
    },
    ROUNDS,
    variables,
  );
  const line = (name, whose) => {
    const [value, hand] = [times[whose].ms, times.hand.ms];
    const factor = paired(value, hand, (a, b) => a / b);
    report(name, ratio(median(value), median(hand), "ms", "a program by hand", factor));
  };
  line(what, "ours");
  if (withOfficial) {
    line("  official", "theirs");
  }
}

/** Starts a relay that makes the way to a local Azure as long as a network's. */
async function startRelay(http, roundTripMs) {
  const child = spawn(process.execPath, [join(here, "relay.mjs"), new URL(http).port, String(roundTripMs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const port = await new Promise((resolve) => child.stdout.once("data", resolve));
  return { http: `http://127.0.0.1:${String(port).trim()}`, stop: () => child.stdin.end() };
}
