/**
 * The same program in every place there is, against the emulator over real TLS.
 *
 * It imports this package; or `nightlatch`, as it is installed in the folder that the variable NIGHTLATCH_INSTALLED names.
 */

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createHmac, createPrivateKey } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { chromium } from "playwright-core";

import { startEmulator, startRelay } from "./support/emulator.mjs";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const INSTALLED = process.env.NIGHTLATCH_INSTALLED;
/** Where the programs lie, beside the package that they import. */
const PROGRAMS = INSTALLED === undefined ? join(PACKAGE, "test/places") : importing("nightlatch", INSTALLED);
/** What pages are served, and where they find a package. */
const SITE =
  INSTALLED === undefined
    ? { root: PACKAGE, folders: ["dist"], imports: { "nightlatch-wasm": "/dist/entry/browser.js" } }
    : {
        root: INSTALLED,
        folders: ["node_modules/nightlatch/dist", "node_modules/nightlatch-wasm/dist"],
        imports: {
          nightlatch: "/node_modules/nightlatch/dist/edge.js",
          "nightlatch-wasm": "/node_modules/nightlatch-wasm/dist/entry/browser.js",
        },
      };
const TENANT = "11111111-1111-4111-8111-111111111111";
const CLIENT = "44444444-4444-4444-8444-444444444444";
const PRINCIPAL = "55555555-5555-4555-8555-555555555555";
const EXPECTED = {
  bySecret: "s3cr3t-from-the-emulator",
  one: true,
  byAssertion: "s3cr3t-from-the-emulator",
  byCertificate: "s3cr3t-from-the-emulator",
  byKey: "s3cr3t-from-the-emulator",
  missing: "NightlatchError NOT_FOUND",
};
// A token for each credential; the secret for each, and the missing one.
const COUNTS = { entra: 4, vault: 5 };
/** Besides, where the whole engine is: a key, what it wraps and unwraps; a secret four times, a new version and its tags. */
const WHOLE = { encrypted: "5 hunter2", rotated: "n3w" };
const COUNTS_OF_WHOLE = { entra: 4, vault: 5 + 3 + 6 };

const issuer = { issuer: "https://cluster.example/", subject: "system:serviceaccount:shop:basket" };
const key = "shared between the test and the emulator";

const CERTIFICATE = certificate();

let emulator, relay, parameters;

before(async () => {
  emulator = await startEmulator({
    tenants: [{ id: TENANT }],
    app_registrations: [
      {
        client_id: CLIENT,
        object_id: PRINCIPAL,
        secrets: ["app-secret"],
        certificates: [CERTIFICATE.alone],
        federated: [{ ...issuer, hmac: key }],
      },
    ],
    vaults: [
      {
        name: "contoso",
        secrets: { "db-password": EXPECTED.bySecret },
        keys: { app: {} },
        access: [{ principal: PRINCIPAL, secrets: ["get", "set"], keys: ["get", "wrapKey", "unwrapKey"] }],
      },
    ],
  });
  relay = await startRelay(emulator, browserFiles());
  parameters = {
    tenant: TENANT,
    clientId: CLIENT,
    clientSecret: "app-secret",
    assertion: assertion(),
    certificate: CERTIFICATE,
    vault: "https://contoso.vault.azure.net",
    relay: relay.url,
  };
});

after(async () => {
  await relay?.stop();
  await emulator?.stop();
});

/** A new certificate: with its key in PEM, by itself, and its key in DER. */
function certificate() {
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-"));
  const [key, alone] = ["key.pem", "certificate.pem"].map((name) => join(folder, name));
  const about = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=app"];
  execFileSync("openssl", ["req", "-x509", ...about, "-keyout", key, "-out", alone], { stdio: "ignore" });
  const [secret, open] = [key, alone].map((file) => readFileSync(file, "utf8"));
  rmSync(folder, { recursive: true });
  const pkcs8 = createPrivateKey(secret).export({ type: "pkcs8", format: "der" }).toString("base64");
  return { pem: secret + open, alone: open, pkcs8 };
}

/** What a cluster would put into the file: a token that the emulator verifies. */
function assertion() {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 600;
  const claims = { iss: issuer.issuer, sub: issuer.subject, aud: "api://AzureADTokenExchange", exp };
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

/** The programs once more, for another package, beside where it is installed. */
function importing(name, installed) {
  const folder = join(installed, "places");
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(join(PACKAGE, "test/places"))) {
    const text = readFileSync(join(PACKAGE, "test/places", file), "utf8");
    writeFileSync(join(folder, file), text.replaceAll('"nightlatch-wasm"', JSON.stringify(name)));
  }
  return folder;
}

/** Plays the program by a runtime's command, with parameters in and the result out as JSON. */
async function run(command, args, options = {}) {
  const child = promisify(execFile)(command, args, { timeout: 60_000, cwd: PROGRAMS, ...options });
  child.child.stdin.end(JSON.stringify(parameters));
  const { stdout } = await child;
  return JSON.parse(stdout);
}

