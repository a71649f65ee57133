import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { HostFault } from "../../wasm/js/host/host.js";
import { readFile } from "../../wasm/js/host/files.js";

const folder = mkdtempSync(join(tmpdir(), "nightlatch-files-"));

test("a file is read whole, up to its limit", async () => {
  const path = join(folder, "token");
  writeFileSync(path, "12345");
  assert.equal(Buffer.from((await readFile(path, 5, false)).content).toString(), "12345");
  await assert.rejects(readFile(path, 4, false), { kind: "too_large" });
  await assert.rejects(readFile(path, 0, true), { kind: "too_large" });
});

test("a file that the system makes up, and whose size is zero, is read too", async () => {
  const { content } = await readFile("/proc/self/status", 1 << 16, false);
  assert.match(Buffer.from(content).toString(), /^Name:/);
});

test("what stands in the way is told apart", async () => {
  const kindOf = async (path: string): Promise<string> => {
    const why: unknown = await readFile(path, 10, false).then(
      () => undefined,
      (why) => why,
    );
    assert.ok(why instanceof HostFault);
    return why.kind;
  };
  assert.equal(await kindOf(join(folder, "none")), "not_found");
  assert.equal(await kindOf(join(folder, "token", "below")), "not_found");
  assert.equal(await kindOf(folder), "other");
});

test("whether others may read it is told", async () => {
  const path = join(folder, "key");
  writeFileSync(path, "k");
  for (const [mode, shared] of [
    [0o600, false],
    [0o640, true],
    [0o604, true],
  ] as const) {
    chmodSync(path, mode);
    assert.equal((await readFile(path, 10, false)).shared, shared, mode.toString(8));
  }
});

test("nothing but a plain file is read where one is wanted", async () => {
  const [link, pipe] = [join(folder, "link"), join(folder, "pipe")];
  symlinkSync(join(folder, "token"), link);
  execFileSync("mkfifo", [pipe]);
  assert.equal((await readFile(link, 10, false)).content.length, 5);
  for (const path of [link, pipe, folder, "/dev/zero"]) {
    await assert.rejects(readFile(path, 10, true), { kind: "not_plain" }, path);
  }
  assert.equal((await readFile(join(folder, "token"), 10, true)).content.length, 5);
});
