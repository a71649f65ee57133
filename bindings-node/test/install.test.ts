/** What is published, installed in an empty folder as a user does it. */

import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { type Emulator, startEmulator } from "./support/emulator.js";
import { type Installed, install, succeeded } from "./support/installed.js";
import { PACKAGE } from "./support/places.js";
import { runProgram } from "./support/program.js";

let installed: Installed;
let empty: string;
let emulator: Emulator;

const MODULE = `
import { ManagedIdentityCredential, SecretClient, engineKind } from "nightlatch";
const client = new SecretClient("https://demo.vault.azure.net", new ManagedIdentityCredential());
const secret = await client.getSecret("db-password");
console.log(engineKind, secret.value);
`;
const COMMON = `
const { ManagedIdentityCredential, SecretClient, engineKind } = require("nightlatch");
const client = new SecretClient("https://demo.vault.azure.net", new ManagedIdentityCredential());
client.getSecret("db-password").then((secret) => console.log(engineKind, secret.value));
`;
const TYPED = `
import {
  type AccessToken, DefaultAzureCredential, FieldEncryption, type RotateSecretOptions, type SecretRotation, ManagedIdentityCredential, NightlatchError, ReferenceResolver, SecretClient, engineKind,
  type Diagnosis, type ErrorCode, type Finding, type Forecast, type Health, type KeyVaultSecret, type SecretClientOptions,
} from "nightlatch";

const options: SecretClientOptions = { cacheTtl: 60_000, retryOptions: { maxRetries: 2 }, ca: [] };
const client = new SecretClient("https://demo.vault.azure.net", new ManagedIdentityCredential(), options);
client.addEventListener("secretrotated", ({ detail }) => console.log(detail.newVersion));
const code = (why: unknown): ErrorCode | undefined => (why instanceof NightlatchError ? why.code : undefined);
const token: Promise<AccessToken> = new DefaultAzureCredential({ managedIdentityClientId: null }).getToken("https://vault.azure.net/.default");
const steps = ({ verdict, candidates, error, secret }: Diagnosis): string[] =>
  [verdict, ...candidates].flatMap((one: Finding | undefined) => [...(one?.commands ?? []), error?.code ?? "", secret?.name ?? ""]);
const troubles = ({ troubles }: Health): (string | undefined)[] => troubles.map(({ name, error }) => name ?? error.message);
const settings = (): Promise<{ port: number; password: string }> => new ReferenceResolver().resolve({ port: 1, password: "x" });
const rotation: RotateSecretOptions = { make: () => "x", apply: async (value, { slot }) => void [value, slot], slots: ["blue", "green"] };
const rotate = (): Promise<SecretRotation> => client.rotateSecret("db-password", rotation);
const encryption = (): FieldEncryption => new FieldEncryption("https://demo.vault.azure.net", "app", undefined, { dataKeyUses: 1 });
const sealed = (): Promise<string> => encryption().encryptFields("{}", ["/card"], { name: "order 7" });
const tree = (): Promise<{ card: string }> => encryption().encryptFields<{ card: string }>({ card: 4111 }, ["/card"]);
// @ts-expect-error: a value has to be made
const unmade: RotateSecretOptions = { verify: () => true };
const share = ({ requests }: Forecast): number => requests.shareOfVault;
// @ts-expect-error: names are a list
const unlisted = (): Promise<Health> => client.check(1);
// @ts-expect-error: there is no such option
const wrong: SecretClientOptions = { cacheTTL: 1 };

async function main(): Promise<void> {
  const secret: KeyVaultSecret = await client.getSecret("db-password", { version: undefined });
  const value: string | undefined = secret.value;
  console.log(engineKind, value, (await token).token.length > 0, code(undefined));
  console.log(steps(await client.diagnose("db-password", { timeout: 5000 })), troubles(await client.check(new Set(["db-password"]))));
  console.log(share(await client.explain({ secrets: 800, instances: 3 })) > 0);
}
void main();
`;

before(async () => {
  emulator = await startEmulator();
  installed = await install();
  empty = installed.folder;
  writeFileSync(join(empty, "module.mjs"), MODULE);
  writeFileSync(join(empty, "common.cjs"), COMMON);
});

after(async () => {
  await emulator.stop();
  installed.remove();
});

async function start(file: string, environment: Record<string, string> = {}): Promise<string> {
  const options = { cwd: empty, environment: { ...emulator.environment, ...environment } };
  return succeeded(await runProgram(process.execPath, [file], options));
}

test("three packages are installed, and no others", () => {
  const names = readdirSync(join(empty, "node_modules")).filter((name) => !name.startsWith("."));
  assert.deepEqual(names, ["nightlatch", "nightlatch-linux-x64-gnu", "nightlatch-wasm"]);
});

test("programs in both module systems get a secret", async () => {
  assert.equal(await start("module.mjs"), "native correct horse battery staple");
  assert.equal(await start("common.cjs"), "native correct horse battery staple");
});

test("a TypeScript program is checked strictly and runs, in both module systems", async () => {
  for (const [file, compiled] of [
    ["typed.mts", "typed.mjs"],
    ["typed.cts", "typed.cjs"],
  ] as const) {
    writeFileSync(join(empty, file), TYPED);
    const tsc = join(PACKAGE, "node_modules", ".bin", "tsc");
    const flags = [
      "--strict",
      "--exactOptionalPropertyTypes",
      "--module",
      "nodenext",
      "--target",
      "es2022",
      "--types",
      "",
    ];
    // The library's own declarations are checked too.
    succeeded(
      await runProgram(tsc, [...flags, "--lib", "es2023,dom,esnext.disposable", file], { cwd: empty }),
    );
  }
  for (const file of ["typed.mjs", "typed.cjs"]) {
    const told = "native correct horse battery staple true undefined\n[ '', 'db-password' ] []\ntrue";
    assert.equal(await start(file), told);
  }
});

test("other hosts get the package for them", async () => {
  for (const condition of ["workerd", "deno", "bun", "browser", "edge-light"]) {
    const text = `console.log(import.meta.resolve("nightlatch"))`;
    writeFileSync(join(empty, "resolve.mjs"), text);
    const resolved = succeeded(
      await runProgram(process.execPath, ["--conditions", condition, "resolve.mjs"], { cwd: empty }),
    );
    assert.match(resolved, /nightlatch\/dist\/edge\.js$/, condition);
  }
});

test("the installed package works in every other place too", async () => {
  // The same programs that `nightlatch-wasm` runs; a runner within a runner must not know of it.
  const places = join(PACKAGE, "..", "wasm", "test", "places.test.mjs");
  const environment = { NIGHTLATCH_INSTALLED: empty, NODE_TEST_CONTEXT: undefined };
  const told = succeeded(
    await runProgram(process.execPath, ["--test", "--test-reporter=tap", places], { environment }),
  );
  assert.match(told, /^# pass 5$/m);
});

test("without the native package the same programs work over wasm", async () => {
  rmSync(join(empty, "node_modules", "nightlatch-linux-x64-gnu"), { recursive: true });
  assert.equal(await start("module.mjs"), "wasm correct horse battery staple");
  assert.equal(await start("common.cjs"), "wasm correct horse battery staple");
});

test("without any engine the reasons are told", async () => {
  rmSync(join(empty, "node_modules", "nightlatch-wasm"), { recursive: true });
  const { status, stderr } = await runProgram(process.execPath, ["common.cjs"], { cwd: empty });
  assert.equal(status, 1);
  assert.match(stderr, /found no engine/);
  assert.match(stderr, /nightlatch-linux-x64-gnu/);
  assert.match(stderr, /nightlatch-wasm/);
});
