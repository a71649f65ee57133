/**
 * `nightlatch inject`, and what is typed to `nightlatch set`, as real processes. What needs only arguments and texts stands
 * in tests/cli/secrets.json.
 */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";

import { dotenvOf } from "../js/cli/dotenv.js";
import type { NativeModule } from "../js/native.js";
import { startEmulator } from "./support/emulator.js";
import { PACKAGE } from "./support/places.js";

const TEXT = '{"db": "@Microsoft.KeyVault(VaultName=contoso;SecretName=db)"}';
const PROGRAM = join(PACKAGE, "dist", "cli.cjs");
const { readDotenv } = createRequire(import.meta.url)("nightlatch-linux-x64-gnu") as NativeModule;

const emulator = await startEmulator({
  vaults: [
    {
      name: "contoso",
      secrets: { db: "hunter2" },
      access: [{ principal: "33333333-3333-4333-8333-333333333333", secrets: ["get", "set"] }],
    },
  ],
});
const environment = { ...emulator.environment, PATH: process.env["PATH"] ?? "" };
after(() => emulator.stop());

let folder: string;
let template: string;
let output: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "nightlatch-inject-"));
  [template, output] = [join(folder, "app.json"), join(folder, "out.json")];
  fs.writeFileSync(template, TEXT);
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function inject(to: string) {
  // Whatever the user's own mask of rights says.
  const script = 'umask 0; exec "$@"';
  const words = [process.execPath, PROGRAM, "inject", "-i", template, "-o", to];
  const ran = spawnSync("sh", ["-c", script, "sh", ...words], { env: environment, encoding: "utf8" });
  return [ran.status, ran.stdout, ran.stderr] as const;
}

test("a file is for its owner alone", () => {
  for (const before of [undefined, "what was there"]) {
    if (before !== undefined) {
      fs.writeFileSync(output, before);
      fs.chmodSync(output, 0o644);
    }
    assert.deepEqual(inject(output), [0, "", ""]);
    assert.equal(fs.readFileSync(output, "utf8"), '{"db": "hunter2"}');
    assert.equal(fs.statSync(output).mode & 0o777, 0o600);
  }
  assert.deepEqual(fs.readdirSync(folder).sort(), ["app.json", "out.json"]);
});

test("a file is there as a whole or as before", () => {
  fs.writeFileSync(output, "before");
  const reader = fs.openSync(output, "r");
  assert.equal(inject(output)[0], 0);
  // Whoever has it open reads on what was there.
  assert.equal(fs.readFileSync(reader, "utf8"), "before");
  fs.closeSync(reader);
  fs.writeFileSync(template, TEXT.replace("=db", "=absent"));
  assert.equal(inject(output)[0], 1);
  assert.equal(fs.readFileSync(output, "utf8"), '{"db": "hunter2"}');
  assert.deepEqual(fs.readdirSync(folder).sort(), ["app.json", "out.json"]);
});

test("a link is followed and stays", () => {
  fs.mkdirSync(join(folder, "deep"));
  fs.symlinkSync("deep/out.json", output);
  assert.equal(inject(output)[0], 0);
  assert.ok(fs.lstatSync(output).isSymbolicLink());
  assert.equal(fs.readFileSync(join(folder, "deep", "out.json"), "utf8"), '{"db": "hunter2"}');
});

test("what is no file is refused", () => {
  spawnSync("mkfifo", [join(folder, "pipe")]);
  for (const to of [folder, join(folder, "pipe"), join(folder, "absent", "out.json")]) {
    const [status, stdout, stderr] = inject(to);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^trouble: .* cannot be written: /);
  }
  assert.deepEqual(fs.readdirSync(folder).sort(), ["app.json", "pipe"]);
});

test("whatever a secret holds reads back", () => {
  const pieces = [
    "'",
    '"',
    "\\",
    "$",
    "#",
    " ",
    "\n",
    "\r",
    "\t",
    "=",
    "n",
    "${HOME}",
    "ä",
    "🎉",
    "\0",
    "\u2028",
  ];
  let seed = 5;
  const chance = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 16) % below;
  };
  for (let round = 0; round < 5_000; round++) {
    const value = (): string =>
      Array.from({ length: chance(8) }, () => pieces[chance(pieces.length)]).join("");
    const values = { N0: value(), N1: value(), N2: value() };
    const written = dotenvOf(values);
    assert.deepEqual(Object.fromEntries(readDotenv(written)), values, written);
  }
});

test("a typed value is not shown", async () => {
  const words = [process.execPath, PROGRAM, "set", "contoso.vault.azure.net", "typed"];
  const child = spawn("script", ["--quiet", "--return", "--command", words.join(" "), "/dev/null"], {
    env: environment,
  });
  let shown = "";
  const closed = once(child, "close");
  child.stdout.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
    if (shown.endsWith("Value of typed: ")) {
      child.stdin.write("hunter3 \r");
    }
  });
  assert.deepEqual(await closed, [0, null]);
  assert.doesNotMatch(shown, /hunter3/);
  assert.match(shown, /https:\/\/contoso\.vault\.azure\.net\/secrets\/typed\//);
  const got = spawnSync(process.execPath, [PROGRAM, "get", "contoso.vault.azure.net", "typed"], {
    env: environment,
    encoding: "utf8",
  });
  assert.equal(got.stdout, "hunter3 ");
});
