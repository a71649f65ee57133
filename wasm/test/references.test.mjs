/** References in configuration as a program meets them: what becomes of its values, and that nothing secret is told. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import {
  ClientSecretCredential,
  CredentialUnavailableError,
  EnvironmentCredential,
  ManualClock,
  NightlatchError,
  ReferenceResolver,
  SecretClient,
} from "nightlatch-wasm";

import { Azure, settled, TENANT, VAULT } from "./support/azure.mjs";

const reference = (name) => `@Microsoft.KeyVault(SecretUri=${VAULT}/secrets/${name})`;
const DB = reference("db");
const CONTENT_TYPE = "application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8";

function world(options = {}) {
  const clock = new ManualClock();
  const azure = new Azure(clock);
  const credential = new ClientSecretCredential(TENANT, "client", "very-secret", {
    fetch: azure.fetch,
    clock,
  });
  return { azure, clock, credential, resolver: new ReferenceResolver(credential, options) };
}

test("a value becomes its secret, and any other stays as it is", async () => {
  const { azure, resolver } = world();
  assert.equal(await resolver.resolve(DB), "s3cr3t");
  assert.equal(azure.log.length, 2);
  for (const plain of ["", "x", "me@Microsoft", "half \ud800 of one"]) {
    assert.equal(await resolver.resolve(plain), plain);
  }
  assert.equal(azure.log.length, 2);
});

test("a tree keeps its shape, and what is no text", async () => {
  const { azure, resolver } = world();
  const [when, bytes, act] = [new Date(0), new TextEncoder().encode(DB), () => DB];
  class Setting {
    password = DB;
    #hidden = 1;
  }
  const given = {
    when,
    bytes,
    act,
    list: [1, DB, null, undefined, NaN, true, 10n],
    map: new Map([
      ["a", DB],
      [1, "plain"],
      ["1", DB],
    ]),
    set: new Set([DB, "plain"]),
    plain: { deep: ["x"] },
    own: new Setting(),
    "half \ud800 name": DB,
    ["__proto__"]: DB,
  };
  const kept = structuredClone({ ...given, act: undefined });
  const resolved = await resolver.resolve(given);
  assert.deepEqual(resolved, {
    ...given,
    list: [1, "s3cr3t", null, undefined, NaN, true, 10n],
    map: new Map([
      ["a", "s3cr3t"],
      [1, "plain"],
      ["1", "s3cr3t"],
    ]),
    set: new Set(["s3cr3t", "plain"]),
    own: { password: "s3cr3t" },
    "half \ud800 name": "s3cr3t",
    ["__proto__"]: "s3cr3t",
  });
  assert.ok(Object.hasOwn(resolved, "__proto__"));
  for (const part of ["when", "bytes", "act", "plain"]) {
    assert.equal(resolved[part], given[part], part);
  }
  assert.deepEqual({ ...given, act: undefined, own: { ...given.own } }, kept, "what was given is unchanged");
  assert.equal(azure.log.length, 2, "a secret is asked for once, however often it is named");
  const nothing = { a: [{}] };
  assert.equal(await resolver.resolve(nothing), nothing);
  for (const value of [undefined, null, 5]) {
    assert.equal(await resolver.resolve(value), value);
  }
});

test("a tree that holds itself is refused", async () => {
  const { azure, resolver } = world();
  const tree = { a: [DB] };
  tree.a.push({ tree });
  await assert.rejects(resolver.resolve(tree), { code: "INVALID_ARGUMENT" });
  // The same part at two places is no circle.
  const part = [DB];
  assert.deepEqual(await resolver.resolve({ a: part, b: part }), { a: ["s3cr3t"], b: ["s3cr3t"] });
  assert.equal(azure.log.length, 2);
});

test("a tree whose texts name nothing that exists is not given, and every place is told", async () => {
  const { azure, resolver } = world();
  azure.secrets.chain = { ...azure.secrets.db, value: DB };
  const given = {
    ok: DB,
    list: [reference("missing")],
    slip: "@Microsoft.KeyVault(db)",
    c: reference("chain"),
  };
  await assert.rejects(resolver.resolve(given), (error) => {
    assert.ok(error instanceof NightlatchError);
    assert.deepEqual(
      error.attempts.map(({ source, ending }) => [source, ending]),
      [
        ["/list/0", "SecretNotFound"],
        ["/slip", "InvalidSyntax"],
        ["/c", "OtherReasons"],
      ],
    );
    assert.match(error.message, /3 of 4/);
    return true;
  });
});

test("an error about references is none about the sources of a credential", async () => {
  const resolver = new ReferenceResolver(new EnvironmentCredential({ environment: {} }));
  await assert.rejects(resolver.resolve(DB), (error) => {
    assert.equal(error.constructor, CredentialUnavailableError);
    assert.deepEqual(
      error.attempts.map(({ ending }) => ending),
      ["MSINotEnabled"],
    );
    return true;
  });
});

test("an environment is given whole, and another is not changed", async () => {
  const environment = { HOST: "db", PASSWORD: DB, UNSET: undefined };
  const { resolver } = world({ environment });
  const expected = { HOST: "db", PASSWORD: "s3cr3t" };
  assert.deepEqual(await resolver.resolveEnv(), expected);
  assert.deepEqual(await resolver.resolveEnv({ HOST: "db" }), { HOST: "db" });
  assert.deepEqual(environment, { HOST: "db", PASSWORD: DB, UNSET: undefined });

  process.env.NIGHTLATCH_TEST_REFERENCE = DB;
  try {
    const found = await world().resolver.resolveEnv();
    assert.deepEqual(found, { ...process.env, NIGHTLATCH_TEST_REFERENCE: "s3cr3t" });
    assert.equal((await world().resolver.resolve(process.env)).NIGHTLATCH_TEST_REFERENCE, "s3cr3t");
  } finally {
    delete process.env.NIGHTLATCH_TEST_REFERENCE;
  }
});

test("texts: JSON stays to the byte, an .env file becomes its variables, App Configuration says what a value is", async () => {
  const { resolver } = world();
  const text = (value) => `{ "n": 1.0e2,\r\n\t"p" :"${value}"  }`;
  assert.equal(await resolver.resolveJson(text(DB)), text("s3cr3t"));
  assert.deepEqual(await resolver.resolveDotenv(`# it\nexport A='${DB}'\nB=x\n`), { A: "s3cr3t", B: "x" });
  const value = JSON.stringify({ uri: `${VAULT}/secrets/db` });
  assert.equal(await resolver.resolve(value, { contentType: CONTENT_TYPE }), "s3cr3t");
  assert.equal(await resolver.resolve(value), value);
  for (const wrong of [
    resolver.resolve([value], { contentType: CONTENT_TYPE }),
    resolver.resolveJson({ a: DB }),
    resolver.resolveDotenv("A=\ud800"),
  ]) {
    await assert.rejects(wrong, { code: "INVALID_ARGUMENT" });
  }
  await assert.rejects(resolver.resolveJson("{"), { code: "INVALID_CONFIGURATION" });
});

test("texts: YAML and TOML stay to the byte", async () => {
  const { resolver } = world();
  const yaml = (value) => `# it\r\ndb: &p ${value} # why\nn: 1.50\n`;
  assert.equal(await resolver.resolveYaml(yaml(`'${DB}'`)), yaml('"s3cr3t"'));
  const toml = (value) => `[db] # it\r\npassword = ${value} # why\nn = 1.50\n`;
  assert.equal(await resolver.resolveToml(toml(`'''${DB}'''`)), toml('"s3cr3t"'));
  await assert.rejects(resolver.resolveYaml(`a: 1\nb: ${DB}\n`), { code: "INVALID_CONFIGURATION" });
  await assert.rejects(resolver.resolveToml("a: 1"), { code: "INVALID_CONFIGURATION" });
});

test("a status tells how each fares, to programs, people and tickets, and is no error", async () => {
  const { clock, resolver } = world();
  await resolver.resolve(DB);
  await clock.advance(3000);
  const told = await resolver.status({ a: DB, b: [reference("missing")], c: "@Microsoft.KeyVault(x)" });
  const [a, b, c] = told.references;
  assert.deepEqual(a, {
    name: "/a",
    secret: `${VAULT}/secrets/db`,
    status: "Resolved",
    version: "0123456789abcdef0123456789abcdef",
    age: 3,
  });
  assert.deepEqual([b.name, b.status, b.verdict], ["/b/0", "SecretNotFound", "secret-not-found"]);
  assert.deepEqual([c.status, c.secret], ["InvalidSyntax", undefined]);
  assert.equal(told.ok, false);
  assert.match(`${told}`, /^trouble: .*2 of 3/);
  assert.equal(`${told}`, told.text);
  assert.deepEqual(told.toJSON(), JSON.parse(told.json));
  assert.equal((await resolver.status(`A=${DB}`, { form: "env" })).references[0].name, "A");
  assert.equal((await resolver.status(`["${DB}"]`, { form: "json" })).references[0].name, "/0");
});

test("a copy may be as old as the caller says, else as the resolver says", async () => {
  const { azure, clock, credential, resolver } = world({ maxAge: 60_000 });
  await resolver.resolve(DB);
  azure.secrets.db = { value: "n3w", version: "1".repeat(32) };
  await clock.advance(30_000);
  assert.equal(await resolver.resolve(DB), "s3cr3t");
  await clock.advance(31_000);
  assert.equal(await resolver.resolve(DB, { maxAge: 90_000 }), "s3cr3t");
  assert.equal(await resolver.resolve(DB), "n3w");
  const usual = new ReferenceResolver(credential);
  azure.secrets.db = { value: "n3west", version: "2".repeat(32) };
  await clock.advance(100_000);
  assert.equal(await usual.resolve(DB), "n3w");
  assert.equal(await usual.resolve(DB, { maxAge: 0 }), "n3west");
});

test("a resolver and a client with the same credential share what they keep", async () => {
  const { azure, credential, resolver } = world();
  const client = new SecretClient(VAULT, credential);
  const seen = [];
  resolver.addEventListener("secretfetched", ({ detail }) => seen.push(detail.name));
  await client.getSecret("db");
  assert.equal(await resolver.resolve(DB), "s3cr3t");
  assert.equal(azure.log.length, 2);
  assert.equal(client.getCachedSecret("db").value, "s3cr3t");
  resolver.invalidate();
  assert.equal(client.getCachedSecret("db"), undefined);
  assert.deepEqual(seen, ["db"]);
  assert.equal(resolver.cacheInfo().entries, 0);
});

test("the domain of vaults is an option, and a wrong one is told", async () => {
  const { azure, credential } = world();
  const named = "@Microsoft.KeyVault(VaultName=contoso;SecretName=db)";
  assert.equal(await new ReferenceResolver(credential).resolve(named), "s3cr3t");
  const resolver = new ReferenceResolver(credential, { vaultDomain: "vault.azure.cn" });
  await resolver.resolve(named).catch(() => {});
  assert.equal(azure.requests.at(-1).url.hostname, "contoso.vault.azure.cn");
  const wrong = new ReferenceResolver(credential, { vaultDomain: "nowhere" });
  await assert.rejects(wrong.resolve(named), { code: "INVALID_CONFIGURATION" });
  assert.throws(() => new ReferenceResolver(credential, { cacheTTL: 1 }), { code: "INVALID_CONFIGURATION" });
  assert.throws(() => new ReferenceResolver({}), { code: "INVALID_ARGUMENT" });
});

test("whoever aborts or runs out of time gets nothing; a closed resolver says so", async () => {
  const { azure, clock, resolver } = world();
  const release = azure.hold();
  const controller = new AbortController();
  const asked = resolver.resolve([DB], { abortSignal: controller.signal });
  await settled();
  controller.abort();
  await assert.rejects(asked, { name: "AbortError" });
  const late = resolver.resolve(DB, { timeout: 700 });
  await settled();
  await Promise.all([assert.rejects(late, { code: "TIMEOUT" }), clock.advance(700)]);
  await release();
  resolver.close();
  await assert.rejects(resolver.resolve(DB), { code: "INVALID_ARGUMENT" });
});

test("nothing that is told holds a value", async () => {
  const { azure, resolver } = world();
  const plain = "pl4in-value";
  azure.secrets.chain = { ...azure.secrets.db, value: `@Microsoft.KeyVault(${plain})` };
  const events = [];
  resolver.addEventListener("event", ({ detail }) => events.push(detail));
  const given = { a: DB, b: plain, c: `@Microsoft.KeyVault(${plain})`, d: reference("chain") };
  const error = await resolver.resolve(given).catch((why) => why);
  assert.equal(error.attempts.length, 2);
  const told = await resolver.status(given);
  const all = [error, told, resolver, events].map((one) => inspect(one, { depth: 20, showHidden: true }));
  const shown = [...all, error.message, error.stack, told.json, JSON.stringify([error, told, events])].join();
  assert.ok(events.length > 1);
  for (const secret of [azure.secrets.db.value, plain, "very-secret"]) {
    assert.ok(!shown.includes(secret), secret);
  }
});

test("secrets as a configuration show no value, and have it", async () => {
  const { azure, credential } = world();
  azure.secrets["Api--Key"] = { value: "k3y-value", version: "1".repeat(32) };
  const client = new SecretClient(VAULT, credential);
  const loaded = await client.loadSecrets({ names: new Set(["db", "Api--Key"]), separator: "__" });
  assert.deepEqual(loaded.values, { db: "s3cr3t", Api__Key: "k3y-value" });
  assert.deepEqual(
    loaded.resolution.references.map(({ name, status }) => [name, status]),
    [
      ["db", "Resolved"],
      ["Api__Key", "Resolved"],
    ],
  );
  assert.equal((await client.getSecret("db")).value, "s3cr3t");
  assert.equal(azure.log.length, 3);
  const shown = [
    inspect(loaded, { depth: 20, showHidden: true }),
    JSON.stringify(loaded),
    `${loaded}`,
  ].join();
  assert.match(shown, /Api__Key/);
  assert.doesNotMatch(shown, /s3cr3t|k3y-value/);
  await assert.rejects(client.loadSecrets({ names: "db" }), { code: "INVALID_ARGUMENT" });
  await assert.rejects(client.loadSecrets({ names: ["db", "gone"] }), (error) => {
    assert.deepEqual(
      error.attempts.map(({ source, ending }) => [source, ending]),
      [["gone", "SecretNotFound"]],
    );
    return true;
  });
});

/** Settings of a vault whose secret changes. */
async function living(options) {
  const { azure, clock, credential } = world();
  const resolver = new ReferenceResolver(credential, { clock });
  const told = [];
  const given = { host: "db", login: { password: DB } };
  const settings = await resolver.live(given, { onChange: (names) => told.push(...names), ...options });
  const rotate = (value) => (azure.secrets.db = { value, version: String(value.length % 10).repeat(32) });
  return { azure, clock, given, settings, told, rotate };
}

