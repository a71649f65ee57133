/**
 * Waiting for what a vault finishes in its own time, in the shape of `@azure/core-lro`.
 *
 * @module
 */

import { unsupported } from "./errors.js";
import type { AbortSignalLike } from "./token.js";

/** How far it is. */
export interface PollOperationState<T> {
  /** Whether the vault has accepted it. */
  isStarted?: boolean;
  /** Whether the vault has finished. */
  isCompleted?: boolean;
  /** Never: nothing of this kind can be cancelled. */
  isCancelled?: boolean;
  /** Why the last look failed. */
  error?: Error;
  /** What the vault answered when it accepted. */
  result?: T;
}

/** Options of looking and waiting. */
export interface PollOptions {
  /** Ends the wait; the vault goes on. */
  abortSignal?: AbortSignalLike | undefined;
  /** What it may take in all, in milliseconds. */
  timeout?: number | undefined;
}

/** A deletion or recovery that the vault has accepted and finishes some seconds later. */
export interface PollerLike<State extends PollOperationState<T>, T> {
  /** Looks once whether the vault has finished. */
  poll(options?: PollOptions): Promise<void>;
  /**
   * Waits until the vault has finished, or `timeout` is over. Needs the permission to get secrets; without it, the first refusal counts as
   * the end.
   */
  pollUntilDone(options?: PollOptions): Promise<T>;
  /** Calls back after every look, until the returned function is called. */
  onProgress(callback: (state: State) => void): () => void;
  /** Whether the vault is known to have finished. */
  isDone(): boolean;
  /** Ends `pollUntilDone` with an `AbortError`; the vault goes on. */
  stopPolling(): void;
  /** Whether nobody waits in `pollUntilDone`. */
  isStopped(): boolean;
  /** Always fails: vaults know nothing of the kind. */
  cancelOperation(options?: PollOptions): Promise<void>;
  /** How far it is. */
  getOperationState(): State;
  /** What the vault answered when it accepted, without waiting. */
  getResult(): T | undefined;
  /** A text from which `resumeFrom` makes such a poller again. */
  toString(): string;
}

/** Whether the vault has finished, at once or after waiting for it. */
export type Look = (wait: boolean, options: PollOptions) => Promise<boolean>;

/** What a poller begins with. */
export interface Begun<T> {
  result: T;
  finished: boolean;
  /** The vault's answer, for `toString`. */
  reply: string;
}

export class Poller<T> implements PollerLike<PollOperationState<T>, T> {
  readonly #look: Look;
  readonly #reply: string;
  readonly #state: PollOperationState<T>;
  readonly #callbacks = new Set<(state: PollOperationState<T>) => void>();
  readonly #stop = new AbortController();
  #waiting = false;

  constructor(look: Look, { result, finished, reply }: Begun<T>) {
    this.#look = look;
    this.#reply = reply;
    this.#state = { isStarted: true, isCompleted: finished, result };
  }

  async poll(options: PollOptions = {}): Promise<void> {
    await this.#once(false, options);
  }

  async pollUntilDone(options: PollOptions = {}): Promise<T> {
    this.#waiting = true;
    try {
      await this.#once(true, options);
    } finally {
      this.#waiting = false;
    }
    return this.#state.result as T;
  }

  onProgress(callback: (state: PollOperationState<T>) => void): () => void {
    this.#callbacks.add(callback);
    return () => void this.#callbacks.delete(callback);
  }

  isDone(): boolean {
    return this.#state.isCompleted === true;
  }

  stopPolling(): void {
    this.#stop.abort();
  }

  isStopped(): boolean {
    return !this.#waiting;
  }

  async cancelOperation(): Promise<void> {
    throw unsupported("A deletion or recovery cannot be cancelled.", "Wait for its end and undo it.");
  }

  getOperationState(): PollOperationState<T> {
    return this.#state;
  }

  getResult(): T | undefined {
    return this.#state.result;
  }

  toString(): string {
    return JSON.stringify({ state: { isCompleted: this.isDone(), reply: this.#reply } });
  }

  async #once(wait: boolean, { abortSignal: signal, timeout }: PollOptions): Promise<void> {
    if (this.isDone()) {
      return;
    }
    const stop = this.#stop.signal;
    const leave = new AbortController();
    const end = (): void => leave.abort(stop.aborted ? stop.reason : signal?.reason);
    const signals = [signal, stop].filter((one) => one !== undefined);
    signals.forEach((one) => one.addEventListener("abort", end));
    try {
      if (signals.some((one) => one.aborted)) {
        end();
      }
      this.#state.isCompleted = await this.#look(wait, { abortSignal: leave.signal, timeout });
      delete this.#state.error;
    } catch (why) {
      this.#state.error = why as Error;
      throw why;
    } finally {
      signals.forEach((one) => one.removeEventListener("abort", end));
      for (const callback of this.#callbacks) {
        callback(this.#state);
      }
    }
  }
}

/** What `toString` of a poller gave. */
export function resumed(text: string): { isCompleted: boolean; reply: string } | undefined {
  try {
    const { state } = JSON.parse(text) as { state: { isCompleted: boolean; reply: string } };
    return typeof state.reply === "string" ? state : undefined;
  } catch {
    return undefined;
  }
}
