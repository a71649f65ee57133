/** `nightlatch run --watch` as real processes. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";

import { startEmulator } from "./support/emulator.js";
import { PACKAGE } from "./support/places.js";

const NODE = process.execPath;
const PROGRAM = join(PACKAGE, "dist", "cli.cjs");
/** Tells the length of the secret that it was started with, and each signal of a kind. */
const tells = (signal: string): string => `
  process.on("${signal}", () => console.log("told"));
  console.log("started with", process.env.DB.length);
  setInterval(() => {}, 1e9);
`;

const emulator = await startEmulator({
  vaults: [
    {
      name: "contoso",
      secrets: { db: "first value" },
      access: [{ principal: "33333333-3333-4333-8333-333333333333", secrets: ["get", "set"] }],
    },
  ],
});
const environment = {
  ...emulator.environment,
  PATH: process.env["PATH"] ?? "",
  DB: "@Microsoft.KeyVault(VaultName=contoso;SecretName=db)",
};
const started: ChildProcess[] = [];
beforeEach(() => rotate("first value"));
afterEach(async () => {
  started.splice(0).forEach((child) => child.kill("SIGKILL"));
  await emulator.forget();
});
after(() => emulator.stop());

function rotate(value: string): void {
  const words = [PROGRAM, "set", "contoso.vault.azure.net", "db"];
  const { status, stderr } = spawnSync(NODE, words, { env: environment, input: value, encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
}

/** How often the secret has been asked for since the log was cleared. */
async function reads(): Promise<number> {
  return (await emulator.log()).filter(({ service }) => service === "vault").length;
}

/** A command that is watched. */
class Watched {
  readonly child: ChildProcess;
  readonly ended: Promise<[status: number | null, signal: NodeJS.Signals | null]>;
  out = "";
  err = "";

  constructor(program: string, ...options: string[]) {
    const watching = ["--watch", "--watch-interval", "0.3", "--watch-spread", "0", ...options, "--"];
    // A session of its own: no terminal sends anything.
    const child = spawn(NODE, [PROGRAM, "run", ...watching, NODE, "-e", program], {
      env: environment,
      detached: true,
    });
    this.child = child;
    started.push(child);
    child.stdout.on("data", (chunk: Buffer) => (this.out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (this.err += chunk.toString()));
    this.ended = once(child, "close") as Watched["ended"];
  }

  async shows(text: string): Promise<void> {
    await comes(() => this.out.includes(text) || this.child.exitCode !== null);
    assert.ok(this.out.includes(text), this.out + this.err);
  }
}

/** Waits for what another process does, which nobody announces. */
async function comes(what: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await what())) {
    assert.ok(performance.now() < end, "it did not come");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("a rotated secret starts the command anew, and each end is heard once", async () => {
  const run = new Watched(tells("SIGUSR1"));
  await run.shows("started with 11\n");
  rotate("the second value");
  await run.shows("started with 16\n");
  rotate("the third");
  await run.shows("started with 9\n");
  run.child.kill("SIGTERM");
  assert.deepEqual(await run.ended, [null, "SIGTERM"]);
  assert.deepEqual([run.out.split("\n").length, run.err], [4, ""]);
});

test("a rotated secret is told by a signal", async () => {
  const run = new Watched(tells("SIGUSR1"), "--watch-signal", "usr1");
  await run.shows("started with 11\n");
  rotate("the second value");
  await run.shows("told\n");
  rotate("the third");
  await run.shows("told\ntold\n");
  run.child.kill("SIGTERM");
  assert.deepEqual(await run.ended, [null, "SIGTERM"]);
  assert.equal(run.out, "started with 11\ntold\ntold\n");
});

test("what does not change starts nothing, and the vault is asked at each look", async () => {
  const run = new Watched(tells("SIGUSR1"));
  await run.shows("started");
  const before = await reads();
  await comes(async () => (await reads()) >= before + 3);
  run.child.kill("SIGTERM");
  assert.deepEqual(await run.ended, [null, "SIGTERM"]);
  assert.equal(run.out, "started with 11\n");
});

test("old and new secrets are hidden", async () => {
  const run = new Watched(
    'console.log("first value, the second value", process.env.DB); setInterval(() => {}, 1e9);',
  );
  await run.shows("***, the second value ***\n");
  rotate("the second value");
  await run.shows("***, *** ***\n");
});

test("a vault that goes away leaves the command alone", async () => {
  const run = new Watched(tells("SIGUSR1"), "--timeout", "0.5");
  await run.shows("started with 11\n");
  await emulator.fault({ service: "vault", status: 503, times: null });
  await comes(() => run.err.includes("\n"));
  assert.match(run.err, /^(nightlatch run: the secrets could not be read again: .*\n)+$/);
  assert.doesNotMatch(run.err, /first value/);
  await emulator.forget();
  rotate("the second value");
  await run.shows("started with 16\n");
});

test("the end of a watched command is ours", async () => {
  const run = new Watched("console.log('done'); process.exit(5)");
  assert.deepEqual(await run.ended, [5, null]);
  assert.deepEqual([run.out, run.err], ["done\n", ""]);
  for (const [name, value, told] of [
    ["--watch-signal", "NOSUCH", "NOSUCH is no signal"],
    ["--watch-interval", "0", "0 is no time between two looks"],
  ] as const) {
    const wrong = new Watched("", name, value);
    assert.deepEqual(await wrong.ended, [125, null]);
    assert.ok(wrong.err.includes(told), wrong.err);
  }
});

test("a look under way holds no signal up, and is not told of afterwards", async () => {
  const run = new Watched(`process.on("SIGTERM", () => process.exit(3)); ${tells("SIGUSR1")}`);
  await run.shows("started");
  await emulator.fault({ service: "vault", action: "hang", times: null });
  await emulator.admin("DELETE", "log");
  await comes(async () => (await reads()) > 0);
  run.child.kill("SIGTERM");
  assert.deepEqual(await run.ended, [3, null]);
  assert.equal(run.err, "");
});

test("a command that does not end is killed", async () => {
  const run = new Watched(tells("SIGTERM"));
  await run.shows("started with 11\n");
  rotate("the second value");
  await run.shows("told\nstarted with 16\n");
});

test("whoever wants an end gets no new beginning", async () => {
  const run = new Watched(tells("SIGTERM"));
  await run.shows("started with 11\n");
  rotate("the second value");
  // It was asked to end, and takes its time.
  await run.shows("told\n");
  run.child.kill("SIGHUP");
  assert.deepEqual(await run.ended, [null, "SIGHUP"]);
  assert.equal(run.out, "started with 11\ntold\n");
});
