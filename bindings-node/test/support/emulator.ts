/** The local Azure of these tests: starts it, and asks it what it has seen. */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ROOT } from "./places.js";

/** How to reach an emulator. */
export interface Emulator {
  /** Its HTTP port: identity endpoints, proxy, admin. */
  readonly http: string;
  /** Its HTTPS port. */
  readonly https: string;
  /** The file with its authority's certificate. */
  readonly ca: string;
  /** The variables with which a program meets it under Azure's own names, as on App Service. */
  readonly environment: Record<string, string>;
  /** All that it said when it was ready. */
  readonly ready: Record<string, unknown>;
  /** A request to its administration. */
  admin(method: string, path: string, body?: object): Promise<Response>;
  counts(): Promise<Counts>;
  /** Every request since `forget`. */
  log(): Promise<Record<string, unknown>[]>;
  fault(fault: object): Promise<void>;
  forget(): Promise<void>;
  stop(): Promise<void>;
}

/** Requests that the emulator has seen. */
export interface Counts {
  vault: number;
  entra: number;
  imds: number;
  app_service: number;
}

/** Starts an emulator; without a configuration it has one vault `demo` with a secret `db-password`. */
export async function startEmulator(configuration?: object): Promise<Emulator> {
  const program =
    process.env["NIGHTLATCH_EMULATOR"] ??
    join(process.env["CARGO_TARGET_DIR"] ?? join(ROOT, "target"), "debug", "nightlatch-emulator");
  if (!existsSync(program)) {
    throw new Error("There is no emulator: cargo build -p nightlatch-emulator");
  }
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-emulator-"));
  const ca = join(folder, "ca.pem");
  const args = ["--ca", ca, "--stop-with-stdin"];
  if (configuration !== undefined) {
    const file = join(folder, "azure.json");
    writeFileSync(file, JSON.stringify(configuration));
    args.push("--config", file);
  }
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the emulator ended")));
  });
  const ready = JSON.parse(line) as { http: string; https: string };
  const { http, https } = ready;
  const admin = async (method: string, path: string, body?: object): Promise<Response> => {
    const answer = await fetch(`${http}/_emulator/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) {
      throw new Error(`${method} ${path}: ${await answer.text()}`);
    }
    return answer;
  };
  return {
    http,
    https,
    ca,
    ready,
    environment: {
      HTTPS_PROXY: http,
      NO_PROXY: "127.0.0.1",
      NODE_EXTRA_CA_CERTS: ca,
      SSL_CERT_FILE: ca,
      IDENTITY_ENDPOINT: `${http}/msi/token`,
      IDENTITY_HEADER: "emulator-identity-header",
    },
    admin,
    counts: async () => (await (await admin("GET", "counts")).json()) as Counts,
    log: async () =>
      ((await (await admin("GET", "log")).json()) as { requests: Record<string, unknown>[] }).requests,
    fault: async (fault) => void (await admin("POST", "faults", fault)),
    forget: async () => {
      await admin("DELETE", "faults");
      await admin("DELETE", "log");
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
