/**
 * The edge: what a Worker has to load, and how long it takes from its start to its first secret, ours beside the official
 * packages. Those come in two builds for Workers, and both are measured: the one that bundlers for Workers choose, which
 * needs Node's modules, and the one for browsers.
 *
 *     cargo build -p nightlatch-emulator && npm run build && node bench/edge.mjs
 *
 * Needs `npm ci` in ../wasm, where workerd is, and in test/official.
 */

import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

import { startEmulator } from "../../wasm/test/support/emulator.mjs";

const here = import.meta.dirname;
const { Miniflare, Response } = createRequire(join(here, "..", "..", "wasm", "package.json"))("miniflare");
const ours = join(here, "..");
const official = join(here, "..", "test", "official");
const ROUNDS = 15;

const TENANT = "11111111-1111-4111-8111-111111111111";
const CLIENT = "44444444-4444-4444-8444-444444444444";
const issuer = { issuer: "https://cluster.example/", subject: "basket" };

/** A Worker that gets a secret by a client secret, or by a federated assertion that comes with the request. */
const worker = (imports, federated) => `
  ${imports}
  const vault = "https://contoso.vault.azure.net";
  export default {
    async fetch(request) {
      const assertion = await request.text();
      try {
        const credential = assertion === ""
          ? new ClientSecretCredential("${TENANT}", "${CLIENT}", "app-secret")
          : ${federated};
        return new Response((await new SecretClient(vault, credential).getSecret("db-password")).value);
      } catch (why) {
        return new Response(String(why.message ?? why), { status: 500 });
      }
    },
  };`;

const ofOurs = worker(
  `import { ClientSecretCredential, SecretClient, WorkloadIdentityCredential } from "nightlatch";`,
  `new WorkloadIdentityCredential({
     tenantId: "${TENANT}", clientId: "${CLIENT}", tokenFilePath: "/assertion", files: { "/assertion": assertion },
   })`,
);
const ofOfficial = worker(
  `import { ClientAssertionCredential, ClientSecretCredential } from "@azure/identity";
   import { SecretClient } from "@azure/keyvault-secrets";`,
  `new ClientAssertionCredential("${TENANT}", "${CLIENT}", async () => assertion)`,
);

// What wrangler chooses.
const forWorkers = {
  conditions: ["workerd", "worker", "browser"],
  mainFields: ["browser", "module", "main"],
};
const nodesModules = {
  ...forWorkers,
  platform: "node",
  // The packages hold CommonJS that asks for Node's modules.
  banner: { js: `import { createRequire } from "node:module"; const require = createRequire("/");` },
};

/** The programs: how each is bundled, and what of workerd it needs. */
const PROGRAMS = {
  empty: { text: `export default { fetch: () => new Response("") };`, folder: ours, options: forWorkers },
  ours: { text: ofOurs, folder: ours, options: forWorkers },
  "official, for Workers": {
    text: ofOfficial,
    folder: official,
    options: nodesModules,
    needs: { compatibilityDate: "2026-03-17", compatibilityFlags: ["nodejs_compat"] },
  },
  "official, for browsers": { text: ofOfficial, folder: official, options: { platform: "browser" } },
};

const emulator = await startEmulator({
  tenants: [{ id: TENANT }],
  app_registrations: [
    { client_id: CLIENT, object_id: "app", secrets: ["app-secret"], federated: [{ ...issuer, hmac: "key" }] },
  ],
  vaults: [
    {
      name: "contoso",
      secrets: { "db-password": "s3cr3t" },
      access: [{ principal: "app", secrets: ["get"] }],
    },
  ],
});
try {
  const bundles = {};
  for (const [name, program] of Object.entries(PROGRAMS)) {
    bundles[name] = await bundle(program);
  }
  sizes(bundles);
  await firstSecrets(bundles);
} finally {
  await emulator.stop();
}

async function bundle({ text, folder, options }) {
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    loader: { ".wasm": "copy" },
    outdir: here,
    logLevel: "error",
    ...options,
  });
  const scripts = outputFiles.filter(({ path }) => path.endsWith(".js"));
  const others = outputFiles.filter((file) => !scripts.includes(file));
  const module = (type) => (file) => ({ type, path: file.path, contents: file.contents });
  return [...scripts.map(module("ESModule")), ...others.map(module("CompiledWasm"))];
}

