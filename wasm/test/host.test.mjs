import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { test } from "node:test";

import * as nightlatch from "nightlatch-wasm";

import { systemClock } from "../dist/host/clock.js";
import { edgeHost } from "../dist/host/edge.js";
import { exchange, fault } from "../dist/host/fetch.js";
import { initSync } from "../dist/wasm.js";
import { TENANT, VAULT } from "./support/azure.mjs";

const { signal } = new AbortController();
const request = {
  method: "GET",
  url: "https://contoso.vault.azure.net/",
  headers: [],
  body: new Uint8Array(),
  trust: null,
};

test("a body larger than any honest one is not read", async () => {
  let pulled = 0;
  const endless = new ReadableStream({ pull: (it) => (pulled++, it.enqueue(new Uint8Array(65536))) });
  await assert.rejects(
    exchange(async () => new Response(endless), request, signal),
    { kind: "too_large" },
  );
  assert.ok(pulled < 20);
});

test("whom to trust cannot be told to fetch, and is not passed over", async () => {
  let asked = 0;
  const fetch = async () => (asked++, new Response(""));
  const trusting = { ...request, trust: { sha1: new Uint8Array(20) } };
  await assert.rejects(exchange(fetch, trusting, signal), { kind: "unsupported" });
  assert.equal(asked, 0);
});

test("a redirect is told and not followed", async () => {
  const server = createServer((_, answer) =>
    answer.writeHead(302, { location: "https://elsewhere.example/" }).end(),
  );
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  assert.equal((await exchange(fetch, { ...request, url }, signal)).status, 302);
  server.closeAllConnections();
  server.close();
});

test("failures are told apart, whatever the runtime calls them", () => {
  const failed = (message, cause) => Object.assign(new TypeError(message), { cause });
  for (const [why, kind] of [
    [failed("fetch failed", { code: "ENOTFOUND", message: "getaddrinfo ENOTFOUND x" }), "dns"],
    [
      failed("fetch failed", { code: "ECONNREFUSED", message: "connect ECONNREFUSED 127.0.0.1:1" }),
      "connect",
    ],
    [
      failed("fetch failed", { code: "UND_ERR_CONNECT_TIMEOUT", message: "Connect Timeout Error" }),
      "timeout",
    ],
    [failed("fetch failed", { code: "SELF_SIGNED_CERT_IN_CHAIN", message: "self-signed" }), "tls"],
    [failed("fetch failed", { code: "UND_ERR_SOCKET", message: "other side closed" }), "connection_lost"],
    [failed("client error (Connect): dns error: failed to lookup address information"), "dns"],
    [failed("client error (Connect): invalid peer certificate: UnknownIssuer"), "tls"],
    [failed("client error (Connect): tcp connect error: Connection refused (os error 111)"), "connect"],
    [Object.assign(new Error("Unable to connect."), { code: "ConnectionRefused" }), "connect"],
    [failed("Failed to fetch"), "connect"],
    ["what", "other"],
  ]) {
    assert.equal(fault(why).kind, kind, String(why.cause?.code ?? why.message));
  }
});

test("every kind of fault is one of the engine's", () => {
  const { faultKinds } = initSync(new Uint8Array());
  for (const kind of [
    "dns",
    "tls",
    "proxy",
    "timeout",
    "connect",
    "connection_lost",
    "other",
    "too_large",
    "unsupported",
  ]) {
    assert.ok(faultKinds.includes(kind), kind);
  }
});

test("every kind of error of the engine is known", async () => {
  const { readFileSync } = await import("node:fs");
  const { errorKinds, version } = initSync(new Uint8Array());
  const types = readFileSync(new URL("../dist/errors.d.ts", import.meta.url), "utf8");
  const known = [...types.match(/type ErrorCode =([^;]*);/)[1].matchAll(/"(\w+)"/g)].map((match) => match[1]);
  assert.deepEqual(
    errorKinds.map(([kind]) => kind),
    known,
  );
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.equal(version, manifest.version);
});

