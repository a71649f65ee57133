import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";

import { browse } from "../js/host/people.js";

const folder = mkdtempSync(join(tmpdir(), "nightlatch-people-"));
const path = process.env["PATH"];
after(() => {
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true });
});

const never = new AbortController().signal;
const page = (more: object = {}): Parameters<typeof browse>[0] => ({
  url: "https://login.example/authorize?redirect_uri={redirect_uri}&state=right",
  port: null,
  state: "right",
  timeoutMs: 5000,
  ...more,
});

/** Puts a program in the place of the desktop's browser: JavaScript that gets the page's URL as `page`. */
function browser(code: string): void {
  const program = join(folder, "xdg-open");
  const text = `const page = new URL(process.argv[2]); const back = page.searchParams.get("redirect_uri"); ${code}`;
  writeFileSync(program, `#!${process.execPath}\n${text}\n`);
  chmodSync(program, 0o755);
  process.env["PATH"] = `${folder}${delimiter}${path}`;
}

test("the browser comes back with a query, to the address that was named", async () => {
  browser('fetch(back + "/?code=c%20d&state=right");');
  const { redirectUri, answer } = await browse(page(), never);
  assert.match(redirectUri, /^http:\/\/localhost:\d+$/);
  assert.equal(answer, "code=c%20d&state=right");
});

test("the browser comes back with a form", async () => {
  browser('fetch(back, { method: "POST", body: "code=c&state=right" });');
  assert.equal((await browse(page(), never)).answer, "code=c&state=right");
});

test("whoever guesses is refused, and the wait goes on", async () => {
  browser(`(async () => {
    const guesses = ["/favicon.ico", "/?code=evil&state=wrong", "/?code=evil", "/?state=right&state=wrong"];
    const all = [];
    for (const guess of guesses) all.push((await fetch(back + guess)).status);
    all.push((await fetch(back, { method: "POST", body: "x".repeat(1 << 17) })).status);
    await fetch(back + "/?code=" + all.join("-") + "&state=right");
  })();`);
  assert.equal((await browse(page(), never)).answer, "code=400-400-400-400-400&state=right");
});

test("what stands in the way is told apart", async () => {
  browser("process.exitCode = 3;");
  await assert.rejects(browse(page(), never), { kind: "unavailable", message: /ended with 3/ });
  browser("");
  await assert.rejects(browse(page({ timeoutMs: 300 }), never), { kind: "timeout" });
  const leave = AbortSignal.timeout(200);
  await assert.rejects(browse(page(), leave), { kind: "interrupted" });
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  await assert.rejects(browse(page({ port }), never), { kind: "connect", message: /EADDRINUSE/ });
  taken.close();
  process.env["PATH"] = "/nowhere";
  await assert.rejects(browse(page(), never), { kind: "unavailable", message: /xdg-open/ });
});
