/**
 * The official libraries do the same jobs as ours against the same emulator: results, the sorts of errors, and what goes
 * over the wire. Where we differ on purpose, the lists below say how and why. `operations.test.ts` does it for the
 * operations of the Secrets API.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";

import { startEmulator } from "./support/emulator.js";
import { PACKAGE, ROOT } from "./support/places.js";
import { runProgram } from "./support/program.js";

const OFFICIAL = join(PACKAGE, "test", "official");
const APPLICATION = "44444444-4444-4444-8444-444444444444";
const USER_ASSIGNED = "66666666-6666-4666-8666-666666666666";
const access = [
  { principal: "machine", secrets: ["get"] },
  { principal: "assigned", secrets: ["get"] },
  { principal: "application", secrets: ["get"] },
  { principal: "ada", secrets: ["get"] },
];

const folder = mkdtempSync(join(tmpdir(), "nightlatch-official-"));
const file = (name: string): string => join(folder, name);
const certificate = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=app"];
execFileSync(
  "openssl",
  ["req", "-x509", ...certificate, "-keyout", file("app.key"), "-out", file("app.crt")],
  { stdio: "pipe" },
);
writeFileSync(file("app.pem"), readFileSync(file("app.key"), "utf8") + readFileSync(file("app.crt"), "utf8"));

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
      certificates: [readFileSync(file("app.crt"), "utf8")],
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
  users: [{ name: "ada@contoso.example", object_id: "ada" }],
});
const assertion = file("assertion");
writeFileSync(assertion, federatedToken());
after(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true });
});
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

/** What a program finds besides: an emulated tool on its PATH, and files. */
const SURROUNDINGS = {
  USER_ASSIGNED,
  ASSERTION: assertion,
  CERTIFICATE: file("app.pem"),
  NODE_NO_WARNINGS: "1",
  PATH: `${join(ROOT, "tests", "emulator", "tools")}${delimiter}${process.env["PATH"]}`,
  NIGHTLATCH_TOOL_EMULATOR: emulator.http,
  NIGHTLATCH_TOOL_PRINCIPAL: "ada@contoso.example",
  HOME: folder,
};

interface Performed {
  outcome: unknown;
  requests: Request[];
  /** What was sent for tokens, by its fields. */
  fields: Map<string, string>[];
  /** The arguments of every tool that was run. */
  commands: string[][];
}

async function perform(
  whose: string,
  job: string,
  variables: Record<string, string | undefined> = {},
): Promise<Performed> {
  await emulator.forget();
  const [record, tools] = [file(`${whose}.jsonl`), file(`${whose}-tools.jsonl`)];
  writeFileSync(record, "");
  writeFileSync(tools, "");
  const recording = ["--import", pathToFileURL(join(OFFICIAL, "record.mjs")).href];
  const { stdout, stderr, status } = await runProgram(
    process.execPath,
    [...recording, join(OFFICIAL, "jobs.mjs"), whose, job],
    {
      environment: {
        ...emulator.environment,
        ...SURROUNDINGS,
        RECORD: record,
        NIGHTLATCH_TOOL_LOG: tools,
        ...variables,
      },
    },
  );
  assert.equal(status, 0, stderr);
  const lines = (path: string): string[] => readFileSync(path, "utf8").split("\n").filter(Boolean);
  return {
    outcome: JSON.parse(stdout) as unknown,
    requests: ((await emulator.log()) as Record<string, string>[]).map(
      ({ service, method, host, path, status }) =>
        [service, method, host, path?.replace(/[0-9a-f]{32}/, "VERSION"), status] as unknown as Request,
    ),
    fields: lines(record)
      .map((line) => fieldsOf(JSON.parse(line) as Sent))
      .filter((one) => one !== undefined),
    commands: lines(tools).map((line) => (JSON.parse(line) as { argv: string[] }).argv),
  };
}

