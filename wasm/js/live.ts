/**
 * Settings whose secrets follow rotation.
 *
 * @module
 */

import { outline } from "./tree.js";

/** Options of `live`. */
export interface LiveOptions {
  /** Called with the names of the values that changed. What it throws is shown on the console. */
  onChange?: ((names: string[]) => void) | undefined;
  /**
   * Time after which whoever looks at the values has them renewed, in milliseconds, which the cache serves as far as its
   * rules allow. Default 60,000.
   */
  interval?: number | undefined;
}

/**
 * Settings that follow rotation: whoever looks at them has them renewed in the background, if their time has come, and
 * `refresh` does so at any time. There is no timer. `console.log` of it shows no value.
 *
 * While the secrets cannot be read again the settings stay as they are; with a `maxAge`, looking at them throws the error
 * once that is over.
 */
export class LiveSettings<T extends object> {
  readonly #read: () => Promise<T>;
  readonly #now: () => number;
  readonly #options: LiveOptions;
  readonly #maxAge: number;
  #values: T;
  #readAt: number;
  #askedAt: number;
  #error: Error | undefined;
  #reading: Promise<string[]> | undefined;

  /** @internal */
  constructor(values: T, read: () => Promise<T>, now: () => number, maxAge: number, options: LiveOptions) {
    this.#values = values;
    this.#read = read;
    this.#now = now;
    this.#maxAge = maxAge;
    this.#options = options;
    this.#readAt = this.#askedAt = now();
  }

  /** The settings, with their secrets. */
  get values(): Readonly<T> {
    if (this.#now() - this.#askedAt >= (this.#options.interval ?? 60_000)) {
      // Why it failed is kept.
      this.refresh().catch(() => {});
    }
    if (this.#error !== undefined && this.age > this.#maxAge) {
      throw this.#error;
    }
    return this.#values;
  }

  /** Milliseconds since the settings were read, or found unchanged. */
  get age(): number {
    return this.#now() - this.#readAt;
  }

  /** Why they could not be renewed the last time; `undefined` if they could. */
  get error(): Error | undefined {
    return this.#error;
  }

  /**
   * Reads the secrets again, from the cache as far as its rules allow. Calls at the same time are one.
   *
   * @returns the names of the values that changed, of which `onChange` has been told as well
   * @throws NightlatchError - one could not be had; the settings stay as they were
   */
  refresh(): Promise<string[]> {
    this.#reading ??= this.#renew().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #renew(): Promise<string[]> {
    this.#askedAt = this.#now();
    let values: T;
    try {
      values = await this.#read();
    } catch (why) {
      this.#error = why as Error;
      throw why;
    }
    const texts = (part: unknown): string => JSON.stringify(outline(part));
    const before = this.#values as Record<string, unknown>;
    const changed = Object.entries(values).filter(([name, part]) => texts(before[name]) !== texts(part));
    const names = changed.map(([name]) => name);
    [this.#values, this.#readAt, this.#error] = [values, this.#now(), undefined];
    if (names.length > 0) {
      this.#tell(names);
    }
    return names;
  }

  #tell(names: string[]): void {
    try {
      this.#options.onChange?.(names);
    } catch (why) {
      console.error("nightlatch: onChange failed:", why);
    }
  }
}
