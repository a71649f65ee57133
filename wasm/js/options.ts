/**
 * The options of clients and credentials: which there are, and where each one goes. Most belong to the engine, which
 * checks their values; the others say how the host does its part. Durations are milliseconds.
 *
 * @module
 */

import { invalidConfiguration } from "./errors.js";
import type { Identity } from "./events.js";
import type { Fetch } from "./host/fetch.js";
import type { Clock } from "./host/host.js";

/** How the host does its part. */
export interface HostOptions {
  /** Carries all HTTP, instead of the global `fetch`. Must not follow redirects when told `redirect: "manual"`. */
  fetch?: Fetch;
  /** Files by path, or functions that give their content when it is wanted; for hosts that have none. */
  files?: Record<string, FileContent | (() => FileContent | Promise<FileContent>)>;
  /** Environment variables, instead of the process's. */
  environment?: Record<string, string | undefined>;
  /** Who renews what nears its end: nobody waits (`detached`), or the caller who notices does. */
  renewal?: "detached" | "caller";
  /** Takes every event as one line of JSON with its time, in the words of the engine. No event holds a secret. */
  audit?: AuditTarget;
  /** Where time comes from; for tests. */
  clock?: Clock;
}

/**
 * Where the audit goes: a function that takes lines, a stream, or (Node) the path of a file, which is made for its owner
 * only and appended to line by line, so that processes may share it and it may be rotated.
 */
export type AuditTarget = ((line: string) => void) | { write(text: string): unknown } | string;

/** What a file holds. */
export type FileContent = string | Uint8Array;

/** Options of the Azure SDKs that mean nothing here: to leave them in or out changes nothing. */
export interface SdkOptions {
  /** No instance discovery is made. */
  disableInstanceDiscovery?: boolean;
  /** No secret is ever logged; see the events. */
  loggingOptions?: unknown;
  /** Not used yet. */
  tracingOptions?: unknown;
  /** Tokens are kept in memory only. */
  tokenCachePersistenceOptions?: unknown;
  /** Who signed in before is not looked up on disk. */
  authenticationRecord?: unknown;
  /** The page that ends a sign-in is ours. */
  browserCustomizationOptions?: unknown;
  /** No broker is asked. */
  brokerOptions?: unknown;
}

/** Options of clients, and of credentials used by themselves. */
export interface EngineOptions extends HostOptions, SdkOptions {
  /** How long the latest version of a secret is kept; 0 turns the cache off. Default 300,000. */
  cacheTtl?: number;
  /** The same for a version named by the caller. Default 3,600,000. */
  cachePinnedTtl?: number;
  /** How long past its life a copy serves while the vault cannot be asked. Default 3,600,000. */
  staleIfError?: number;
  /** How long "no such secret" is remembered. Default 10,000. */
  negativeTtl?: number;
  /** Secrets kept; the least recently read goes first. Default 1,000. */
  cacheMaxEntries?: number;
  /** Bytes kept. Default 16 MiB. */
  cacheMaxBytes?: number;
  /** Forced refreshes of one secret within this time share one fetch. Default 1,000. */
  cacheRefreshInterval?: number;
  /** Share by which lives differ, so that they do not end together. Default 0.1. */
  cacheJitter?: number;
  /** Last share of a life, in which a copy is renewed while it serves. Default 0.2. */
  cacheSoftWindow?: number;
  /** Requests a second for one secret; more have to wait. 0 for no limit. Default 5. */
  secretRequestsPerSecond?: number;
  /** That many at once. Default 5. */
  secretBurst?: number;
  /** Requests a second for one vault; more have to wait. 0 for no limit. Default 200. */
  vaultRequestsPerSecond?: number;
  /** That many at once. Default 400. */
  vaultBurst?: number;
  /** Secrets set or restored a second in one vault; more have to wait. 0 for no limit. Default 15. */
  vaultCreatesPerSecond?: number;
  /** That many at once. Default 15. */
  vaultCreateBurst?: number;
  /** How failures are tried again. */
  retryOptions?: RetryOptions;
  /** What a call may take in all. Default 60,000. */
  operationTimeout?: number;
  /** What one HTTP exchange may take. Default 30,000. */
  tryTimeout?: number;
  /** The service's API version. */
  serviceVersion?: string;
  /** Accept a vault that asks for tokens of a domain which is not its own. Better: `allowedDomains`. */
  disableChallengeResourceVerification?: boolean;
  /** Further domains whose vaults may be spoken to, such as `vault.example.org`. */
  allowedDomains?: string[];
  /** Whether a vault on this machine may be spoken to without TLS. Default false. */
  allowHttpLoopback?: boolean;
  /** A secret outside its validity period: serve it (default), serve it and tell by an event, or refuse it. */
  validity?: "allow" | "warn" | "refuse";
  /** How long before its end a secret that is fetched is told of (event `secretnearexpiry`); 0: never. Default 30 days. */
  nearExpiry?: number;
  /** Who the token must stand for; every part given is compared. */
  expect?: Identity;
  /** What to say of the program to the services. */
  userAgentOptions?: { userAgentPrefix?: string };
}

