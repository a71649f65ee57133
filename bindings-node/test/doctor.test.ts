/**
 * The doctor through real sockets, with each engine: three troubles that cost people hours, the transcript in the README,
 * which `UPDATE=1` writes, and the examples of probes.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";

import { startEmulator } from "./support/emulator.js";
import { PACKAGE } from "./support/places.js";
import { runModule, runProgram } from "./support/program.js";

const TENANT = "11111111-1111-4111-8111-111111111111";
const [APP, APP_OBJECT] = ["44444444-4444-4444-8444-444444444444", "55555555-5555-4555-8555-555555555555"];
const NEVER_ATTACHED = "8f0e4c21-93d2-4c5a-8f11-aa00bb11cc22";
const README = join(PACKAGE, "README.md");
/** What must not be told. */
const SECRETS = /s3cr3t|app-secret|emulator-identity-header|eyJ/;

const emulator = await startEmulator({
  app_registrations: [{ client_id: APP, object_id: APP_OBJECT, secrets: ["app-secret"] }],
  vaults: [
    {
      name: "contoso",
      secrets: { "db-password": "s3cr3t", "mail-key": "s3cr3t" },
      access: [{ principal: APP_OBJECT, secrets: ["get", "list", "recover"] }],
    },
  ],
});
after(() => emulator.stop());
beforeEach(() => situation());

/** Has something go wrong, or, without a name, nothing. */
async function situation(name?: string, secret = "db-password"): Promise<void> {
  await emulator.admin("DELETE", "situation");
  if (name !== undefined) {
    await emulator.admin("POST", "situation", { situation: name, secret });
  }
}

const { IDENTITY_ENDPOINT, IDENTITY_HEADER, ...network } = emulator.environment;
const appService = {
  ...network,
  IDENTITY_ENDPOINT,
  IDENTITY_HEADER,
  WEBSITE_SITE_NAME: "shop",
  WEBSITE_RESOURCE_GROUP: "shop-group",
};
const principal = {
  ...network,
  VAULT_URL: "https://contoso.vault.azure.net",
  AZURE_TENANT_ID: TENANT,
  AZURE_CLIENT_ID: APP,
  AZURE_CLIENT_SECRET: "app-secret",
};

for (const engine of ["native", "wasm"]) {
  /** Has a module look at a diagnosis and a health check of a secret. */
  const diagnosed = async (
    credential: string,
    variables: Record<string, string | undefined>,
    look: string,
  ): Promise<void> => {
    const program = `
      import assert from "node:assert/strict";
      import { EnvironmentCredential, ManagedIdentityCredential, SecretClient, engineKind } from "nightlatch";
      assert.equal(engineKind, "${engine}");
      const client = new SecretClient("https://contoso.vault.azure.net", ${credential});
      const told = await client.diagnose("db-password");
      const health = await client.check(["db-password"]);
      assert.deepEqual([told.ok, health.ok, health.troubles[0].error.code], [false, false, told.error.code]);
      ${look}
      console.log(told, String(told), told.json, health, String(health), health.json);
    `;
    const environment = { ...variables, NIGHTLATCH_ENGINE: engine };
    const { status, stdout, stderr } = await runModule(program, { cwd: PACKAGE, environment });
    assert.deepEqual([status, stderr], [0, ""]);
    assert.ok(stdout.length > 1000);
    assert.doesNotMatch(stdout, SECRETS);
  };

  describe(`over the ${engine} engine`, () => {
    test("the identity was granted a role and never attached", async () => {
      await situation("identity-not-attached");
      await diagnosed(
        `new ManagedIdentityCredential("${NEVER_ATTACHED}")`,
        appService,
        `assert.equal(told.verdict.code, "identity-not-attached");
        const [command] = told.verdict.commands;
        assert.match(command, /^az webapp identity assign --name shop --resource-group shop-group --identities /);
        assert.match(command, /${NEVER_ATTACHED}/);
        assert.deepEqual([told.host.kind, told.identity], ["app-service", undefined]);`,
      );
    });

    test("the firewall lets only some addresses in", async () => {
      await situation("firewall-blocked");
      await diagnosed(
        "new ManagedIdentityCredential()",
        appService,
        `assert.equal(told.verdict.code, "firewall-blocked");
        const query = "--query possibleOutboundIpAddresses --output tsv";
        assert.deepEqual(told.verdict.commands, [
          "az keyvault network-rule add --name contoso --ip-address 203.0.113.7",
          "az webapp show --name shop --resource-group shop-group " + query,
        ]);
        assert.equal(told.service.address, "203.0.113.7");
        assert.equal(told.identity.source, "ManagedIdentityCredential");`,
      );
    });

    test("the secret was deleted, and comes back as the doctor says", async () => {
      await situation("secret-deleted");
      await diagnosed(
        "new EnvironmentCredential()",
        principal,
        `assert.equal(told.verdict.code, "secret-deleted");
        const recover = "az keyvault secret recover --vault-name contoso --name db-password";
        assert.deepEqual(told.verdict.commands, [recover]);
        assert.deepEqual(told.warnings.map(({ code }) => code), ["no-purge-protection"]);
        const poller = await client.beginRecoverDeletedSecret("db-password", { intervalInMs: 100 });
        await poller.pollUntilDone();
        assert.equal((await client.diagnose("db-password")).ok, true);`,
      );
    });
  });
}

