/**
 * What clients return. Names and shapes are those of `@azure/keyvault-secrets` and `@azure/core-auth`. Inspecting one of
 * these (`console.log`) shows no value, and no token.
 *
 * @module
 */

import type { RawSecret } from "./engine.js";
import { readReply } from "./json.js";

const INSPECT = Symbol.for("nodejs.util.inspect.custom");
const DENO_INSPECT = Symbol.for("Deno.customInspect");

/** Node and Bun pass options second, Deno passes a function of the same use third. */
type Inspect = (value: unknown, options?: unknown) => string;

/** What the vault says of a secret besides its value. */
export interface SecretProperties {
  /** The full identifier, version included. */
  readonly id?: string;
  /** The vault's URL. */
  readonly vaultUrl: string;
  /** The secret's name. */
  readonly name: string;
  /** The version. */
  readonly version?: string;
  /** Whether the secret may be read. */
  readonly enabled?: boolean;
  /** From when the secret is meant to be used. Informational; see the option `validity`. */
  readonly notBefore?: Date;
  /** Until when the secret is meant to be used. Informational; see the option `validity`. */
  readonly expiresOn?: Date;
  /** When this version was made. */
  readonly createdOn?: Date;
  /** When the attributes of this version last changed. */
  readonly updatedOn?: Date;
  /** Free text that whoever set the secret chose. */
  readonly contentType?: string;
  /** The tags; empty if there are none. */
  readonly tags?: Readonly<Record<string, string>>;
  /** How deletion works in this vault, such as `Recoverable+Purgeable`. */
  readonly recoveryLevel?: string;
  /** Days for which the secret can be recovered after it was deleted. */
  readonly recoverableDays?: number;
  /** Whether a certificate stands behind the secret. */
  readonly managed?: boolean;
  /** The identifier of that certificate's key. */
  readonly certificateKeyId?: string;
  /** The version before this one, when the service tells it. */
  readonly previousVersion?: string;
}

/** A secret. All callers share one frozen object for as long as the cached copy lives. */
export class KeyVaultSecret {
  /** The secret's name. */
  readonly name: string;
  /** The secret value. */
  readonly value?: string;
  /** Everything else that the vault says of the secret. */
  readonly properties: SecretProperties;

  /** Made by clients. */
  constructor(value: string, properties: SecretProperties) {
    this.name = properties.name;
    this.value = value;
    this.properties = properties;
    Object.freeze(this);
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    const { name, properties } = this;
    return `KeyVaultSecret ${inspect?.({ name, value: "***", properties }, options) ?? name}`;
  }

  /** @internal */
  [DENO_INSPECT](inspect: Inspect, options: unknown): string {
    return this[INSPECT](undefined, options, inspect);
  }
}

/** A deleted secret, which can be recovered until it is purged. It has no value. */
export interface DeletedSecret {
  /** The secret's name. */
  readonly name: string;
  /** Never known of a deleted secret. */
  readonly value?: string;
  /** What the vault says of it, what follows included. */
  readonly properties: SecretProperties & {
    readonly recoveryId?: string;
    readonly deletedOn?: Date;
    readonly scheduledPurgeDate?: Date;
  };
  /** Its identifier as a deleted secret. */
  readonly recoveryId?: string;
  /** When it was deleted. */
  readonly deletedOn?: Date;
  /** When the vault will purge it by itself. */
  readonly scheduledPurgeDate?: Date;
}

/** What a cache holds, and what it has done since it was made. */
export interface CacheInfo {
  /** Secrets kept, those included whose time is over and that have not been swept out yet. */
  readonly entries: number;
  /** Their size. */
  readonly bytes: number;
  /** Reads that did not wait for the vault. */
  readonly hits: number;
  /** Reads that did. */
  readonly misses: number;
  /** Reads that were served a copy past its life, because the vault could not be asked. */
  readonly staleServed: number;
  /** Times that a copy was renewed before its end, or because a caller wanted it. */
  readonly refreshes: number;
  /** Secrets that left for want of room. */
  readonly evictions: number;
  /** Secrets that left because their time was over. */
  readonly expired: number;
  /** Age of the oldest copy; `undefined` if there is none. */
  readonly oldestAgeInMs?: number;
}

