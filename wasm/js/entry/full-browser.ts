/**
 * The same as `browser.ts` over the engine with every operation and credential.
 *
 * @module
 */

import { load } from "../init.js";
import { installWasm } from "../wasm.js";

installWasm({ sameOrigin: true }, () => load(new URL("../engine/nightlatch-full.wasm", import.meta.url)));

export * from "../full.js";
export { init } from "../init.js";
