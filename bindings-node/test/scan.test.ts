/**
 * `nightlatch scan` as a real process, in work trees of git, on a terminal, and with a vault. What needs only arguments and
 * texts stands in tests/cli/scan.json.
 */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";

import type { NativeModule } from "../js/native.js";
import { startEmulator } from "./support/emulator.js";
import { PACKAGE, ROOT } from "./support/places.js";

const PROGRAM = join(PACKAGE, "dist", "cli.cjs");
const VAULT = "contoso.vault.azure.net";
const VALUE = "hunter2-value";
const { Scanned } = createRequire(import.meta.url)("nightlatch-linux-x64-gnu") as NativeModule;

const rights = {
  principal: "33333333-3333-4333-8333-333333333333",
  secrets: ["get", "list", "set", "delete"],
};
const emulator = await startEmulator({ vaults: [{ name: "contoso", access: [rights] }] });
after(() => emulator.stop());

const environment = {
  PATH: process.env["PATH"],
  HTTPS_PROXY: emulator.http,
  NO_PROXY: "127.0.0.1",
  NODE_EXTRA_CA_CERTS: emulator.ca,
  AZURE_POD_IDENTITY_AUTHORITY_HOST: emulator.http,
  AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential",
};

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "nightlatch-scan-"));
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.writeFileSync(path, text);
  return path;
}

function nightlatch(args: string[], cwd = folder, variables = {}) {
  const env = { ...environment, ...variables };
  const ran = spawnSync(process.execPath, [PROGRAM, ...args], { cwd, env, encoding: "utf8" });
  if (args[0] === "scan") {
    assert.doesNotMatch(ran.stdout + ran.stderr, /hunter2/);
  }
  return ran;
}

function git(...args: string[]): void {
  assert.equal(spawnSync("git", args, { cwd: folder }).status, 0);
}

test("git tells which files count", () => {
  git("init");
  for (const name of [".env", "kept.env", "gone.env", "sub/new.env", "sub/ä\n.env"]) {
    write(name, `A_PASSWORD=${VALUE}\n`);
  }
  write(".gitignore", ".env\n");
  git("add", "kept.env", "gone.env");
  fs.rmSync(join(folder, "gone.env"));
  fs.symlinkSync("kept.env", join(folder, "link.env"));
  const found = (paths: string[], cwd = folder): string[] => {
    const { status, stdout, stderr } = nightlatch(["scan", "--json", ...paths], cwd);
    assert.equal(status, 1, stderr);
    return (JSON.parse(stdout) as { findings: { path: string }[] }).findings.map(({ path }) => path);
  };
  assert.deepEqual(found([]), ["kept.env", "sub/new.env", "sub/ä\n.env"]);
  assert.deepEqual(found(["sub"]), ["sub/new.env", "sub/ä\n.env"]);
  assert.deepEqual(found([], join(folder, "sub")), ["new.env", "ä\n.env"]);
  // What is named is read, also what git ignores.
  assert.deepEqual(found([".env", "kept.env"]), [".env", "kept.env"]);
  const { stdout } = nightlatch(["scan"]);
  assert.match(stdout, /^sub\/ä\?\.env:1:12 password/m);
  assert.match(stdout, /\n3 secrets found in 4 files\. Passed over: links 1\.\n$/);
});

test("no program of a repository is started", () => {
  git("init");
  const hook = write("hook", `#!/bin/sh\ntouch '${folder}/started'\n`);
  fs.chmodSync(hook, 0o755);
  git("config", "core.fsmonitor", hook);
  git("ls-files", "-co");
  assert.ok(fs.existsSync(join(folder, "started")), "git itself starts it");
  fs.rmSync(join(folder, "started"));
  assert.equal(nightlatch(["scan"]).status, 0);
  assert.ok(!fs.existsSync(join(folder, "started")));
});

test("what was replaced is resolved", () => {
  const target = write("app.env", `A=1\nDB_PASSWORD='${VALUE}'\nURL=postgres://app:${VALUE}@db/x\n`);
  fs.chmodSync(target, 0o640);
  fs.symlinkSync("app.env", join(folder, "link.env"));
  const fix = ["scan", "--fix", "--yes", "--vault", VAULT];
  const ran = nightlatch([...fix, "link.env"]);
  assert.deepEqual([ran.status, ran.stderr], [0, ""]);
  assert.match(
    ran.stdout,
    /link\.env: replaced by db-password, url\n2 secrets found in 1 file, 2 replaced\.\n$/,
  );
  assert.doesNotMatch(fs.readFileSync(target, "utf8"), /hunter2/);
  assert.ok(fs.lstatSync(join(folder, "link.env")).isSymbolicLink());
  assert.equal(fs.statSync(target).mode & 0o777, 0o640);
  assert.deepEqual(fs.readdirSync(folder).sort(), ["app.env", "link.env"], "no draft is left");
  assert.equal(nightlatch(["scan"]).status, 0);
  const { stdout } = nightlatch(["inject", "-i", "app.env"]);
  assert.equal(stdout, `A='1'\nDB_PASSWORD='${VALUE}'\nURL='postgres://app:${VALUE}@db/x'\n`);
  const before = fs.readFileSync(target, "utf8");
  assert.equal(nightlatch(fix).status, 0);
  assert.equal(fs.readFileSync(target, "utf8"), before);
});

