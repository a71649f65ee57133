/**
 * How a program says where the wasm module is.
 *
 * @module
 */

import { load, type WasmSource } from "./wasm.js";

/**
 * Readies the engine from a compiled module, bytes, a response, or a URL. Needed only where the package cannot find
 * its module by itself; else the first call loads it. Does nothing if the engine is ready.
 */
export async function init(source: WasmSource | Promise<WasmSource>): Promise<void> {
  await load(source);
}