/** What a Worker with this program is made of, minified. Theirs holds the two credentials that the program names; ours all. */
function sizes({ empty: _, ...bundles }) {
  for (const [name, modules] of Object.entries(bundles)) {
    const sum = (size) => modules.reduce((bytes, { contents }) => bytes + size(contents), 0) / 1024;
    const whole = sum((contents) => contents.length);
    const compressed = sum((contents) => gzipSync(contents, { level: 9 }).length);
    const node = new Set(
      modules.flatMap(({ type, contents }) => (type === "ESModule" ? nodesOf(contents) : [])),
    );
    const needs = node.size === 0 ? "none of Node's modules" : `${node.size} of Node's modules`;
    report(`Worker, ${name}`, `${compressed.toFixed(1)} KiB gzip of ${whole.toFixed(1)}, ${needs}`);
  }
}

function nodesOf(contents) {
  const text = Buffer.from(contents).toString();
  return [...text.matchAll(/(?:from|import|require\()\s*"(?:node:)?([a-z_/]+)"/g)].map(([, name]) => name);
}

/** From the start of workerd with a program to its first secret, over a Worker that does nothing. */
async function firstSecrets(bundles) {
  const times = {};
  const failures = {};
  // In turns, each as often after each other, and the best counts: what else the machine does falls on all of them.
  const programs = Object.entries(bundles);
  for (let round = 0; round < ROUNDS; round++) {
    programs.push(programs.shift());
    for (const [name, modules] of programs) {
      const begun = performance.now();
      const { secret, ms, federated } = await start(modules, PROGRAMS[name].needs, begun, name !== "empty");
      if (name !== "empty") {
        failures[name] ??= secret !== "s3cr3t" ? `no secret: ${secret}` : undefined;
        failures[name] ??= federated !== "s3cr3t" ? `no federated assertion: ${federated}` : undefined;
      }
      times[name] = Math.min(times[name] ?? Infinity, ms);
    }
  }
  if (failures.ours !== undefined) {
    throw new Error(failures.ours);
  }
  const { empty, ...others } = times;
  report("first answer, empty Worker", `${empty.toFixed(0)} ms`);
  for (const name of Object.keys(bundles).filter((name) => name in others)) {
    const ms = others[name];
    const { compatibilityDate, compatibilityFlags = [] } = PROGRAMS[name].needs ?? {};
    const needs = compatibilityDate ? `; needs ${compatibilityFlags} and ${compatibilityDate}` : "";
    const figure = `${ms.toFixed(0)} ms, ${(ms - empty).toFixed(0)} over the empty one`;
    const why = failures[name] === undefined ? "" : `; ${failures[name].split("\n", 1)[0]}`;
    report(`first secret, ${name}`, `${ms === Infinity ? "cannot start" : figure}${needs}${why}`);
  }
}

async function start(modules, needs, begun, federates) {
  const miniflare = new Miniflare({
    compatibilityDate: "2023-01-01",
    ...needs,
    modulesRoot: here,
    modules,
    outboundService: async (request) => {
      const { status, headers, body } = await emulator.send({
        url: request.url,
        method: request.method,
        headers: Object.fromEntries(request.headers),
        body: Buffer.from(await request.arrayBuffer()),
      });
      return new Response(body, { status, headers });
    },
    handleRuntimeStdio: (stdout, stderr) => (stdout.resume(), stderr.resume()),
  });
  try {
    const ask = async (body) =>
      (await miniflare.dispatchFetch("http://worker/", { method: "POST", body })).text();
    const secret = await ask("");
    const ms = performance.now() - begun;
    return { secret, ms, federated: federates ? await ask(assertion()) : undefined };
  } catch (why) {
    return { secret: why.message, ms: Infinity };
  } finally {
    await miniflare.dispose().catch(() => {});
  }
}

/** What a cluster would issue: a token that the emulator verifies. */
function assertion() {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 600;
  const claims = { iss: issuer.issuer, sub: issuer.subject, aud: "api://AzureADTokenExchange", exp };
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", "key").update(text).digest("base64url")}`;
}

function report(what, figure) {
  console.log(`${what.padEnd(38)}${figure}`);
}
