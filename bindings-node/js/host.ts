/**
 * Node as a host: its files, its programs, HTTP over its own sockets, and events on its diagnostics channels.
 *
 * @module
 */

import { channel } from "node:diagnostics_channel";

import type { EventFacts } from "../../wasm/js/events.js";
import { systemClock } from "../../wasm/js/host/clock.js";
import { exchange } from "../../wasm/js/host/fetch.js";
import { type Host, HostFault } from "../../wasm/js/host/host.js";
import type { FileContent, HostOptions } from "../../wasm/js/options.js";
import { HOST_OPTIONS } from "../../wasm/js/runtime.js";
import { run } from "./host/commands.js";
import { readFile } from "./host/files.js";
import { Transport } from "./host/transport.js";

/** The names of the options that belong to this host. */
export const NODE_OPTIONS: readonly string[] = [...HOST_OPTIONS, "ca"];

/** Makes the host that `options` ask for. */
export function nodeHost(options: HostOptions): Host {
  const environment = options.environment ?? process.env;
  const { fetch, files } = options;
  let transport: Transport | undefined;
  return {
    http: (request, signal) =>
      fetch === undefined
        ? (transport ??= new Transport(environment, options.ca)).send(request, signal)
        : exchange(fetch, request, signal),
    readFile: async (path, limit) => {
      const file = files?.[path];
      return file === undefined ? readFile(path, limit) : given(file, limit);
    },
    run,
    event: publish,
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

/** A file that the options give in place of the machine's. */
async function given(
  file: FileContent | (() => FileContent | Promise<FileContent>),
  limit: number,
): Promise<Uint8Array> {
  const content = typeof file === "function" ? await file() : file;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  if (bytes.length > limit) {
    throw new HostFault("too_large", `more than ${limit} bytes`);
  }
  return bytes;
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
