/**
 * One program with every operation of the Secrets API, run with the official packages and, by its two import lines
 * changed, with ours: the same comes of each step, and the same is sent for it. Where we differ on purpose, the lists below
 * say how and why; what they say has to occur.
 */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

import { startEmulator } from "./support/emulator.js";
import { PACKAGE } from "./support/places.js";
import { runModule } from "./support/program.js";

const OFFICIAL = join(PACKAGE, "test", "official");
const program = readFileSync(join(OFFICIAL, "operations.mjs"), "utf8");
const skip = existsSync(join(OFFICIAL, "node_modules")) ? false : "npm ci in test/official first";

const VAULT = "https://ops.vault.azure.net";
const CLIENT = "44444444-4444-4444-8444-444444444444";
const everything = ["get", "list", "set", "delete", "recover", "purge", "backup", "restore"];
const onItsWay = { delay_ms: 0, polls: 2 };
const AZURE = {
  app_registrations: [{ client_id: CLIENT, object_id: "application", secrets: ["app-secret"] }],
  vaults: [
    {
      name: "ops",
      access: [{ principal: "application", secrets: everything }],
      soft_delete: { delete: onItsWay, recover: onItsWay },
    },
    { name: "closed", secrets: { a: "b" } },
  ],
};

/** What may differ in the outcome of a step: which fields, of which steps, how, and why. */
interface Difference {
  fields: RegExp;
  steps?: RegExp;
  fits?: (ours: string | undefined, official: string | undefined, step: Fields) => boolean;
  why: string;
}

/** Steps whose answer ours know without asking the vault. */
const UNASKED = /^get (by a name that cannot be|a deleted one)$/;

const INTENDED: Difference[] = [
  {
    fields: /(^|\.)tags$/,
    fits: (ours, official) => ours === "{}" && official === undefined,
    why: "a tag can be asked for at once, also where there is none",
  },
  {
    fields: /^error\.name$/,
    fits: (ours, official) => ours === "NightlatchError" && official === "RestError",
    why: "the error's own class",
  },
  {
    fields: /^error\.code$/,
    fits: (_, official, step) => (step.get("error.errorCode") ?? official) === official,
    why: "one code for each kind of error, in every language; the service's is `errorCode`",
  },
  { fields: /^error\.errorCode$/, fits: (_, official) => official === undefined, why: "see `error.code`" },
  {
    fields: /^error\.message$/,
    fits: (ours, official) => ours?.includes(official?.split(/\r?\n/, 1)[0] ?? "?") === true,
    why: "it says what was done to what, what the service said, and what the next step is",
  },
  { fields: /^error\.message$/, steps: UNASKED, why: "it says what is known without the service" },
  {
    fields: /^error\.statusCode$/,
    steps: UNASKED,
    fits: (ours, official) => ours === undefined && official !== undefined,
    why: "the service was not asked",
  },
  { fields: /^error\.message$/, steps: /aborted/, why: "the words of the official one say it twice" },
  {
    fields: /\.begun\.isCompleted$/,
    fits: (ours, official) => ours === "false" && official === undefined,
    why: "it is known from the beginning",
  },
  {
    fields: /\.told\.stopped$/,
    fits: (ours, official) => ours === "true" && official === "false",
    why: "nobody waits any more, which is what newer pollers of the Azure SDK mean by it",
  },
  {
    fields: /\.token$/,
    steps: /take it up again/,
    fits: (ours, official) => ours === "string" && official === "undefined",
    why: "pages tell where they end, which the official ones lose",
  },
];

const TELEMETRY = "MSAL's telemetry";