/** A bearer token for one or more scopes. */
export class AccessToken {
  /** The token. */
  readonly token: string;
  /** When it ends, in milliseconds since 1970. */
  readonly expiresOnTimestamp: number;
  /** When it should be renewed, in milliseconds since 1970. */
  readonly refreshAfterTimestamp: number;
  /** How it is to be presented. */
  readonly tokenType = "Bearer";

  /** Made by credentials. */
  constructor(token: string, expiresOnTimestamp: number, refreshAfterTimestamp: number) {
    this.token = token;
    this.expiresOnTimestamp = expiresOnTimestamp;
    this.refreshAfterTimestamp = refreshAfterTimestamp;
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    return `AccessToken ${inspect?.({ ...this, token: "***" }, options) ?? ""}`;
  }

  /** @internal */
  [DENO_INSPECT](inspect: Inspect, options: unknown): string {
    return this[INSPECT](undefined, options, inspect);
  }
}

/** The parts of a secret's identifier. */
export interface KeyVaultSecretIdentifier {
  /** The identifier as it was given. */
  sourceId: string;
  /** The vault's URL. */
  vaultUrl: string;
  /** The secret's name. */
  name: string;
  /** The version, if the identifier holds one. */
  version?: string;
}

/**
 * Reads the identifier of a secret, such as `https://contoso.vault.azure.net/secrets/db/0123…`.
 *
 * @throws TypeError - the text has another form
 */
export function parseKeyVaultSecretIdentifier(id: string): KeyVaultSecretIdentifier {
  const url = new URL(id);
  const [collection, name, version, ...rest] = url.pathname.split("/").slice(1);
  if (collection !== "secrets" || !name || rest.length > 0) {
    throw new TypeError(`${id} is not the identifier of a secret: <vault>/secrets/<name>[/<version>]`);
  }
  return { sourceId: id, vaultUrl: url.origin, name, ...(version && { version }) };
}

/** The object of a cached secret; built once, then found where the engine keeps its copy. */
export function secretFrom(raw: RawSecret): KeyVaultSecret {
  return (raw.made ??= build(raw)) as KeyVaultSecret;
}

function build(raw: RawSecret): KeyVaultSecret {
  const { value, made: _made, ...properties } = raw;
  return new KeyVaultSecret(value, Object.freeze(propertiesFrom(properties)));
}

type Times = "notBefore" | "expiresOn" | "createdOn" | "updatedOn";

/** Properties of a secret as the engine gives them: beside a value, or in a reply. */
export type RawProperties = Omit<RawSecret, Times | "value" | "made"> & { [T in Times]?: number | Date };

/** Properties as users see them. */
export function propertiesFrom(raw: RawProperties): SecretProperties {
  const { keyId, notBefore, expiresOn, createdOn, updatedOn, tags, ...same } = raw;
  return {
    ...same,
    ...(notBefore !== undefined && { notBefore: new Date(notBefore) }),
    ...(expiresOn !== undefined && { expiresOn: new Date(expiresOn) }),
    ...(createdOn !== undefined && { createdOn: new Date(createdOn) }),
    ...(updatedOn !== undefined && { updatedOn: new Date(updatedOn) }),
    ...(keyId !== undefined && { certificateKeyId: keyId }),
    tags: Object.freeze({ ...tags }),
  };
}

/** A deleted secret as the engine replies. */
export interface RawDeleted {
  properties: RawProperties;
  recoveryId?: string;
  deletedDate?: Date;
  scheduledPurgeDate?: Date;
}

/** A deleted secret as users see it. */
export function deletedFrom(raw: RawDeleted): DeletedSecret {
  const { properties, deletedDate: deletedOn, ...same } = raw;
  const more = { ...same, ...(deletedOn && { deletedOn }) };
  return { name: properties.name, properties: { ...propertiesFrom(properties), ...more }, ...more };
}

/** What a cache tells of itself, out of the engine's JSON. */
export function cacheInfoFrom(json: string): CacheInfo {
  const { oldestAgeMs, ...same } = readReply<CacheInfo & { oldestAgeMs?: number }>(json);
  return { ...same, ...(oldestAgeMs !== undefined && { oldestAgeInMs: oldestAgeMs }) };
}
