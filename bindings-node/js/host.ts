/**
 * Node as a host: its files, its programs, HTTP over its own sockets, and events on its diagnostics channels.
 *
 * @module
 */

import { channel } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import { resolve } from "node:path";

import type { EventFacts } from "../../wasm/js/events.js";
import { auditor } from "../../wasm/js/host/audit.js";
import { systemClock } from "../../wasm/js/host/clock.js";
import { exchange } from "../../wasm/js/host/fetch.js";
import { readFile } from "../../wasm/js/host/files.js";
import { given } from "../../wasm/js/host/given.js";
import type { Host } from "../../wasm/js/host/host.js";
import type { HostOptions } from "../../wasm/js/options.js";
import { HOST_OPTIONS } from "../../wasm/js/runtime.js";
import { run } from "./host/commands.js";
import { browse } from "./host/people.js";
import { Transport } from "./host/transport.js";

/** The names of the options that belong to this host. */
export const NODE_OPTIONS: readonly string[] = [...HOST_OPTIONS, "ca"];

/** Makes the host that `options` ask for. */
export function nodeHost(options: HostOptions): Host {
  const environment = options.environment ?? process.env;
  const { audit, fetch, files } = options;
  let transport: Transport | undefined;
  return {
    http: (request, signal) =>
      fetch === undefined
        ? (transport ??= new Transport(environment, options.ca)).send(request, signal)
        : exchange(fetch, request, signal),
    readFile: async (path, limit, plain) => {
      const file = files?.[path];
      return file === undefined ? readFile(path, limit, plain) : given(file, limit);
    },
    run,
    tell: (message) => console.log(message),
    browse,
    event: publish,
    ...(audit !== undefined && { audit: auditor(audit, (path) => append.bind(undefined, resolve(path))) }),
    environment: () => environment,
    platform: PLATFORMS[process.platform] ?? "other",
    renewal: options.renewal ?? "detached",
    clock: options.clock ?? systemClock,
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
