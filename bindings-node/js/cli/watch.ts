/**
 * `nightlatch run --watch`: a command that is started anew, or told, when a secret has changed.
 *
 * @module
 */

import { type Command, type End, handOn } from "./command.js";

/** How to watch; times are milliseconds. */
export interface Watch {
  /** Time between two looks. */
  interval: number;
  /** Time over which a fleet's restarts are spread. */
  spread: number;
  /** What to send instead of starting anew. */
  signal: NodeJS.Signals | undefined;
}

/** An environment with its secrets. */
export type Found = Record<string, string>;

/** Share by which times between two looks differ, so that a fleet does not ask at once. */
const JITTER = 0.2;
/** How long a command has to end before it is killed. */
const GRACE_MS = 10_000;
const ENDING: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** A command whose secrets are watched. */
export class Watched {
  readonly #watch: Watch;
  readonly #start: (found: Found) => Command;
  readonly #read: () => Promise<Found>;
  #found: Found;
  #command: Command;
  /** With what to start anew, once the command has ended. */
  #next: Found | undefined;
  #isLooking = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param start - starts the command
   * @param read - reads the secrets again
   */
  constructor(watch: Watch, found: Found, start: (found: Found) => Command, read: () => Promise<Found>) {
    this.#watch = watch;
    this.#start = start;
    this.#read = read;
    this.#found = found;
    this.#command = start(found);
  }

  /** Waits for the command's own end, and hands on what reaches us meanwhile. */
  async end(): Promise<End> {
    const release = handOn(
      () => this.#command,
      (signal) => this.#heed(signal),
    );
    try {
      for (;;) {
        this.#pause();
        const end = await this.#command.ended;
        if (this.#next === undefined) {
          return end;
        }
        [this.#found, this.#next] = [this.#next, undefined];
        this.#command = this.#start(this.#found);
      }
    } finally {
      this.#isOver = true;
      clearTimeout(this.#timer);
      release();
    }
  }

  #heed(signal: NodeJS.Signals): void {
    if (ENDING.includes(signal)) {
      // Somebody wants an end, and no new beginning.
      this.#next = undefined;
      this.#pause();
    }
  }

  /** Waits for the next look. */
  #pause(): void {
    const share = 1 - JITTER + Math.random() * 2 * JITTER;
    this.#later(this.#watch.interval * share, () => void this.#look());
  }

  #later(delayMs: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, delayMs);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) {
      return this.#pause();
    }
    const [command, found] = [this.#command, this.#found];
    this.#isLooking = true;
    const news = await this.#read().catch((why: Error) => {
      if (!this.#isOver) {
        const [reason] = why.message.split("\n", 1);
        process.stderr.write(`nightlatch run: the secrets could not be read again: ${reason}\n`);
      }
      return found;
    });
    this.#isLooking = false;
    if (this.#isOver || command !== this.#command) {
      return;
    }
    if (Object.entries(news).every(([name, value]) => found[name] === value)) {
      this.#pause();
    } else {
      this.#later(Math.random() * this.#watch.spread, () => this.#act(news));
    }
  }

  #act(news: Found): void {
    const { signal } = this.#watch;
    if (signal !== undefined) {
      this.#found = news;
      this.#command.send(signal);
      this.#pause();
    } else {
      this.#next = news;
      this.#command.send("SIGTERM");
      this.#later(GRACE_MS, () => this.#command.send("SIGKILL"));
    }
  }
}
