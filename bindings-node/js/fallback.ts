/**
 * The engine in wasm, for platforms without a native package: a bundle of its own, loaded only when it is needed.
 *
 * @module
 */

import { readFileSync } from "node:fs";

import type { EngineFactory } from "../../wasm/js/engine.js";
import { initSync } from "../../wasm/dist/wasm.js";

/** Readies the engine from the module in the package `nightlatch-wasm`. */
export function wasmFactory(): EngineFactory {
  return initSync(readFileSync(require.resolve("nightlatch-wasm/nightlatch-full.wasm")));
}
