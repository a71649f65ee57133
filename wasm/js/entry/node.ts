/**
 * nightlatch over wasm in Node: loads the module from beside this file.
 *
 * @module
 */

import { readFileSync } from "node:fs";

import { initSync, installWasm } from "../wasm.js";

const bytes = readFileSync(new URL("../engine/nightlatch-full.wasm", import.meta.url));
installWasm({}, () => bytes);
initSync(bytes);

export * from "../front.js";
export { init } from "../init.js";
