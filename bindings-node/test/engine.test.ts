/** The native engine against the engine's border, and beside the one in wasm: the same script, the same outputs. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { initSync } from "../../wasm/dist/wasm.js";
import type { Engine, EngineFactory, Output, Turn } from "../../wasm/js/engine.js";
import { nativeFactory, type NativeModule } from "../js/native.js";

const require = createRequire(import.meta.url);
const native = nativeFactory(require("nightlatch-linux-x64-gnu") as NativeModule);
const wasm = initSync(readFileSync(require.resolve("nightlatch-wasm/nightlatch-full.wasm")));

const VAULT = "https://contoso.vault.azure.net";
const BEGIN = { instant: 1_000_000, unix: Date.UTC(2025, 0, 1) };

type Options = Record<string, unknown>;

function create(factory: EngineFactory, options: Options = {}): Engine {
  const engine = factory.create(
    JSON.stringify({
      credential: { type: "ManagedIdentityCredential" },
      host: { renewal: "detached", platform: "linux" },
      cache: { jitter: 0 },
      ...options,
    }),
    [
      ["IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token"],
      ["IDENTITY_HEADER", "header"],
    ],
    ["a secret"],
    new Uint8Array(16).fill(7),
  );
  engine.setClock?.(BEGIN.instant, BEGIN.unix);
  return engine;
}

function after(engine: Engine, ms: number): void {
  engine.setClock?.(BEGIN.instant + ms, BEGIN.unix + ms);
}

function outputs<K extends Output[0]>(turn: Turn, kind: K): Extract<Output, [K, ...unknown[]]>[] {
  return turn.outputs.filter((output): output is Extract<Output, [K, ...unknown[]]> => output[0] === kind);
}

function getSecret(engine: Engine, name: string, more: object = {}): { op: number; turn: Turn } {
  return engine.start(JSON.stringify({ op: "get_secret", vault: VAULT, name, ...more }));
}

function answer(engine: Engine, turn: Turn, status: number, body: object): Turn {
  const [request] = outputs(turn, "http");
  assert.ok(request, "a request is wanted");
  return engine.completeHttp(
    request[1],
    status,
    [["x-ms-request-id", "r"]],
    Buffer.from(JSON.stringify(body)),
  );
}

function answerToken(engine: Engine, turn: Turn): Turn {
  const expires = BEGIN.unix / 1000 + 86_400;
  const token = {
    access_token: "token",
    expires_on: `${expires}`,
    resource: "https://vault.azure.net",
    token_type: "Bearer",
  };
  return answer(engine, turn, 200, token);
}

function answerSecret(
  engine: Engine,
  turn: Turn,
  name: string,
  value: string,
  version = "1".repeat(32),
): Turn {
  const attributes = {
    enabled: true,
    created: 1,
    updated: 2,
    nbf: 3,
    exp: 4,
    recoveryLevel: "Purgeable",
    recoverableDays: 7,
  };
  const id = `${VAULT}/secrets/${name}/${version}`;
  return answer(engine, turn, 200, {
    value,
    id,
    attributes,
    contentType: "text/plain",
    tags: { a: "ü" },
    kid: "k",
    managed: true,
  });
}

/** Fetches a secret for the first time. */
function fetched(engine: Engine, name = "db", value = "välue"): Turn {
  return answerSecret(engine, answerToken(engine, getSecret(engine, name).turn), name, value);
}

