/**
 * What everything has in common that works through an engine: clients of a vault, and resolvers of references.
 *
 * @module
 */

import { Calls } from "./calls.js";
import { type Credential, credentialOf } from "./credential.js";
import { DefaultAzureCredential } from "./credentials.js";
import { invalidArgument } from "./errors.js";
import { type EventFacts, type EventType, NightlatchEvent } from "./events.js";
import { type CacheInfo, cacheInfoFrom } from "./models.js";
import type { EngineOptions } from "./options.js";
import type { Pump } from "./pump.js";
import type { TokenCredential } from "./token.js";

/** The events of a client: each has its type, and all come as `event` too. */
export type SecretClientEventMap = { [T in EventType]: NightlatchEvent<T> } & { event: NightlatchEvent };

/** Works through an engine, which all share who were made with the same credential object and options. */
export abstract class Connected extends EventTarget {
  readonly #credential: Credential;
  readonly #pump: Pump;
  readonly #calls: Calls;
  #unlisten: (() => void) | undefined;
  #closed = false;

  /** @internal @param vault - the one that calls are about, if they are about one */
  constructor(
    credential: TokenCredential = new DefaultAzureCredential(),
    options: EngineOptions,
    vault?: string,
  ) {
    super();
    this.#credential = credentialOf(credential);
    this.#pump = this.#credential._pump(options, this);
    this.#calls = new Calls(vault, this, () => this._engine());
  }

  /** What the cache holds and has done that this client shares with others; `undefined` while no engine is loaded. */
  cacheInfo(): CacheInfo | undefined {
    const json = this._engine().cacheInfo();
    return json === undefined ? undefined : cacheInfoFrom(json);
  }

  /** What every unfinished call waits for, of this client and of those it shares an engine with. */
  pending(): { sinceMs: number; waitsFor: string }[] {
    return this._engine()
      .pending()
      .map(({ sinceMs, waitsFor }) => ({ sinceMs, waitsFor }));
  }

  /** Ends its calls with an `AbortError`, and gives back what no other client uses. */
  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#unlisten?.();
      this.#credential._release(this.#pump, this);
    }
  }

  /** The same as {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Calls `listener` when something happens that is worth telling, such as `secretrotated`. */
  override addEventListener<T extends keyof SecretClientEventMap>(
    type: T,
    listener:
      | ((event: SecretClientEventMap[T]) => void)
      | { handleEvent(event: SecretClientEventMap[T]): void }
      | null,
    options?: AddEventListenerOptions | boolean,
  ): void {
    // Only now: a client that the engine knows lives as long as the engine.
    this.#unlisten ??= this._engine().listen((event) => this.#dispatch(event));
    super.addEventListener(type, listener as EventListener, options);
  }

  /** Ends `addEventListener`. */
  override removeEventListener<T extends keyof SecretClientEventMap>(
    type: T,
    listener:
      | ((event: SecretClientEventMap[T]) => void)
      | { handleEvent(event: SecretClientEventMap[T]): void }
      | null,
    options?: EventListenerOptions | boolean,
  ): void {
    super.removeEventListener(type, listener as EventListener, options);
  }

  /** @internal What it has its engine do. */
  get _calls(): Calls {
    return this.#calls;
  }

  /** @internal The engine at work. */
  _engine(): Pump {
    if (this.#closed) {
      throw invalidArgument("The client is closed.");
    }
    return this.#pump;
  }

  #dispatch({ type, ...detail }: EventFacts): void {
    this.dispatchEvent(new NightlatchEvent(type, detail as never));
    this.dispatchEvent(new NightlatchEvent("event", { type, ...detail } as never));
  }
}
