/**
 * The module for the edge: which credentials it leaves out, that it says so, and that everything else is as it is
 * everywhere. The scenarios of all languages are played; one that needs what is left out has to end by saying so, and
 * every other has to hold.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as front from "../dist/front.js";
import { HOST_OPTIONS, install } from "../dist/runtime.js";
import { edgeHost } from "../dist/host/edge.js";
import { initSync } from "../dist/wasm.js";
import { differences } from "./scenarios/check.mjs";
import { readAll } from "./scenarios/format.mjs";
import { encrypted, play, playable } from "./scenarios/player.mjs";
import { Azure, TENANT, VAULT } from "./support/azure.mjs";

const factory = initSync(readFileSync(new URL("../dist/engine/nightlatch.wasm", import.meta.url)));
const all = readAll(fileURLToPath(new URL("../../tests/scenarios", import.meta.url)));
const scenarios = all.filter(([, scenario]) => playable(scenario));

const SCOPE = "https://vault.azure.net/.default";
const ABSENT =
  /does not exist on this host|cannot be reached from a Worker or a browser|cannot be opened in this build|are left out/;
/** What is said of an argument whose reader is left out. */
const NOT_TAKEN = /`out_content_type` is unknown|A token needs a scope/;

/** What the module leaves out: it would be a bug if this list grew by itself. */
const LEFT_OUT = [
  "AzureCliCredential",
  "AzureDeveloperCliCredential",
  "AzurePipelinesCredential",
  "AzurePowerShellCredential",
  "DeviceCodeCredential",
  "GitHubActionsCredential",
  "InteractiveBrowserCredential",
  "ManagedIdentityCredential",
  "VisualStudioCredential",
];
/** Of these, the sources of the default credential. */
const LEFT_OUT_OF_DEFAULT = LEFT_OUT.filter((name) => !/Pipelines|GitHub|DeviceCode|Browser/.test(name));
/** The operations that are there, and what else a scenario may do. */
const KEPT = [
  "get_secret",
  "get_secrets",
  "get_token",
  "invalidate",
  "invalidate_all",
  "refresh",
  "set_wall_clock",
];

function onTheEdge() {
  install({
    engine: factory,
    load: async () => factory,
    host: (options) => edgeHost({}, options),
    hostOptions: HOST_OPTIONS,
  });
}

/** A credential of a class, with whatever its constructor wants. */
function some(name) {
  const options = { environment: {}, fetch: new Azure().fetch };
  const application = [TENANT, "client"];
  const wanted = {
    ChainedTokenCredential: () => [some("EnvironmentCredential")],
    ClientSecretCredential: () => [...application, "very-secret", options],
    ClientCertificateCredential: () => [...application, { certificate: "no certificate" }, options],
    ClientAssertionCredential: () => [...application, () => "assertion", options],
    AzurePipelinesCredential: () => [...application, "connection", "token", options],
    UsernamePasswordCredential: () => [...application, "somebody", "password", options],
    AuthorizationCodeCredential: () => [...application, "code", "https://shop.example/back", options],
    OnBehalfOfCredential: () => {
      const proof = { clientSecret: "very-secret", userAssertionToken: "token" };
      return [{ tenantId: TENANT, clientId: "client", ...proof, ...options }];
    },
  }[name];
  return new front[name](...(wanted?.() ?? [options]));
}

const failure = (credential) =>
  credential.getToken(SCOPE).then(
    () => undefined,
    (error) => error,
  );

test("what is left out says so, with the next step; everything else is there", async () => {
  onTheEdge();
  const names = Object.keys(front).filter((name) => /^[A-Z]\w+Credential$/.test(name));
  assert.ok(names.length > 18);
  const absent = [];
  for (const name of names) {
    const error = await failure(some(name));
    if (error?.code === "UNSUPPORTED") {
      assert.match(error.message, ABSENT);
      assert.match(error.advice, /ClientSecretCredential/);
      absent.push(name);
    }
  }
  assert.deepEqual(absent.sort(), LEFT_OUT);
});

test("the default credential has the sources that remain, and reports the others", async () => {
  onTheEdge();
  const azure = new Azure();
  const environment = {
    AZURE_TENANT_ID: TENANT,
    AZURE_CLIENT_ID: "from-env",
    AZURE_CLIENT_SECRET: "very-secret",
    IDENTITY_ENDPOINT: "http://127.0.0.1:1/token",
    IDENTITY_HEADER: "x",
  };
  const credential = new front.DefaultAzureCredential({ environment, fetch: azure.fetch });
  const client = new front.SecretClient(VAULT, credential);
  assert.equal((await client.getSecret("db")).value, "s3cr3t");

  const nothing = await failure(new front.DefaultAzureCredential({ environment: {}, fetch: azure.fetch }));
  assert.equal(nothing.code, "CREDENTIAL_UNAVAILABLE");
  const told = nothing.attempts.filter(
    ({ ending, reason }) => ending === "unavailable" && ABSENT.test(reason),
  );
  assert.deepEqual(told.map(({ source }) => source).sort(), LEFT_OUT_OF_DEFAULT);
});