/** Fields of a request that differ, or that one side has alone, and why. */
const INTENDED_FIELDS: Record<string, string> = {
  "query api-version": "the version that is tested here; another can be chosen",
  "header user-agent": "each names itself",
  "header x-ms-client-request-id": "an id of the request; another one each time",
  "header accept": "ours ask for JSON where the official one says nothing",
  "header accept-encoding": "ours ask for none, since what is unpacked may be large",
  "header content-length": "it counts what differs",
  "header content-type": "the official one names a character set, which a form does not have",
  "body.attributes": "what is empty is left out",
  "query client-request-id": "MSAL's own id of the request",
  "form client-request-id": "MSAL's own id of the request",
  "form claims": "each tells its capabilities; MSAL asks for facts about a person besides",
  "form x-client-SKU": TELEMETRY,
  "form x-client-VER": TELEMETRY,
  "form x-client-OS": TELEMETRY,
  "form x-client-CPU": TELEMETRY,
  "form x-client-current-telemetry": TELEMETRY,
  "form x-client-last-telemetry": TELEMETRY,
  "form x-ms-lib-capability": TELEMETRY,
};

const KNOWN_VAULT =
  "a known vault's first request already carries a token, so there is no challenge to ask for";
const CACHED = "what was set, or read, a moment ago is in the cache";
const NO_LOOK = "a recovery is asked for without a look whether there is anything to recover";
const HOST = new URL(VAULT).host;

/** The official requests that ours do without, in their order, each with the reason. */
const SPARED: [what: string, why: string][] = [
  [`PUT ${HOST}/secrets/one 401`, KNOWN_VAULT],
  [`GET ${HOST}/secrets/one/ 200`, CACHED],
  [`GET ${HOST}/secrets/one/ 200`, CACHED],
  [`GET ${HOST}/secrets/no_name/ 400`, "no vault has such a name"],
  ["GET closed.vault.azure.net/secrets/a/ 401", KNOWN_VAULT],
  [`GET ${HOST}/secrets/one/ 404`, "it was deleted by this client a moment ago"],
  [`GET ${HOST}/secrets/one/ 404`, NO_LOOK],
  [`GET ${HOST}/secrets/none/ 404`, NO_LOOK],
  [`GET ${HOST}/secrets/one/ 200`, CACHED],
];

/** A step's outcome, or a request, by its fields. */
type Fields = Map<string, string>;

interface Transcript {
  steps: Map<string, Fields>;
  requests: { what: string; fields: Fields }[];
}

const folder = mkdtempSync(join(tmpdir(), "nightlatch-operations-"));
after(() => rmSync(folder, { recursive: true }));

/** Runs the program against a new Azure. */
async function transcript(text: string): Promise<Transcript> {
  const emulator = await startEmulator(AZURE);
  const record = join(folder, "requests.jsonl");
  writeFileSync(record, "");
  try {
    const { stdout, stderr, status } = await runModule(text, {
      cwd: OFFICIAL,
      flags: ["--import", pathToFileURL(join(OFFICIAL, "record.mjs")).href],
      environment: {
        ...emulator.environment,
        RECORD: record,
        VAULT,
        CLOSED_VAULT: "https://closed.vault.azure.net",
        TENANT: "11111111-1111-4111-8111-111111111111",
        CLIENT,
        CLIENT_SECRET: "app-secret",
        NODE_NO_WARNINGS: "1",
      },
    });
    assert.equal(status, 0, stderr);
    const known = recogniser();
    const steps = lines(stdout).map((line): [string, Fields] => {
      const { step, ...outcome } = line as { step: string };
      return [step, leaves(outcome, known)];
    });
    const requests = (lines(readFileSync(record, "utf8")) as Sent[]).map((sent) => request(sent, known));
    return { steps: new Map(steps), requests };
  } finally {
    await emulator.stop();
  }
}

function lines(text: string): unknown[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}

type Recogniser = (text: string) => string;

/** Names what is another one each time by when it came up first, and times near now by how far they are. */
function recogniser(): Recogniser {
  const versions = new Map<string, string>();
  const day = 86_400_000;
  const time = (text: string): string => {
    const days = Math.round((Date.parse(text) - Date.now()) / day);
    return Math.abs(days) < 200 ? `now + ${days} days` : text;
  };
  return (text) =>
    text
      .replace(/\b[0-9a-f]{32}\b/g, (version) => {
        versions.set(version, versions.get(version) ?? `version-${versions.size + 1}`);
        return versions.get(version) ?? "";
      })
      .replace(/^[\w-]{200,}$/, "a backup")
      .replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, time);
}

