/**
 * Where the front finds its engine and its host. An entry point installs them; the front imports neither.
 *
 * @module
 */

import type { EngineFactory } from "./engine.js";
import { unsupported } from "./errors.js";
import type { Host } from "./host/host.js";
import type { HostOptions } from "./options.js";

/** An engine and a host. */
export interface Runtime {
  /** Makes engines at once; absent where clients have to wait for {@link load} at their first call. */
  engine?: EngineFactory | undefined;
  /** Sees to it that engines can be made. */
  load(): Promise<EngineFactory>;
  /** Makes the host that options ask for. */
  host(options: HostOptions): Host;
  /** The names of the options that the host knows. */
  hostOptions: readonly string[];
}

/** The names of {@link HostOptions}. */
export const HOST_OPTIONS: readonly string[] = ["fetch", "files", "environment", "renewal", "audit", "clock"];

let installed: Runtime | undefined;

/** Says what clients and credentials made from now on work with. Entry points call it once. */
export function install(runtime: Runtime): void {
  installed = runtime;
}

/** What is installed. */
export function runtime(): Runtime {
  if (installed === undefined) {
    throw unsupported("nightlatch has no engine here.", "Import the package itself, not its module `front`.");
  }
  return installed;
}