async function check(result, expected = EXPECTED, counted = COUNTS) {
  assert.deepEqual(result, expected);
  const { entra, vault } = await emulator.counts();
  assert.deepEqual({ entra, vault }, counted);
}

/** The same where the whole engine is. */
async function checkWhole(result) {
  await check(result, { ...EXPECTED, ...WHOLE }, COUNTS_OF_WHOLE);
  await emulator.restore();
}

test("Node", async () => checkWhole(await run(process.execPath, ["node.mjs"])));

test("Deno", async () => {
  const deno = join(PACKAGE, "node_modules/.bin/deno");
  const allowed = ["--allow-net", "--allow-read", "--allow-env"];
  await checkWhole(
    await run(deno, ["run", "--no-lock", "--node-modules-dir=manual", ...allowed, "deno.mjs"]),
  );
});

test("Bun", async () => checkWhole(await run(join(PACKAGE, "node_modules/.bin/bun"), ["bun.mjs"])));

test("workerd, without any compatibility flag, and without a relay", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-"));
  const bundle = await build({
    entryPoints: [join(PROGRAMS, "worker.js")],
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    loader: { ".wasm": "copy" },
    outdir: folder,
    logLevel: "error",
  });
  assert.deepEqual(bundle.errors, []);
  const miniflare = new Miniflare({
    compatibilityDate: "2023-01-01",
    modulesRoot: folder,
    modules: readdirSync(folder)
      .sort((one) => (one === "worker.js" ? -1 : 1))
      .map((name) => ({
        type: name.endsWith(".js") ? "ESModule" : "CompiledWasm",
        path: join(folder, name),
      })),
    outboundService: async (request) => {
      const { status, headers, body } = await emulator.send({
        url: request.url,
        method: request.method,
        headers: Object.fromEntries(request.headers),
        body: Buffer.from(await request.arrayBuffer()),
      });
      return new Response(body, { status, headers });
    },
  });
  try {
    const call = () =>
      miniflare.dispatchFetch("http://worker/", {
        method: "POST",
        body: JSON.stringify({ ...parameters, relay: undefined }),
      });
    await check(await (await call()).json());
    // A client that outlives its requests, some of which wait for what another one's IO brings.
    const shared = async (path) => (await miniflare.dispatchFetch(`http://worker/${path}`)).text();
    const answers = await Promise.all(Array.from({ length: 20 }, () => shared("shared")));
    assert.deepEqual(new Set(answers), new Set([EXPECTED.bySecret]));
    const { entra, vault } = await emulator.counts();
    assert.deepEqual({ entra, vault }, { entra: 1, vault: 1 });
    // A request that goes and leaves its IO unfinished.
    assert.equal(await shared("leaving"), "gone");
    assert.equal(await shared("staying"), EXPECTED.bySecret);
  } finally {
    await emulator.counts();
    await miniflare.dispose();
    rmSync(folder, { recursive: true });
  }
});

test("Chromium, through a relay", async () => {
  const browser = await chromium.launch({
    executablePath: chromiumProgram(),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-sync",
    ],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`${relay.url}/`);
    const [name] = Object.keys(SITE.imports);
    const played = page.evaluate(
      async ([name, parameters]) => {
        const nightlatch = await import(name);
        const { play } = await import("/program.js");
        return play(nightlatch, parameters);
      },
      [name, parameters],
    );
    await check(await played);
    const refused = await page.evaluate(async (name) => {
      const { SecretClient } = await import(name);
      try {
        return new SecretClient("https://contoso.vault.azure.net");
      } catch (error) {
        return error.message;
      }
    }, name);
    assert.match(refused, /CORS/);
  } finally {
    await browser.close();
  }
});

/** What the page loads: the packages as they are, without a bundler, found by an import map. */
function browserFiles() {
  const types = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
  const map = `<script type="importmap">${JSON.stringify({ imports: SITE.imports })}</script>`;
  const files = { "/": { type: types.html, content: `<!doctype html><title>nightlatch</title>${map}` } };
  const take = (path, from) => {
    const type = types[path.split(".").at(-1)];
    files[path] = { type, content: readFileSync(from) };
  };
  take("/program.js", join(PROGRAMS, "program.js"));
  const listing = execFileSync("find", [...SITE.folders, "-name", "*.js", "-o", "-name", "*.wasm"], {
    cwd: SITE.root,
    encoding: "utf8",
  });
  for (const path of listing.trim().split("\n")) {
    take(`/${path}`, join(SITE.root, path));
  }
  return files;
}

/** The machine's Chromium; on Debian it is installed if it is not there. */
function chromiumProgram() {
  const found = () =>
    process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
  if (found() === undefined) {
    const options = { stdio: ["ignore", "ignore", "inherit"] };
    execFileSync("apt-get", ["update", "-qq"], options);
    execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], options);
  }
  return found();
}
