import * as nightlatch from "nightlatch-wasm";

import { play } from "./program.js";

console.log(JSON.stringify(await play(nightlatch, await Bun.stdin.json())));