/** Fixes with a terminal, which `script` (util-linux) lends; answers each question when it is asked. */
async function asked(answers: string[], before = (): void => {}): Promise<[number, string]> {
  const words = [process.execPath, PROGRAM, "scan", "--fix", "--vault", VAULT].join(" ");
  const child = spawn("script", ["--quiet", "--return", "--command", words, "/dev/null"], {
    cwd: folder,
    env: environment,
  });
  const [left, closed] = [[...answers], once(child, "close")];
  let shown = "";
  let answered = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
    const questions = shown.split("[y/N/all] ").length - 1;
    if (questions > answered && left.length > 0) {
      answered++;
      before();
      child.stdin.write(`${left.shift()}\r`);
      if (left.length === 0) {
        child.stdin.end(); // whoever asks once more gets no answer
      }
    }
  });
  const [status] = (await closed) as [number];
  assert.doesNotMatch(shown, /hunter2/);
  return [status, shown.replaceAll("\r\n", "\n")];
}

test("a person is asked for each", async () => {
  const of = (names: string): string =>
    [...names].map((name) => `${name}_PASSWORD=${VALUE}${name}\n`).join("");
  write("a.env", of("ABC"));
  write("b.env", of("DE"));
  const replaced = (): string[] =>
    ["a.env", "b.env"]
      .flatMap((name) => fs.readFileSync(join(folder, name), "utf8").split("\n"))
      .filter((line) => line.includes("@Microsoft"))
      .map((line) => line.charAt(0));
  const [first, told] = await asked(["", "y", "no", "n", "n"]);
  assert.deepEqual([first, replaced()], [1, ["B"]]);
  assert.match(told, /5 secrets found in 2 files, 1 replaced\.\n$/);
  const [second, more] = await asked(["n", "all"]);
  assert.deepEqual([second, replaced()], [1, ["B", "C", "D", "E"]]);
  assert.match(more, /4 secrets found in 2 files, 3 replaced\.\n$/);
});

test("a file that changes meanwhile is left", async () => {
  const target = write("a.env", `X_PASSWORD=${VALUE}\n`);
  const [status, told] = await asked(["y"], () => fs.writeFileSync(target, "B=1\n"));
  assert.equal(status, 2);
  assert.match(told, /a\.env was changed meanwhile, and is left as it is/);
  assert.equal(fs.readFileSync(target, "utf8"), "B=1\n");
});

test("without a native module the same is found and replaced", () => {
  const text = `# ä\nDB_PASSWORD='${VALUE}'\n`;
  const inWasm = { NIGHTLATCH_ENGINE: "wasm" };
  write("a.env", text);
  write("b.py", `token = "${VALUE}-aB3dE5fG7"\n`);
  assert.equal(nightlatch(["scan"]).status, 1);
  for (const form of [[], ["--json"], ["--vault", "no vault"]]) {
    const [native, wasm] = [{}, inWasm].map((variables) => nightlatch(["scan", ...form], folder, variables));
    assert.deepEqual(
      [wasm?.status, wasm?.stdout, wasm?.stderr],
      [native?.status, native?.stdout, native?.stderr],
    );
  }
  const ran = nightlatch(["scan", "--fix", "--yes", "--vault", VAULT, "a.env"], folder, inWasm);
  assert.equal(ran.status, 0, ran.stderr);
  const inWasmNow = fs.readFileSync(join(folder, "a.env"), "utf8");
  write("a.env", text);
  assert.equal(nightlatch(["scan", "--fix", "--yes", "--vault", VAULT, "a.env"]).status, 0);
  assert.equal(fs.readFileSync(join(folder, "a.env"), "utf8"), inWasmNow);
  assert.match(inWasmNow, /^# ä\nDB_PASSWORD='@Microsoft/);
});

test("no output holds a value", () => {
  const table = JSON.parse(fs.readFileSync(join(ROOT, "tests", "vectors", "scan.json"), "utf8")) as {
    input: { path: string; text: string | string[] };
  }[];
  const values = new Set<string>();
  table.forEach(({ input }, at) => {
    const text = [input.text].flat().join("");
    write(`${at}/${input.path}`, text);
    const scanned = new Scanned(input.path, text);
    scanned.findings().forEach((_, at) => values.add(scanned.value(at) ?? ""));
  });
  // A line that says BEGIN PRIVATE KEY is no value; what follows it is.
  const looked = [...values].filter((value) => !value.startsWith("-----BEGIN") || value.includes("\n"));
  assert.ok(looked.length >= 50);
  for (const form of [[], ["--json"]]) {
    const ran = spawnSync(process.execPath, [PROGRAM, "scan", ...form], { cwd: folder, encoding: "utf8" });
    assert.equal(ran.status, 1);
    assert.deepEqual(
      looked.filter((value) => (ran.stdout + ran.stderr).includes(value)),
      [],
    );
  }
});
