/**
 * What a program that reads secrets costs: nightlatch beside the official packages, each as its documentation shows it
 * and without an option, in this one run.
 *
 *     cargo build -p nightlatch-emulator && npm run build && node bench/requests.mjs
 *
 * The official packages need `npm ci` in test/official. Each measurement is a process of its own, which is this file with
 * the names of a piece of work and a package. Requests are what the emulator counts.
 */

import { createRequire } from "node:module";
import { join } from "node:path";

import {
  median,
  OFFICIAL,
  paired,
  run,
  SECRETS,
  shuffled,
  startEmulator,
  VAULT,
  withOfficial,
} from "./support.mjs";

const READS = 10_000;
const READERS = 16;
const COLD_READERS = 200;

const require = createRequire(import.meta.url);
const official = createRequire(join(OFFICIAL, "package.json"));
const PACKAGES = {
  nightlatch: () => require("nightlatch"),
  ...(withOfficial && {
    official: () => ({ ...official("@azure/identity"), ...official("@azure/keyvault-secrets") }),
  }),
};

/** Pieces of work: how many readers there are, how often each reads, what, and in how many rounds that is measured. */
const WORK = {
  [`${READS} reads of ${SECRETS.length}, one by one`]: [1, READS, SECRETS, 1],
  [`${READS} reads of ${SECRETS.length}, ${READERS} readers`]: [READERS, READS / READERS, SECRETS, 1],
  [`${COLD_READERS} cold readers of one`]: [COLD_READERS, 1, SECRETS.slice(0, 1), 5],
};

/** What is measured of it, how it is shown, and by what factor ours is better than theirs. */
const FIGURES = {
  "reads/s": [(value) => value.toFixed(0), (ours, theirs) => ours / theirs],
  "p50 µs": [(value) => value.toFixed(1), (ours, theirs) => theirs / ours],
  "p99 µs": [(value) => value.toFixed(1), (ours, theirs) => theirs / ours],
  "vault requests": [String, (ours, theirs) => theirs / ours],
  "token requests": [String, (ours, theirs) => theirs / ours],
};

const [, , work, whose] = process.argv;
await (work === undefined ? compare() : measure(work, PACKAGES[whose]()));

/** Does a piece of work, and prints its figures as far as it knows them itself. */
async function measure(work, { ManagedIdentityCredential, SecretClient }) {
  const [readers, times, names] = WORK[work];
  const client = new SecretClient(VAULT, new ManagedIdentityCredential());
  const took = [];
  const reader = async (which) => {
    for (let time = 0; time < times; time++) {
      const before = performance.now();
      await client.getSecret(names[(which + time * readers) % names.length]);
      took.push(performance.now() - before);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: readers }, (_, which) => reader(which)));
  const whole = performance.now() - begun;
  took.sort((a, b) => a - b);
  const [p50, p99] = [0.5, 0.99].map((part) => took[Math.floor(took.length * part)] * 1000);
  console.log(JSON.stringify({ "reads/s": (took.length / whole) * 1000, "p50 µs": p50, "p99 µs": p99 }));
  process.exit();
}

/** Has each package do each piece of work, in another order each round. */
async function compare() {
  console.log(`Node ${process.version}\n`);
  line("", "", Object.keys(FIGURES));
  const { environment, stop } = await startEmulator();
  try {
    for (const [work, [, , , rounds]] of Object.entries(WORK)) {
      const results = Object.fromEntries(Object.keys(PACKAGES).map((name) => [name, []]));
      for (let round = 0; round < rounds; round++) {
        for (const name of shuffled(Object.keys(PACKAGES))) {
          results[name].push(await figures(work, name, environment));
        }
      }
      tell(work, results);
    }
  } finally {
    stop();
  }
}

async function figures(work, name, environment) {
  const admin = (what, options) => fetch(`${environment.HTTPS_PROXY}/_emulator/${what}`, options);
  await admin("log", { method: "DELETE" });
  const { status, stdout, stderr } = run([import.meta.filename, work, name], environment);
  if (status !== 0) {
    throw new Error(`${work}, ${name}: ${stderr}`);
  }
  const { vault, app_service: token } = await (await admin("counts")).json();
  return { ...JSON.parse(stdout), "vault requests": vault, "token requests": token };
}

/** Prints the medians of a piece of work. */
function tell(work, results) {
  const columns = Object.entries(FIGURES);
  for (const [name, rounds] of Object.entries(results)) {
    const shown = columns.map(([figure, [show]]) => show(median(rounds.map((round) => round[figure]))));
    line(work, name, shown);
  }
  const { nightlatch, official } = results;
  if (official !== undefined) {
    const factors = columns.map(([figure, [, better]]) =>
      paired(nightlatch, official, (ours, theirs) => better(ours[figure], theirs[figure])),
    );
    line(
      work,
      "better by",
      factors.map((factor) => `× ${factor.toFixed(factor < 10 ? 1 : 0)}`),
    );
  }
}

function line(what, whose, figures) {
  console.log(
    `${what.padEnd(32)}${whose.padEnd(12)}${figures.map((figure) => figure.padStart(16)).join("")}`,
  );
}
