/** The project's emulator as a process of its own, and a relay that any `fetch` can reach it through. */

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const WORKSPACE = new URL("../../..", import.meta.url);

/** The emulator's program: the one named by the environment, else built here. */
function program() {
  const built = process.env.NIGHTLATCH_EMULATOR;
  if (built) {
    return built;
  }
  const options = { cwd: WORKSPACE, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" };
  execFileSync("cargo", ["build", "--locked", "--quiet", "-p", "nightlatch-emulator"], options);
  const metadata = execFileSync("cargo", ["metadata", "--no-deps", "--format-version=1"], options);
  return join(JSON.parse(metadata).target_directory, "debug", "nightlatch-emulator");
}

/** Starts the emulator with a configuration as in its README. */
export async function startEmulator(config) {
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-"));
  const [file, caFile] = [join(folder, "azure.json"), join(folder, "ca.pem")];
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(program(), ["--config", file, "--ca", caFile, "--stop-with-stdin"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = await new Promise((resolve, reject) => {
    lines.once("line", (...line) => resolve(line));
    child.once("exit", (status) => reject(new Error(`the emulator ended with ${status}`)));
  });
  const ready = JSON.parse(line);
  const ca = readFileSync(caFile);
  rmSync(folder, { recursive: true });
  return {
    http: ready.http,
    /** How often each service was asked since the last call. */
    async counts() {
      const counts = await (await fetch(`${ready.http}/_emulator/counts`)).json();
      await fetch(`${ready.http}/_emulator/log`, { method: "DELETE" });
      return counts;
    },
    /** Everything is as configured again. */
    restore: () => fetch(`${ready.http}/_emulator/situation`, { method: "DELETE" }),
    /** Sends a request for a real name of Azure to the emulator. */
    send: sender(Number(new URL(ready.https).port), ca),
    stop() {
      child.stdin.end();
      return new Promise((resolve) => child.once("exit", resolve));
    },
  };
}

function sender(port, ca) {
  const agent = new Agent({ keepAlive: true, ca });
  return ({ url, method, headers, body }) =>
    new Promise((resolve, reject) => {
      const { hostname, pathname, search } = new URL(url);
      const there = {
        agent,
        method,
        port,
        host: "127.0.0.1",
        servername: hostname,
        path: pathname + search,
      };
      const sent = request({ ...there, headers: { ...headers, host: hostname } }, async (answer) => {
        const chunks = await answer.toArray();
        resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) });
      });
      sent.once("error", reject);
      sent.end(body);
    });
}

/**
 * A relay for places whose `fetch` cannot be led to the emulator: `POST /?url=…&method=…`, headers as JSON in the header
 * `x-relay`. It also serves `files`, by path, and allows every origin.
 */
export async function startRelay(emulator, files = {}) {
  const server = createServer(async (incoming, outgoing) => {
    const { pathname, searchParams } = new URL(incoming.url, "http://relay");
    outgoing.setHeader("access-control-allow-origin", "*");
    outgoing.setHeader("access-control-allow-headers", "*");
    outgoing.setHeader("access-control-expose-headers", "*");
    if (incoming.method === "OPTIONS") {
      return outgoing.end();
    }
    if (!searchParams.has("url")) {
      const file = files[pathname];
      return outgoing
        .writeHead(file ? 200 : 404, { "content-type": file?.type ?? "text/plain" })
        .end(file?.content);
    }
    const answer = await emulator.send({
      url: searchParams.get("url"),
      method: searchParams.get("method"),
      headers: JSON.parse(incoming.headers["x-relay"]),
      body: Buffer.concat(await incoming.toArray()),
    });
    delete answer.headers["transfer-encoding"];
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve))),
  };
}
