/**
 * What the doctor tells: why a secret cannot be read, and what to do. Nothing in it is secret: it can be logged, and
 * pasted into a ticket. Facts that are not known are `undefined`.
 *
 * @module
 */

import type { ErrorCode } from "./errors.js";
import type { Identity } from "./events.js";
import { readReply } from "./json.js";
import { propertiesFrom, type RawProperties, type SecretProperties } from "./models.js";
import type { Resolution } from "./references.js";

/** What one whole run showed, from this host's identity to the secret. */
export interface Diagnosis {
  /** Whether the secret (or, without a name, the list of secrets) could be read. */
  readonly ok: boolean;
  /** Whether the error may pass by itself: trying again later may help. */
  readonly transient: boolean;
  /** The vault's URL. */
  readonly vaultUrl: string;
  /** The secret's name, if one was named. */
  readonly name?: string;
  /** The version, if one was named. */
  readonly version?: string;
  /** What the trouble is; absent when all is well, or when the facts tell nothing. */
  readonly verdict?: Finding;
  /** What fits the same facts, each with what would tell it apart. */
  readonly candidates: readonly Finding[];
  /** The error that a program gets. */
  readonly error?: Failure;
  /** What this host is. */
  readonly host: Host;
  /** What each source of the credential said, in order; the one that gave the token comes last. */
  readonly sources: readonly Source[];
  /** Whom the token stands for. */
  readonly identity?: Bearer;
  /** What the vault told of itself. */
  readonly service: Service;
  /** The secret's properties: neither its value nor what its owner wrote beside it, content type and tags. */
  readonly secret?: SecretProperties;
  /** The latest version, where another one was named and the vault told. */
  readonly latestVersion?: string;
  /** What works today and may not tomorrow. */
  readonly warnings: readonly Caution[];
  /** What everything took. */
  readonly durationMs: number;
  /** The report for people, line by line. */
  readonly text: string;
  /** The same as `text`. */
  toString(): string;
  /** The report as one line of JSON, the same in every language. */
  readonly json: string;
  /** The same as an object. */
  toJSON(): object;
}

/** A verdict, with what is to be done on this host. */
export interface Finding {
  /** The verdict: one stable word, such as `role-missing`. */
  readonly code: string;
  /** What was seen. */
  readonly seen: string;
  /** What that means. */
  readonly means: string;
  /** The one missing step. */
  readonly step: string;
  /** Commands to copy, with the real names; what is not known stands in angle brackets. */
  readonly commands: readonly string[];
  /** The way through the portal. */
  readonly portal?: string;
  /** Of a candidate: what would tell whether it is the one. */
  readonly tellApart?: string;
}

/** The facts of an error, under the names of `NightlatchError`. */
export interface Failure {
  /** The kind: what the caller can do. */
  readonly code: ErrorCode;
  /** What happened, in one sentence. */
  readonly message: string;
  /** HTTP status of the answer. */
  readonly statusCode?: number;
  /** The service's error code. */
  readonly errorCode?: string;
  /** The service's inner error code. */
  readonly innerCode?: string;
  /** The service's request id, for a support ticket. */
  readonly requestId?: string;
  /** Whether trying again later may help. */
  readonly transient: boolean;
}

/** What kind of host this is, and how that is known. */
export interface Host {
  /** The kind, such as `app-service`, `virtual-machine` or `elsewhere`. */
  readonly kind: string;
  /** The name of the resource. */
  readonly name?: string;
  /** Its resource group. */
  readonly resourceGroup?: string;
  /** What tells. */
  readonly evidence: readonly string[];
}

/** What one source of the credential said. */
export interface Source {
  /** The credential's name. */
  readonly source: string;
  /** `token`, `unavailable`, `refused` or `transient`. */
  readonly ending: string;
  /** Why there was no token. */
  readonly reason?: string;
  /** What it took. */
  readonly durationMs: number;
}

