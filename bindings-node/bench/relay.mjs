/**
 * Passes connections on to a port of this machine, as late as if it were far away: what `start.mjs` lengthens round trips
 * with.
 *
 *     node relay.mjs PORT ROUND_TRIP_MS
 *
 * Prints its own port, and ends with its input.
 */

import { connect, createServer } from "node:net";

const [port, roundTripMs] = process.argv.slice(2).map(Number);

createServer({ noDelay: true }, (near) => {
  const far = connect({ port, host: "127.0.0.1", noDelay: true });
  // The handshake of TCP is over when we hear of it; what it would have taken, the first bytes make up for.
  const opened = performance.now() + roundTripMs;
  pass(near, far, () => Math.max(performance.now(), opened) + roundTripMs / 2);
  pass(far, near, () => performance.now() + roundTripMs / 2);
}).listen(0, "127.0.0.1", function () {
  console.log(this.address().port);
});
process.stdin.on("end", () => process.exit()).resume();

/** Hands on what comes, each piece when `due` says. */
function pass(from, to, due) {
  // Whichever timer comes first does what is due first.
  const waiting = [];
  const late = (act) => {
    waiting.push(act);
    setTimeout(() => waiting.shift()(), due() - performance.now());
  };
  from.on("data", (bytes) => late(() => to.write(bytes)));
  from.on("end", () => late(() => to.end()));
  from.on("error", () => to.destroy());
}
