/** What `reads.mjs` measures with, and what it measures against. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs programs in turns, each in a process of its own, and takes the quickest time and the least memory. */
export function race(programs, rounds) {
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-bench-"));
  const files = Object.entries(programs).map(([name, program], index) => {
    const file = join(folder, `program-${index}.${program.module === undefined ? "cjs" : "mjs"}`);
    const memory = `\nprocess.on("exit", () => process.stderr.write(String(process.resourceUsage().maxRSS)));\n`;
    writeFileSync(file, memory + (program.module ?? program));
    return [name, file];
  });
  const results = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, file] of files) {
      const begun = performance.now();
      const { status, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
      const ms = performance.now() - begun;
      if (status !== 0) {
        throw new Error(`${name}: ${stderr}`);
      }
      const mb = Number(stderr) / 1024;
      const so = results[name] ?? { ms, mb };
      results[name] = { ms: Math.min(ms, so.ms), mb: Math.min(mb, so.mb) };
    }
  }
  rmSync(folder, { recursive: true });
  return results;
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

/** Starts a local Azure whose one vault holds `secrets`. */
export async function startEmulator(names) {
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-bench-"));
  const target = process.env.CARGO_TARGET_DIR ?? join(import.meta.dirname, "..", "..", "target");
  const built = ["release", "debug"].map((profile) => join(target, profile, "nightlatch-emulator"));
  const program = process.env.NIGHTLATCH_EMULATOR ?? built.find(existsSync);
  const configuration = join(folder, "azure.json");
  const secrets = Object.fromEntries(names.map((name) => [name, "value"]));
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
      HTTPS_PROXY: http,
      NO_PROXY: "127.0.0.1,localhost",
      NODE_EXTRA_CA_CERTS: ca,
      IDENTITY_ENDPOINT: `${http}/msi/token`,
      IDENTITY_HEADER: "emulator-identity-header",
    },
    stop: () => {
      child.stdin.end();
      rmSync(folder, { recursive: true });
    },
  };
}
