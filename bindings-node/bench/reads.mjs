/**
 * The budgets of the Node package, as ratios within one run.
 *
 *     cargo build --release -p nightlatch-emulator && npm run build && npm run bench
 *
 * The official libraries run beside ours if they are installed (`npm ci` in test/official).
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import https from "node:https";
import { createRequire } from "node:module";
import { join } from "node:path";

import { best, bestAwaited, race, startEmulator } from "./support.mjs";

const here = import.meta.dirname;
const require = createRequire(import.meta.url);
const official = join(here, "..", "test", "official");
const withOfficial = existsSync(join(official, "node_modules", "@azure"));
const SECRETS = Array.from({ length: 20 }, (_, index) => `secret-${index}`);
const { EMULATOR_HTTPS, HTTPS_PROXY, NODE_EXTRA_CA_CERTS } = process.env;

if (EMULATOR_HTTPS === undefined) {
  // Node reads whom it trusts when it starts, so what is measured runs in a process of its own.
  const { environment, stop } = await startEmulator(["db-password", ...SECRETS]);
  const env = { ...process.env, ...environment };
  process.exitCode =
    spawnSync(process.execPath, [import.meta.filename], { stdio: "inherit", env }).status ?? 1;
  stop();
} else {
  console.log(`Node ${process.version}\n`);
  load();
  await cachedReads();
  first();
  await warmReads();
  await manyReads();
}

/** Loading the package, over bare Node. */
function load() {
  const programs = {
    "bare Node": "",
    "nightlatch, CommonJS": `require(${JSON.stringify(require.resolve("nightlatch"))})`,
    "bare Node, ES module": { module: "" },
    "nightlatch, ES module": { module: `import ${JSON.stringify(import.meta.resolve("nightlatch"))}` },
    ...(withOfficial && {
      "official, CommonJS": `for (const name of ["@azure/identity", "@azure/keyvault-secrets"])
        require(require.resolve(name, { paths: [${JSON.stringify(official)}] }))`,
    }),
  };
  const times = race(programs, 15);
  const line = (name, bare) => {
    const { ms, mb } = times[name];
    const extra = [ms - times[bare].ms, mb - times[bare].mb].map((value) => value.toFixed(1));
    report(`load, ${name}`, `+${extra[0]} ms, +${extra[1]} MB over bare Node`);
  };
  line("nightlatch, CommonJS", "bare Node");
  line("nightlatch, ES module", "bare Node, ES module");
  if (withOfficial) {
    line("official, CommonJS", "bare Node");
  }
}

/** Reads from the cache: `getCachedSecret` and `await getSecret`. */
async function cachedReads() {
  const { ManagedIdentityCredential, SecretClient } = await import("nightlatch");
  const client = new SecretClient("https://demo.vault.azure.net", new ManagedIdentityCredential());
  for (const name of SECRETS) {
    await client.getSecret(name);
  }
  const name = SECRETS[7];
  const read = leastLookup(name);
  const table = new Map(SECRETS.map((secret) => [secret, secret]));
  let sink;
  const [native, cached, map] = best(
    () => (sink = read(name)),
    () => (sink = client.getCachedSecret(name)),
    () => (sink = table.get(SECRETS[(sink?.length ?? 0) % 20])),
  );
  report("getCachedSecret", ratio(cached, native, "ns", "the least native lookup"));
  report("  (Map.get)", `${map.toFixed(0)} ns`);
  const empty = async () => sink;
  const [hit, nothing] = await bestAwaited(() => client.getSecret(name), empty);
  report(
    "await getSecret, hit",
    `${hit.toFixed(0)} ns, ${(hit - nothing).toFixed(0)} ns over an empty async function`,
  );
  client.close();
}

/** A bound Node-API function that looks a name up: the native engine's own, without anything of ours around it. */
function leastLookup(name) {
  const native = require("nightlatch-linux-x64-gnu");
  const options = { credential: { type: "HostCredential", handle: 0, name: "x" } };
  const engine = new native.Engine(JSON.stringify(options), [], [], new Uint8Array(16));
  const vault = "https://demo.vault.azure.net";
  let { turn } = engine.start(JSON.stringify({ op: "get_secret", vault, name }));
  turn = engine.completeToken(turn.outputs[0][1], "token", Date.now() + 3.6e6, null);
  const id = turn.outputs.find(([kind]) => kind === "http")[1];
  const secret = {
    value: "v",
    id: `${vault}/secrets/${name}/${"1".repeat(32)}`,
    attributes: { enabled: true },
  };
  engine.completeHttp(id, 200, [], Buffer.from(JSON.stringify(secret)));
  return engine.reader(vault);
}

