import assert from "node:assert/strict";
import { test } from "node:test";

import * as nightlatch from "nightlatch-wasm";

import { Azure, settled, TENANT, VAULT } from "./support/azure.mjs";

const SCOPE = "https://vault.azure.net/.default";
const { ChainedTokenCredential, ClientSecretCredential, DefaultAzureCredential, EnvironmentCredential } =
  nightlatch;
const { ManagedIdentityCredential, SecretClient, WorkloadIdentityCredential } = nightlatch;

const body = (request) => new URLSearchParams(new TextDecoder().decode(request.body));

test("a token has the shape of the SDK's", async () => {
  const { fetch } = new Azure();
  const credential = new ClientSecretCredential(TENANT, "client", "very-secret", { fetch });
  const token = await credential.getToken(SCOPE);
  assert.equal(typeof token.token, "string");
  assert.ok(Math.abs(token.expiresOnTimestamp - Date.now() - 3600_000) < 10_000);
  assert.ok(token.refreshAfterTimestamp < token.expiresOnTimestamp);
  assert.equal(token.tokenType, "Bearer");
  assert.equal(await nightlatch.getBearerTokenProvider(credential, [SCOPE])(), token.token);
});

test("a client and its credential share tokens", async () => {
  const azure = new Azure();
  const credential = new ClientSecretCredential(TENANT, "client", "very-secret", { fetch: azure.fetch });
  await new SecretClient(VAULT, credential).getSecret("db");
  await credential.getToken(SCOPE, { enableCae: true });
  assert.equal(azure.log.length, 2);
});

test("a federated assertion may come from a function, anew for each exchange", async () => {
  const azure = new Azure();
  let made = 0;
  const files = { "/assertion": async () => `assertion-${++made}` };
  const options = {
    tenantId: TENANT,
    clientId: "client",
    tokenFilePath: "/assertion",
    files,
    fetch: azure.fetch,
  };
  const credential = new WorkloadIdentityCredential(options);
  await credential.getToken(SCOPE);
  await credential.getToken(SCOPE, { claims: '{"access_token":{}}' });
  assert.deepEqual(
    azure.requests.map((request) => body(request).get("client_assertion")),
    ["assertion-1", "assertion-2"],
  );
});

test("environment variables describe a service principal", async () => {
  const azure = new Azure();
  const environment = {
    AZURE_TENANT_ID: TENANT,
    AZURE_CLIENT_ID: "from-env",
    AZURE_CLIENT_SECRET: "very-secret",
  };
  for (const Credential of [EnvironmentCredential, DefaultAzureCredential]) {
    await new Credential({ environment, fetch: azure.fetch }).getToken(SCOPE);
    assert.equal(body(azure.requests.at(-1)).get("client_id"), "from-env");
  }
});

test("a managed identity is asked where the environment says", async () => {
  const environment = { IDENTITY_ENDPOINT: "http://127.0.0.1:41/msi/token", IDENTITY_HEADER: "header" };
  const seen = [];
  const fetch = async (url, { headers }) => {
    seen.push(url, Object.fromEntries(headers)["x-identity-header"]);
    const expires_on = String(Math.floor(Date.now() / 1000) + 86400);
    return Response.json({ access_token: "opaque", expires_on, resource: "r", token_type: "Bearer" });
  };
  const credential = new ManagedIdentityCredential("user-assigned", { environment, fetch });
  assert.equal((await credential.getToken(SCOPE)).token, "opaque");
  assert.match(seen[0], /client_id=user-assigned/);
  assert.equal(seen[1], "header");
});

test("no identity at all: each source says why", async () => {
  const fetch = async () =>
    Promise.reject(new TypeError("fetch failed", { cause: { code: "EHOSTUNREACH" } }));
  const credential = new DefaultAzureCredential({ environment: {}, fetch });
  await assert.rejects(credential.getToken(SCOPE), (error) => {
    assert.equal(error.name, "AggregateAuthenticationError");
    assert.equal(error.code, "CREDENTIAL_UNAVAILABLE");
    assert.ok(error instanceof nightlatch.CredentialUnavailableError);
    assert.deepEqual(
      error.errors.map((one) => one.source),
      error.attempts.map((attempt) => attempt.source),
    );
    assert.ok(error.attempts.length >= 3);
    assert.match(error.message, /To mend this/);
    return true;
  });
});

test("a refusal is an AuthenticationError with the service's facts", async () => {
  const answer = {
    error: "invalid_client",
    error_description: "AADSTS7000215: Invalid client secret.",
    error_codes: [7000215],
  };
  const fetch = async () =>
    Response.json(answer, { status: 401, headers: { "x-ms-request-id": "request-1" } });
  const credential = new ClientSecretCredential(TENANT, "client", "wrong-secret", { fetch });
  await assert.rejects(credential.getToken(SCOPE), (error) => {
    assert.ok(error instanceof nightlatch.AuthenticationError && error instanceof nightlatch.NightlatchError);
    assert.equal(error.code, "AUTHENTICATION_FAILED");
    assert.equal(error.statusCode, 401);
    assert.equal(error.source, "ClientSecretCredential");
    assert.ok(!JSON.stringify(error).includes("wrong-secret") && !error.stack.includes("wrong-secret"));
    assert.match(error.stack, /credentials\.test\.mjs/);
    return true;
  });
});

/** A credential of another library. */
class Foreign {
  asked = [];
  answer = async () => ({ token: "foreign", expiresOnTimestamp: Date.now() + 3600_000 });

  async getToken(scopes, options) {
    this.asked.push([scopes, Object.keys(options)]);
    return this.answer(options);
  }
}

test("credentials of other libraries are asked as their own clients ask them", async () => {
  const azure = new Azure();
  const foreign = new Foreign();
  await new SecretClient(VAULT, foreign, { fetch: azure.fetch }).getSecret("db");
  assert.deepEqual(foreign.asked, [[[SCOPE], ["enableCae", "abortSignal"]]]);
  const headers = Object.fromEntries(azure.requests[0].headers);
  assert.equal(headers.authorization, "Bearer foreign");
});

test("what a foreign credential throws is the cause of the error", async () => {
  const foreign = new Foreign();
  const why = new Error("not today");
  foreign.answer = () => Promise.reject(why);
  await assert.rejects(new SecretClient(VAULT, foreign).getSecret("db"), (error) => {
    assert.equal(error.code, "AUTHENTICATION_FAILED");
    assert.equal(error.cause, why);
    return true;
  });
});

test("a chain goes on after a foreign credential that is not available", async () => {
  const azure = new Azure();
  const foreign = new Foreign();
  foreign.answer = () =>
    Promise.reject(Object.assign(new Error("absent"), { name: "CredentialUnavailableError" }));
  const second = new ClientSecretCredential(TENANT, "client", "very-secret", { fetch: azure.fetch });
  const chain = new ChainedTokenCredential(foreign, second);
  assert.equal((await new SecretClient(VAULT, chain).getSecret("db")).value, "s3cr3t");
  foreign.answer = async () => null;
  await settled();
});

test("options that make no sense are refused where they are given", () => {
  const fails = (make, words) => assert.throws(make, (error) => words.test(error.message), String(words));
  fails(() => new ClientSecretCredential(TENANT, "client", ""), /client secret/);
  fails(() => new ManagedIdentityCredential({ clientId: "a", resourceId: "b" }), /one of/);
  fails(() => new ChainedTokenCredential(), /at least one/);
  fails(() => new DefaultAzureCredential({ exludeCliCredential: true }), /exludeCliCredential/);
});
