/** The doctor as a program meets it: what its answers are, what they cost, and that they hold no secret. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { ClientSecretCredential, ManualClock, SecretClient } from "nightlatch-wasm";

import { Azure, settled, TENANT, VAULT } from "./support/azure.mjs";

// In the forms that Microsoft Entra ID gives them, by which they are known wherever they turn up.
const CLIENT_SECRET = "c1I8Q~eNt5sEcReT9kJhM3bVfD7sL2pO6iU0yT4rE.wQ_x";
const TOKEN =
  "eyJhbGciOiJSUzI1NiJ9.eyJ0aWQiOiJ0Iiwib2lkIjoibyJ9.T0kEnS1gNaTuRe4mNb6vCx8zLk2jHg0fDs3aPo5iUy7tRe9wQa1";

function world(options = {}) {
  const clock = new ManualClock();
  const azure = new Azure(clock);
  return { azure, clock, client: clientOf(azure.fetch, { clock, ...options }) };
}

function clientOf(fetch, options = {}) {
  const credential = new ClientSecretCredential(TENANT, "client", CLIENT_SECRET, { fetch, ...options });
  return new SecretClient(VAULT, credential, options);
}

const refusal = (status, innerCode, message) =>
  Response.json({ error: { code: "Forbidden", message, innererror: { code: innerCode } } }, { status });

/** Has the next requests to the vault refused by its firewall. */
function firewall(azure, times) {
  const told = "Client address is not authorized.\r\nClient address: 203.0.113.7\r\nCaller: appid=client";
  azure.script.push(undefined, ...Array(times).fill(() => refusal(403, "ForbiddenByFirewall", told)));
}

test("a diagnosis tells what is well, to programs, people and tickets", async () => {
  const { client } = world();
  const diagnosis = await client.diagnose("db");
  const { ok, vaultUrl, name, verdict, error, candidates, sources, identity, secret } = diagnosis;
  assert.deepEqual(
    [ok, vaultUrl, name, verdict, error, candidates],
    [true, VAULT, "db", undefined, undefined, []],
  );
  assert.deepEqual(
    sources.map(({ source, ending }) => [source, ending]),
    [["ClientSecretCredential", "token"]],
  );
  assert.deepEqual([identity.tenantId, identity.objectId], [TENANT, "object"]);
  assert.ok(identity.expiresOn - identity.issuedOn === 3_600_000);
  // What its owner wrote beside it might be anything.
  assert.deepEqual([secret.createdOn, secret.contentType, secret.tags], [new Date(2000), undefined, {}]);
  assert.match(diagnosis.text, /^ok: https:\/\/contoso\.vault\.azure\.net\/secrets\/db can be read/);
  assert.equal(`${diagnosis}`, diagnosis.text);
  assert.doesNotMatch(diagnosis.json, /\n/);
  assert.deepEqual(diagnosis.toJSON(), JSON.parse(diagnosis.json));
  assert.equal(JSON.parse(JSON.stringify({ diagnosis })).diagnosis.secret.created_on, 2);
  assert.ok(!("toJSON" in { ...diagnosis }), "only data is there to be gone through");
});

test("trouble is told and not thrown", async () => {
  const { azure, client } = world();
  firewall(azure, 3);
  const diagnosis = await client.diagnose("db");
  assert.deepEqual([diagnosis.ok, diagnosis.verdict.code], [false, "firewall-blocked"]);
  assert.deepEqual(diagnosis.verdict.commands, [
    "az keyvault network-rule add --name contoso --ip-address 203.0.113.7",
  ]);
  const { code, statusCode, errorCode, innerCode, transient } = diagnosis.error;
  assert.deepEqual(
    [code, statusCode, errorCode, innerCode, transient],
    ["FORBIDDEN", 403, "Forbidden", "ForbiddenByFirewall", false],
  );
  assert.equal(diagnosis.service.address, "203.0.113.7");
  const health = await client.check(["db"]);
  assert.equal(health.ok, false);
  assert.deepEqual(
    health.troubles.map(({ name, verdict, error }) => [name, verdict, error.code]),
    [["db", "firewall-blocked", "FORBIDDEN"]],
  );
  assert.match(`${health}`, /^trouble: db: /);
  await assert.rejects(client.getSecret("db"), { code: "FORBIDDEN", help: diagnosis.verdict.code });
});