/** From the start of a process to its first secret. */
function first() {
  const program = (paths) => `
    const { ManagedIdentityCredential } = require(${JSON.stringify(paths[0])});
    const { SecretClient } = require(${JSON.stringify(paths[1])});
    new SecretClient("https://demo.vault.azure.net", new ManagedIdentityCredential())
      .getSecret("db-password")
      .then(({ value }) => { console.log(value); process.exit(); });`;
  const ours = require.resolve("nightlatch");
  const theirs = ["identity", "keyvault-secrets"].map((name) =>
    join(official, "node_modules", "@azure", name),
  );
  const times = race(
    {
      hand: readFileSync(join(here, "by-hand.cjs"), "utf8"),
      ours: program([ours, ours]),
      ...(withOfficial && { theirs: program(theirs) }),
    },
    15,
  );
  report("start to first secret", ratio(times.ours.ms, times.hand.ms, "ms", "a program by hand"));
  if (withOfficial) {
    report("  official", ratio(times.theirs.ms, times.hand.ms, "ms", "a program by hand"));
  }
}

/** Reads that pass the cache by, over a connection that stands. */
async function warmReads() {
  const { ManagedIdentityCredential, SecretClient } = await import("nightlatch");
  const { token } = await new ManagedIdentityCredential().getToken("https://vault.azure.net/.default");
  const vault = EMULATOR_HTTPS.replace("127.0.0.1", "localhost");
  const client = new SecretClient(vault, new ManagedIdentityCredential(), {
    cacheTtl: 0,
    secretRequestsPerSecond: 0,
    vaultRequestsPerSecond: 0,
    disableChallengeResourceVerification: true,
  });
  const agent = new https.Agent({ keepAlive: true, ca: readFileSync(NODE_EXTRA_CA_CERTS) });
  const url = `${vault}/secrets/db-password/?api-version=2025-07-01`;
  const byHand = () =>
    new Promise((resolve, reject) => {
      https
        .get(url, { agent, headers: { authorization: `Bearer ${token}` } }, async (response) => {
          const chunks = [];
          for await (const chunk of response) {
            chunks.push(chunk);
          }
          resolve(JSON.parse(Buffer.concat(chunks)).value);
        })
        .on("error", reject);
    });
  await client.getSecret("db-password");
  await byHand();
  const [ours, hand] = await bestAwaited(() => client.getSecret("db-password"), byHand, 300);
  report("uncached read, warm", ratio(ours / 1000, hand / 1000, "µs", "a request by hand"));
  client.close();
  agent.destroy();
}

/** 10,000 reads of 20 secrets, and 200 readers at once with nothing cached. */
async function manyReads() {
  const load = {
    ours: async () => {
      const { ManagedIdentityCredential, SecretClient } = await import("nightlatch");
      return () => new SecretClient("https://demo.vault.azure.net", new ManagedIdentityCredential());
    },
    official: async () => {
      const own = createRequire(join(official, "package.json"));
      const { ManagedIdentityCredential } = own("@azure/identity");
      const { SecretClient } = own("@azure/keyvault-secrets");
      return () => new SecretClient("https://demo.vault.azure.net", new ManagedIdentityCredential());
    },
  };
  for (const whose of withOfficial ? ["ours", "official"] : ["ours"]) {
    const make = await load[whose]();
    const measure = async (job) => {
      await fetch(`${HTTPS_PROXY}/_emulator/log`, { method: "DELETE" });
      const begun = performance.now();
      await job(make());
      const seconds = ((performance.now() - begun) / 1000).toFixed(3);
      const { vault, app_service } = await (await fetch(`${HTTPS_PROXY}/_emulator/counts`)).json();
      return `${seconds} s, ${app_service} token and ${vault} vault requests`;
    };
    const amount = whose === "ours" ? 10_000 : 1000;
    const reads = async (client) => {
      for (let index = 0; index < amount; index++) {
        await client.getSecret(SECRETS[index % SECRETS.length]);
      }
    };
    const crowd = (client) => Promise.all(Array.from({ length: 200 }, () => client.getSecret(SECRETS[0])));
    report(`${amount} reads of 20, ${whose}`, await measure(reads));
    report(`200 cold readers, ${whose}`, await measure(crowd));
  }
}

function ratio(value, measure, unit, what) {
  return `${value.toFixed(0)} ${unit}, ${(value / measure).toFixed(2)} × ${what} (${measure.toFixed(0)} ${unit})`;
}

function report(what, figure) {
  console.log(`${what.padEnd(32)}${figure}`);
}
