/**
 * `nightlatch run` as real processes: how it ends, whose signals it hands on, what passes through it. What needs only
 * arguments and texts stands in tests/cli/run.json.
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";

import { startEmulator } from "./support/emulator.js";
import { PACKAGE } from "./support/places.js";

const SECRET = 'hunter2 "välue"/?';
const REFERENCE = "@Microsoft.KeyVault(VaultName=contoso;SecretName=db)";
const NODE = process.execPath;
const RUN = [join(PACKAGE, "dist", "cli.cjs"), "run", "--"];
const ENDING = [
  "SIGTERM",
  "SIGKILL",
  "SIGINT",
  "SIGHUP",
  "SIGUSR1",
  "SIGABRT",
  "SIGQUIT",
  "SIGPIPE",
] as const;
const HANDED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const;

const emulator = await startEmulator({
  vaults: [
    {
      name: "contoso",
      secrets: { db: SECRET },
      access: [{ principal: "33333333-3333-4333-8333-333333333333", secrets: ["get"] }],
    },
  ],
});
const environment = { ...emulator.environment, PATH: process.env["PATH"] ?? "", DB: REFERENCE };
const started: ChildProcess[] = [];
afterEach(() => started.splice(0).forEach((child) => child.kill("SIGKILL")));
after(() => emulator.stop());

/** Tells each signal that reaches it, and ends with 9 when its input does. */
const LISTENER = `
  for (const name of ${JSON.stringify(HANDED_ON)}) process.on(name, () => console.log(name));
  process.stdin.on("end", () => process.exit(9)).resume();
  console.log("ready", process.pid, process.ppid);
`;

/** A run whose output is taken as it comes. */
class Started {
  readonly child: ChildProcess;
  readonly ended: Promise<[status: number | null, signal: NodeJS.Signals | null]>;
  out = "";
  err = "";

  constructor(words: string[], options: SpawnOptions = {}) {
    const child = spawn(NODE, [...RUN, ...words], { env: environment, stdio: "pipe", ...options });
    this.child = child;
    started.push(child);
    child.stdout?.on("data", (chunk: Buffer) => (this.out += chunk.toString("latin1")));
    child.stderr?.on("data", (chunk: Buffer) => (this.err += chunk.toString("latin1")));
    child.stdin?.on("error", () => {});
    this.ended = once(child, "close") as Started["ended"];
  }

  /** Waits until the output is as `fits` says. */
  async shows(fits: RegExp): Promise<RegExpExecArray> {
    await comes(() => fits.test(this.out) || this.child.exitCode !== null);
    const found = fits.exec(this.out);
    assert.ok(found, this.out + this.err);
    return found;
  }

  /** What it printed, and how it ended. */
  async end(): Promise<unknown[]> {
    const [status, signal] = await this.ended;
    return [signal ?? status, this.out, this.err];
  }
}

/** Waits for what another process does, which nobody announces. */
async function comes(what: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!what()) {
    assert.ok(performance.now() < end, "it did not come");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The state of a process as Linux tells it: T is stopped. */
function state(process: number | undefined): string | undefined {
  return /\) (\w)/.exec(readFileSync(`/proc/${process}/stat`, "utf8"))?.[1];
}

