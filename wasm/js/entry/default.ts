/**
 * nightlatch wherever nothing else fits: the module is fetched at the first call, from beside this file, or `init`
 * says where it is.
 *
 * @module
 */

import { load } from "../init.js";
import { installWasm } from "../wasm.js";

installWasm({}, () => load(new URL("../engine/nightlatch.wasm", import.meta.url)));

export * from "../front.js";
export { init } from "../init.js";
