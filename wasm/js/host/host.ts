/**
 * What the pump asks of the place it runs in. A place that cannot read files or run programs leaves those out.
 *
 * @module
 */

import type { Trust } from "../engine.js";
import type { EventFacts } from "../events.js";

/** One HTTP exchange. No redirect is to be followed. */
export interface HttpRequest {
  /** The operation it is made for; null: for none, such as a renewal. */
  op: number | null;
  method: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array;
  /** How long the exchange may take. The engine stops waiting, and aborts, by itself. */
  timeoutMs: number;
  /** Identity endpoints: no proxy may stand in between. */
  direct: boolean;
  /** What the server is trusted for, instead of what the host trusts. Such an exchange passes no proxy. */
  trust: Trust | null;
}

/** An HTTP answer, whatever its status. */
export interface HttpAnswer {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

/** A file. */
export interface FileAnswer {
  content: Uint8Array;
  /** Whether others than its owner may read it, as far as the host can tell. */
  shared: boolean;
}

/** How a program ended; `status` is null when a signal ended it. */
export interface RunAnswer {
  status: number | null;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

/** A page by which a person signs in. */
export interface SignInPage {
  /** The page. `{redirect_uri}` in it stands for the listener's address. */
  url: string;
  /** Where to listen; null: at any port. */
  port: number | null;
  /** What the coming back must carry; anything else is refused and not waited for. */
  state: string;
  /** How long to wait. */
  timeoutMs: number;
}

/** A timer that is set. */
export interface Timer {
  /** Whether it keeps the process alive, where there is one. */
  hold(hold: boolean): void;
  /** Unsets it. */
  cancel(): void;
}

/** Where time comes from. */
export interface Clock {
  /** Calls back once, after `delayMs` or a little later. */
  schedule(callback: () => void, delayMs: number): Timer;
  /** Both clocks; absent: the engine reads the machine's. */
  read?(): { instantMs: number; unixMs: number };
}

/** An operation, as the engine reads it. */
export interface Described {
  op: string;
  vault?: string | undefined;
  name?: string;
}

/** Is told how an operation goes on. */
export interface Watch {
  /** The engine knows it by this number. */
  begun(op: number): void;
  /** It has ended, perhaps with an error. */
  ended(error?: unknown): void;
}

/** Reports failures by throwing a {@link HostFault}. */
export interface Host {
  http(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** `plain`: a symbolic link, or anything else that is no plain file, is the fault `not_plain`. */
  readFile?(path: string, limit: number, plain: boolean, signal: AbortSignal): Promise<FileAnswer>;
  run?(argv: string[], env: [string, string][], timeoutMs: number, signal: AbortSignal): Promise<RunAnswer>;
  /** Shows a line to whoever runs the program. */
  tell(message: string): void;
  /** Opens a page, and waits on this machine's loopback address for the browser to come back. */
  browse?(page: SignInPage, signal: AbortSignal): Promise<{ redirectUri: string; answer: string }>;
  /** Told of every event. */
  event?(event: EventFacts): void;
  /** Watches an operation that begins, if anybody wants to know. */
  watch?(operation: Described): Watch | undefined;
  /** Counts a cache among those that are measured. */
  watchCache?(cache: { cacheInfo(): string | undefined }): void;
  /** Takes every event as a line of JSON. */
  audit?(line: string): void;
  /** Environment variables, as they are when an engine is made. */
  environment(): Record<string, string | undefined>;
  readonly platform: "linux" | "windows" | "macos" | "other";
  /** Who renews what nears its end: nobody waits, or, where IO ends with a request, the caller who notices. */
  readonly renewal: "detached" | "caller";
  readonly clock: Clock;
  /** Random bytes; absent: those of WebCrypto. */
  random?(length: number): Uint8Array;
  /**
   * How often a caller looks whether its call has ended. Given where IO belongs to a request: there a promise that
   * another request's IO settles may wake nobody, and that request may be gone.
   */
  readonly pulseMs?: number;
  /** Closes idle connections. */
  close?(): void;
}

/** Bytes that nobody can foresee. */
export function random(host: Host, length: number): Uint8Array {
  return host.random?.(length) ?? crypto.getRandomValues(new Uint8Array(length));
}

/** The largest body that is read. */
export const BODY_LIMIT = 1 << 20;

/** Why an effect could not be done: one of the engine's `faultKinds`, and the host's own words. */
export class HostFault extends Error {
  override readonly name = "HostFault";
  readonly kind: string;

  constructor(kind: string, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}
