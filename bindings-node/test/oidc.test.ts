/** Our client assertions, judged by an OpenID-certified provider that we did not write (`tests/oidc`). */

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { PACKAGE, ROOT } from "./support/places.js";
import { runProgram } from "./support/program.js";

const VERIFIER = join(ROOT, "tests", "oidc");
const skip = existsSync(join(VERIFIER, "node_modules")) ? false : "npm ci in tests/oidc first";
const folder = mkdtempSync(join(tmpdir(), "nightlatch-oidc-"));

let provider: ChildProcess | undefined;
let authority = "";

before(async () => {
  if (skip) {
    return;
  }
  const openssl = (...args: string[]): Buffer =>
    execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  for (const [name, more] of [
    ["app", []],
    ["tls", ["-addext", "subjectAltName=DNS:localhost"]],
  ] as const) {
    const about = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", ...more];
    openssl("req", "-x509", ...about, "-keyout", `${name}.key`, "-out", `${name}.crt`);
    const both = ["key", "crt"].map((ending) => readFileSync(join(folder, `${name}.${ending}`), "utf8"));
    writeFileSync(join(folder, `${name}.pem`), both.join(""), { mode: 0o600 });
  }
  openssl("pkcs12", "-export", "-in", "app.pem", "-out", "app.pfx", "-passout", "pass:correct horse");
  const args = [join(VERIFIER, "provider.mjs"), join(folder, "app.crt"), join(folder, "tls.pem")];
  provider = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"] });
  const line = await new Promise<string>((resolve, reject) => {
    provider?.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    provider?.once("exit", () => reject(new Error("the provider ended")));
  });
  authority = (JSON.parse(line) as { authority: string }).authority;
});

after(() => {
  provider?.stdin?.end();
  rmSync(folder, { recursive: true });
});

async function ask(
  job: string,
  algorithm: string,
  engine: string,
  more: object = {},
): Promise<{ result?: string; error?: { name: string } }> {
  const { stdout, stderr } = await runProgram(
    process.execPath,
    [join(PACKAGE, "test", "identities", "jobs.mjs"), job],
    {
      environment: {
        AUTHORITY: authority,
        CA: join(folder, "tls.crt"),
        CLIENT: algorithm.toLowerCase(),
        ALGORITHM: algorithm,
        FOLDER: folder,
        NIGHTLATCH_ENGINE: engine,
        ...more,
      },
    },
  );
  assert.equal(stderr, "");
  return JSON.parse(stdout) as { result?: string };
}

for (const algorithm of ["PS256", "RS256"]) {
  for (const [form, engines] of [
    ["pem", ["native", "wasm"]],
    ["two files", ["native"]],
    ["pfx", ["native"]],
    ["signing function", ["native", "wasm"]],
    ["key of WebCrypto", ["native", "wasm"]],
  ] as const) {
    for (const engine of engines) {
      test(`an assertion is accepted: ${algorithm}, ${form}, ${engine}`, { skip }, async () => {
        assert.deepEqual(await ask(form, algorithm, engine), { result: "string" });
      });
    }
  }
}

test("the verifier can say no", { skip }, async () => {
  const forged = await ask("forging function", "PS256", "native");
  assert.equal(forged.error?.name, "AuthenticationError");
  const other = await ask("pem", "RS256", "native", { CLIENT: "ps256" });
  assert.equal(other.error?.name, "AuthenticationError");
});