for (const [masked, variables] of [
  ["masked", environment],
  ["as it is", { ...environment, DB: "plain" }],
] as const) {
  test(`a signal that ends the command ends us, ${masked}, and leaves no memory behind`, async () => {
    const cwd = mkdtempSync(join(tmpdir(), "nightlatch-run-"));
    try {
      for (const name of ENDING) {
        const run = new Started(["sh", "-c", `ulimit -c 0; kill -${name.slice(3)} $$`], {
          env: variables,
          cwd,
        });
        assert.deepEqual(await run.end(), [name, "", ""]);
      }
      assert.deepEqual(readdirSync(cwd), []);
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });

  test(`signals that somebody sends are handed on once, ${masked}`, async () => {
    // A session of its own: no terminal sends anything.
    const run = new Started([NODE, "-e", LISTENER], { env: variables, detached: true });
    await run.shows(/ready/);
    for (const name of HANDED_ON) {
      run.child.kill(name);
      await run.shows(new RegExp(`${name}\n$`));
    }
    run.child.stdin?.end();
    const [status, out] = await run.end();
    assert.deepEqual([status, (out as string).trim().split("\n").slice(1)], [9, [...HANDED_ON]]);
  });
}

test("every status is the command's", async () => {
  for (const status of [0, 1, 2, 3, 124, 125, 126, 127, 130, 255]) {
    assert.deepEqual(await new Started(["sh", "-c", `exit ${status}`]).end(), [status, "", ""]);
  }
});

test("signals of a terminal reach the command once", async () => {
  const words = [NODE, ...RUN, NODE, "-e", LISTENER].map((word) => `'${word}'`).join(" ");
  // `script` (util-linux) lends a terminal, whose keys it takes from its input.
  const child = spawn("script", ["--quiet", "--return", "--command", `exec ${words}`, "/dev/null"], {
    env: environment,
  });
  started.push(child);
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  const closed = once(child, "close");
  await comes(() => /ready \d+ \d+\r\n/.test(out));
  const [, , ours] = /ready (\d+) (\d+)/.exec(out) as unknown as [string, string, string];
  for (const [key, name] of [
    ["\x03", "SIGINT"],
    ["\x1c", "SIGQUIT"],
  ] as const) {
    child.stdin.write(key);
    await comes(() => out.includes(name));
  }
  // This one goes to us alone.
  process.kill(Number(ours), "SIGUSR1");
  await comes(() => out.includes("SIGUSR1"));
  child.stdin.write("\x04");
  assert.deepEqual(await closed, [9, null]);
  assert.deepEqual(out.match(/SIG\w+/g), ["SIGINT", "SIGQUIT", "SIGUSR1"]);
});

test("to stop and to go on is handed on", { skip: !existsSync("/proc/self/stat") }, async () => {
  // A group whose parent is in another group of the session can be stopped: it is no orphan.
  const script = 'set -m; "$@" & echo ours $!; while kill -0 $! 2>/dev/null; do sleep 0.02; done; wait $!';
  const words = [NODE, ...RUN, "sh", "-c", "echo command $$; exec sleep 60"];
  const child = spawn("bash", ["-c", script, "bash", ...words], { env: environment, detached: true });
  started.push(child);
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  await comes(() => /ours \d+\n/.test(out) && /command \d+\n/.test(out));
  const numbers = ["ours", "command"].map((name) => Number(new RegExp(`${name} (\\d+)`).exec(out)?.[1]));
  const [ours, command] = numbers as [number, number];
  process.kill(ours, "SIGTSTP");
  await comes(() => numbers.every((number) => state(number) === "T"));
  process.kill(ours, "SIGCONT");
  await comes(() => numbers.every((number) => state(number) !== "T"));
  process.kill(command, "SIGKILL");
  await once(child, "close");
});

test("input and output pass while they come", async () => {
  const run = new Started(["sh", "-c", 'while read -r line; do printf "<%s>" "$line"; done']);
  for (const line of ["one", "two", "hunter"]) {
    run.child.stdin?.write(`${line}\n`);
    await run.shows(new RegExp(`<${line}>$`));
  }
  run.child.stdin?.end();
  assert.equal((await run.end())[0], 0);
});

test("a hundred megabytes pass to the byte", async () => {
  const child = spawn(NODE, [...RUN, "cat"], { env: environment, stdio: ["pipe", "pipe", "inherit"] });
  started.push(child);
  const noise = Buffer.alloc(65_536, createHash("sha256").update("seed").digest());
  const block = Buffer.concat([noise, Buffer.from('\0\xff\r\n\n\rhunter2 "v\xc3\xa4lue"/!hunter', "latin1")]);
  const count = Math.ceil((100 << 20) / block.length);
  const [expected, seen] = [createHash("sha256"), createHash("sha256")];
  let length = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    length += chunk.length;
    seen.update(chunk);
  });
  const closed = once(child, "close");
  for (let nr = 0; nr < count; nr++) {
    expected.update(block);
    if (!child.stdin.write(block)) {
      await once(child.stdin, "drain");
    }
  }
  child.stdin.end();
  assert.deepEqual(await closed, [0, null]);
  assert.equal(length, count * block.length);
  assert.equal(seen.digest("hex"), expected.digest("hex"));
});

