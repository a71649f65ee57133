/** Settings out of a vault: the examples for NestJS and for `.env` files, in a folder where they were installed as a user does it. */

import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { type Emulator, startEmulator } from "./support/emulator.js";
import { type Installed, install, succeeded } from "./support/installed.js";
import { PACKAGE } from "./support/places.js";
import { type Ended, runProgram } from "./support/program.js";

const SECRETS = { "shop-Db--Password": "s3cr3t", "shop-Api--Key": "k3y", "other-Key": "0ther" };
/** What must not be told. */
const TOLD = /s3cr3t|k3y|0ther/;

let installed: Installed;
let emulator: Emulator;

before(async () => {
  emulator = await startEmulator({
    vaults: [
      {
        name: "contoso",
        secrets: SECRETS,
        access: [{ principal: "33333333-3333-4333-8333-333333333333", secrets: ["get", "list"] }],
      },
    ],
  });
  installed = await install(join(PACKAGE, "test", "examples"));
  for (const name of ["settings-dotenv.mjs", "settings-nestjs.ts"]) {
    copyFileSync(join(PACKAGE, "examples", name), join(installed.folder, name));
  }
});

after(async () => {
  await emulator.stop();
  installed.remove();
});

beforeEach(() => emulator.admin("DELETE", "situation"));

/** Runs Node in that folder. */
function node(...args: string[]): Promise<Ended> {
  const environment = { ...emulator.environment, VAULT_URL: "https://contoso.vault.azure.net" };
  return runProgram(process.execPath, args, { cwd: installed.folder, environment });
}

test("NestJS starts with the vault's secrets in its configuration, and not without them", async () => {
  const tsc = join(installed.folder, "node_modules", ".bin", "tsc");
  const flags = "--strict --target es2022 --module nodenext --experimentalDecorators --emitDecoratorMetadata";
  const libraries = "--lib es2023,dom,esnext.disposable --types node";
  const args = [...flags.split(" "), ...libraries.split(" "), "settings-nestjs.ts"];
  succeeded(await runProgram(tsc, args, { cwd: installed.folder }));
  writeFileSync(
    join(installed.folder, "main.mjs"),
    `import "reflect-metadata";
     import { ConfigService } from "@nestjs/config";
     import { NestFactory } from "@nestjs/core";
     import { Database, Shop } from "./settings-nestjs.js";
     const app = await NestFactory.create(Shop, { logger: ["error"] });
     await app.listen(0, "127.0.0.1");
     const answer = await fetch(await app.getUrl());
     const config = app.get(ConfigService);
     console.error(app.get(Database), config.get("other-Key"));
     console.log(JSON.stringify([await answer.json(), app.get(Database).options, config.get("Api.Key")]));
     await app.close();`,
  );
  const { stdout, stderr } = await node("main.mjs");
  assert.deepEqual(JSON.parse(stdout), [{ user: "shop" }, { user: "shop", password: "s3cr3t" }, "k3y"]);
  assert.equal(stderr, "Database {} undefined\n");
  const log = await emulator.log();
  assert.ok(!log.some(({ path }) => (path as string).startsWith("/secrets/other-Key")));

  await emulator.admin("POST", "situation", { situation: "role-missing" });
  const refused = await node("main.mjs");
  assert.notEqual(refused.status, 0);
  assert.match(refused.stdout + refused.stderr, /To mend this: .*az role assignment create /);
  assert.doesNotMatch(refused.stdout + refused.stderr, TOLD);
});

test("an .env file may refer to secrets, and without them no program starts", async () => {
  const reference = (name: string): string => `@Microsoft.KeyVault(VaultName=contoso;SecretName=${name})`;
  const file = join(installed.folder, ".env");
  const program = `const { DB_HOST, DB_PASSWORD, VAULT_URL } = process.env;
    console.log(JSON.stringify([DB_HOST, DB_PASSWORD, VAULT_URL]));`;
  writeFileSync(join(installed.folder, "server.mjs"), program);
  writeFileSync(
    file,
    `DB_HOST=db.example.net\nDB_PASSWORD=${reference("shop-Db--Password")}\nVAULT_URL=of the file\n`,
  );
  const started = await node("--import", "./settings-dotenv.mjs", "server.mjs");
  assert.deepEqual(
    [started.stderr, JSON.parse(started.stdout)],
    ["", ["db.example.net", "s3cr3t", "https://contoso.vault.azure.net"]],
  );
  writeFileSync(file, `DB_PASSWORD=${reference("shop-Db--Password")}\nMISSING=${reference("missing")}\n`);
  const refused = await node("--import", "./settings-dotenv.mjs", "server.mjs");
  assert.deepEqual([refused.status, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /\/MISSING/);
  assert.doesNotMatch(refused.stderr, TOLD);
});
