/** Field encryption as a program meets it, judged by `jose`: the private key is this test's, and a scripted vault uses it. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";

import { CompactEncrypt, compactDecrypt, importJWK } from "jose";
import { ClientSecretCredential, FieldEncryption } from "nightlatch-wasm";

import { Azure, TENANT, VAULT } from "./support/azure.mjs";

const [VERSION, NEWER] = ["a".repeat(32), "b".repeat(32)];
const kid = (version) => `${VAULT}/keys/app/${version}`;
const made = () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
const KEY = made();
const PRIVATE = await importJWK(KEY, "RSA-OAEP-256");
const PUBLIC = await importJWK({ kty: "RSA", n: KEY.n, e: KEY.e }, "RSA-OAEP-256");

function world(options = {}, { jwk, version } = { jwk: KEY, version: VERSION }) {
  const azure = new Azure();
  azure.keys.app = { jwk, version };
  const credential = new ClientSecretCredential(TENANT, "client", "very-secret", { fetch: azure.fetch });
  return { azure, encryption: new FieldEncryption(VAULT, "app", credential, options) };
}

const asked = ({ log }, deed) => log.filter((line) => line.endsWith(deed)).length;
const bytes = (text) => new TextEncoder().encode(text);
const header = (compact) => JSON.parse(Buffer.from(compact.split(".")[0], "base64url"));

test("jose reads our values, and we read its", async () => {
  const { encryption } = world();
  const every = Uint8Array.from({ length: 256 }, (_, at) => at);
  for (const value of ["", "hunter2", "pässwörd \u{1f511}", bytes("bytes"), every]) {
    const compact = await encryption.encrypt(value, { document: "order 7", field: "/card" });
    assert.deepEqual(header(compact), {
      alg: "RSA-OAEP-256",
      enc: "A256GCM",
      document: "order 7",
      field: "/card",
      kid: kid(VERSION),
    });
    const { plaintext } = await compactDecrypt(compact, PRIVATE);
    const expected = typeof value === "string" ? bytes(value) : value;
    assert.deepEqual(new Uint8Array(plaintext), expected);
    assert.deepEqual(await encryption.decrypt(compact, { document: "order 7", field: "/card" }), expected);
    for (const more of [
      {},
      { kid: kid(VERSION) },
      { kid: kid(VERSION), field: "/card", document: "order 7" },
    ]) {
      const theirs = await new CompactEncrypt(expected)
        .setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM", ...more })
        .encrypt(PUBLIC);
      assert.deepEqual(await encryption.decrypt(theirs, more), expected);
    }
  }
  assert.equal(await encryption.decryptText(await encryption.encrypt("\ufefftext")), "\ufefftext");
  await assert.rejects(
    encryption.encrypt(every).then((one) => encryption.decryptText(one)),
    TypeError,
  );
});

test("no byte of a value can be altered, in any of its parts", async () => {
  const { encryption } = world();
  const compact = await encryption.encrypt("hunter2", { field: "/card" });
  assert.equal(compact.split(".").length, 5);
  for (let at = 0; at < compact.length; at++) {
    const other = compact[at] === "A" ? "B" : "A";
    const altered = compact.slice(0, at) + other + compact.slice(at + 1);
    await assert.rejects(
      encryption.decrypt(altered, { field: "/card" }),
      { code: "DECRYPTION_FAILED" },
      `${at}`,
    );
  }
});

test("a data key serves as often as it may, and no nonce occurs twice", async () => {
  for (const [dataKeyUses, keys] of [
    [1, 6],
    [2, 3],
    [undefined, 1],
  ]) {
    const { azure, encryption } = world({ dataKeyUses });
    const values = await Promise.all(Array.from({ length: 6 }, () => encryption.encrypt("hunter2")));
    const parts = values.map((value) => value.split("."));
    assert.equal(new Set(parts.map(([, wrapped]) => wrapped)).size, keys);
    assert.equal(asked(azure, "/wrapkey"), keys);
    assert.equal(new Set(parts.map(([, , nonce]) => nonce)).size, 6);
  }
});

const NOTES = `{ "id": 7,  "card": {"number": "4111", "until": "12/30"},
  "phones": ["1", "2"], "big": 12345678901234567890 }`;

test("fields of a JSON text are encrypted, and all else stays to the byte", async () => {
  const { encryption } = world();
  const fields = ["/card", "/phones/*"];
  const sealed = await encryption.encryptFields(NOTES, fields, { name: "order 7" });
  const pattern =
    /^\{ "id": 7,  "card": "ey[^"]+",\n  "phones": \["ey[^"]+", "ey[^"]+"\], "big": 12345678901234567890 \}$/;
  assert.match(sealed, pattern);
  const { card } = JSON.parse(sealed);
  const { field, document, cty } = header(card);
  assert.deepEqual([field, document, cty], ["/card", "order 7", "json"]);
  const { plaintext } = await compactDecrypt(card, PRIVATE);
  assert.equal(new TextDecoder().decode(plaintext), '{"number": "4111", "until": "12/30"}');
  assert.equal(await encryption.decryptFields(sealed, undefined, { name: "order 7" }), NOTES);
  const some = await encryption.decryptFields(sealed, ["/phones/*"], { name: "order 7" });
  assert.match(some, /"card": "ey[^"]+",\n  "phones": \["1", "2"\]/);
  await assert.rejects(encryption.decryptFields(sealed), {
    code: "DECRYPTION_FAILED",
    help: "belongs-elsewhere",
  });
  const moved = JSON.stringify({ phones: [card] });
  await assert.rejects(encryption.decryptFields(moved, undefined, { name: "order 7" }), {
    help: "belongs-elsewhere",
  });
});

test("of a tree all but the fields stays the very object that it was", async () => {
  const { encryption } = world();
  const when = new Date(0);
  const tree = {
    when,
    keep: { deep: [undefined, () => 1, new Map([[1, 2]])] },
    list: [{ card: "4111", when }, 1],
  };
  const sealed = await encryption.encryptFields(tree, ["/list/*/card"]);
  assert.equal(tree.list[0].card, "4111");
  assert.equal(sealed.keep, tree.keep);
  assert.equal(sealed.when, when);
  assert.equal(sealed.list[0].when, when);
  assert.ok(Array.isArray(sealed.list));
  assert.match(sealed.list[0].card, /^ey/);
  assert.deepEqual(await encryption.decryptFields(sealed), tree);
  assert.equal(await encryption.decryptFields(tree), tree);
});

