/**
 * The public names, with those that the module for the edge leaves out.
 *
 * @module
 */

export * from "./front.js";
export {
  type EncryptOptions,
  FieldEncryption,
  type FieldEncryptionOptions,
  type FieldsOptions,
} from "./encryption.js";
export { type LiveOptions, LiveSettings } from "./live.js";
export {
  type RotateSecretOptions,
  type RotationContext,
  SecretClient,
  type SecretRotation,
} from "./rotation.js";
export {
  type MaxAge,
  ReferenceResolver,
  type ReferenceResolverOptions,
  type ResolutionOptions,
  type ResolveOptions,
  type ResolveValueOptions,
} from "./references.js";
