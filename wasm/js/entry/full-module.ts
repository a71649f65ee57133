/**
 * The same as `module.ts` over the engine with every operation and credential, for Workers that manage secrets. It is a
 * third larger to load.
 *
 * @module
 */

import module from "../engine/nightlatch-full.wasm";

import { initSync, installWasm } from "../wasm.js";

const engine = initSync(module);
installWasm({ renewal: "caller", pulseMs: 4, lateEngine: true }, async () => engine);

export * from "../full.js";
export { init } from "../ready.js";