/** All that is in a value, by its paths. */
function leaves(value: unknown, known: Recogniser, path: string[] = [], into: Fields = new Map()): Fields {
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    Object.entries(value).forEach(([name, part]) => leaves(part, known, [...path, name], into));
  } else {
    into.set(path.join("."), known(typeof value === "string" ? value : JSON.stringify(value)));
  }
  return into;
}

interface Sent {
  method: string;
  host: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  status: number;
}

function request(
  { method, host, path, headers, body, status }: Sent,
  known: Recogniser,
): Transcript["requests"][number] {
  const url = new URL(path, `https://${host}`);
  const fields: Fields = new Map();
  url.searchParams.forEach((value, name) => fields.set(`query ${name}`, known(value)));
  Object.entries(headers).forEach(([name, value]) =>
    fields.set(`header ${name.toLowerCase()}`, String(value)),
  );
  if (fields.has("header authorization")) {
    fields.set("header authorization", "Bearer …");
  }
  if (body.startsWith("{")) {
    leaves(JSON.parse(body), known, ["body"], fields);
  } else {
    new URLSearchParams(body).forEach((value, name) => fields.set(`form ${name}`, value));
  }
  return { what: known(`${method} ${url.host}${url.pathname} ${status}`), fields };
}

if (skip) {
  test("the same comes of every operation", { skip });
} else {
  const official = await transcript(program);
  const ours = await transcript(program.replace(/"@azure\/(identity|keyvault-secrets)"/g, `"nightlatch"`));

  test("the program has every operation", async () => {
    const from = createRequire(join(OFFICIAL, "package.json"));
    const { SecretClient } = from("@azure/keyvault-secrets") as { SecretClient: { prototype: object } };
    const operations = Object.getOwnPropertyNames(SecretClient.prototype).filter(
      (name) => name !== "constructor",
    );
    assert.ok(operations.length > 11);
    assert.deepEqual(
      operations.filter((name) => !program.includes(`secrets.${name}(`)),
      [],
    );
  });

  const occurred = new Set<Difference>();

  test("the same comes of every step", () => {
    assert.deepEqual([...ours.steps.keys()], [...official.steps.keys()]);
    for (const [step, theirs] of official.steps) {
      const mine = ours.steps.get(step) ?? new Map<string, string>();
      for (const name of differing(mine, theirs)) {
        const [here, there] = [mine.get(name), theirs.get(name)];
        const intended = INTENDED.find(
          ({ fields, steps = /^/, fits = () => true }) =>
            fields.test(name) && steps.test(step) && fits(here, there, mine),
        );
        assert.ok(intended, `${step}: ${name} is ${here} and not ${there}`);
        occurred.add(intended);
      }
    }
  });

  test("the same is sent", () => {
    const spared: string[] = [];
    const different = new Set<string>();
    const coming = [...ours.requests];
    for (const { what, fields } of official.requests) {
      if (coming[0]?.what !== what) {
        spared.push(what);
        continue;
      }
      const mine = coming.shift()?.fields ?? new Map<string, string>();
      for (const name of differing(mine, fields)) {
        different.add(name);
        assert.ok(
          name in INTENDED_FIELDS,
          `${what}: ${name} is ${mine.get(name)} and not ${fields.get(name)}`,
        );
      }
    }
    assert.deepEqual(coming, []);
    assert.deepEqual(
      spared,
      SPARED.map(([what]) => what),
    );
    assert.deepEqual(
      Object.keys(INTENDED_FIELDS).filter((name) => !different.has(name)),
      [],
    );
  });

  test("each difference that is explained occurs", () => {
    assert.deepEqual(
      INTENDED.filter((difference) => !occurred.has(difference)),
      [],
    );
  });
}

/** The names of what one side has alone, or has another value of. */
function differing(ours: Fields, official: Fields): string[] {
  const names = [...new Set([...ours.keys(), ...official.keys()])];
  return names.filter((name) => ours.get(name) !== official.get(name));
}
