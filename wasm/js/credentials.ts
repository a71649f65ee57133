/**
 * The credentials, by their names in `@azure/identity`. Each can also be given to other Azure clients.
 *
 * @module
 */

export {
  AuthorizationCodeCredential,
  type AuthorizationCodeCredentialOptions,
  AzurePipelinesCredential,
  type AzurePipelinesCredentialOptions,
  ClientAssertionCredential,
  type ClientAssertionCredentialOptions,
  type ClientCertificateConfiguration,
  ClientCertificateCredential,
  type ClientCertificateCredentialOptions,
  ClientSecretCredential,
  type ClientSecretCredentialOptions,
  OnBehalfOfCredential,
  type OnBehalfOfCredentialOptions,
  type SignFunction,
  type SigningOptions,
} from "./credentials/applications.js";
export * from "./credentials/chains.js";
export { type AuthorityOptions, AzureAuthorityHosts } from "./credentials/common.js";
export * from "./credentials/machines.js";
export * from "./credentials/people.js";
export * from "./credentials/tools.js";