test("in a browser the first word is that a relay is needed", () => {
  const make = (options) => edgeHost({ sameOrigin: true }, options);
  assert.throws(
    () => make({}),
    (error) => error.code === "UNSUPPORTED" && /CORS/.test(error.message),
  );
  make({ fetch: globalThis.fetch });
});

test("where there are no files, the ones given are all", async () => {
  const host = edgeHost({}, { files: { "/a": "text", "/b": () => new Uint8Array([1]) } });
  assert.deepEqual(await host.readFile("/a", 10, false, signal), {
    content: new TextEncoder().encode("text"),
    shared: false,
  });
  assert.deepEqual((await host.readFile("/b", 10, false, signal)).content, new Uint8Array([1]));
  await assert.rejects(host.readFile("/c", 10, false, signal), { kind: "not_found" });
  await assert.rejects(host.readFile("/a", 3, false, signal), { kind: "too_large" });
  assert.equal(edgeHost({}, {}).readFile, undefined);
});

test("an idle client lets the process end, a waiting one does not", async () => {
  // The program never closes its client; a pause before the second try holds nothing but a timer.
  const program = `
    import { SecretClient } from "nightlatch-wasm";
    let asked = 0;
    const fetch = async () =>
      ++asked === 1
        ? new Response("", { status: 503 })
        : Response.json({ value: "s3cr3t", id: "${VAULT}/secrets/db/0123456789abcdef0123456789abcdef", attributes: {} });
    const credential = { getToken: async () => ({ token: "t", expiresOnTimestamp: Date.now() + 3600_000 }) };
    const client = new SecretClient("${VAULT}", credential, { fetch });
    client.getSecret("db").then((secret) => console.log(secret.value));
  `;
  const started = performance.now();
  const options = { cwd: new URL("..", import.meta.url), encoding: "utf8", timeout: 20_000 };
  assert.equal(execFileSync(process.execPath, ["--input-type=module", "-e", program], options), "s3cr3t\n");
  assert.ok(performance.now() - started < 10_000);
});

test("an engine that breaks ends every call, and says that it is our fault", async () => {
  const { Pump } = await import("../dist/pump.js");
  const broken = {
    start: () => ({ op: 1, turn: { outputs: [], timeoutMs: 0 } }),
    handleTimeout: () => {
      throw new WebAssembly.RuntimeError("unreachable");
    },
    pending: () => [],
    free() {},
  };
  const host = { environment: () => ({}), clock: systemClock };
  const factory = { create: () => broken, environmentNames: [] };
  const pump = new Pump({ options: "{}", secrets: [], foreign: [] }, host, factory, async () => factory);
  await assert.rejects(
    pump.call({}, pump),
    (error) => error.code === "INTERNAL" && error.cause instanceof Error,
  );
  await assert.rejects(pump.call({}, pump), { code: "INTERNAL" });
});

test("the package names what users of the SDK look for", () => {
  for (const name of [
    "SecretClient",
    "parseKeyVaultSecretIdentifier",
    "DefaultAzureCredential",
    "ManagedIdentityCredential",
    "ClientSecretCredential",
    "WorkloadIdentityCredential",
    "AzureCliCredential",
    "EnvironmentCredential",
    "ChainedTokenCredential",
    "getBearerTokenProvider",
    "CredentialUnavailableError",
    "AuthenticationError",
    "AggregateAuthenticationError",
  ]) {
    assert.equal(typeof nightlatch[name], "function", name);
  }
  const id = nightlatch.parseKeyVaultSecretIdentifier(`${VAULT}/secrets/db/0123`);
  assert.deepEqual(id, {
    sourceId: `${VAULT}/secrets/db/0123`,
    vaultUrl: VAULT,
    name: "db",
    version: "0123",
  });
  assert.throws(() => nightlatch.parseKeyVaultSecretIdentifier(`${VAULT}/keys/db`), TypeError);
  assert.ok(new nightlatch.ClientSecretCredential(TENANT, "client", "secret"));
});
