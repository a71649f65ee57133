/**
 * The public names, without an engine: what every package of nightlatch for JavaScript has in common.
 *
 * @module
 */

export { SecretClient, type SecretClientOptions } from "./client.js";
export type { LoadedSecrets } from "./configuration.js";
export type { SecretClientEventMap } from "./connected.js";
export * from "./credentials.js";
export type {
  Bearer,
  Caution,
  Diagnosis,
  Failure,
  Finding,
  Forecast,
  Health,
  Host,
  Prospect,
  Requests,
  Service,
  Source,
  Trouble,
} from "./doctor.js";
export type { SecretValue, SignatureAlgorithm } from "./engine.js";
export {
  AbortError,
  AggregateAuthenticationError,
  AuthenticationError,
  AuthenticationRequiredError,
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
  type CacheInfo,
  type DeletedSecret,
  KeyVaultSecret,
  type KeyVaultSecretIdentifier,
  parseKeyVaultSecretIdentifier,
  type SecretProperties,
} from "./models.js";
export type {
  AuditTarget,
  EngineOptions,
  FileContent,
  HostOptions,
  RetryOptions,
  SdkOptions,
} from "./options.js";
export type { ReferenceStatus, Resolution } from "./references.js";
export type { Page, PagedAsyncIterableIterator, PageSettings } from "./paging.js";
export type { PollerLike, PollOperationState, PollOptions } from "./polling.js";
export type {
  DiagnoseOptions,
  ExplainOptions,
  GetSecretOptions,
  GetSecretsOptions,
  ListOptions,
  LoadSecretsOptions,
  OperationOptions,
  PurgeDeletedSecretOptions,
  SecretChanges,
  SecretPollerOptions,
  SetSecretOptions,
  UpdateSecretPropertiesOptions,
  WithSecretOptions,
} from "./requests.js";
export {
  type AbortSignalLike,
  getBearerTokenProvider,
  type GetTokenOptions,
  type GivenToken,
  type TokenCredential,
} from "./token.js";
