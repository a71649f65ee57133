/**
 * Events: what happened, for logs, audit and metrics. They hold no secret.
 *
 * @module
 */

import { renamed } from "./json.js";

/** Who a token stands for, as far as it told. */
export interface Identity {
  /** Tenant id. */
  tenantId?: string;
  /** Application (client) id. */
  clientId?: string;
  /** Object (principal) id. */
  objectId?: string;
  /** Resource id of a managed identity. */
  resourceId?: string;
}

/** How one source of a chain of credentials ended; or a Key Vault reference that could not be resolved. */
export interface Attempt {
  /** The credential's name; the place of the reference. */
  source: string;
  /** `unavailable`, `refused` or `transient`; App Service's word for how the reference fared, such as `SecretNotFound`. */
  ending: string;
  /** Why, in one sentence. */
  reason: string;
}

/** The facts of each event, by its type. */
export interface EventFactsByType {
  /** A source gave a token. */
  tokenacquired: { source: string; scope: string; identity: Identity; expiresOn: string; skipped: Attempt[] };
  /** A token could not be renewed; the old one still serves. */
  tokenrefreshfailed: { source: string; reason: string };
  /** The file of a private key can be read by others than its owner. */
  keyfileshared: { path: string };
  /** A secret was fetched from its vault. */
  secretfetched: { vault: string; name: string; version: string; requestId: string | null };
  /** The latest version of a secret is another one than before. */
  secretrotated: { vault: string; name: string; oldVersion: string; newVersion: string };
  /** A secret ends soon, see the option `nearExpiry`. Told once for a version, while the cache remembers it. */
  secretnearexpiry: { vault: string; name: string; version: string; expiresOn: string };
  /** An operation other than getting a secret ended. */
  vaultoperation: {
    operation: string;
    vault: string;
    name: string | null;
    version: string | null;
    requestId: string | null;
    durationMs: number;
    outcome: string;
  };
  /** A rotation began: a new value is made. */
  rotationstarted: { vault: string; name: string; slot: string | null; oldVersion: string | null };
  /** A rotation goes on that ended in the middle. */
  rotationresumed: { vault: string; name: string; oldVersion: string | null; newVersion: string | null };
  /** A new value is in use. */
  rotationfinished: {
    vault: string;
    name: string;
    slot: string | null;
    oldVersion: string | null;
    newVersion: string | null;
  };
  /** A new value did not do: the old one is in use again. */
  rotationrolledback: {
    vault: string;
    name: string;
    oldVersion: string | null;
    newVersion: string | null;
    reason: string;
  };
  /** A rotation ended otherwise: before anything changed, or in the middle, as its error tells. */
  rotationfailed: {
    vault: string;
    name: string;
    slot: string | null;
    oldVersion: string | null;
    newVersion: string | null;
    reason: string;
  };
  /** The vault could not be asked; a copy past its life was served. */
  servedstale: { vault: string; name: string; ageMs: number; reason: string };
  /** A secret was served outside its validity period. */
  secretoutsidevalidity: { vault: string; name: string; state: "expired" | "not_yet_valid" };
  /** A request had to wait: for our own limits, or because the service said so. */
  throttled: { host: string; by: "limiter" | "service"; waitMs: number };
  /** A request failed and is tried again. */
  retrying: { host: string; attempt: number; waitMs: number; reason: string };
  /** The vault refused the caller. */
  accessdenied: {
    vault: string;
    name: string;
    identity: Identity;
    innerCode: string | null;
    requestId: string | null;
  };
}

/** The type of an event, such as `secretrotated`. */
export type EventType = keyof EventFactsByType;

/** The facts of any event, with its type. */
export type EventFacts = { [T in EventType]: { type: T } & EventFactsByType[T] }[EventType];

/** An event of a client. */
export class NightlatchEvent<T extends EventType = EventType> extends Event {
  /** The facts. */
  readonly detail: EventFactsByType[T];

  constructor(type: string, detail: EventFactsByType[T]) {
    super(type);
    this.detail = detail;
  }
}

/** Reads an event as the engine writes it. */
export function readEvent(json: string): EventFacts {
  const { event, ...facts } = JSON.parse(json, renamed) as { event: string };
  return { type: event.replaceAll("_", ""), ...facts } as EventFacts;
}
