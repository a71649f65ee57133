/**
 * The event-loop host: brings an engine and a {@link Host} together. It drains the engine's outputs, begins or aborts
 * the IO they ask for, settles the callers' promises, and keeps one timer.
 *
 * @module
 */

import { type Effect, type Own, perform } from "./effects.js";
import type { Engine, EngineFactory, Output, RawSecret, SecretValue, Turn } from "./engine.js";
import { AbortError, errorFrom, isRawError, type NightlatchError, thrown } from "./errors.js";
import { type EventFacts, readEvent } from "./events.js";
import { fault } from "./host/fetch.js";
import { type Described, type Host, random, type Timer, type Watch } from "./host/host.js";
import type { Outside } from "./outside.js";
import type { AbortSignalLike } from "./token.js";

/** What an engine is made from. */
export interface Configuration {
  /** Its options, as JSON. */
  options: string;
  /** The secret values that they refer to by number. */
  secrets: SecretValue[];
  /** What the user gave us to ask, by the numbers that they refer to it by. */
  outside: Outside[];
}

/** How an operation ended well. */
export type Finished = Extract<Output, ["secret" | "secrets" | "value" | "token" | "reply", ...unknown[]]>;

/** Somebody who waits for an operation. */
interface Waiter {
  owner: object;
  own: Own | undefined;
  /** Ends the wait; the function gives the result, or throws the error with the caller's stack. */
  settle(result: () => Finished): void;
}

/** An engine at work, shared by its owners: clients, and a credential that gives tokens itself. */
export class Pump {
  readonly #configuration: Configuration;
  readonly #host: Host;
  readonly #load: () => Promise<EngineFactory>;
  readonly #owners = new Set<object>();
  readonly #listeners = new Set<(event: EventFacts) => void>();
  readonly #waiters = new Map<number, Waiter>();
  readonly #running = new Map<number, AbortController>();
  #engine: Engine | undefined;
  #timer: Timer | undefined;
  /** Why nothing can be asked any more. */
  #ended: (() => NightlatchError) | undefined;

  /**
   * @param factory - makes the engine at once, so that a wrong option is told at once; absent: at the first call
   * @throws NightlatchError - the options cannot be used
   */
  constructor(
    configuration: Configuration,
    host: Host,
    factory: EngineFactory | undefined,
    load: () => Promise<EngineFactory>,
  ) {
    this.#configuration = configuration;
    this.#host = host;
    this.#load = load;
    if (factory !== undefined) {
      this.#open(factory);
    }
    host.watchCache?.(this);
  }

  /** Adds an owner. */
  retain(owner: object): void {
    this.#owners.add(owner);
  }

  /** The owner's calls end with `error`; when the last owner goes, so does the engine. Tells whether it went. */
  release(owner: object, error: () => NightlatchError): boolean {
    for (const [op, waiter] of this.#waiters) {
      if (waiter.owner === owner) {
        this.#leave(op, error);
      }
    }
    this.#owners.delete(owner);
    if (this.#owners.size === 0) {
      this.#end(error);
      this.#engine?.free();
      this.#engine = undefined;
      this.#host.close?.();
    }
    return this.#owners.size === 0;
  }

  /** Calls `listener` with every event until the returned function is called. */
  listen(listener: (event: EventFacts) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Has an operation done.
   *
   * @param value - the secret value that it takes, if any
   * @param own - what the operation's caller does on its behalf
   */
  async call(
    operation: Described,
    owner: object,
    signal?: AbortSignalLike,
    value?: SecretValue,
    own?: Own,
  ): Promise<Finished> {
    if (signal?.aborted) {
      throw new AbortError(signal.reason);
    }
    if (this.#engine === undefined && this.#ended === undefined) {
      const factory = await this.#load();
      // Another call may have been quicker.
      this.#engine ?? this.#open(factory);
    }
    const watch = this.#host.watch?.(operation);
    try {
      // The error is made here and not where it comes up, so that its stack leads to whoever called.
      const finished = (await this.#result(operation, owner, signal, value, own, watch))();
      watch?.ended();
      return finished;
    } catch (why) {
      watch?.ended(why);
      throw why;
    }
  }

  /** The cached read; see `Engine.peek`. */
  peek(vault: string, name: string, version: string | null): RawSecret | undefined {
    return this.#engine && this.#ask((engine) => engine.peek(vault, name, version));
  }

  /** Forgets one secret, or all. */
  invalidate(vault: string, name: string | null, version: string | null): void {
    if (this.#engine !== undefined) {
      this.#ask((engine) => engine.invalidate(vault, name, version));
    }
  }

  /** What the cache holds and has done, as JSON; `undefined` while there is no engine. */
  cacheInfo(): string | undefined {
    return this.#engine && this.#ask((engine) => engine.cacheInfo());
  }

  /** Environment variables. */
  environment(): Record<string, string | undefined> {
    return this.#host.environment();
  }

  /** What every unfinished operation waits for. */
  pending(): ReturnType<Engine["pending"]> {
    return this.#engine === undefined ? [] : this.#ask((engine) => engine.pending());
  }

  #open(factory: EngineFactory): void {
    const variables = this.#host.environment();
    const environment = factory.environmentNames.flatMap((name): [string, string][] => {
      const value = variables[name];
      return value === undefined ? [] : [[name, value]];
    });
    const seed = random(this.#host, 16);
    const { options, secrets } = this.#configuration;
    try {
      this.#engine = factory.create(options, environment, secrets, seed);
    } catch (why) {
      throw thrown(why);
    }
  }

  /** Calls into the engine. Whatever it throws that is no error of its own ends everything: it may be half done. */
  #ask<T>(call: (engine: Engine) => T): T {
    if (this.#engine === undefined || this.#ended !== undefined) {
      throw this.#ended?.() ?? thrown(undefined);
    }
    try {
      const time = this.#host.clock.read?.();
      if (time !== undefined) {
        this.#engine.setClock?.(time.instantMs, time.unixMs);
      }
      return call(this.#engine);
    } catch (why) {
      if (!isRawError(why)) {
        this.#end(() => thrown(why));
      }
      throw thrown(why);
    }
  }

  async #result(
    operation: object,
    owner: object,
    signal: AbortSignalLike | undefined,
    value: SecretValue | undefined,
    own: Own | undefined,
    watch: Watch | undefined,
  ): Promise<() => Finished> {
    const { op, turn } = this.#ask((engine) => engine.start(JSON.stringify(operation), value));
    watch?.begun(op);
    let result: (() => Finished) | undefined;
    const settled = new Promise<void>((resolve) => {
      const abort = (): void => this.#leave(op, () => new AbortError(signal?.reason));
      const settle = (how: () => Finished): void => {
        signal?.removeEventListener("abort", abort);
        result = how;
        resolve();
      };
      signal?.addEventListener("abort", abort);
      this.#waiters.set(op, { owner, own, settle });
    });
    this.#take(turn);
    for (;;) {
      await this.#pulse(settled);
      if (result !== undefined) {
        return result;
      }
      // The timer may have been set by a request that is over: whoever still waits stands in for it.
      this.#turn((engine) => engine.handleTimeout());
    }
  }

  /** Waits until the promise is settled or, where a host does not trust it to wake us, for a moment. */
  #pulse(settled: Promise<void>): Promise<void> {
    const { pulseMs, clock } = this.#host;
    return pulseMs === undefined ? settled : new Promise((resolve) => void clock.schedule(resolve, pulseMs));
  }