test("live settings follow rotation, and tell what changed", async () => {
  const { azure, clock, given, settings, told, rotate } = await living();
  assert.deepEqual(settings.values, { host: "db", login: { password: "s3cr3t" } });
  rotate("an0ther");
  // The cache still holds a copy that is fresh.
  assert.deepEqual(await settings.refresh(), []);
  await clock.advance(400_000);
  assert.deepEqual(await Promise.all([settings.refresh(), settings.refresh()]), [["login"], ["login"]]);
  assert.equal(azure.log.length, 3);
  assert.deepEqual(settings.values, { host: "db", login: { password: "an0ther" } });
  assert.deepEqual([told, settings.age], [["login"], 0]);
  assert.equal(given.login.password, DB);
  const shown = inspect(settings, { depth: 20, showHidden: true }) + JSON.stringify(settings);
  assert.doesNotMatch(shown, /an0ther/);
});

test("whoever looks at live settings has them renewed when their time has come", async () => {
  const { azure, clock, settings, told, rotate } = await living({ interval: 400_000 });
  rotate("an0ther");
  await clock.advance(399_000);
  assert.equal(settings.values.login.password, "s3cr3t");
  assert.equal(azure.log.length, 2);
  await clock.advance(1_000);
  assert.equal(settings.values.login.password, "s3cr3t", "it waits for nobody");
  await settled();
  await settled();
  assert.equal(settings.values.login.password, "an0ther");
  assert.deepEqual(told, ["login"]);
});

test("live settings stay as they are while the vault is away, as long as they may", async () => {
  const { azure, clock, settings } = await living({ maxAge: 100_000, interval: Infinity });
  azure.script.push(...Array(20).fill(() => new Response("", { status: 400 })));
  await clock.advance(90_000);
  assert.equal(settings.values.login.password, "s3cr3t");
  await clock.advance(11_000);
  assert.equal(settings.error, undefined);
  await assert.rejects(settings.refresh(), NightlatchError);
  assert.ok(settings.error instanceof NightlatchError);
  assert.throws(() => settings.values, settings.error);
  azure.script.length = 0;
  assert.deepEqual(await settings.refresh(), []);
  assert.deepEqual([settings.error, settings.values.login.password], [undefined, "s3cr3t"]);
});

test("what a callback of live settings throws breaks nothing", async (t) => {
  const { clock, settings, rotate } = await living({
    onChange: () => {
      throw new Error("no");
    },
  });
  const shown = t.mock.method(console, "error", () => {});
  rotate("an0ther");
  await clock.advance(400_000);
  assert.deepEqual(await settings.refresh(), ["login"]);
  assert.equal(shown.mock.callCount(), 1);
});
