/** Time as a variable: it moves to whatever is due next, and nothing sleeps. */

/** Who goes first when several are due at the same time. */
export const RANK = { answer: 0, call: 1, cancellation: 2, timer: 3 };

/** More than any scenario takes; beyond it a timer sets itself for ever. */
const MOST_STEPS = 100_000;

export class VirtualClock {
  /** Milliseconds since the beginning. */
  now = 0;
  #unixMs;
  #set = 0;
  #due = new Map();

  constructor(unixMs) {
    this.#unixMs = unixMs;
  }

  read() {
    return { instantMs: this.now, unixMs: this.#unixMs + this.now };
  }

  /** Has the wall clock jump; the monotonic one does not. */
  jump(milliseconds) {
    this.#unixMs += milliseconds;
  }

  /** What the package asks of a clock. */
  schedule(callback, delayMs, rank = RANK.timer) {
    const key = ++this.#set;
    this.#due.set(key, { at: this.now + Math.ceil(delayMs), rank, key, callback });
    return { hold() {}, cancel: () => void this.#due.delete(key) };
  }

  /** Waits; ends early, by throwing its reason, when the signal is aborted. */
  pause(delayMs, signal) {
    return new Promise((resolve, reject) => {
      const timer = this.schedule(resolve, delayMs, RANK.answer);
      signal.addEventListener("abort", () => {
        timer.cancel();
        reject(signal.reason);
      });
    });
  }

  /** Lets time pass until the promise has settled; without one, until nothing is due any more. */
  async run(until) {
    let settled = false;
    const note = () => void (settled = true);
    until?.then(note, note);
    for (let step = 0; step < MOST_STEPS; step++) {
      await everythingElse();
      const next = settled ? undefined : this.#next();
      if (next === undefined) {
        return;
      }
      this.#due.delete(next.key);
      this.now = Math.max(this.now, next.at);
      next.callback();
    }
    throw new Error("time passes, and nothing comes to an end");
  }

  #next() {
    const order = (a, b) => a.at - b.at || a.rank - b.rank || a.key - b.key;
    return [...this.#due.values()].sort(order)[0];
  }
}

/** WebCrypto works in threads of its own, by real time: ours stands still while it does. */
let working = 0;
for (const name of ["importKey", "sign"]) {
  const real = SubtleCrypto.prototype[name];
  SubtleCrypto.prototype[name] = async function (...args) {
    working++;
    try {
      return await real.apply(this, args);
    } finally {
      working--;
    }
  };
}

/** Lets everything run that waits for nothing but its turn. */
async function everythingElse() {
  do {
    await new Promise((resolve) => setImmediate(resolve));
  } while (working > 0);
}