test("a chain passes over what is left out", async () => {
  onTheEdge();
  const { fetch } = new Azure();
  const credential = new front.ChainedTokenCredential(
    new front.ManagedIdentityCredential(),
    new front.ClientSecretCredential(TENANT, "client", "very-secret", { fetch }),
  );
  assert.equal((await new front.SecretClient(VAULT, credential).getSecret("db")).value, "s3cr3t");
});

test("operations that list or change secrets, or tell why not, say where they are to be had", async () => {
  onTheEdge();
  const { fetch } = new Azure();
  const client = new front.SecretClient(
    VAULT,
    new front.ClientSecretCredential(TENANT, "client", "very-secret", { fetch }),
  );
  const pages = client.listPropertiesOfSecrets();
  const told = [client.diagnose("db"), client.check(), client.explain()];
  for (const asked of [client.setSecret("db", "new"), client.backupSecret("db"), pages.next(), ...told]) {
    await assert.rejects(asked, (error) => {
      assert.equal(error.code, "UNSUPPORTED");
      assert.match(error.message, ABSENT);
      assert.match(error.advice, /nightlatch-wasm\/full/);
      return true;
    });
  }
  assert.equal((await client.getSecret("db")).value, "s3cr3t");
});

const counts = { held: 0, different: 0 };

for (const [path, scenario] of scenarios) {
  test(path, async () => {
    const [mayHold, mayDiffer] = expectations(path, scenario);
    for (const renewal of scenario.renewal ? [scenario.renewal] : ["detached", "caller"]) {
      const player = await play(scenario, factory, { renewal });
      const found = differences(player);
      const log = player.world.transcript.map((line) => JSON.stringify(line));
      const told = [scenario.name, renewal, ...found, "", ...log].join("\n");
      if (found.length > 0 && mayDiffer) {
        // A source that is not there cannot find its settings wrong: it says that it is not there.
        const why = player.construction ?? (scenario.calls.length === 0 ? await player.refusal() : "");
        const said = `${why}${log.join("\n")}`;
        assert.ok(ABSENT.test(said) || NOT_TAKEN.test(said), told);
        counts.different++;
      } else {
        assert.deepEqual(found, [], told);
        assert.ok(mayHold, `it holds without what it needs: ${told}`);
        counts.held++;
      }
    }
  });
}

test("most of what needs nothing that is left out is played", (t) => {
  t.diagnostic(`${counts.held} plays hold, ${counts.different} need what is left out`);
  assert.ok(counts.held > 0 && counts.different > 0);
});

/** Whether a scenario may hold, and whether it may end by saying that something is left out; from what it says. */
function expectations(path, { options, world, calls, expect }) {
  const { credential = { type: "DefaultAzureCredential" } } = options;
  if (encrypted(path)) {
    return [false, true];
  }
  if (isLeftOut(credential) || calls.some(asksForMore)) {
    // What is wrong in itself may be refused before.
    const endings = [expect.construction ?? {}, ...calls.map((call) => call.expect ?? {})];
    return [endings.some(({ error = "" }) => error.startsWith("INVALID_")), true];
  }
  if (!comesTo(credential)) {
    return [true, false];
  }
  const asked = expectsThem(calls, expect);
  return [!asked, asked || hasThem(world)];
}

/** Whether a call is about what is left out. */
function asksForMore({ op, arguments: { out_content_type: form } = {} }) {
  return (op !== undefined && !KEPT.includes(op)) || form !== undefined;
}

/** Whether a credential is left out itself. */
function isLeftOut({ type, enable_azure_proxy: proxy }) {
  return LEFT_OUT.includes(type) || proxy === true;
}

/** Whether a credential may come to one that is left out. */
function comesTo({ type, sources = [] }) {
  return type === "DefaultAzureCredential" || sources.some((source) => isLeftOut(source) || comesTo(source));
}

/** Whether a chain's scenario expects something of a source that is left out, besides that it is unavailable. */
function expectsThem(calls, { commands = [], events = [], events_include: some = [] }) {
  const endings = calls.map((call) => call.expect ?? {});
  const attempts = endings.flatMap(({ attempts = [] }) => attempts);
  const texts = endings.flatMap(({ message_contains: words = [], advice_contains: next = [] }) => [
    ...words,
    ...next,
  ]);
  return (
    commands.length > 0 ||
    [...events, ...some].some(({ source }) => LEFT_OUT.includes(source)) ||
    attempts.some(([source, ending]) => LEFT_OUT.includes(source) && ending !== "unavailable") ||
    texts.some((text) => LEFT_OUT.some((name) => text.includes(name)))
  );
}

/** Whether there is anything in a world that only sources which are left out would find. */
function hasThem({ commands = [], prompts = [], browser = [], http = [] }) {
  const others = /^https:\/\/(login\.|[\w-]+\.vault\.)/;
  const elsewhere = http.some(({ url, url_prefix: prefix }) => !others.test(url ?? prefix));
  return elsewhere || commands.length + prompts.length + browser.length > 0;
}