test("a slow reader holds the command up", { skip: !existsSync("/proc/self/status") }, async () => {
  const run = new Started(["sh", "-c", "head -c 300000000 /dev/zero; echo done >&2"]);
  run.child.stdout?.pause();
  await comes(() => run.child.stdout?.isPaused() === true && readable(run.child) > 0);
  // Whatever it writes fills the pipes, and is not kept by us.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${run.child.pid}/status`, "utf8"))?.[1];
  assert.ok(Number(resident) < 150 << 10, `${resident} KiB`);
  assert.deepEqual([run.err, run.child.exitCode], ["", null]);
});

function readable(child: ChildProcess): number {
  return child.stdout?.readableLength ?? 0;
}

for (const stream of [1, 2]) {
  test(`secrets are hidden wherever they are cut, on stream ${stream}`, async () => {
    const forms = [SECRET, Buffer.from(SECRET).toString("base64"), encodeURIComponent(SECRET)];
    const program = `
      const { readFileSync, writeSync } = require("node:fs");
      for (const byte of readFileSync(0)) writeSync(${stream}, Buffer.of(byte));
      writeSync(${stream}, process.env.DB);
    `;
    const run = new Started([NODE, "-e", program]);
    run.child.stdin?.end(["begin", ...forms, "hunter2", "end"].join("|"));
    const expected = "begin|***|***|***|hunter2|end***";
    assert.deepEqual(await run.end(), [0, ...(stream === 1 ? [expected, ""] : ["", expected])]);
  });
}

test("a command can open its streams by their names", { skip: !existsSync("/dev/stdout") }, async () => {
  const run = new Started(["sh", "-c", "echo out > /dev/stdout; echo err > /dev/stderr"]);
  assert.deepEqual(await run.end(), [0, "out\n", "err\n"]);
});

test("what runs on in the background does not hold us up", async () => {
  const run = new Started(["sh", "-c", "sleep 60 & echo $!"]);
  assert.deepEqual((await run.end()).slice(0, 1), [0]);
  process.kill(Number(run.out), "SIGKILL");
});

test("all that was written before the end is passed on", async () => {
  const words = ["sh", "-c", "head -c 50000 /dev/zero; sleep 60 & echo $!"];
  for (let round = 0; round < 10; round++) {
    const child = spawn(NODE, [...RUN, ...words], { env: environment });
    started.push(child);
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("latin1")));
    assert.deepEqual(await once(child, "close"), [0, null]);
    assert.match(out, /^\0{50000}\d+\n$/);
    process.kill(Number(out.replaceAll("\0", "")), "SIGKILL");
  }
});

test("a reader that goes away ends the command as without us", async () => {
  const run = new Started(["sh", "-c", "while echo line; do :; done"]);
  await run.shows(/line/);
  run.child.stdout?.destroy();
  assert.equal((await run.end())[0], "SIGPIPE");
});

test("the command has the secret, and nobody else sees it", async () => {
  const run = new Started(["sh", "-c", 'printf %s "$DB" | wc -c; echo "$PPID"; read -r line']);
  const [, length, parent] = await run.shows(/(\d+)\n(\d+)\n/);
  assert.deepEqual([Number(length), Number(parent)], [Buffer.byteLength(SECRET), run.child.pid]);
  for (const told of ["environ", "cmdline"]) {
    assert.ok(!readFileSync(`/proc/${run.child.pid}/${told}`, "utf8").includes("hunter2"));
  }
});

test("an interrupt before the command starts it never", async () => {
  await emulator.fault({ service: "vault", action: "hang", times: null });
  await emulator.admin("DELETE", "log");
  const run = new Started(["echo", "started"]);
  while (!(await emulator.log()).some(({ service }) => service === "vault")) {
    assert.equal(run.child.exitCode, null);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  run.child.kill("SIGINT");
  assert.deepEqual(await run.end(), [130, "", ""]);
  await emulator.forget();
});
