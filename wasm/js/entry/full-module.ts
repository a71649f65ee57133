/**
 * The same as `module.ts` over the engine with every operation and credential, for Workers that manage secrets. It is a
 * third larger to load.
 *
 * @module
 */

import module from "../engine/nightlatch-full.wasm";

import { initSync, installWasm } from "../wasm.js";

installWasm({ renewal: "caller", pulseMs: 4, lateEngine: true }, () => module);
initSync(module);

export * from "../front.js";
export { init } from "../init.js";
