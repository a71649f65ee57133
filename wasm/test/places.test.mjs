/** The same program in every place there is, against the emulator over real TLS. */

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { chromium } from "playwright-core";

import { startEmulator, startRelay } from "./support/emulator.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const TENANT = "11111111-1111-4111-8111-111111111111";
const CLIENT = "44444444-4444-4444-8444-444444444444";
const PRINCIPAL = "55555555-5555-4555-8555-555555555555";
const EXPECTED = {
  bySecret: "s3cr3t-from-the-emulator",
  one: true,
  byAssertion: "s3cr3t-from-the-emulator",
  missing: "NightlatchError NOT_FOUND",
};
// Two tokens; the secret and the missing one, the secret again for the other credential.
const COUNTS = { entra: 2, vault: 3 };

const issuer = { issuer: "https://cluster.example/", subject: "system:serviceaccount:shop:basket" };
const key = "shared between the test and the emulator";

let emulator, relay, parameters;

before(async () => {
  emulator = await startEmulator({
    tenants: [{ id: TENANT }],
    app_registrations: [
      {
        client_id: CLIENT,
        object_id: PRINCIPAL,
        secrets: ["app-secret"],
        federated: [{ ...issuer, hmac: key }],
      },
    ],
    vaults: [
      {
        name: "contoso",
        secrets: { "db-password": EXPECTED.bySecret },
        access: [{ principal: PRINCIPAL, secrets: ["get"] }],
      },
    ],
  });
  relay = await startRelay(emulator, browserFiles());
  parameters = {
    tenant: TENANT,
    clientId: CLIENT,
    clientSecret: "app-secret",
    assertion: assertion(),
    vault: "https://contoso.vault.azure.net",
    relay: relay.url,
  };
});

after(async () => {
  await relay?.stop();
  await emulator?.stop();
});

/** What a cluster would put into the file: a token that the emulator verifies. */
function assertion() {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 600;
  const claims = { iss: issuer.issuer, sub: issuer.subject, aud: "api://AzureADTokenExchange", exp };
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

/** Plays the program by a runtime's command, with parameters in and the result out as JSON. */
async function run(command, args, options = {}) {
  const child = promisify(execFile)(command, args, { timeout: 60_000, cwd: HERE, ...options });
  child.child.stdin.end(JSON.stringify(parameters));
  const { stdout } = await child;
  return JSON.parse(stdout);
}

async function check(result) {
  assert.deepEqual(result, EXPECTED);
  const { entra, vault } = await emulator.counts();
  assert.deepEqual({ entra, vault }, COUNTS);
}

test("Node", async () => check(await run(process.execPath, ["places/node.mjs"])));

test("Deno", async () => {
  const deno = join(PACKAGE, "node_modules/.bin/deno");
  const allowed = ["--allow-net", "--allow-read", "--allow-env"];
  await check(
    await run(deno, ["run", "--no-lock", "--node-modules-dir=manual", ...allowed, "places/deno.mjs"]),
  );
});

test("Bun", async () => check(await run(join(PACKAGE, "node_modules/.bin/bun"), ["places/bun.mjs"])));

test("workerd, without any compatibility flag, and without a relay", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-"));
  const bundle = await build({
    entryPoints: [join(HERE, "places/worker.js")],
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
    const played = page.evaluate(async (parameters) => {
      const nightlatch = await import("/dist/entry/browser.js");
      const { play } = await import("/program.js");
      return play(nightlatch, parameters);
    }, parameters);
    await check(await played);
    const refused = await page.evaluate(async () => {
      const { SecretClient } = await import("/dist/entry/browser.js");
      try {
        return new SecretClient("https://contoso.vault.azure.net");
      } catch (error) {
        return error.message;
      }
    });
    assert.match(refused, /CORS/);
  } finally {
    await browser.close();
  }
});

/** What the page loads: the package as it is, without a bundler. */
function browserFiles() {
  const types = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
  const files = { "/": { type: types.html, content: "<!doctype html><title>nightlatch</title>" } };
  const take = (path, from) => {
    const type = types[path.split(".").at(-1)];
    files[path] = { type, content: readFileSync(from) };
  };
  take("/program.js", join(HERE, "places/program.js"));
  const listing = execFileSync("find", ["dist", "-name", "*.js", "-o", "-name", "*.wasm"], {
    cwd: PACKAGE,
    encoding: "utf8",
  });
  for (const path of listing.trim().split("\n")) {
    take(`/${path}`, join(PACKAGE, path));
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
