/**
 * The machine's timers, and a clock for tests that stands until it is moved.
 *
 * @module
 */

import type { Clock, Timer } from "./host.js";

/** The longest time a timer takes; the engine is merely asked once more. */
const LONGEST_MS = 2 ** 31 - 1;

/** What `setTimeout` returns: a number, or in Node and Bun an object that can let the process end. */
type Handle = { ref?: () => void; unref?: () => void } | number;

/** Deno's way to let the process end. */
declare const Deno: { refTimer?(id: number): void; unrefTimer?(id: number): void } | undefined;

/** The machine's own clocks and timers. */
export const systemClock: Clock = {
  schedule(callback, delayMs) {
    const handle = setTimeout(callback, Math.min(Math.ceil(delayMs), LONGEST_MS)) as Handle;
    return {
      hold: (hold) => holdProcess(handle, hold),
      cancel: () => clearTimeout(handle as number),
    };
  },
};

function holdProcess(handle: Handle, hold: boolean): void {
  if (typeof handle === "object") {
    (hold ? handle.ref : handle.unref)?.call(handle);
  } else if (typeof Deno !== "undefined") {
    (hold ? Deno.refTimer : Deno.unrefTimer)?.(handle);
  }
}

/** A clock for tests: it stands until {@link advance} moves it. */
export class ManualClock implements Clock {
  #instantMs: number;
  #unixMs: number;
  #timers = new Set<{ due: number; callback: () => void }>();

  /** @param unixMs - civil time at the beginning, in milliseconds since 1970 */
  constructor(unixMs: number = Date.UTC(2025, 0, 1), instantMs = 1_000_000) {
    this.#instantMs = instantMs;
    this.#unixMs = unixMs;
  }

  /** Both readings, in milliseconds. */
  read(): { instantMs: number; unixMs: number } {
    return { instantMs: this.#instantMs, unixMs: this.#unixMs };
  }

  /** How far the next timer is away; `undefined` if none is set. */
  get next(): number | undefined {
    const due = Math.min(...Array.from(this.#timers, (timer) => timer.due));
    return Number.isFinite(due) ? Math.max(0, due - this.#instantMs) : undefined;
  }

  schedule(callback: () => void, delayMs: number): Timer {
    const timer = { due: this.#instantMs + Math.ceil(delayMs), callback };
    this.#timers.add(timer);
    return { hold() {}, cancel: () => void this.#timers.delete(timer) };
  }

  /** Moves both clocks on, calling back whatever falls due on the way, and lets promises settle in between. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#instantMs + milliseconds;
    for (;;) {
      await settled();
      const first = [...this.#timers].sort((a, b) => a.due - b.due)[0];
      if (first === undefined || first.due > end) {
        break;
      }
      this.#moveTo(Math.max(first.due, this.#instantMs));
      this.#timers.delete(first);
      first.callback();
    }
    this.#moveTo(end);
  }

  #moveTo(instantMs: number): void {
    this.#unixMs += instantMs - this.#instantMs;
    this.#instantMs = instantMs;
  }
}

/** Lets everything run that waits for nothing but its turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
