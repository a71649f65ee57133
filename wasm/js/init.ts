/**
 * How a program says where the wasm module is, and how it is loaded.
 *
 * @module
 */

import * as glue from "./engine/nightlatch.js";
import type { EngineFactory } from "./engine.js";
import { made, ready } from "./wasm.js";

/** The wasm module: compiled, its bytes, or where to fetch it. */
export type WasmSource = WebAssembly.Module | BufferSource | Response | URL | string;

let loading: Promise<EngineFactory> | undefined;

/**
 * Readies the engine from a compiled module, bytes, a response, or a URL. Needed only where the package cannot find
 * its module by itself; else the first call loads it. Does nothing if the engine is ready.
 */
export async function init(source: WasmSource | Promise<WasmSource>): Promise<void> {
  await load(source);
}

/** Readies the engine. Does nothing if it is ready; tries anew if it could not be readied before. */
export function load(source: WasmSource | Promise<WasmSource>): Promise<EngineFactory> {
  const engine = ready();
  if (engine !== undefined) {
    return Promise.resolve(engine);
  }
  loading ??= (async () => {
    await glue.default({ module_or_path: await source });
    return made();
  })();
  loading.catch(() => (loading = undefined));
  return loading;
}
