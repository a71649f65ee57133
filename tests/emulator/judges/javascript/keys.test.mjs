/**
 * Keys by the official JavaScript SDK, as in `operations.test.mjs`: by somebody who sees the public keys and works
 * with them, and by somebody whom only the vault can help.
 */

import assert from "node:assert/strict";
import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import { test } from "node:test";

import { ManagedIdentityCredential } from "@azure/identity";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";

const often = { intervalInMs: 10 };
const dataKey = randomBytes(32);
const seeing = new ManagedIdentityCredential();
const blind = new ManagedIdentityCredential({ clientId: process.env.BLIND_CLIENT_ID });
const client = new KeyClient("https://safe.vault.azure.net", seeing);
const by = (credential, key) => new CryptographyClient(key, credential);

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

const oaep256 = (key) => ({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" });

test("a key is made, read by version, rotated and updated", async () => {
  const first = await client.createRsaKey("js-kek", {
    keySize: 2048,
    keyOps: ["wrapKey", "unwrapKey"],
    tags: { a: "b" },
  });
  const second = await client.rotateKey("js-kek");
  assert.notDeepEqual(second.key.n, first.key.n);
  assert.equal((await client.getKey("js-kek")).id, second.id);
  const { version } = first.properties;
  const older = await client.getKey("js-kek", { version });
  assert.deepEqual([older.id, older.key.n, older.keyType], [first.id, first.key.n, "RSA"]);
  const updated = await client.updateKeyProperties("js-kek", version, {
    tags: { c: "d" },
    keyOps: ["unwrapKey"],
  });
  assert.deepEqual([{ ...updated.properties.tags }, updated.keyOperations], [{ c: "d" }, ["unwrapKey"]]);
  const versions = await all(client.listPropertiesOfKeyVersions("js-kek"));
  assert.deepEqual(new Set(versions.map(({ id }) => id)), new Set([first.id, second.id]));
  await assert.rejects(client.getKey("js-nothing"), refusal(404, "KeyNotFound"));
});

test("what the SDK wraps itself the vault unwraps, and the other way round", async () => {
  const key = await client.getKey("given");
  for (const algorithm of ["RSA-OAEP-256", "RSA-OAEP", "RSA1_5"]) {
    for (const [wrapping, unwrapping] of [
      [seeing, blind],
      [blind, seeing],
    ]) {
      const wrapped = await by(wrapping, key.id).wrapKey(algorithm, dataKey);
      assert.equal(wrapped.keyID, key.id);
      const { result } = await by(unwrapping, key.id).unwrapKey(algorithm, wrapped.result);
      assert.deepEqual(Buffer.from(result), dataKey, algorithm);
    }
  }
  const encrypted = await by(blind, key.id).encrypt({ algorithm: "RSA-OAEP-256", plaintext: dataKey });
  const decrypted = await by(blind, key.id).decrypt({
    algorithm: "RSA-OAEP-256",
    ciphertext: encrypted.result,
  });
  assert.deepEqual(Buffer.from(decrypted.result), dataKey);
});

test("an imported key is the key", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const members = Object.entries(privateKey.export({ format: "jwk" }));
  const numbers = members
    .filter(([name]) => name !== "kty")
    .map(([name, text]) => [name, Buffer.from(text, "base64url")]);
  const { id } = await client.importKey("js-mine", { kty: "RSA", ...Object.fromEntries(numbers) });
  const wrapped = await by(blind, id).wrapKey("RSA-OAEP-256", dataKey);
  assert.deepEqual(privateDecrypt(oaep256(privateKey), wrapped.result), dataKey);
  const foreign = publicEncrypt(oaep256(createPublicKey(privateKey)), dataKey);
  const { result } = await by(blind, id).unwrapKey("RSA-OAEP-256", foreign);
  assert.deepEqual(Buffer.from(result), dataKey);
});

test("a disabled key is refused, and a deleted one is gone until it is recovered", async () => {
  const { id } = await client.createRsaKey("js-mayfly");
  const wrapped = await by(blind, id).wrapKey("RSA-OAEP-256", dataKey);
  await client.updateKeyProperties("js-mayfly", { enabled: false });
  await assert.rejects(by(blind, id).unwrapKey("RSA-OAEP-256", wrapped.result), refusal(403, "Forbidden"));
  await client.updateKeyProperties("js-mayfly", { enabled: true });
  const deleted = await (await client.beginDeleteKey("js-mayfly", often)).pollUntilDone();
  assert.equal(deleted.properties.recoveryId, "https://safe.vault.azure.net/deletedkeys/js-mayfly");
  await assert.rejects(by(blind, id).unwrapKey("RSA-OAEP-256", wrapped.result), refusal(404, "KeyNotFound"));
  const recovered = await (await client.beginRecoverDeletedKey("js-mayfly", often)).pollUntilDone();
  assert.equal(recovered.id, id);
  const { result } = await by(blind, id).unwrapKey("RSA-OAEP-256", wrapped.result);
  assert.deepEqual(Buffer.from(result), dataKey);
});
