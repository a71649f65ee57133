/** What the programs of this folder measure with, and what they measure against. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the official packages are installed. */
export const OFFICIAL = join(import.meta.dirname, "..", "test", "official");

/** Whether they are. */
export const withOfficial = existsSync(join(OFFICIAL, "node_modules", "@azure"));

/** The secrets that are read many times. */
export const SECRETS = Array.from({ length: 20 }, (_, index) => `secret-${index}`);

/** The vault that {@link startEmulator} starts. */
export const VAULT = "https://demo.vault.azure.net";

/**
 * Runs programs, each in a process of its own, once a round and in another order each time.
 *
 * @returns for each program its rounds: milliseconds from start to end, and megabytes resident at most
 */
export function race(programs, rounds, environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-bench-"));
  const files = Object.entries(programs).map(([name, program], index) => {
    const file = join(folder, `program-${index}.${program.module === undefined ? "cjs" : "mjs"}`);
    writeFileSync(file, TELL_MEMORY + (program.module ?? program));
    return [name, file];
  });
  const results = Object.fromEntries(files.map(([name]) => [name, { ms: [], mb: [] }]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, file] of shuffled(files)) {
      const begun = performance.now();
      const { status, stderr } = run([file], environment);
      results[name].ms.push(performance.now() - begun);
      if (status !== 0) {
        throw new Error(`${name}: ${stderr}`);
      }
      results[name].mb.push(Number(stderr) / 1024);
    }
  }
  rmSync(folder, { recursive: true });
  return results;
}

/** Not what getrusage says where it can be helped: on Linux that begins with what the parent had. */
const TELL_MEMORY = `
process.on("exit", () => {
  let memory = process.resourceUsage().maxRSS;
  try {
    memory = /VmHWM:\\s+(\\d+)/.exec(process.getBuiltinModule("fs").readFileSync("/proc/self/status", "latin1"))[1];
  } catch {
    // No such file: another system.
  }
  process.stderr.write(String(memory));
});
`;

/** Runs a program of Node's to its end. */
export function run(args, environment) {
  const env = { ...process.env, ...environment };
  return spawnSync(process.execPath, args, { encoding: "utf8", env });
}

/** The middle one. */
export function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** The median over the rounds of what `relate` makes of a pair: what slows a round slows both. */
export function paired(ours, theirs, relate) {
  return median(ours.map((value, round) => relate(value, theirs[round])));
}

/** The same in another order. */
export function shuffled(list) {
  return list
    .map((item) => [Math.random(), item])
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** Nanoseconds that a call of each function takes: the best of nine rounds, in turns. */
export function best(...calls) {
  const times = calls.map(() => Infinity);
  for (let round = 0; round < 9; round++) {
    for (const [index, call] of calls.entries()) {
      const begun = process.hrtime.bigint();
      for (let i = 0; i < 300_000; i++) {
        call();
      }
      times[index] = Math.min(times[index], Number(process.hrtime.bigint() - begun) / 300_000);
    }
  }
  return times;
}

/** The same for functions whose results are awaited. */
export async function bestAwaited(first, second, count = 300_000) {
  const times = [Infinity, Infinity];
  for (let round = 0; round < 9; round++) {
    for (const [index, call] of [first, second].entries()) {
      const begun = process.hrtime.bigint();
      for (let i = 0; i < count; i++) {
        await call();
      }
      times[index] = Math.min(times[index], Number(process.hrtime.bigint() - begun) / count);
    }
  }
  return times;
}

/**
 * Starts a local Azure whose one vault holds {@link SECRETS} and `db-password`, without a limit of requests.
 *
 * @returns the variables of whoever is to reach it, and what stops it
 */
export async function startEmulator() {
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-bench-"));
  const target = process.env.CARGO_TARGET_DIR ?? join(import.meta.dirname, "..", "..", "target");
  const built = ["release", "debug"].map((profile) => join(target, profile, "nightlatch-emulator"));
  const program = process.env.NIGHTLATCH_EMULATOR ?? built.find(existsSync);
  const configuration = join(folder, "azure.json");
  const secrets = Object.fromEntries(["db-password", ...SECRETS].map((name) => [name, "value"]));
  const principal = "33333333-3333-4333-8333-333333333333";
  const machine = { name: "machine", client_id: "2", object_id: principal, kind: "system" };
  const vault = {
    name: "demo",
    secrets,
    access: [{ principal, secrets: ["get"] }],
    limits: { vault_per_10s: null },
  };
  writeFileSync(configuration, JSON.stringify({ identities: [machine], vaults: [vault] }));
  const ca = join(folder, "ca.pem");
  const child = spawn(program, ["--ca", ca, "--config", configuration, "--stop-with-stdin"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { http, https } = JSON.parse(await new Promise((resolve) => child.stdout.once("data", resolve)));
  return {
    environment: {
      EMULATOR_HTTPS: https,
      ...through(http),
      NO_PROXY: "127.0.0.1,localhost",
      NODE_EXTRA_CA_CERTS: ca,
      IDENTITY_HEADER: "emulator-identity-header",
      ...UNSET,
    },
    stop: () => {
      child.stdin.end();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The variables of whoever is to reach a local Azure at this address. */
export function through(http) {
  return { HTTPS_PROXY: http, IDENTITY_ENDPOINT: `${http}/msi/token` };
}

/**
 * Variables that would have some programs do more work than others: our client trusts `SSL_CERT_FILE` instead of Node's own
 * authorities, and reading a long list takes 20 ms; a program by hand and the official packages do not know it.
 */
const UNSET = Object.fromEntries(
  ["SSL_CERT_FILE", "SSL_CERT_DIR", "https_proxy", "no_proxy"].map((name) => [name, undefined]),
);

/** A figure beside what it is measured against. */
export function ratio(value, measure, unit, what, times = value / measure) {
  return `${value.toFixed(0)} ${unit}, ${times.toFixed(2)} × ${what} (${measure.toFixed(0)} ${unit})`;
}

/** Prints a line. */
export function report(what, figure) {
  console.log(`${what.padEnd(36)}${figure}`);
}