test("the transcript in the README is what the program prints", async () => {
  await situation("identity-not-attached");
  const args = ["doctor", "contoso.vault.azure.net", "db-password", "--client-id", NEVER_ATTACHED];
  const program = join(PACKAGE, "dist", "cli.cjs");
  const ran = await runProgram(program, args, { environment: appService });
  assert.deepEqual([ran.status, ran.stderr], [1, ""]);
  const printed = ran.stdout.replace(/after \d+ ms/g, "after 9 ms");
  const transcript = `$ npx nightlatch ${args.join(" ")}\n${printed}`;
  const text = readFileSync(README, "utf8");
  const written = /(?<=\n## Why not\?\n[^]*?\n```text\n)[^]*?(?=```)/;
  if (process.env["UPDATE"] !== undefined) {
    writeFileSync(
      README,
      text.replace(written, () => transcript),
    );
  } else {
    assert.equal(written.exec(text)?.[0], transcript);
  }
});

/** Starts an example and gives the ways to ask its probe, and to end it. */
async function started(name: string): Promise<{ ask(): Promise<unknown>; end(): Promise<string> }> {
  const child = spawn(process.execPath, [join(PACKAGE, "examples", name), "0"], {
    env: { ...process.env, ...principal },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim().split(" ").pop() ?? ""));
    child.once("exit", () => reject(new Error(said)));
  });
  return {
    ask: async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
      return [answer.status, await answer.json()];
    },
    end: async () => {
      child.kill();
      await ended;
      return said;
    },
  };
}

for (const name of ["readiness-express.mjs", "readiness-plain.mjs"]) {
  test(`${name} answers probes, from the cache where it can`, async () => {
    const { ask, end } = await started(name);
    try {
      assert.deepEqual(await ask(), [200, { ok: true, troubles: {} }]);
      const warm = (await emulator.counts()).vault;
      assert.deepEqual(await ask(), [200, { ok: true, troubles: {} }]);
      assert.equal((await emulator.counts()).vault, warm);
    } finally {
      await end();
    }
  });
}

test("a probe names what is wrong, and the log what to do", async () => {
  await situation("secret-disabled", "mail-key");
  const { ask, end } = await started("readiness-express.mjs");
  let said = "";
  try {
    const troubles = { "mail-key": "secret-disabled" };
    assert.deepEqual(await ask(), [503, { ok: false, troubles }]);
    await situation();
    assert.deepEqual(await ask(), [200, { ok: true, troubles: {} }]);
  } finally {
    said = await end();
  }
  assert.match(said, /^not ready: trouble: mail-key: .*\(secret-disabled\)\n  To do: Enable the secret/);
});

test("a program that cannot start says why not", async () => {
  await situation("role-missing");
  await assert.rejects(started("readiness-plain.mjs"), /^Error: trouble: [^]*\$ az role assignment create /);
});
