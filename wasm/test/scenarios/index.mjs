/** The player of the scenarios, for tests of any engine behind the border of `js/engine.ts`. */

export { differences } from "./check.mjs";
export { readAll } from "./format.mjs";
export { encrypted, play, playable } from "./player.mjs";