test("what cannot be asked is thrown, and nobody is asked", async () => {
  const { azure, client } = world();
  for (const wrong of [
    client.diagnose("db password"),
    client.diagnose("db", { version: "not a version" }),
    client.check(["db", "db password"]),
    client.check("db"),
    client.explain({ secrets: -1 }),
  ]) {
    await assert.rejects(wrong, { code: "INVALID_ARGUMENT" });
  }
  assert.deepEqual(azure.log, []);
});

test("a warm check asks nobody, and a cold one asks twice", async () => {
  const { azure, client } = world();
  const health = await client.check(["db"]);
  assert.deepEqual([health.ok, health.troubles, health.text], [true, [], "ok\n"]);
  assert.equal(azure.log.length, 2);
  assert.ok((await client.check(new Set(["db"]))).ok);
  assert.equal(azure.log.length, 2);
});

test("a check ends by its deadline, which is five seconds", async () => {
  const { azure, clock, client } = world();
  azure.hold();
  for (const [timeout, within] of [
    [undefined, 5000],
    [700, 700],
  ]) {
    const asked = client.check(["db"], { timeout });
    await settled();
    await clock.advance(within);
    const [{ name, error }] = (await asked).troubles;
    assert.deepEqual([name, error.code, error.transient], ["db", "TIMEOUT", true]);
  }
});

test("explaining asks nobody", async () => {
  const { azure, client } = world({ cacheTtl: 60_000 });
  const forecast = await client.explain({ secrets: 20, instances: 3 });
  const { requests, sources } = forecast;
  assert.deepEqual([requests.secrets, requests.atStart], [20, 60]);
  assert.ok(Math.abs(requests.perHour / requests.perInstanceHour - 3) < 1e-9);
  assert.deepEqual(
    sources.map(({ source, turn }) => [source, turn]),
    [["ClientSecretCredential", "asked"]],
  );
  assert.equal(`${forecast}`, forecast.text);
  const rarer = await world({ cacheTtl: 600_000 }).client.explain({ secrets: 20, instances: 3 });
  assert.ok(rarer.requests.perHour < requests.perHour);
  assert.equal((await client.explain()).requests.secrets, 1);
  assert.deepEqual(azure.log, []);
});

test("whoever aborts gets no answer", async () => {
  const { azure, client } = world();
  azure.hold();
  for (const ask of [
    (options) => client.diagnose("db", options),
    (options) => client.check(["db"], options),
  ]) {
    const controller = new AbortController();
    const asked = ask({ abortSignal: controller.signal });
    await settled();
    controller.abort();
    await assert.rejects(asked, { name: "AbortError" });
  }
  assert.equal(azure.aborted, 2);
});

test("nothing that it tells is secret, whatever the servers repeat", async () => {
  let seen = "";
  let shown = "";
  const events = [];
  const show = (...told) => {
    shown += told
      .map((one) => [one, one.json, JSON.stringify(one), inspect(one, { depth: 20 })].join())
      .join();
  };
  const listenTo = (client) => client.addEventListener("event", ({ detail }) => events.push(detail));
  for (const [vault, entra] of [
    [403, 200],
    [404, 200],
    [400, 200],
    [403, 401],
  ]) {
    const echo = async (url, { headers, body }) => {
      const text = [...new Headers(headers).values(), await new Response(body).text()].join(" ");
      seen += text;
      if (!url.includes("/oauth2/")) {
        return refusal(vault, "ForbiddenByRbac", text);
      }
      return entra === 200
        ? Response.json({ token_type: "Bearer", expires_in: 3599, access_token: TOKEN })
        : Response.json({ error: "invalid_client", error_description: text }, { status: entra });
    };
    const client = clientOf(echo);
    listenTo(client);
    const told = [
      await client.diagnose("db"),
      await client.diagnose(),
      await client.check(["db"]),
      await client.check(),
    ];
    assert.deepEqual(
      told.map(({ ok }) => ok),
      Array(4).fill(false),
    );
    show(...told);
  }
  assert.ok(seen.includes(TOKEN) && decodeURIComponent(seen).includes(CLIENT_SECRET));
  assert.match(shown, /\*\*\*/);
  const { azure, client } = world();
  listenTo(client);
  show(await client.diagnose("db"), await client.check(["db"]), await client.explain());
  shown += JSON.stringify(events);
  assert.ok(events.length > 4);
  for (const secret of [CLIENT_SECRET, TOKEN, TOKEN.split(".")[2], azure.secrets.db.value]) {
    assert.ok(!shown.includes(secret) && !shown.includes(encodeURIComponent(secret)), secret);
  }
});
