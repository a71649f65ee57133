/** What the client has beyond the official one's operations, which the official libraries judge in `bindings-node`. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ClientSecretCredential, NightlatchError, SecretClient } from "nightlatch-wasm";

import { Azure, TENANT, VAULT } from "./support/azure.mjs";

function world(options = {}) {
  const azure = new Azure();
  const credential = new ClientSecretCredential(TENANT, "client", "very-secret", { fetch: azure.fetch });
  const client = new SecretClient(VAULT, credential, { cacheRefreshInterval: 0, ...options });
  return { azure, client };
}

const asked = ({ log }) => log.filter((line) => line.includes("/secrets/")).length;

test("many secrets: each once, in order, and one that fails leaves the others alone", async () => {
  const { azure, client } = world();
  const found = await client.getSecrets(["db", "none", "db"], { returnErrors: true });
  assert.deepEqual([...found.keys()], ["db", "none"]);
  assert.equal(found.get("db").value, "s3cr3t");
  assert.equal(found.get("none").code, "NOT_FOUND");
  await assert.rejects(client.getSecrets(["none", "db"]), { code: "NOT_FOUND" });
  assert.equal((await client.getSecrets(["db"])).get("db"), client.getCachedSecret("db"));
  assert.equal(asked(azure), 2);
  assert.equal((await client.getSecrets([])).size, 0);
  await assert.rejects(client.getSecrets("db"), { code: "INVALID_ARGUMENT" });
});

const refused = new Error("password authentication failed");
const isAuthError = (error) => error === refused;

test("a value that was rotated is replaced, once for however many callers", async () => {
  const { azure, client } = world();
  await client.getSecret("db");
  azure.secrets.db = { value: "n3w", version: "f".repeat(32) };
  const use = async ({ value }) => {
    if (value !== "n3w") {
      throw refused;
    }
    return "in";
  };
  const callers = Array.from({ length: 1000 }, () => client.withSecret("db", use, { isAuthError }));
  assert.deepEqual(new Set(await Promise.all(callers)), new Set(["in"]));
  assert.equal(asked(azure), 2);
});

test("without another version, and for other errors, the user's own error is thrown", async () => {
  const { azure, client } = world();
  let calls = 0;
  const use = () => {
    calls++;
    throw refused;
  };
  await assert.rejects(client.withSecret("db", use, { isAuthError }), refused);
  assert.deepEqual([calls, asked(azure)], [1, 2]);
  await assert.rejects(client.withSecret("db", use, { isAuthError: () => false }), refused);
  assert.deepEqual([calls, asked(azure)], [2, 2]);
});

test("the audit gets every event as a line with its time, and what fails there breaks nothing", async (t) => {
  const lines = [];
  const { client } = world({ audit: (line) => lines.push(line) });
  await client.getSecret("db");
  const events = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ event }) => event),
    ["token_acquired", "secret_fetched"],
  );
  assert.ok(events.every(({ time }) => Math.abs(Date.parse(time) - Date.now()) < 10_000));
  assert.ok(!lines.join().includes("s3cr3t") && lines.every((line) => !line.includes("\n")));

  const told = t.mock.method(console, "error", () => {});
  const full = world({ audit: { write: () => assert.fail("no space left") } });
  assert.equal((await full.client.getSecret("db")).value, "s3cr3t");
  assert.equal(told.mock.callCount(), 2);
  assert.throws(() => new SecretClient(VAULT, undefined, { audit: "/var/log/a" }), { code: "UNSUPPORTED" });
});

test("values and backups of the wrong type are refused before anything is sent", async () => {
  const { azure, client } = world();
  for (const value of [undefined, null, 5, new Uint8Array(1)]) {
    await assert.rejects(client.setSecret("db", value), { code: "INVALID_ARGUMENT" });
  }
  await assert.rejects(client.restoreSecretBackup("text"), { code: "INVALID_ARGUMENT" });
  await assert.rejects(client.beginDeleteSecret("db", { resumeFrom: "nonsense" }), NightlatchError);
  assert.deepEqual(azure.log, []);
});

/** What a vault answers to a deletion. */
const deleted = () =>
  Response.json({
    id: `${VAULT}/secrets/db/0123456789abcdef0123456789abcdef`,
    attributes: { enabled: true, created: 1, updated: 2 },
    recoveryId: `${VAULT}/deletedsecrets/db`,
    deletedDate: 1_700_000_000,
    scheduledPurgeDate: 1_800_000_000,
  });

test("a poller goes on from its text, tells its progress, and can be stopped", async () => {
  const { azure, client } = world();
  await client.getSecret("db");
  azure.script.push(deleted);
  const poller = await client.beginDeleteSecret("db", { intervalInMs: 100 });
  assert.equal(client.getCachedSecret("db"), undefined);
  assert.equal(poller.getResult().deletedOn.getTime(), 1_700_000_000_000);
  const again = await client.beginDeleteSecret("db", { resumeFrom: poller.toString(), intervalInMs: 100 });
  assert.deepEqual(again.getResult(), poller.getResult());
  const states = [];
  again.onProgress(({ isCompleted }) => states.push(isCompleted));
  const error = { code: "SecretNotFound", message: "Not there yet." };
  azure.script.push(...Array(20).fill(() => Response.json({ error }, { status: 404 })));
  const waiting = again.pollUntilDone();
  setTimeout(() => again.stopPolling(), 50);
  await assert.rejects(waiting, { name: "AbortError" });
  azure.script.splice(0, Infinity, deleted);
  await poller.poll();
  assert.deepEqual([poller.isDone(), again.isDone(), states], [true, false, [false]]);
  await assert.rejects(poller.cancelOperation(), { code: "UNSUPPORTED" });
});

test("pages are arrays that know where the next one begins", async () => {
  const { azure, client } = world();
  const page = (names, nextLink) => () =>
    Response.json({
      value: names.map((name) => ({ id: `${VAULT}/secrets/${name}`, attributes: {} })),
      nextLink,
    });
  const next = `${VAULT}:443/secrets?api-version=7.6&$skiptoken=x`;
  await client.getSecret("db");
  azure.script.push(page(["a", "b"], next), page([], `${next}y`), page(["c"], null));
  const names = [];
  for await (const { name } of client.listPropertiesOfSecrets()) {
    names.push(name);
  }
  assert.deepEqual(names, ["a", "b", "c"]);
  azure.script.push(page(["a"], next));
  const first = await client.listPropertiesOfSecrets().byPage({ maxPageSize: 1 }).next();
  assert.deepEqual(Object.keys(first.value), ["0"]);
  assert.match(azure.requests.at(-1).url.search, /maxresults=1/);
  azure.script.push(page(["z"], null));
  const { continuationToken } = first.value;
  const rest = client.listPropertiesOfSecrets().byPage({ continuationToken });
  const last = await rest.next();
  assert.deepEqual([last.value[0].name, last.value.continuationToken], ["z", undefined]);
  assert.equal((await rest.next()).done, true);
});
