import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { ClientSecretCredential, ManualClock, SecretClient } from "nightlatch-wasm";

import { Azure, settled, TENANT, VAULT } from "./support/azure.mjs";

function world(options = {}) {
  const clock = new ManualClock();
  const azure = new Azure(clock);
  const credential = new ClientSecretCredential(TENANT, "client", "very-secret", {
    fetch: azure.fetch,
    clock,
  });
  const client = new SecretClient(VAULT, credential, { cacheJitter: 0, ...options });
  return { azure, clock, credential, client };
}

test("a secret has the shape of the SDK's", async () => {
  const { client } = world();
  const secret = await client.getSecret("db");
  assert.deepEqual(
    { ...secret },
    {
      name: "db",
      value: "s3cr3t",
      properties: {
        id: `${VAULT}/secrets/db/0123456789abcdef0123456789abcdef`,
        vaultUrl: VAULT,
        name: "db",
        version: "0123456789abcdef0123456789abcdef",
        enabled: true,
        notBefore: new Date(1000),
        expiresOn: new Date(4102444800_000),
        createdOn: new Date(2000),
        updatedOn: new Date(3000),
        contentType: "text/plain",
        tags: { team: "shop" },
        recoveryLevel: "Purgeable",
      },
    },
  );
});

test("inspecting shows neither value nor token", async () => {
  const { client, credential } = world();
  const seen = [await client.getSecret("db"), await credential.getToken("https://vault.azure.net/.default")];
  const text = inspect([...seen, client, credential], { depth: 20, showHidden: true });
  assert.ok(!text.includes("s3cr3t") && !text.includes(seen[1].token) && !text.includes("very-secret"), text);
  assert.match(inspect(seen[0]), /^KeyVaultSecret \{[^]*value: '\*\*\*'/);
  assert.equal(`${inspect([seen[0]], { depth: -1 })}`.includes("s3cr3t"), false);
});

test("two hundred callers at once cost one token and one secret request", async () => {
  const { azure, client } = world();
  const secrets = await Promise.all(Array.from({ length: 200 }, () => client.getSecret("db")));
  assert.equal(azure.log.length, 2);
  assert.ok(secrets.every((secret) => secret === secrets[0]));
});

test("a caller who aborts leaves the others served", async () => {
  const { azure, client } = world();
  const release = azure.hold();
  const controller = new AbortController();
  const leaving = client.getSecret("db", { abortSignal: controller.signal });
  const staying = client.getSecret("db");
  await settled();
  controller.abort(new Error("enough"));
  await assert.rejects(leaving, (error) => {
    assert.equal(error.name, "AbortError");
    assert.equal(error.code, "CANCELLED");
    assert.equal(error.cause.message, "enough");
    return true;
  });
  await release();
  assert.equal((await staying).value, "s3cr3t");
  assert.equal(azure.aborted, 0);
});

test("the last caller who aborts ends the request", async () => {
  const { azure, client } = world();
  azure.hold();
  const controller = new AbortController();
  const leaving = client.getSecret("db", { abortSignal: controller.signal });
  await settled();
  controller.abort();
  await assert.rejects(leaving, { name: "AbortError" });
  assert.equal(azure.aborted, 1);
  assert.deepEqual(client.pending(), []);
});

test("an aborted signal asks for nothing", async () => {
  const { azure, client } = world();
  await client.getSecret("db");
  await assert.rejects(client.getSecret("db", { abortSignal: AbortSignal.abort() }), {
    name: "AbortError",
  });
  assert.equal(azure.log.length, 2);
});

test("a cached read is synchronous, and its object is the same until the copy goes", async () => {
  const { azure, clock, client } = world({ cacheTtl: 10_000 });
  assert.equal(client.getCachedSecret("db"), undefined);
  const secret = await client.getSecret("db");
  assert.equal(client.getCachedSecret("DB"), secret);
  await clock.advance(11_000);
  assert.equal(client.getCachedSecret("db"), undefined);
  assert.notEqual(await client.getSecret("db"), secret);
  assert.equal(azure.log.length, 3);
});

test("a copy near its end serves at once and is renewed by the way", async () => {
  const { azure, clock, client } = world({ cacheTtl: 100_000 });
  const first = await client.getSecret("db");
  azure.secrets.db = { value: "newer", version: "1123456789abcdef0123456789abcdef" };
  await clock.advance(85_000);
  assert.equal(client.getCachedSecret("db"), first);
  await settled();
  assert.equal(client.getCachedSecret("db").value, "newer");
  assert.equal(azure.log.length, 3);
});

test("refresh asks the vault, invalidate has the next call ask it", async () => {
  const { azure, clock, client } = world();
  await client.getSecret("db");
  await clock.advance(2000);
  azure.secrets.db.value = "two";
  assert.equal((await client.refresh("db")).value, "two");
  client.invalidate("db");
  assert.equal(client.getCachedSecret("db"), undefined);
  await client.getSecret("db");
  client.invalidate();
  assert.equal(client.getCachedSecret("db"), undefined);
  assert.equal(azure.log.length, 4);
});

test("the cache tells what it holds", async () => {
  const { client } = world();
  await client.getSecret("db");
  const info = client.cacheInfo();
  assert.equal(info.entries, 1);
  assert.ok(info.bytes > 0);
  await client.getSecret("db");
  const { hits, misses, oldestAgeInMs } = client.cacheInfo();
  assert.deepEqual([hits, misses], [1, 1]);
  assert.ok(oldestAgeInMs >= 0);
});

test("clients of one credential and equal options share an engine, others do not", async () => {
  const { azure, client, credential } = world();
  const twin = new SecretClient(VAULT, credential, { cacheJitter: 0 });
  const other = new SecretClient(VAULT, credential, { cacheJitter: 0, cacheTtl: 1000 });
  await client.getSecret("db");
  assert.ok(twin.getCachedSecret("db"));
  assert.equal(other.getCachedSecret("db"), undefined);
  client.close();
  assert.ok(twin.getCachedSecret("db"));
  twin.close();
  other.close();
  assert.equal(azure.log.length, 2);
});

test("events tell of a rotation, to those who listen", async () => {
  const { azure, clock, client } = world();
  const told = [];
  client.addEventListener("secretrotated", (event) => told.push(event.detail));
  client.addEventListener("event", (event) => told.push(event.detail.type));
  await client.getSecret("db");
  azure.secrets.db = { value: "newer", version: "1123456789abcdef0123456789abcdef" };
  await clock.advance(2000);
  await client.refresh("db");
  assert.deepEqual(told, [
    "tokenacquired",
    "secretfetched",
    {
      vault: VAULT,
      name: "db",
      oldVersion: "0123456789abcdef0123456789abcdef",
      newVersion: "1123456789abcdef0123456789abcdef",
    },
    "secretrotated",
    "secretfetched",
  ]);
});

test("a timeout ends a call with what it was waiting for", async () => {
  const { azure, clock, client } = world();
  azure.hold();
  const waiting = client.getSecret("db", { timeout: 5000 });
  await settled();
  assert.match(client.pending()[0].waitsFor, /\w/);
  const refused = assert.rejects(waiting, (error) => error.code === "TIMEOUT" && /5 s/.test(error.message));
  await clock.advance(5000);
  await refused;
});

test("failures are tried again, in no time", async () => {
  const { azure, clock, client } = world();
  azure.script = [
    undefined,
    () => new Response("", { status: 503 }),
    () => Promise.reject(new TypeError("no")),
  ];
  const waiting = client.getSecret("db");
  await clock.advance(30_000);
  assert.equal((await waiting).value, "s3cr3t");
  assert.equal(azure.log.length, 4);
});

test("closing ends what waits and leaves no timer", async () => {
  const { azure, clock, client } = world();
  azure.hold();
  const waiting = client.getSecret("db");
  await settled();
  assert.ok(clock.next !== undefined);
  await client[Symbol.asyncDispose]();
  await assert.rejects(waiting, { name: "AbortError" });
  assert.equal(azure.aborted, 1);
  assert.equal(clock.next, undefined);
  await assert.rejects(client.getSecret("db"), { code: "INVALID_ARGUMENT" });
});

test("what cannot be used is told by the constructor", () => {
  const { credential } = world();
  const fails = (make, code, words) =>
    assert.throws(make, (error) => error.code === code && words.test(error.message), String(words));
  fails(() => new SecretClient("http://contoso.vault.azure.net", credential), "INVALID_ARGUMENT", /https/);
  fails(
    () => new SecretClient(VAULT, credential, { cacheTTL: 1 }),
    "INVALID_CONFIGURATION",
    /no option cacheTTL/,
  );
  fails(() => new SecretClient(VAULT, credential, { cacheTtl: -1 }), "INVALID_CONFIGURATION", /duration/);
  fails(() => new SecretClient(VAULT, { key: "no credential" }), "INVALID_ARGUMENT", /getToken/);
});