interface Sent {
  method: string;
  host: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** A request for a token, by its fields; `undefined` for any other. */
function fieldsOf({ method, host, path, headers, body }: Sent): Map<string, string> | undefined {
  const url = new URL(path, `http://${host}`);
  if (!/\/token\/?$/.test(url.pathname)) {
    return undefined;
  }
  // The official library ends the path of a machine's endpoint with a slash; we do as its documentation does.
  const fields = new Map([["what", `${method} ${host} ${url.pathname.replace(/\/$/, "")}`]]);
  Object.entries(headers).forEach(([name, value]) =>
    fields.set(`header ${name.toLowerCase()}`, String(value)),
  );
  url.searchParams.forEach((value, name) => fields.set(`query ${name}`, value));
  new URLSearchParams(body).forEach((value, name) => fields.set(`form ${name}`, value));
  const parts = fields.get("form client_assertion")?.split(".") ?? [];
  ["header", "claims"].forEach((what, at) => {
    const json = parts[at] && (JSON.parse(Buffer.from(parts[at], "base64url").toString()) as object);
    Object.entries(json ?? {}).forEach(([name, value]) =>
      fields.set(`assertion ${what}.${name}`, String(value)),
    );
  });
  return fields;
}

/** Fields of a request for a token that differ, or that one side has alone, and why. */
const INTENDED: Record<string, string> = {
  "header user-agent": "each names itself",
  "header accept": "ours ask for JSON",
  "header accept-encoding": "ours ask for none, since what is unpacked may be large",
  "header content-length": "it counts the fields that differ",
  "header content-type": "the official one names a character set, which this type does not have",
  "header x-ms-client-request-id": "an id of the request; another one each time",
  "header x-client-sku": "MSAL's telemetry",
  "header x-client-ver": "MSAL's telemetry",
  "header metadata":
    "sent where the platform's documentation asks for it; which those are is seen differently",
  "query client-request-id": "MSAL's own id of the request",
  "form x-client-SKU": "MSAL's telemetry",
  "form x-client-VER": "MSAL's telemetry",
  "form x-client-OS": "MSAL's telemetry",
  "form x-client-CPU": "MSAL's telemetry",
  "form x-client-current-telemetry": "MSAL's telemetry",
  "form x-client-last-telemetry": "MSAL's telemetry",
  "form x-ms-lib-capability": "MSAL's telemetry",
  "form client-request-id": "MSAL's own id of the request",
  "form claims": "MSAL tells its capabilities as claims",
  "form client_assertion": "compared by its parts",
  "assertion claims.jti": "another one each time",
  "assertion claims.iat": "the time",
  "assertion claims.nbf": "the time",
  "assertion claims.exp": "the time",
};

/** The official requests that ours do without, each with the reason. */
const SPARED: [reason: string, spared: (request: Request) => boolean][] = [
  [
    "a known vault's first request already carries a token, so there is no challenge to ask for",
    ([service, , , , status]) => service === "vault" && status === 401,
  ],
];

/** What the official library's tools are told besides: the tenant that the challenge named which is spared above. */
const CHALLENGED = ["--tenant", "11111111-1111-4111-8111-111111111111"];

const JOBS: [job: string, error?: { ours: object; official: object }][] = [
  ["managed identity"],
  ["managed identity by client id"],
  ["managed identity by client id, as text"],
  ["default credential"],
  ["client secret"],
  ["workload identity"],
  ["certificate"],
  ["Azure CLI"],
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
];

/** What of {@link SPARED} did occur. */
const occurred = new Set<(typeof SPARED)[number]>();
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
    const wanted = official.requests.filter((request) => {
      const spared = SPARED.find(([, spared]) => spared(request));
      spared && occurred.add(spared);
      return spared === undefined;
    });
    assert.deepEqual(ours.requests, wanted);
    assert.deepEqual(
      ours.commands.map((command) => [...command, ...CHALLENGED]),
      official.commands,
    );
    assert.equal(ours.commands.length, job === "Azure CLI" ? 1 : 0);
  });
}

const OFF = { IDENTITY_ENDPOINT: undefined, IDENTITY_HEADER: undefined };
const machine = { ...OFF, AZURE_POD_IDENTITY_AUTHORITY_HOST: emulator.http };
const ml = {
  ...OFF,
  MSI_ENDPOINT: `${emulator.http}/azure_ml/token`,
  MSI_SECRET: "emulator-identity-header",
};
/** The fields of {@link INTENDED} that did differ. */
const seen = new Set<string>();

for (const [job, variables] of [
  ["client secret"],
  ["certificate"],
  ["workload identity"],
  ["managed identity"],
  ["managed identity by client id"],
  ["managed identity", machine],
  ["managed identity by client id", machine],
  ["managed identity", ml],
] as [string, Record<string, string | undefined>?][]) {
  const where = variables === undefined ? "" : variables === ml ? ", Azure ML" : ", virtual machine";
  test(`the same is sent for a token: ${job}${where}`, { skip }, async () => {
    const official = await perform("official", job, variables);
    const ours = await perform("nightlatch", job, variables);
    assert.deepEqual(ours.outcome, official.outcome);
    assert.ok(ours.fields.length > 0);
    assert.equal(ours.fields.length, official.fields.length);
    ours.fields.forEach((fields, at) => {
      const others = official.fields[at] ?? new Map<string, string>();
      const names = [...new Set([...fields.keys(), ...others.keys()])];
      const different = names.filter((name) => fields.get(name) !== others.get(name));
      different.forEach((name) => seen.add(name));
      const unexplained = different.filter((name) => !(name in INTENDED));
      const told = unexplained.map((name) => `${name}: ${fields.get(name)} / ${others.get(name)}`);
      assert.deepEqual(told, []);
    });
  });
}

test("each difference that is explained occurs", { skip }, () => {
  assert.deepEqual(
    SPARED.filter((spared) => !occurred.has(spared)),
    [],
  );
  assert.deepEqual(
    // Times may be equal by chance.
    Object.keys(INTENDED).filter((name) => !seen.has(name) && !/claims\.(iat|nbf|exp)$/.test(name)),
    [],
  );
});
