/**
 * The engine in wasm, for platforms without a native package: a bundle of its own, loaded only when it is needed.
 *
 * @module
 */

import { readFileSync } from "node:fs";

import type { EngineFactory } from "../../wasm/js/engine.js";
import * as glue from "../../wasm/dist/engine/nightlatch-scan.js";
import { initSync } from "../../wasm/dist/wasm.js";
import type { Scanner } from "./native.js";

/** Readies the search for secrets in files, which is a module of its own. */
export function wasmScanner(): Scanner {
  const module = readFileSync(require.resolve("nightlatch-wasm/nightlatch-scan.wasm"));
  glue.initSync({ module });
  return glue as Scanner;
}

/** Readies the engine from the module in the package `nightlatch-wasm`. */
export function wasmFactory(): EngineFactory {
  return initSync(readFileSync(require.resolve("nightlatch-wasm/nightlatch-full.wasm")));
}
