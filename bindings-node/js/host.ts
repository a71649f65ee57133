/**
 * Node as a host: its files, its programs, HTTP over its own sockets, and events on its diagnostics channels.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { channel } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import { resolve } from "node:path";

import type { EventFacts } from "../../wasm/js/events.js";
import { auditor } from "../../wasm/js/host/audit.js";
import { systemClock } from "../../wasm/js/host/clock.js";
import { exchange } from "../../wasm/js/host/fetch.js";
import { given } from "../../wasm/js/host/given.js";
import type { Host } from "../../wasm/js/host/host.js";
import type { HostOptions } from "../../wasm/js/options.js";
import { HOST_OPTIONS } from "../../wasm/js/runtime.js";
import { Telemetry, watchCache } from "./host/telemetry.js";
import { Transport } from "./host/transport.js";

// Loaded when they are needed: most programs read no file and run no other program.
const files = () => import("../../wasm/js/host/files.js");
const commands = () => import("./host/commands.js");
const people = () => import("./host/people.js");

/** The names of the options that belong to this host. */
export const NODE_OPTIONS: readonly string[] = [...HOST_OPTIONS, "ca"];

/** Makes the host that `options` ask for. */
export function nodeHost(options: HostOptions): Host {
  const environment = options.environment ?? process.env;
  const { audit, fetch } = options;
  const telemetry = new Telemetry();
  let transport: Transport | undefined;
  return {
    http: (request, signal) =>
      telemetry.request(request, () =>
        fetch === undefined
          ? (transport ??= new Transport(environment, options.ca)).send(request, signal)
          : exchange(fetch, request, signal),
      ),
    readFile: async (path, limit, plain) => {
      const file = options.files?.[path];
      return file === undefined ? (await files()).readFile(path, limit, plain) : given(file, limit);
    },
    run: async (...run) => (await commands()).run(...run),
    tell: (message) => console.log(message),
    browse: async (...page) => (await people()).browse(...page),
    event: publish,
    watch: (operation) => telemetry.operation(operation),
    watchCache,
    ...(audit !== undefined && { audit: auditor(audit, (path) => append.bind(undefined, resolve(path))) }),
    environment: () => environment,
    platform: PLATFORMS[process.platform] ?? "other",
    renewal: options.renewal ?? "detached",
    clock: options.clock ?? systemClock,
    // That of WebCrypto takes a millisecond to load.
    random: randomBytes,
    close: () => transport?.close(),
  };
}

const PLATFORMS: Readonly<Record<string, Host["platform"]>> = {
  linux: "linux",
  android: "linux",
  win32: "windows",
  darwin: "macos",
};

function append(path: string, line: string): void {
  appendFileSync(path, line, { mode: 0o600 });
}

/** Tells whoever listens to `nightlatch:<type>`, such as `nightlatch:secretrotated`, or to all of them. */
function publish(event: EventFacts): void {
  for (const name of [`nightlatch:${event.type}`, "nightlatch:event"]) {
    const listeners = channel(name);
    if (listeners.hasSubscribers) {
      listeners.publish(event);
    }
  }
}
