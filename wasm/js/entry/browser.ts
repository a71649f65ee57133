/**
 * nightlatch for browsers. They cannot reach Key Vault without a relay: give the option `fetch`.
 *
 * The module is fetched at the first call, from beside this file; bundlers know this form and take it along.
 *
 * @module
 */

import { load } from "../init.js";
import { installWasm } from "../wasm.js";

installWasm({ sameOrigin: true }, () => load(new URL("../engine/nightlatch.wasm", import.meta.url)));

export * from "../front.js";
export { init } from "../init.js";
