/**
 * nightlatch for runtimes whose bundlers hand over a compiled module: workerd (Cloudflare Workers) and kin.
 *
 * There IO belongs to a request and ends with it. So nothing is renewed in the background: whoever notices does it;
 * callers do not rely on another request's IO to wake them; and a client made outside of any request gets its engine at
 * its first call.
 *
 * @module
 */

import module from "../engine/nightlatch.wasm";

import { initSync, installWasm } from "../wasm.js";

const engine = initSync(module);
installWasm({ renewal: "caller", pulseMs: 4, lateEngine: true }, async () => engine);

export * from "../front.js";
export { init } from "../ready.js";