test("rewrap follows the key, and leaves alone what has its latest version", async () => {
  const { azure, encryption } = world();
  const old = await encryption.encrypt("hunter2", { field: "/card" });
  assert.equal(await encryption.rewrap(old, { field: "/card" }), old);
  azure.keys.app.version = NEWER;
  const anew = await encryption.rewrap(old, { field: "/card" });
  assert.deepEqual([header(anew).kid, header(anew).field], [kid(NEWER), "/card"]);
  assert.equal(await encryption.decryptText(anew, { field: "/card" }), "hunter2");
  const document = { card: await encryption.encrypt('"4111"', { field: "/card" }), other: 1 };
  assert.equal(await encryption.rewrapFields(document), document);
});

test("the same values as in every language are decrypted", async () => {
  const shared = new URL("../../tests/encryption/values.json", import.meta.url);
  const { jwk, version, values } = JSON.parse(readFileSync(shared, "utf8"));
  const { encryption } = world({}, { jwk, version });
  assert.deepEqual(new Set(values.map(({ by }) => by)), new Set(["nightlatch", "jose", "jwcrypto"]));
  for (const { base64, compact, document, field } of values) {
    const value = Buffer.from(await encryption.decrypt(compact, { document, field })).toString("base64");
    assert.equal(value, base64);
  }
});

test("what cannot be is refused before anything is asked", async () => {
  assert.throws(() => new FieldEncryption("contoso", "app"), { code: "INVALID_ARGUMENT" });
  const { azure, encryption } = world();
  const circle = {};
  circle.self = circle;
  for (const wrong of [
    () => encryption.encrypt(1),
    () => encryption.decrypt(bytes("ey")),
    () => encryption.rewrap(undefined),
    () => encryption.encryptFields({ a: 1 }),
    () => encryption.encryptFields({ a: 1 }, "/a"),
    () => encryption.encryptFields({ a: 1n }, ["/a"]),
    () => encryption.encryptFields(circle, ["/self"]),
    () => encryption.encryptFields(null, ["/a"]),
    () => encryption.encryptFields({ a: 1 }, ["/b"]),
    () => new FieldEncryption(VAULT, "app", undefined, { dataKeyUses: 0 }).encrypt("x"),
    () => new FieldEncryption(VAULT, "app", undefined, { dataKeyUses: 2 ** 32 }).encrypt("x"),
    () => new FieldEncryption(VAULT, "no_key", undefined).encrypt("x"),
  ]) {
    await assert.rejects(wrong, { code: "INVALID_ARGUMENT" }, String(wrong));
  }
  assert.deepEqual(azure.log, []);
});

test("nothing tells a value", async () => {
  const { encryption } = world();
  const events = [];
  encryption.addEventListener("event", ({ detail }) => events.push(detail));
  const compact = await encryption.encrypt("hunter2");
  const errors = await Promise.all([
    encryption.decrypt(compact, { field: "/hunter2" }).catch((why) => why),
    encryption.decrypt("hunter2").catch((why) => why),
    encryption.encryptFields('{"a": hunter2}', ["/a"]).catch((why) => why),
    encryption.encryptFields({ a: "hunter2", b: 1n }, ["/a"]).catch((why) => why),
  ]);
  assert.ok(errors.every((why) => why.code !== undefined));
  const told = inspect([encryption, events, errors], { depth: 9, showHidden: true });
  assert.ok(events.length > 1);
  assert.doesNotMatch(told, /hunter2/);
});