/** How failures are tried again; names are those of the Azure SDKs. */
export interface RetryOptions {
  /** Retries after the first try. Default 4. */
  maxRetries?: number;
  /** Mean of the first wait; each next one is twice as long. Default 800. */
  retryDelayInMs?: number;
  /** The longest wait. Default 60,000. */
  maxRetryDelayInMs?: number;
}

/** The engine's tree of options. */
export type Tree = { [name: string]: unknown };

/** What a value becomes on its way to the engine. */
type Convert = (value: never) => unknown;

const asItIs: Convert = (value) => value;
/** The engine counts in seconds. What is no number it refuses itself. */
const seconds: Convert = (value: unknown) => (typeof value === "number" ? value / 1000 : value);
const oneMore: Convert = (value: number) => value + 1;
const negated: Convert = (value: boolean) => !value;
const snakeCase: Convert = (value: object) =>
  Object.fromEntries(Object.entries(value).map(([name, part]) => [underscored(name), part]));

/** Where each option stands in the engine's tree, and what it becomes there. */
const ENGINE: Record<string, [path: string, Convert]> = {
  cacheTtl: ["cache.ttl", seconds],
  cachePinnedTtl: ["cache.pinned_ttl", seconds],
  staleIfError: ["cache.stale_if_error", seconds],
  negativeTtl: ["cache.negative_ttl", seconds],
  cacheMaxEntries: ["cache.max_entries", asItIs],
  cacheMaxBytes: ["cache.max_bytes", asItIs],
  cacheRefreshInterval: ["cache.refresh_interval", seconds],
  cacheJitter: ["cache.jitter", asItIs],
  cacheSoftWindow: ["cache.soft_window", asItIs],
  secretRequestsPerSecond: ["limits.secret_per_second", asItIs],
  secretBurst: ["limits.secret_burst", asItIs],
  vaultRequestsPerSecond: ["limits.vault_per_second", asItIs],
  vaultBurst: ["limits.vault_burst", asItIs],
  vaultCreatesPerSecond: ["limits.create_per_second", asItIs],
  vaultCreateBurst: ["limits.create_burst", asItIs],
  "retryOptions.maxRetries": ["retry.tries", oneMore],
  "retryOptions.retryDelayInMs": ["retry.delay", seconds],
  "retryOptions.maxRetryDelayInMs": ["retry.max_delay", seconds],
  operationTimeout: ["retry.operation_timeout", seconds],
  tryTimeout: ["retry.try_timeout", seconds],
  serviceVersion: ["vault.api_version", asItIs],
  disableChallengeResourceVerification: ["vault.verify_challenge_resource", negated],
  allowedDomains: ["vault.allowed_domains", asItIs],
  allowHttpLoopback: ["vault.allow_http_loopback", asItIs],
  validity: ["vault.validity", asItIs],
  nearExpiry: ["vault.near_expiry", seconds],
  expect: ["expect", snakeCase],
  "userAgentOptions.userAgentPrefix": ["user_agent", asItIs],
};

/** Options that hold others. */
const GROUPS = ["retryOptions", "userAgentOptions"];

/** The names of {@link SdkOptions}. */
const WITHOUT_MEANING: readonly string[] = [
  "disableInstanceDiscovery",
  "loggingOptions",
  "tracingOptions",
  "tokenCachePersistenceOptions",
  "authenticationRecord",
  "browserCustomizationOptions",
  "brokerOptions",
] satisfies (keyof SdkOptions)[];

/** Options, sorted by who they are for. */
export interface Settings {
  engine: Tree;
  host: Record<string, unknown>;
}

/**
 * Sorts options.
 *
 * @param hostNames - the options that the host knows
 * @throws NightlatchError - `INVALID_CONFIGURATION`: an option is unknown; a misspelt one must not be passed over
 */
export function settings(options: object, hostNames: readonly string[]): Settings {
  const sorted: Settings = { engine: {}, host: {} };
  for (const [name, value] of flat(options)) {
    const place = ENGINE[name];
    if (place !== undefined) {
      plant(sorted.engine, place[0], place[1](value as never));
    } else if (hostNames.includes(name)) {
      sorted.host[name] = value;
    } else if (!WITHOUT_MEANING.includes(name)) {
      const known = [...Object.keys(ENGINE), ...hostNames].join(", ");
      throw invalidConfiguration(`There is no option ${name}. There are: ${known}.`);
    }
  }
  return sorted;
}

/** Every option that is given, those in groups as `group.name`. */
function flat(options: object): [string, unknown][] {
  return Object.entries(options)
    .flatMap(([name, value]): [string, unknown][] =>
      GROUPS.includes(name) && value instanceof Object
        ? Object.entries(value).map(([inner, part]) => [`${name}.${inner}`, part])
        : [[name, value]],
    )
    .filter(([, value]) => value !== undefined);
}

function plant(tree: Tree, path: string, value: unknown): void {
  const [group, name] = path.split(".") as [string, string?];
  if (name === undefined) {
    tree[group] = value;
  } else {
    ((tree[group] ??= {}) as Tree)[name] = value;
  }
}

function underscored(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
