/**
 * The client of a vault's secrets.
 *
 * @module
 */

import type { CacheInfo } from "./engine.js";
import { type Credential, credentialOf } from "./credential.js";
import { DefaultAzureCredential } from "./credentials.js";
import { invalidArgument } from "./errors.js";
import { type EventFacts, type EventType, NightlatchEvent } from "./events.js";
import { type KeyVaultSecret, secretFrom } from "./models.js";
import type { EngineOptions } from "./options.js";
import type { Pump } from "./pump.js";
import type { AbortSignalLike, TokenCredential } from "./token.js";

/** Options of {@link SecretClient}. */
export interface SecretClientOptions extends EngineOptions {}

/** Options of a call. */
export interface GetSecretOptions {
  /** One version of the secret, instead of the latest. */
  version?: string | undefined;
  /** Ends the wait; what other callers wait for goes on. */
  abortSignal?: AbortSignalLike | undefined;
  /** What the call may take in all, in milliseconds. */
  timeout?: number | undefined;
}

/** The events of a client: each has its type, and all come as `event` too. */
export type SecretClientEventMap = { [T in EventType]: NightlatchEvent<T> } & { event: NightlatchEvent };

/**
 * Reads the secrets of one vault.
 *
 * A secret is kept for five minutes unless options say otherwise; however many callers want it meanwhile, the vault is
 * asked once. Clients made with the same credential object and options share what they keep.
 */
export class SecretClient extends EventTarget {
  /** The vault's URL, as it was given. */
  readonly vaultUrl: string;
  readonly #credential: Credential;
  readonly #pump: Pump;
  #unlisten: (() => void) | undefined;
  #closed = false;

  /**
   * @param vaultUrl - such as `https://contoso.vault.azure.net`
   * @param credential - one of ours, or of any other library for Azure; `DefaultAzureCredential` if not given
   * @throws NightlatchError - `INVALID_ARGUMENT`, `INVALID_CONFIGURATION`: URL, options or environment are wrong
   */
  constructor(
    vaultUrl: string,
    credential: TokenCredential = new DefaultAzureCredential(),
    options: SecretClientOptions = {},
  ) {
    super();
    this.vaultUrl = vaultUrl;
    this.#credential = credentialOf(credential);
    this.#pump = this.#credential._pump(options, this);
    // A wrong URL is told here and not at the first call.
    this.#pump.peek(vaultUrl, "", null);
  }

  /**
   * Gets a secret: from the cache if a fresh copy is there, else from the vault.
   *
   * @throws NightlatchError - see its `code`
   * @throws AbortError - `abortSignal` was aborted
   */
  async getSecret(name: string, options: GetSecretOptions = {}): Promise<KeyVaultSecret> {
    const { version, abortSignal } = options;
    const cached = abortSignal?.aborted ? undefined : this.#peek(name, version);
    return cached ?? this.#get(name, options, false);
  }

  /** Gets a secret from the vault, cached or not. Calls within a second share one fetch. */
  async refresh(name: string, options: GetSecretOptions = {}): Promise<KeyVaultSecret> {
    return this.#get(name, options, true);
  }

  /**
   * The cached secret, or `undefined`. Never waits; at most has a copy renewed that is near its end.
   *
   * A copy past its life (`cacheTtl`) is not shown, even while `staleIfError` would still allow it to serve.
   */
  getCachedSecret(name: string, options: Pick<GetSecretOptions, "version"> = {}): KeyVaultSecret | undefined {
    const cached = this.#peek(name, options.version);
    if (cached !== undefined) {
      return cached;
    }
    // Either there is no copy, or it fell to us to renew it: then the second look finds it.
    const renewing = this.#peek(name, options.version);
    if (renewing !== undefined) {
      this.#get(name, options, false).catch(() => {});
    }
    return renewing;
  }

  /**
   * Forgets a cached secret, so that the next call asks the vault.
   *
   * @param name - without it everything is forgotten, also for other clients with the same credential and options
   */
  invalidate(name?: string, options: Pick<GetSecretOptions, "version"> = {}): void {
    this.#open().invalidate(this.vaultUrl, name ?? null, options.version ?? null);
  }

  /** What the cache holds that this client shares with others; `undefined` while no engine is loaded. */
  cacheInfo(): CacheInfo | undefined {
    return this.#open().cacheInfo();
  }

  /** What every unfinished call waits for, of this client and of those it shares an engine with. */
  pending(): { sinceMs: number; waitsFor: string }[] {
    return this.#open()
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
    this.#unlisten ??= this.#open().listen((event) => this.#dispatch(event));
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

  #peek(name: string, version: string | undefined): KeyVaultSecret | undefined {
    const raw = this.#open().peek(this.vaultUrl, name, version ?? null);
    return raw && secretFrom(raw);
  }

  async #get(name: string, options: GetSecretOptions, refresh: boolean): Promise<KeyVaultSecret> {
    const { version = null, abortSignal, timeout } = options;
    const operation = {
      op: "get_secret",
      vault: this.vaultUrl,
      name,
      version,
      refresh,
      ...(timeout !== undefined && { timeout: timeout / 1000 }),
    };
    const finished = await this.#open().call(operation, this, abortSignal);
    return secretFrom((finished as Extract<typeof finished, ["secret", ...unknown[]]>)[2]);
  }

  #open(): Pump {
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
