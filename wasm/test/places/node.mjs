import { text } from "node:stream/consumers";

import * as nightlatch from "nightlatch-wasm";

import { play } from "./program.js";

console.log(JSON.stringify(await play(nightlatch, JSON.parse(await text(process.stdin)))));
