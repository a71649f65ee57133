/**
 * The public names, without an engine: what every package of nightlatch for JavaScript has in common.
 *
 * @module
 */

export {
  SecretClient,
  type GetSecretOptions,
  type SecretClientEventMap,
  type SecretClientOptions,
} from "./client.js";
export * from "./credentials.js";
export type { CacheInfo } from "./engine.js";
export {
  AbortError,
  AggregateAuthenticationError,
  AuthenticationError,
  CredentialUnavailableError,
  type ErrorCode,
  NightlatchError,
} from "./errors.js";
export {
  type Attempt,
  type EventFacts,
  type EventFactsByType,
  type EventType,
  type Identity,
  NightlatchEvent,
} from "./events.js";
export { ManualClock } from "./host/clock.js";
export type { Fetch } from "./host/fetch.js";
export type { Clock, Timer } from "./host/host.js";
export {
  AccessToken,
  KeyVaultSecret,
  type KeyVaultSecretIdentifier,
  parseKeyVaultSecretIdentifier,
  type SecretProperties,
} from "./models.js";
export type { EngineOptions, FileContent, HostOptions, RetryOptions } from "./options.js";
export {
  type AbortSignalLike,
  getBearerTokenProvider,
  type GetTokenOptions,
  type GivenToken,
  type TokenCredential,
} from "./token.js";