/** Whom the token stands for, as its claims say. */
export interface Bearer extends Readonly<Identity> {
  /** The credential that gave it. */
  readonly source: string;
  /** `app` or `user`, where the token says. */
  readonly kind?: string;
  /** When the token was issued. */
  readonly issuedOn?: Date;
  /** When it ends. */
  readonly expiresOn?: Date;
}

/** What the vault told of itself. */
export interface Service {
  /** The region, such as `westeurope`. */
  readonly region?: string;
  /** The version of the service. */
  readonly version?: string;
  /** The address from which it saw the request come. */
  readonly address?: string;
  /** Seconds that this host's clock is ahead of the service's. */
  readonly clockAhead?: number;
}

/** What works today and may not tomorrow. */
export interface Caution {
  /** One stable word, such as `no-purge-protection`. */
  readonly code: string;
  /** A sentence. */
  readonly message: string;
  /** A command that mends it. */
  readonly command?: string;
}

/** The answer to a health check. */
export interface Health {
  /** Whether everything asked for is at hand. */
  readonly ok: boolean;
  /** Whether all that is wrong may pass by itself: trying again later may help. */
  readonly transient: boolean;
  /** Where it is not. */
  readonly troubles: readonly Trouble[];
  /** The answer for people, line by line. */
  readonly text: string;
  /** The same as `text`. */
  toString(): string;
  /** The answer as one line of JSON, the same in every language. */
  readonly json: string;
  /** The same as an object. */
  toJSON(): object;
}

/** One thing that is not at hand. */
export interface Trouble {
  /** The secret; absent: the vault as a whole. */
  readonly name?: string;
  /** The verdict, when the facts tell. */
  readonly verdict?: string;
  /** The next step. */
  readonly advice?: string;
  /** The error. */
  readonly error: Failure;
}

/** What would be done, and what it would cost, told without the network. */
export interface Forecast {
  /** What this host is. */
  readonly host: Host;
  /** The sources of the credential, in order. */
  readonly sources: readonly Prospect[];
  /** What reading the secrets costs, at most: every secret is read all the time. */
  readonly requests: Requests;
  /** The forecast for people, line by line. */
  readonly text: string;
  /** The same as `text`. */
  toString(): string;
  /** The forecast as one line of JSON, the same in every language. */
  readonly json: string;
  /** The same as an object. */
  toJSON(): object;
}

/** What a source would do. */
export interface Prospect {
  /** The credential's name. */
  readonly source: string;
  /** `asked`, `skipped` (it does not exist here) or `behind` (only if those before it give nothing). */
  readonly turn: string;
  /** Why. */
  readonly reason: string;
}

/** What reading some secrets costs, at most. */
export interface Requests {
  /** How many secrets. */
  readonly secrets: number;
  /** How many processes. */
  readonly instances: number;
  /** Requests to the vault in an hour, by one process. */
  readonly perInstanceHour: number;
  /** By all. */
  readonly perHour: number;
  /** Share of the vault's limit, as a part of 1. */
  readonly shareOfVault: number;
  /** Share of the limit that all vaults of a subscription have together. */
  readonly shareOfSubscription: number;
  /** Requests when all processes start at once. */
  readonly atStart: number;
  /** How long the vault's limit makes that take. */
  readonly startSeconds: number;
}

/** What the doctor told, out of the engine's JSON: under one name, whatever that is. */
export function toldFrom<T extends Diagnosis | Health | Forecast | Resolution>(reply: string): T {
  type Told = { text: string; secret?: RawProperties };
  const [{ secret, ...same }] = Object.values(readReply<object>(reply)) as [Told];
  const json = reply.slice(reply.indexOf(":") + 1, -1);
  return Object.defineProperties(
    { ...same, ...(secret && { secret: propertiesFrom(secret) }) },
    {
      json: { value: json },
      toJSON: { value: () => JSON.parse(json) as object },
      toString: { value: () => same.text },
    },
  ) as unknown as T;
}
