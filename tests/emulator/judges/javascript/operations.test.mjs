/**
 * Every operation on secrets by the official JavaScript SDK, against the emulator that the environment leads to, with
 * challenge verification on. The vaults are those of `conftest.py`.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ManagedIdentityCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";

const often = { intervalInMs: 10 };
const credential = new ManagedIdentityCredential();
const clientOf = (vault) => new SecretClient(`https://${vault}.vault.azure.net`, credential);
const client = clientOf("workshop");

async function remove(name) {
  const poller = await client.beginDeleteSecret(name, often);
  return await poller.pollUntilDone();
}

async function all(items) {
  const found = [];
  for await (const item of items) {
    found.push(item);
  }
  return found;
}

const refusal = (statusCode, code) => (error) => {
  assert.equal(error.statusCode, statusCode, error.message);
  assert.equal(error.code, code);
  return true;
};

test("a secret is set, read by version and updated", async () => {
  const first = await client.setSecret("js-item", "first", {
    contentType: "text/plain",
    tags: { a: "b" },
    expiresOn: new Date(2_000_000_000_000),
  });
  await client.setSecret("js-item", "second");
  assert.equal((await client.getSecret("js-item")).value, "second");
  const { version } = first.properties;
  const older = await client.getSecret("js-item", { version });
  assert.equal(older.value, "first");
  assert.equal(older.properties.expiresOn.getTime(), 2_000_000_000_000);
  const updated = await client.updateSecretProperties("js-item", version, { tags: { c: "d" } });
  assert.deepEqual({ ...updated.tags }, { c: "d" });
  assert.equal(updated.contentType, "text/plain");
  const versions = await all(client.listPropertiesOfSecretVersions("js-item"));
  assert.equal(versions.length, 2);
  assert.deepEqual(await all(client.listPropertiesOfSecretVersions("js-nothing")), []);
});

test("a secret is deleted, recovered, deleted and purged", async () => {
  await client.setSecret("js-mayfly", "v");
  const deleted = await remove("js-mayfly");
  assert.equal(deleted.properties.recoveryId, "https://workshop.vault.azure.net/deletedsecrets/js-mayfly");
  assert.ok(deleted.properties.scheduledPurgeDate > deleted.properties.deletedOn);
  await assert.rejects(client.getSecret("js-mayfly"), refusal(404, "SecretNotFound"));
  await assert.rejects(client.setSecret("js-mayfly", "w"), refusal(409, "Conflict"));
  const found = await all(client.listDeletedSecrets());
  assert.ok(found.some(({ name }) => name === "js-mayfly"));
  const recovering = await client.beginRecoverDeletedSecret("js-mayfly", often);
  assert.equal((await recovering.pollUntilDone()).name, "js-mayfly");
  assert.equal((await client.getSecret("js-mayfly")).value, "v");
  await remove("js-mayfly");
  assert.equal((await client.getDeletedSecret("js-mayfly")).name, "js-mayfly");
  await client.purgeDeletedSecret("js-mayfly");
  await assert.rejects(client.getDeletedSecret("js-mayfly"), refusal(404, "SecretNotFound"));
});

test("a backup is restored", async () => {
  await client.setSecret("js-saved", "v");
  const backup = await client.backupSecret("js-saved");
  await assert.rejects(client.restoreSecretBackup(backup), refusal(409, "Conflict"));
  await remove("js-saved");
  await client.purgeDeletedSecret("js-saved");
  await assert.rejects(client.setSecret("js-saved", "too early"), refusal(409, "Conflict"));
  assert.equal((await client.restoreSecretBackup(backup)).name, "js-saved");
  assert.equal((await client.getSecret("js-saved")).value, "v");
  await assert.rejects(clientOf("strict").restoreSecretBackup(backup), refusal(400, "BadParameter"));
  await assert.rejects(
    client.restoreSecretBackup(new Uint8Array(4728)),
    /Backup blob contains invalid or corrupt version\./,
  );
});

test("more than a hundred secrets are listed by page", async () => {
  const crowded = clientOf("crowded");
  const pages = await all(crowded.listPropertiesOfSecrets().byPage());
  assert.deepEqual(
    pages.map((page) => page.length),
    [25, 0, 25, 25, 25, 20],
  );
  const names = (await all(crowded.listPropertiesOfSecrets())).map(({ name }) => name);
  assert.deepEqual(
    names,
    Array.from({ length: 120 }, (_, n) => `s${String(n).padStart(3, "0")}`),
  );
  const small = await all(crowded.listPropertiesOfSecrets().byPage({ maxPageSize: 20 }));
  assert.deepEqual(
    small.map((page) => page.length),
    [20, 0, 20, 20, 20, 20, 20],
  );
});

test("a certificate's secret is read only", async () => {
  const { value, properties } = await client.getSecret("served");
  assert.equal(value, "PFX");
  assert.equal(
    properties.certificateKeyId,
    `https://workshop.vault.azure.net/keys/served/${properties.version}`,
  );
  await assert.rejects(client.setSecret("served", "x"), refusal(403, "Forbidden"));
});
