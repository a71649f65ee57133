/**
 * What one read costs, as ratios within one run: from the cache beside the least look-up that a native module can do, and
 * past the cache beside a request by hand.
 *
 *     cargo build -p nightlatch-emulator && npm run build && node bench/reads.mjs
 */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import https from "node:https";
import { createRequire } from "node:module";

import { ManagedIdentityCredential, SecretClient } from "nightlatch";

import { best, bestAwaited, ratio, report, SECRETS, startEmulator, VAULT } from "./support.mjs";

const require = createRequire(import.meta.url);
const { EMULATOR_HTTPS, NODE_EXTRA_CA_CERTS } = process.env;

if (EMULATOR_HTTPS === undefined) {
  // Node reads whom it trusts when it starts, so what is measured runs in a process of its own.
  const { environment, stop } = await startEmulator();
  const env = { ...process.env, ...environment };
  process.exitCode =
    spawnSync(process.execPath, [import.meta.filename], { stdio: "inherit", env }).status ?? 1;
  stop();
} else {
  console.log(`Node ${process.version}\n`);
  await cachedReads();
  await warmReads();
}

/** Reads from the cache: `getCachedSecret` and `await getSecret`. */
async function cachedReads() {
  const client = new SecretClient(VAULT, new ManagedIdentityCredential());
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
  let { turn } = engine.start(JSON.stringify({ op: "get_secret", vault: VAULT, name }));
  turn = engine.completeToken(turn.outputs[0][1], "token", Date.now() + 3.6e6, null);
  const id = turn.outputs.find(([kind]) => kind === "http")[1];
  const secret = {
    value: "v",
    id: `${VAULT}/secrets/${name}/${"1".repeat(32)}`,
    attributes: { enabled: true },
  };
  engine.completeHttp(id, 200, [], Buffer.from(JSON.stringify(secret)));
  return engine.reader(VAULT);
}

/** Reads that pass the cache by, over a connection that stands. */
async function warmReads() {
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
