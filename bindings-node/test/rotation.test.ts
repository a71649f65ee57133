/** Rotation through real sockets, with each engine: what becomes of a secret, whatever its functions do, and if the process ends. */

import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";

import { startEmulator } from "./support/emulator.js";
import { PACKAGE } from "./support/places.js";
import { type Ended, runModule } from "./support/program.js";

const emulator = await startEmulator({
  vaults: [
    {
      name: "contoso",
      access: [{ principal: "33333333-3333-4333-8333-333333333333", secrets: ["get", "set", "list"] }],
      limits: { creates_per_10s: null, vault_per_10s: null },
    },
  ],
});
after(() => emulator.stop());

// Each story has a secret of its own.
let name = "";
let stories = 0;
beforeEach(async () => {
  name = `db-${++stories}`;
  await emulator.admin("PUT", `vaults/contoso/secrets/${name}`, {
    value: "0ld-s3cr3t",
    tags: { team: "shop" },
  });
  await emulator.forget();
});

/** Runs a program in which `rotate` rotates the secret of a database that accepts one value. */
function played(engine: string, story: string): Promise<Ended> {
  const program = `
    import assert from "node:assert/strict";
    import { inspect } from "node:util";
    import { ManagedIdentityCredential, SecretClient, engineKind } from "nightlatch";

    assert.equal(engineKind, "${engine}");
    const client = new SecretClient("https://contoso.vault.azure.net", new ManagedIdentityCredential());
    const events = [];
    client.addEventListener("event", ({ detail }) => events.push(detail));
    const called = [];
    let accepted = "0ld-s3cr3t";
    const functions = {
      make: () => (called.push("make"), "n3w-s3cr3t"),
      apply: async (value) => (called.push("apply"), (accepted = value)),
      verify: (value) => (called.push("verify"), value === accepted),
    };
    const rotate = (others = {}) => client.rotateSecret("${name}", { ...functions, ...others });
    const latest = async () => client.refresh("${name}");
    const types = () => events.map(({ type }) => type).filter((type) => type.startsWith("rotation"));
    ${story}
    console.log(inspect([events, called], { depth: 9 }));
    client.close();
  `;
  const environment = { ...emulator.environment, NIGHTLATCH_ENGINE: engine };
  return runModule(program, { cwd: PACKAGE, environment });
}

async function holds(engine: string, story: string): Promise<void> {
  const { status, stdout, stderr } = await played(engine, story);
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, /make|apply|verify/);
  assert.doesNotMatch(stdout, /s3cr3t/);
}

for (const engine of ["native", "wasm"]) {
  describe(`over the ${engine} engine`, () => {
    test("a value is made, set, applied and verified", () =>
      holds(
        engine,
        `const before = await latest();
        const rotation = await rotate();
        assert.deepEqual(called, ["make", "apply", "verify"]);
        const { value, properties } = await latest();
        assert.deepEqual([value, accepted], ["n3w-s3cr3t", "n3w-s3cr3t"]);
        assert.deepEqual(rotation.properties, properties);
        assert.deepEqual([rotation.previousVersion, rotation.slot, rotation.resumed], [before.properties.version, undefined, false]);
        assert.equal(properties.tags.team, "shop");
        assert.deepEqual(types(), ["rotationstarted", "rotationfinished"]);`,
      ));

    test("what is thrown has the old value in use again, and is the error's cause", () =>
      holds(
        engine,
        `const refused = new Error("the database said no");
        const verify = () => { called.push("verify"); throw refused; };
        const error = await rotate({ verify }).catch((why) => why);
        assert.deepEqual([error.code, error.help], ["SERVICE_FAILURE", "rotation-rolled-back"]);
        assert.equal(error.cause, refused);
        assert.doesNotMatch(error.message, /said no|s3cr3t/);
        assert.deepEqual(called, ["make", "apply", "verify", "apply"]);
        assert.deepEqual([(await latest()).value, accepted], ["0ld-s3cr3t", "0ld-s3cr3t"]);
        assert.deepEqual(types(), ["rotationstarted", "rotationrolledback"]);`,
      ));

    test("a value that does not work is rolled back as well", () =>
      holds(
        engine,
        `const error = await rotate({ apply: async () => void called.push("apply") }).catch((why) => why);
        assert.equal(error.help, "rotation-rolled-back");
        assert.equal(error.cause, undefined);
        assert.equal((await latest()).value, "0ld-s3cr3t");`,
      ));

    test("two slots are used in turn, and no reader gets what was not verified", () =>
      holds(
        engine,
        `const slots = ["blue", "green"];
        const seen = [];
        const told = (given) => async (...args) => {
          seen.push([args.at(-1).slot, (await latest()).value === "n3w-s3cr3t"]);
          return given(...args);
        };
        const verify = told(functions.verify);
        assert.equal((await rotate({ slots, verify })).slot, "green");
        assert.equal((await rotate({ slots, verify, make: () => "m0re-s3cr3t" })).slot, "blue");
        assert.deepEqual(seen, [["green", false], ["blue", true]]);
        const error = await rotate({ slots, make: () => "never", verify: () => false }).catch((why) => why);
        assert.equal(error.help, "rotation-failed");
        assert.equal((await latest()).value, "m0re-s3cr3t");
        assert.equal((await latest()).properties.tags["nightlatch-slot"], "blue");`,
      ));

    test("a process that ends in the middle is gone on for, without another value", async () => {
      const died = await played(
        engine,
        `await rotate({ apply: () => process.kill(process.pid, "SIGKILL") });`,
      );
      assert.deepEqual([died.status, died.stdout], [null, ""]);
      await holds(
        engine,
        `const rotation = await rotate();
        assert.equal(rotation.resumed, true);
        assert.deepEqual(called, ["apply", "verify"]);
        assert.deepEqual([(await latest()).value, accepted], ["n3w-s3cr3t", "n3w-s3cr3t"]);
        assert.deepEqual(types(), ["rotationresumed", "rotationfinished"]);`,
      );
    });

    test("who leaves is told, and the next call goes on", () =>
      holds(
        engine,
        `const leaving = new AbortController();
        let told;
        const apply = (value, { abortSignal }) => new Promise(() => {
          abortSignal.addEventListener("abort", () => (told = true));
          leaving.abort(new Error("enough"));
        });
        const error = await rotate({ apply, abortSignal: leaving.signal }).catch((why) => why);
        assert.deepEqual([error.name, error.cause.message, told], ["AbortError", "enough", true]);
        assert.equal((await rotate()).resumed, true);
        assert.deepEqual(called, ["make", "apply", "verify"]);`,
      ));

    test("functions that are left out have nothing to do, and those that are none are refused", () =>
      holds(
        engine,
        `await client.rotateSecret("${name}", { make: functions.make });
        assert.equal((await latest()).value, "n3w-s3cr3t");
        const before = events.length;
        for (const wrong of [undefined, {}, { make: "n3w-s3cr3t" }, { ...functions, apply: 1 }, { ...functions, slots: ["one"] }]) {
          await assert.rejects(client.rotateSecret("${name}", wrong), { code: "INVALID_ARGUMENT" });
        }
        assert.equal(events.length, before);
        for (const make of [() => 1, () => undefined, () => ""]) {
          const error = await rotate({ make }).catch((why) => why);
          assert.equal(error.help, "rotation-failed");
        }`,
      ));
  });
}
