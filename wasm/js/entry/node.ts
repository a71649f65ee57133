/**
 * nightlatch over wasm in Node: loads the module from beside this file.
 *
 * @module
 */

import { readFileSync } from "node:fs";

import { initSync, installWasm } from "../wasm.js";

const bytes = readFileSync(new URL("../engine/nightlatch-full.wasm", import.meta.url));
const engine = initSync(bytes);
installWasm({}, async () => engine);

export * from "../full.js";
export { init } from "../ready.js";
