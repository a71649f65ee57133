/**
 * Secrets out of Azure Key Vault without a stored credential.
 *
 * The public classes are those of `nightlatch-wasm`, written once for every JavaScript host; here they work with a
 * native engine and with Node's own files, programs and sockets.
 *
 * @module
 */

import { install } from "../../wasm/js/runtime.js";
import { NODE_OPTIONS, nodeHost } from "./host.js";
import type { Certificates } from "./host/transport.js";
import { type EngineKind, loadEngine } from "./loader.js";

declare module "../../wasm/js/options.js" {
  interface HostOptions {
    /** Certificates (PEM) of authorities to trust besides Node's own. Node only. */
    ca?: Certificates;
  }
}

const { kind, factory } = loadEngine();

install({ engine: factory, load: async () => factory, host: nodeHost, hostOptions: NODE_OPTIONS });

/** Which engine was found. */
export const engineKind: EngineKind = kind;

export * from "../../wasm/js/full.js";
export { init } from "../../wasm/js/ready.js";
export type { Certificates, EngineKind };