  /** A caller goes before the operation has ended. */
  #leave(op: number, error: () => NightlatchError): void {
    const waiter = this.#waiters.get(op);
    if (waiter !== undefined && this.#waiters.delete(op)) {
      waiter.settle(raising(error));
      this.#turn((engine) => engine.cancel(op));
    }
  }

  /** Has a turn outside of any caller's stack: if the engine breaks, the callers who wait have been told. */
  #turn(call: (engine: Engine) => Turn, cause?: unknown): void {
    let turn: Turn;
    try {
      turn = this.#ask(call);
    } catch {
      return;
    }
    this.#take(turn, cause);
  }

  /** Does what a turn asks for. `cause` is the failure that brought the turn about. */
  #take(turn: Turn, cause?: unknown): void {
    // First, since what an output begins may itself have a turn, and a later timer.
    this.#arm(turn.timeoutMs);
    for (const output of turn.outputs) {
      this.#handle(output, cause);
    }
    // Somebody who waits, if only for a pause to end, keeps the process alive; an idle engine does not.
    this.#timer?.hold(this.#waiters.size > 0);
  }

  #arm(timeoutMs: number | null): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (timeoutMs !== null) {
      const due = (): void => this.#turn((engine) => engine.handleTimeout());
      this.#timer = this.#host.clock.schedule(due, timeoutMs);
    }
  }

  #handle(output: Output, cause: unknown): void {
    switch (output[0]) {
      case "secret":
      case "secrets":
      case "value":
      case "token":
      case "reply":
        return this.#settle(output[1], () => output);
      case "error": {
        const [, op, raw] = output;
        return this.#settle(
          op,
          raising(() => errorFrom(raw, cause)),
        );
      }
      case "event":
        return this.#tell(output[1]);
      case "abort":
        return this.#abort(output[1]);
      default:
        return this.#perform(output);
    }
  }

  #abort(id: number): void {
    const controller = this.#running.get(id);
    this.#running.delete(id);
    try {
      controller?.abort();
    } catch {
      // Where IO belongs to a request, that request alone may end it; if it is over, so is its IO.
    }
  }

  #settle(op: number, result: () => Finished): void {
    this.#waiters.get(op)?.settle(result);
    this.#waiters.delete(op);
  }

  #tell(json: string): void {
    const event = readEvent(json);
    this.#host.event?.(event);
    this.#audit(json);
    for (const listener of this.#listeners) {
      listener(event);
    }
  }

  /** Writes an event to where the user wants it. What fails there must not break what the event tells of. */
  #audit(json: string): void {
    const { audit, clock } = this.#host;
    try {
      const time = new Date(clock.read?.().unixMs ?? Date.now()).toISOString();
      audit?.(`{"time":"${time}",${json.slice(1)}`);
    } catch (why) {
      console.error("nightlatch: the audit stream failed:", why);
    }
  }

  /** Begins an effect; its answer, or why there is none, is the next turn. */
  #perform(effect: Effect): void {
    const id = effect[1];
    const controller = new AbortController();
    const { signal } = controller;
    this.#running.set(id, controller);
    const own = this.#waiters.get(effect[2] as number)?.own?.(effect, signal);
    (own ?? perform(effect, this.#host, this.#configuration.outside, signal)).then(
      (answer) => this.#running.delete(id) && this.#turn(answer),
      (why: unknown) => {
        const { kind, message, cause } = fault(why);
        if (this.#running.delete(id)) {
          this.#turn((engine) => engine.fail(id, kind, message), cause ?? why);
        }
      },
    );
  }

  #end(error: () => NightlatchError): void {
    this.#ended ??= error;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const id of this.#running.keys()) {
      this.#abort(id);
    }
    for (const waiter of this.#waiters.values()) {
      waiter.settle(raising(error));
    }
    this.#waiters.clear();
  }
}

function raising(error: () => NightlatchError): () => Finished {
  return () => {
    throw error();
  };
}
