/** The built package in processes of its own, against the emulator, with each engine. */

import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";

import { startEmulator } from "./support/emulator.js";
import { PACKAGE } from "./support/places.js";
import { runModule } from "./support/program.js";

const emulator = await startEmulator({
  identities: [
    { name: "machine", client_id: "22222222-2222-4222-8222-222222222222", object_id: "o", kind: "system" },
  ],
  vaults: [
    {
      name: "demo",
      secrets: { "db-password": "correct horse", disabled: { value: "x", enabled: false } },
      access: [{ principal: "o", secrets: ["get"] }],
    },
    { name: "closed", secrets: { a: "b" } },
  ],
});
after(() => emulator.stop());
beforeEach(() => emulator.forget());

const PREAMBLE = `
  import assert from "node:assert/strict";
  import * as nightlatch from "nightlatch";
  const { SecretClient, ManagedIdentityCredential } = nightlatch;
  assert.equal(nightlatch.engineKind, process.env.NIGHTLATCH_ENGINE);
  const credential = new ManagedIdentityCredential();
  const client = new SecretClient("https://demo.vault.azure.net", credential);
`;

for (const engine of ["native", "wasm"]) {
  const run = async (text: string, environment: Record<string, string> = {}): Promise<number> => {
    const { status, stderr, took } = await runModule(PREAMBLE + text, {
      cwd: PACKAGE,
      environment: { ...emulator.environment, NIGHTLATCH_ENGINE: engine, ...environment },
    });
    assert.equal(stderr, "");
    assert.equal(status, 0);
    return took;
  };

  describe(`over the ${engine} engine`, () => {
    test("a secret comes through a managed identity, and then from the cache", async () => {
      await run(`
        const secret = await client.getSecret("db-password");
        assert.equal(secret.value, "correct horse");
        assert.equal(secret.properties.vaultUrl, "https://demo.vault.azure.net");
        assert.ok(secret.properties.createdOn instanceof Date);
        assert.equal(await client.getSecret("db-password"), secret);
        assert.equal(client.getCachedSecret("DB-password"), secret);
        assert.equal(client.getCachedSecret("none"), undefined);
      `);
      assert.equal((await emulator.counts()).vault, 1);
    });

    test("200 callers at once, cold: one token request and one secret request", async () => {
      await run(`
        const secrets = await Promise.all(Array.from({ length: 200 }, () => client.getSecret("db-password")));
        assert.equal(new Set(secrets.map((secret) => secret.value)).size, 1);
      `);
      const { vault, app_service, entra, imds } = await emulator.counts();
      assert.deepEqual({ vault, app_service, entra, imds }, { vault: 1, app_service: 1, entra: 0, imds: 0 });
    });

    test("callers who leave do not take the others along", async () => {
      await emulator.fault({ service: "vault", delay_ms: 300 });
      await run(`
        const controller = new AbortController();
        const leaving = [1, 2, 3].map(() => client.getSecret("db-password", { abortSignal: controller.signal }));
        const staying = [1, 2].map(() => client.getSecret("db-password"));
        setTimeout(() => controller.abort("enough"), 100);
        for (const { reason } of await Promise.allSettled(leaving)) {
          assert.deepEqual([reason.name, reason.code, reason.cause], ["AbortError", "CANCELLED", "enough"]);
        }
        for (const secret of await Promise.all(staying)) assert.equal(secret.value, "correct horse");
      `);
      assert.equal((await emulator.counts()).vault, 1);
    });

    test("an idle client lets the process end, and a waiting one does not", async () => {
      const took = await run(`
        await client.getSecret("db-password");
        client.addEventListener("secretrotated", () => {});
      `);
      assert.ok(took < 5000, `${took} ms`);
      await emulator.fault({ service: "vault", status: 503 });
      await run(`
        let served = false;
        client.getSecret("db-password").then(() => (served = true));
        process.on("exit", () => assert.ok(served));
      `);
    });

    test("nothing is left open after a client is closed", async () => {
      await run(`
        {
          const inner = new SecretClient("https://demo.vault.azure.net", new ManagedIdentityCredential());
          await inner.getSecret("db-password");
          await inner[Symbol.asyncDispose]();
          await assert.rejects(inner.getSecret("db-password"), { code: "INVALID_ARGUMENT" });
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.deepEqual(process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout|Request/.test(name)), []);
      `);
    });

    test("errors tell what to do", async () => {
      await run(`
        const { NightlatchError, AuthenticationError } = nightlatch;
        const failing = async (name, url) => {
          const one = url ? new SecretClient(url, credential) : client;
          return one.getSecret(name).then(() => assert.fail(), (why) => why);
        };
        const missing = await failing("none");
        assert.ok(missing instanceof NightlatchError && missing instanceof Error);
        assert.deepEqual([missing.code, missing.statusCode], ["NOT_FOUND", 404]);
        assert.match(missing.stack, /eval/);
        assert.equal((await failing("disabled")).code, "SECRET_DISABLED");
        const denied = await failing("a", "https://closed.vault.azure.net");
        assert.deepEqual([denied.code, denied.identity.objectId], ["FORBIDDEN", "o"]);
        assert.equal((await failing("no_name")).code, "INVALID_ARGUMENT");
        assert.throws(() => new SecretClient("http://demo", credential), { code: "INVALID_ARGUMENT" });
        assert.throws(() => new SecretClient("https://demo.vault.azure.net", credential, { cacheTTL: 1 }), /cacheTTL/);
      `);
    });

    test("a host that cannot be reached says where it failed", async () => {
      await run(
        `
        const { code, message, cause } = await client.getSecret("db-password", { timeout: 500 }).catch((why) => why);
        assert.ok(["UNREACHABLE", "TIMEOUT"].includes(code), code);
        assert.match(message, /ECONNREFUSED/);
      `,
        { HTTPS_PROXY: "http://127.0.0.1:1" },
      );
      await run(
        `
        const { code } = await client.getSecret("db-password", { timeout: 500 }).catch((why) => why);
        assert.equal(code, "TLS");
      `,
        { NODE_EXTRA_CA_CERTS: "", SSL_CERT_FILE: "" },
      );
    });

    test("an authority is trusted by option", async () => {
      await run(
        `
        import { readFileSync } from "node:fs";
        const ca = readFileSync(${JSON.stringify(emulator.ca)});
        const trusting = new SecretClient("https://demo.vault.azure.net", credential, { ca });
        assert.equal((await trusting.getSecret("db-password")).value, "correct horse");
      `,
        { NODE_EXTRA_CA_CERTS: "", SSL_CERT_FILE: "" },
      );
    });

    test("events reach the client's listeners and Node's diagnostics channels", async () => {
      await run(`
        import { subscribe } from "node:diagnostics_channel";
        const seen = [];
        subscribe("nightlatch:secretfetched", ({ type, name }) => seen.push([type, name]));
        subscribe("nightlatch:event", ({ type }) => seen.push(type));
        client.addEventListener("secretfetched", ({ detail }) => seen.push(detail.name));
        await client.getSecret("db-password");
        assert.deepEqual(seen, ["tokenacquired", ["secretfetched", "db-password"], "secretfetched", "db-password"]);
      `);
    });

    test("credentials give tokens to other libraries, and take theirs", async () => {
      await run(`
        const { token, expiresOnTimestamp } = await credential.getToken("https://vault.azure.net/.default");
        assert.ok(token.length > 100 && expiresOnTimestamp > Date.now());
        const foreign = { getToken: async (scopes) => ({ token, expiresOnTimestamp }) };
        const other = new SecretClient("https://demo.vault.azure.net", foreign);
        assert.equal((await other.getSecret("db-password")).value, "correct horse");
      `);
    });

    test("worker threads have engines of their own", async () => {
      await run(`
        import { Worker } from "node:worker_threads";
        const program = \`import("nightlatch").then(async ({ SecretClient, ManagedIdentityCredential }) => {
          const client = new SecretClient("https://demo.vault.azure.net", new ManagedIdentityCredential());
          (await import("node:worker_threads")).parentPort.postMessage((await client.getSecret("db-password")).value);
        })\`;
        const values = await Promise.all([1, 2, 3].map(() => new Promise((resolve, reject) => {
          new Worker(program, { eval: true }).on("message", resolve).on("error", reject);
        })));
        assert.deepEqual(values, Array(3).fill("correct horse"));
      `);
      assert.equal((await emulator.counts()).vault, 3);
    });

    test("both module systems share the classes", async () => {
      await run(`
        import { createRequire } from "node:module";
        assert.equal(createRequire(process.cwd() + "/")("nightlatch").SecretClient, SecretClient);
      `);
    });
  });
}
