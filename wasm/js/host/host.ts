/**
 * What the pump asks of the place it runs in. A place that cannot read files or run programs leaves those out.
 *
 * @module
 */

import type { EventFacts } from "../events.js";

/** One HTTP exchange. No redirect is to be followed. */
export interface HttpRequest {
  method: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array;
  /** How long the exchange may take. The engine stops waiting, and aborts, by itself. */
  timeoutMs: number;
  /** Identity endpoints: no proxy may stand in between. */
  direct: boolean;
}

/** An HTTP answer, whatever its status. */
export interface HttpAnswer {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

/** How a program ended; `status` is null when a signal ended it. */
export interface RunAnswer {
  status: number | null;
  stdout: Uint8Array;
  stderr: Uint8Array;
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

/** Reports failures by throwing a {@link HostFault}. */
export interface Host {
  http(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  readFile?(path: string, limit: number, signal: AbortSignal): Promise<Uint8Array>;
  run?(argv: string[], env: [string, string][], timeoutMs: number, signal: AbortSignal): Promise<RunAnswer>;
  /** Told of every event. */
  event?(event: EventFacts): void;
  /** Environment variables, as they are when an engine is made. */
  environment(): Record<string, string | undefined>;
  readonly platform: "linux" | "windows" | "macos" | "other";
  /** Who renews what nears its end: nobody waits, or, where IO ends with a request, the caller who notices. */
  readonly renewal: "detached" | "caller";
  readonly clock: Clock;
  /**
   * How often a caller looks whether its call has ended. Given where IO belongs to a request: there a promise that
   * another request's IO settles may wake nobody, and that request may be gone.
   */
  readonly pulseMs?: number;
  /** Closes idle connections. */
  close?(): void;
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
