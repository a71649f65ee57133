/**
 * The host of every place that has `fetch` and little else.
 *
 * @module
 */

import { unsupported } from "../errors.js";
import type { HostOptions } from "../options.js";
import { auditor } from "./audit.js";
import { systemClock } from "./clock.js";
import { exchange, type Fetch } from "./fetch.js";
import { given } from "./given.js";
import { type Host, HostFault } from "./host.js";

/** What differs between the places. */
export interface Place extends Partial<Pick<Host, "readFile" | "platform" | "pulseMs" | "renewal">> {
  /** Whether the same-origin policy stands between the program and Azure. */
  sameOrigin?: boolean;
  /** Whether engines must wait for the first call, since nothing random may be had before. */
  lateEngine?: boolean;
}

declare const process: { env?: Record<string, string | undefined> } | undefined;
declare const Deno: { env: { toObject(): Record<string, string> } } | undefined;

/** Makes the host that `options` ask for. */
export function edgeHost(place: Place, options: HostOptions): Host {
  if (place.sameOrigin && options.fetch === undefined) {
    throw unsupported(
      "A browser cannot reach Azure Key Vault: neither it nor Microsoft Entra ID sends CORS headers.",
      "Send the requests through a relay of your own with the option `fetch`, or get the secret on a server.",
    );
  }
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const { files } = options;
  const readFile: Host["readFile"] = async (path, limit, plain, signal) => {
    const file = files?.[path];
    if (file !== undefined) {
      return given(file, limit);
    }
    if (place.readFile === undefined) {
      throw new HostFault("not_found", "there are no files here but those of the option `files`");
    }
    return place.readFile(path, limit, plain, signal);
  };
  return {
    http: (request, signal) => exchange(fetch, request, signal),
    ...((files ?? place.readFile) !== undefined && { readFile }),
    tell: (message) => console.log(message),
    ...(options.audit !== undefined && { audit: auditor(options.audit) }),
    environment: () => options.environment ?? ambient(),
    platform: place.platform ?? "other",
    renewal: options.renewal ?? place.renewal ?? "detached",
    clock: options.clock ?? systemClock,
    ...(place.pulseMs !== undefined && { pulseMs: place.pulseMs }),
  };
}

/** The process's variables, where there is such a thing and it may be looked at. */
function ambient(): Record<string, string | undefined> {
  try {
    if (typeof Deno !== "undefined") {
      return Deno.env.toObject();
    }
    return (typeof process !== "undefined" && process.env) || {};
  } catch {
    return {};
  }
}
