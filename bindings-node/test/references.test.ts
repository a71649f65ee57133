/** References in configuration through real sockets, with each engine: the README's program, and what a program gets. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";

import { startEmulator } from "./support/emulator.js";
import { PACKAGE } from "./support/places.js";
import { runModule } from "./support/program.js";

const emulator = await startEmulator({
  vaults: [
    {
      name: "contoso",
      secrets: { "db-password": 's3cr3t "quoted"\nand more', "mail-key": "k3y" },
      access: [{ principal: "33333333-3333-4333-8333-333333333333", secrets: ["get"] }],
    },
  ],
});
after(() => emulator.stop());
beforeEach(() => emulator.forget());

const reference = (name: string): string => `@Microsoft.KeyVault(VaultName=contoso;SecretName=${name})`;
const VARIABLES = {
  ...emulator.environment,
  DB_PASSWORD: reference("db-password"),
  MAIL_KEY: reference("mail-key"),
  MAIL_KEY_AGAIN: reference("mail-key"),
};

/** Runs a module with an engine; what it prints is JSON. */
async function printed(
  engine: string,
  text: string,
  variables: Record<string, string> = VARIABLES,
): Promise<unknown> {
  const program = `import * as nightlatch from "nightlatch";\nconst { ReferenceResolver } = nightlatch;\n${text}`;
  const environment = { ...variables, NIGHTLATCH_ENGINE: engine };
  const { status, stdout, stderr } = await runModule(program, { cwd: PACKAGE, environment });
  assert.deepEqual([status, stderr], [0, ""]);
  return JSON.parse(stdout);
}

for (const engine of ["native", "wasm"]) {
  test(`the environment, a tree and texts are resolved with the ${engine} engine`, async () => {
    const got = await printed(
      engine,
      `const resolver = new ReferenceResolver();
       const { DB_PASSWORD, MAIL_KEY, MAIL_KEY_AGAIN, PATH } = await resolver.resolveEnv();
       const [one, tree] = [process.env.DB_PASSWORD, { deep: [process.env.MAIL_KEY, 1] }];
       console.log(JSON.stringify([
         nightlatch.engineKind,
         { DB_PASSWORD, MAIL_KEY, MAIL_KEY_AGAIN },
         PATH === process.env.PATH,
         await resolver.resolve(one),
         await resolver.resolve(tree),
         await resolver.resolveJson(JSON.stringify([one])),
         await resolver.resolveDotenv("A=" + one),
         (await resolver.status(one)).references[0].status,
         process.env.MAIL_KEY,
       ]));
       resolver.close();`,
    );
    const password = 's3cr3t "quoted"\nand more';
    assert.deepEqual(got, [
      engine,
      { DB_PASSWORD: password, MAIL_KEY: "k3y", MAIL_KEY_AGAIN: "k3y" },
      true,
      password,
      { deep: ["k3y", 1] },
      JSON.stringify([password]).replaceAll("\\n", "\\u000a"),
      { A: password },
      "Resolved",
      reference("mail-key"),
    ]);
    assert.equal((await emulator.counts()).vault, 2);
  });

  test(`what is missing is named, and nothing is given, with the ${engine} engine`, async () => {
    const got = await printed(
      engine,
      `const error = await new ReferenceResolver().resolveEnv().catch((why) => why);
       console.log(JSON.stringify([error.code, error.attempts.map(({ source, ending }) => [source, ending])]));`,
      { ...VARIABLES, MISSING: reference("missing"), SLIP: "@Microsoft.KeyVault(contoso)" },
    );
    const [code, attempts] = got as [string, string[][]];
    assert.equal(code, "NOT_FOUND");
    assert.deepEqual(attempts.sort(), [
      ["/MISSING", "SecretNotFound"],
      ["/SLIP", "InvalidSyntax"],
    ]);
  });
}

test("the program in the README gives the settings", async () => {
  const [, program] = /## References in configuration[^]*?```js\n([^]*?)```/.exec(
    readFileSync(join(PACKAGE, "README.md"), "utf8"),
  ) as unknown as [string, string];
  const { stdout, stderr } = await runModule(`${program}\nconsole.log(JSON.stringify(settings));`, {
    cwd: PACKAGE,
    environment: VARIABLES,
  });
  assert.equal(stderr, "");
  assert.deepEqual(JSON.parse(stdout), { host: "db.example.net", password: 's3cr3t "quoted"\nand more' });
});
