/**
 * The official libraries do the same jobs as ours against the same emulator: results, the sorts of errors, and what goes
 * over the wire. Where we differ on purpose, `DIFFERENT` says how and why.
 */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, beforeEach, test } from "node:test";

import { startEmulator } from "./support/emulator.js";
import { PACKAGE } from "./support/places.js";
import { runProgram } from "./support/program.js";

const OFFICIAL = join(PACKAGE, "test", "official");
const APPLICATION = "44444444-4444-4444-8444-444444444444";
const USER_ASSIGNED = "66666666-6666-4666-8666-666666666666";
const access = [
  { principal: "machine", secrets: ["get"] },
  { principal: "assigned", secrets: ["get"] },
  { principal: "application", secrets: ["get"] },
];

const emulator = await startEmulator({
  identities: [
    {
      name: "machine",
      client_id: "22222222-2222-4222-8222-222222222222",
      object_id: "machine",
      kind: "system",
    },
    { name: "assigned", client_id: USER_ASSIGNED, object_id: "assigned", kind: "user" },
  ],
  app_registrations: [
    {
      client_id: APPLICATION,
      object_id: "application",
      secrets: ["app-secret"],
      federated: [{ issuer: "https://cluster.example/", subject: "basket", hmac: "key" }],
    },
  ],
  vaults: [
    {
      name: "demo",
      access,
      secrets: {
        "db-password": "correct horse",
        disabled: { value: "x", enabled: false },
        full: {
          value: "välue",
          content_type: "text/plain",
          tags: { team: "ü" },
          not_before: 1_600_000_000,
          expires: 2_000_000_000,
        },
      },
    },
    { name: "closed", secrets: { a: "b" } },
  ],
});
const assertion = join(dirname(emulator.ca), "assertion");
writeFileSync(assertion, federatedToken());
after(() => emulator.stop());
beforeEach(() => emulator.forget());

function federatedToken(): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "https://cluster.example/",
    sub: "basket",
    aud: "api://AzureADTokenExchange",
    iat: now,
    nbf: now,
    exp: now + 600,
  };
  const [header, body] = [{ alg: "HS256", typ: "JWT" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signature = createHmac("sha256", "key").update(`${header}.${body}`).digest("base64url");
  return `${header}.${body}.${signature}`;
}

/** A request as far as it should be the same whoever makes it. */
type Request = [service: string, method: string, host: string, path: string, status: number];

async function perform(whose: string, job: string): Promise<{ outcome: unknown; requests: Request[] }> {
  await emulator.forget();
  const { stdout, stderr, status } = await runProgram(
    process.execPath,
    [join(OFFICIAL, "jobs.mjs"), whose, job],
    {
      environment: { ...emulator.environment, USER_ASSIGNED, ASSERTION: assertion, NODE_NO_WARNINGS: "1" },
    },
  );
  assert.equal(status, 0, stderr);
  const answer = await fetch(`${emulator.http}/_emulator/log`);
  const { requests } = (await answer.json()) as { requests: Record<string, string>[] };
  return {
    outcome: JSON.parse(stdout) as unknown,
    requests: requests.map(
      ({ service, method, host, path, status }) =>
        [service, method, host, path, status] as unknown as Request,
    ),
  };
}

/** The official requests that ours do without, each with the reason. */
const SPARED: [reason: string, spared: (request: Request) => boolean][] = [
  [
    "a known vault's first request already carries a token, so there is no challenge to ask for",
    ([service, , , , status]) => service === "vault" && status === 401,
  ],
  [
    "the authorities of Azure's clouds are known, so none is looked up",
    ([service, , , path]) => service === "entra" && /discovery|openid-configuration/.test(path),
  ],
];

const JOBS: [job: string, error?: { ours: object; official: object }][] = [
  ["managed identity"],
  ["managed identity by client id"],
  ["managed identity by client id, as text"],
  ["default credential"],
  ["client secret"],
  ["workload identity"],
  ["one version"],
  ["all attributes"],
  [
    "no such secret",
    { ours: { name: "NightlatchError", statusCode: 404 }, official: { name: "RestError", statusCode: 404 } },
  ],
  [
    "disabled secret",
    { ours: { name: "NightlatchError", statusCode: 403 }, official: { name: "RestError", statusCode: 403 } },
  ],
  [
    "no permission",
    { ours: { name: "NightlatchError", statusCode: 403 }, official: { name: "RestError", statusCode: 403 } },
  ],
  [
    "wrong client secret",
    {
      ours: { name: "AuthenticationError", statusCode: 401 },
      official: { name: "AuthenticationRequiredError" },
    },
  ],
  ["aborted call", { ours: { name: "AbortError" }, official: { name: "AbortError" } }],
  ["token for another library"],
  ["identifier"],
];

const skip = existsSync(join(OFFICIAL, "node_modules")) ? false : "npm ci in test/official first";

for (const [job, error] of JOBS) {
  test(`the same comes of it: ${job}`, { skip }, async () => {
    const official = await perform("official", job);
    const ours = await perform("nightlatch", job);
    if (error === undefined) {
      assert.deepEqual(ours.outcome, official.outcome);
    } else {
      assert.deepEqual(ours.outcome, { error: error.ours });
      assert.deepEqual(official.outcome, { error: error.official });
    }
    const wanted = official.requests.filter((request) => !SPARED.some(([, spared]) => spared(request)));
    assert.deepEqual(ours.requests, wanted);
  });
}
