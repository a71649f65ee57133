/**
 * nightlatch for runtimes whose bundlers hand over a compiled module: workerd (Cloudflare Workers) and kin.
 *
 * There a request's IO ends with the request, so that nothing can be renewed in the background: whoever notices does.
 *
 * @module
 */

import module from "../engine/nightlatch.wasm";

import { initSync, installWasm } from "../wasm.js";

installWasm({ renewal: "caller" }, () => module);
initSync(module);

export * from "../front.js";
export { init } from "../init.js";