/** Objects without what is only the engines' own: the cache entry's number, and absent facts. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, part) => (key === "discarded" ? undefined : part)));
}

test("both engines tell the same of themselves", () => {
  assert.equal(native.version, wasm.version);
  assert.deepEqual(native.environmentNames, wasm.environmentNames);
  assert.deepEqual(native.errorKinds, wasm.errorKinds);
  assert.deepEqual(native.faultKinds, wasm.faultKinds);
  assert.deepEqual(native.errorKinds.at(0), ["INVALID_ARGUMENT", 1]);
});

test("both engines answer the same script with the same outputs", () => {
  const script = (factory: EngineFactory): unknown[] => {
    const engine = create(factory);
    const log: unknown[] = [];
    const note = (turn: Turn): Turn => {
      const kept = turn.outputs.map((output) => (output[0] === "secret" ? output.slice(0, 3) : output));
      log.push({ outputs: kept, timeoutMs: turn.timeoutMs });
      return turn;
    };
    const first = getSecret(engine, "db");
    log.push(first.op, engine.pending());
    const asked = note(answerToken(engine, note(first.turn)));
    note(answerSecret(engine, asked, "db", "välue"));
    log.push(engine.peek(VAULT, "DB", null), engine.peek(VAULT, "db", "none"), engine.cacheInfo?.());
    const missing = getSecret(engine, "missing");
    const error = {
      error: { code: "SecretNotFound", message: "A secret with (name/id) missing was not found" },
    };
    note(answer(engine, note(missing.turn), 404, error));
    const slow = getSecret(engine, "slow", { timeout: 5 });
    const [request] = outputs(note(slow.turn), "http");
    note(engine.fail(request?.[1] ?? 0, "connection_lost", "ECONNRESET"));
    after(engine, 6000);
    note(engine.handleTimeout());
    const left = getSecret(engine, "left");
    note(engine.cancel((note(left.turn), left.op)));
    const token = { op: "get_token", request: { scopes: ["https://vault.azure.net/.default"] } };
    note(engine.start(JSON.stringify(token)).turn);
    engine.free();
    return log;
  };
  assert.deepEqual(plain(script(native)), plain(script(wasm)));
});

test("a secret crosses with all that the vault said", () => {
  const [output] = outputs(fetched(create(native)), "secret");
  assert.deepEqual(plain(output?.[2]), {
    name: "db",
    value: "välue",
    id: `${VAULT}/secrets/db/${"1".repeat(32)}`,
    vaultUrl: VAULT,
    version: "1".repeat(32),
    enabled: true,
    createdOn: 1000,
    updatedOn: 2000,
    notBefore: 3000,
    expiresOn: 4000,
    recoveryLevel: "Purgeable",
    recoverableDays: 7,
    contentType: "text/plain",
    tags: { a: "ü" },
    keyId: "k",
    managed: true,
  });
});

test("the cached read gives one object while the copy lives", () => {
  const engine = create(native);
  const [output] = outputs(fetched(engine), "secret");
  const found = engine.peek(VAULT, "db", null);
  assert.equal(found, output?.[2]);
  assert.equal(engine.peek(`${VAULT}/`, "Db", ""), found);
  assert.equal(engine.peek(VAULT, "db", "1".repeat(32)), undefined);
  assert.equal(engine.peek("https://fabrikam.vault.azure.net", "db", null), undefined);
  assert.equal(engine.peek(VAULT, "", null), undefined);
  assert.equal(engine.peek(VAULT, "d".repeat(1000), null), undefined);
  assert.equal(engine.peek(VAULT, "dß", null), undefined);
  assert.throws(() => engine.peek("http://contoso", "db", null), { kind: "INVALID_ARGUMENT", number: 1 });

  engine.invalidate(VAULT, "db", null);
  assert.equal(engine.peek(VAULT, "db", null), undefined);
  const turn = answerSecret(engine, getSecret(engine, "db").turn, "db", "new");
  assert.equal(engine.peek(VAULT, "db", null), outputs(turn, "secret")[0]?.[2]);
  assert.equal(engine.peek(VAULT, "db", null)?.value, "new");
  engine.invalidate(VAULT, null, null);
  assert.equal(engine.peek(VAULT, "db", null), undefined);
});

test("near its end one reader of a copy is sent to renew it; past it nobody gets it", () => {
  const engine = create(native);
  fetched(engine);
  after(engine, 239_000);
  assert.ok(engine.peek(VAULT, "db", null));
  after(engine, 241_000);
  assert.equal(engine.peek(VAULT, "db", null), undefined);
  assert.ok(engine.peek(VAULT, "db", null));
  const { turn } = getSecret(engine, "db");
  assert.equal(outputs(turn, "secret")[0]?.[2], engine.peek(VAULT, "db", null));
  answerSecret(engine, turn, "db", "renewed", "2".repeat(32));
  assert.equal(engine.peek(VAULT, "db", null)?.value, "renewed");
  after(engine, 241_000 + 301_000);
  assert.equal(engine.peek(VAULT, "db", null), undefined);
});

test("numbers of entries that left are used again, and never show another secret", () => {
  const engine = create(native, {
    cache: { max_entries: 2, jitter: 0 },
    limits: { secret_per_second: 0, vault_per_second: 0 },
  });
  fetched(engine, "s0", "v0");
  for (let i = 1; i < 50; i++) {
    after(engine, i * 2000);
    answerSecret(engine, getSecret(engine, `s${i}`).turn, `s${i}`, `v${i}`);
    assert.equal(engine.peek(VAULT, `s${i}`, null)?.value, `v${i}`);
    assert.equal(engine.peek(VAULT, `s${i - 1}`, null)?.value, `v${i - 1}`);
    assert.equal(engine.peek(VAULT, `s${i - 2}`, null), undefined);
  }
  assert.equal((JSON.parse(engine.cacheInfo()) as { entries: number }).entries, 2);
});

test("files, programs and foreign credentials are asked for, and their answers used", () => {
  const cli = create(native, { credential: { type: "AzureCliCredential", tenant_id: "t" } });
  const [, id, , argv, variables, timeoutMs] = outputs(getSecret(cli, "db").turn, "run")[0] ?? assert.fail();
  assert.ok(argv.includes("get-access-token") && Array.isArray(variables) && timeoutMs > 0);
  const refused = cli.completeRun(id, 1, Buffer.from(""), Buffer.from("Please run 'az login'"));
  assert.equal(outputs(refused, "error")[0]?.[2].kind, "CREDENTIAL_UNAVAILABLE");

  const workload = create(native, {
    credential: { type: "WorkloadIdentityCredential", tenant_id: "t", client_id: "c", token_file_path: "/t" },
  });
  const [, file, , path, limit] = outputs(getSecret(workload, "db").turn, "read_file")[0] ?? assert.fail();
  assert.ok(path === "/t" && limit > 0);
  const exchange =
    outputs(workload.completeFile(file, Buffer.from("assertion"), false), "http")[0] ?? assert.fail();
  assert.ok(Buffer.from(exchange[6]).includes("client_assertion=assertion") && exchange[8] === false);

  const host = create(native, { credential: { type: "HostCredential", handle: 3, name: "Foreign" } });
  const [, token, , handle, scopes, tenant] =
    outputs(getSecret(host, "db").turn, "host_token")[0] ?? assert.fail();
  assert.deepEqual([handle, scopes, tenant], [3, ["https://vault.azure.net/.default"], null]);
  const [request] = outputs(host.completeToken(token, "foreign", BEGIN.unix + 3_600_000, null), "http");
  assert.ok(request?.[5].some(([name, value]) => name === "authorization" && value === "Bearer foreign"));
});

test("a caller who leaves takes the request along", () => {
  const engine = create(native);
  const { op, turn } = getSecret(engine, "db");
  const [request] = outputs(turn, "http");
  assert.deepEqual(outputs(engine.cancel(op), "abort"), [["abort", request?.[1]]]);
  assert.deepEqual(engine.pending(), []);
});

test("what is wrong is thrown as plain facts", () => {
  assert.throws(() => create(native, { nonsense: 1 }), { kind: "INVALID_CONFIGURATION", number: 2 });
  const engine = create(native);
  assert.throws(() => getSecret(engine, "no_name"), { kind: "INVALID_ARGUMENT", attempts: [] });
  assert.throws(() => engine.start("{"), { kind: "INVALID_ARGUMENT" });
  assert.throws(() => engine.invalidate(VAULT, "no_name", null), { kind: "INVALID_ARGUMENT" });
});

test("a freed engine is gone, and with it what it kept", () => {
  const engine = create(native);
  fetched(engine);
  engine.free();
  engine.free();
  assert.throws(() => engine.handleTimeout(), /freed/);
  assert.throws(() => engine.peek(VAULT, "db", null), /freed/);
});

test("unknown faults and stray answers do no harm", () => {
  const engine = create(native);
  const { turn } = getSecret(engine, "db");
  assert.deepEqual(engine.completeHttp(999, 200, [], new Uint8Array()).outputs, []);
  const [request] = outputs(turn, "http");
  const failed = engine.fail(request?.[1] ?? 0, "no such kind", "");
  assert.ok(failed.outputs.length > 0 || failed.timeoutMs !== null);
});
