import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { HostFault } from "../../wasm/js/host/host.js";
import { readFile } from "../../wasm/js/host/files.js";

const folder = mkdtempSync(join(tmpdir(), "nightlatch-files-"));

test("a file is read whole, up to its limit", async () => {
  const path = join(folder, "token");
  writeFileSync(path, "12345");
  assert.equal(Buffer.from(await readFile(path, 5)).toString(), "12345");
  await assert.rejects(readFile(path, 4), { kind: "too_large" });
});

test("a file that the system makes up, and whose size is zero, is read too", async () => {
  assert.match(Buffer.from(await readFile("/proc/self/status", 1 << 16)).toString(), /^Name:/);
});

test("what stands in the way is told apart", async () => {
  const kindOf = async (path: string): Promise<string> => {
    const why: unknown = await readFile(path, 10).then(
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
