import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";

import { findProgram, run, safeDirectory } from "../js/host/commands.js";

const never = new AbortController().signal;
const sh = (script: string): string[] => ["sh", "-c", script];
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("a program's output and status are told, each stream by itself", async () => {
  const ran = await run(sh("echo out; echo err >&2; exit 3"), [], 5000, never);
  assert.deepEqual([ran.status, text(ran.stdout), text(ran.stderr)], [3, "out\n", "err\n"]);
});

test("arguments reach the program as they are: there is no shell", async () => {
  const ran = await run(["printf", "%s|", "a b", "$HOME", "`id`", '"'], [], 5000, never);
  assert.equal(text(ran.stdout), 'a b|$HOME|`id`|"|');
});

test("it has no input, the variables that were asked for, and a directory that nobody writes to", async () => {
  const ran = await run(
    sh('cat; echo "$NIGHTLATCH_TEST $PATH"; pwd'),
    [["NIGHTLATCH_TEST", "x y"]],
    5000,
    never,
  );
  assert.equal(text(ran.stdout), `x y ${process.env["PATH"]}\n${realpathSync(safeDirectory())}\n`);
});

test("a program that a signal ended has no status", async () => {
  assert.equal((await run(sh("kill -9 $$"), [], 5000, never)).status, null);
});

test("when the time is up the program ends, and what it started", async () => {
  const marker = join(mkdtempSync(join(tmpdir(), "nightlatch-commands-")), "alive");
  const begun = performance.now();
  await assert.rejects(run(sh(`(sleep 1; echo > ${marker}) & wait`), [], 100, never), { kind: "timeout" });
  assert.ok(performance.now() - begun < 900);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  await assert.rejects(
    import("node:fs/promises").then((fs) => fs.stat(marker)),
    { code: "ENOENT" },
  );
});

test("whoever does not want it any more ends it", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(run(["sleep", "10"], [], 5000, controller.signal), { kind: "interrupted" });
  await assert.rejects(run(["sleep", "10"], [], 5000, AbortSignal.abort()), { kind: "interrupted" });
});

test("endless output ends the program", async () => {
  await assert.rejects(run(["yes"], [], 5000, never), { kind: "too_large" });
});

test("somebody who keeps the pipe open does not keep us", async () => {
  const begun = performance.now();
  const ran = await run(sh("sleep 5 & echo done"), [], 10_000, never);
  assert.equal(text(ran.stdout), "done\n");
  assert.ok(performance.now() - begun < 3000);
});

test("programs come from absolute directories of PATH only, never from the current one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-commands-"));
  for (const [name, mode] of [
    ["planted", 0o755],
    ["no-program", 0o644],
  ] as const) {
    writeFileSync(join(folder, name), "#!/bin/sh\n");
    chmodSync(join(folder, name), mode);
  }
  const before = { path: process.env["PATH"], cwd: process.cwd() };
  try {
    process.chdir(folder);
    process.env["PATH"] = [".", "", "bin", before.path].join(delimiter);
    assert.equal(await findProgram("planted"), undefined);
    assert.equal(await findProgram("./planted"), undefined);
    await assert.rejects(run(["planted"], [], 1000, never), { kind: "not_found" });
    process.env["PATH"] = [folder, before.path].join(delimiter);
    assert.equal(await findProgram("planted"), join(folder, "planted"));
    assert.equal(await findProgram("no-program"), undefined);
    assert.equal(await findProgram(""), undefined);
  } finally {
    process.chdir(before.cwd);
    process.env["PATH"] = before.path;
  }
});
