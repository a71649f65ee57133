/**
 * What the calls of a client can be told, and the operations that the engine reads.
 *
 * @module
 */

import type { AbortSignalLike } from "./token.js";

/** Options of every call. */
export interface OperationOptions {
  /** Ends the wait; what other callers wait for goes on. */
  abortSignal?: AbortSignalLike | undefined;
  /** What the call may take in all, in milliseconds. */
  timeout?: number | undefined;
  /** The same as `timeout`, as the Azure SDKs write it. */
  requestOptions?: { timeout?: number } | undefined;
  /** Accepted, and not used yet. */
  tracingOptions?: unknown;
}

/** Options of `getSecret` and `refresh`. */
export interface GetSecretOptions extends OperationOptions {
  /** One version of the secret, instead of the latest. */
  version?: string | undefined;
  /**
   * The form in which the secret behind a certificate is wanted, as a media type: `application/x-pem-file`. The service
   * converts, and the answer is not cached.
   */
  outContentType?: string | undefined;
}

/** Options of `getSecrets`. */
export interface GetSecretsOptions extends OperationOptions {
  /** Asks the vault, cached or not. */
  refresh?: boolean | undefined;
  /** Whether the error of a secret takes its place in the result; else the first one is thrown. */
  returnErrors?: boolean | undefined;
}

/** Options of `loadSecrets`. */
export interface LoadSecretsOptions extends OperationOptions {
  /** Which secrets, with the permission to get them; if not given, all that the vault lists. */
  names?: Iterable<string> | undefined;
  /** Of the secrets that are listed only those whose names begin with it, in any case; keys are without it. */
  prefix?: string | undefined;
  /** What stands in keys for `--`, which names have for want of other separators. Default `:`. */
  separator?: string | undefined;
}

/** Options of `diagnose`. */
export interface DiagnoseOptions extends OperationOptions {
  /** One version of the secret, instead of the latest. */
  version?: string | undefined;
}

/** Options of `explain`. */
export interface ExplainOptions extends OperationOptions {
  /** How many secrets are read. Default 1. */
  secrets?: number | undefined;
  /** How many processes read them. Default 1. */
  instances?: number | undefined;
}

/** Options of `withSecret`. */
export interface WithSecretOptions extends OperationOptions {
  /** Tells whether an error means that the secret's value is no longer accepted. */
  isAuthError: (error: unknown) => boolean;
}

/** What a version has besides its value. */
export interface SecretChanges {
  /** Whether it may be read. */
  enabled?: boolean | undefined;
  /** From when it should be used; informational. */
  readonly notBefore?: Date | undefined;
  /** Until when it should be used; informational. */
  readonly expiresOn?: Date | undefined;
  /** Free text, at most 255 characters. */
  contentType?: string | undefined;
  /** Up to 15; they replace all tags there are. */
  tags?: { [name: string]: string } | undefined;
}

/** Options of `setSecret`. A version inherits nothing from the one before. */
export interface SetSecretOptions extends OperationOptions, SecretChanges {
  /**
   * If the name belongs to a deleted secret, recovers that one first (which needs the permission to recover) and sets
   * the new version on top.
   */
  recoverIfDeleted?: boolean | undefined;
}

/**
 * Options of `updateSecretProperties`. What is not given stays.
 *
 * The service knows no etags. With one of the conditions the version is read first (which needs the permission to get)
 * and compared, and exactly this version is changed. A change that somebody else makes between the two is overwritten,
 * in the fields that are given.
 */
export interface UpdateSecretPropertiesOptions extends OperationOptions, SecretChanges {
  /** Only if this is the latest version. */
  ifVersion?: string | undefined;
  /** Only if it was not changed after this moment: the `updatedOn` known here. */
  ifUnchangedSince?: Date | undefined;
}

/** Options of lists. */
export interface ListOptions extends OperationOptions {}

/** Options of `beginDeleteSecret` and `beginRecoverDeletedSecret`. */
export interface SecretPollerOptions extends OperationOptions {
  /** Time between two looks while waiting. Default 2,000. */
  intervalInMs?: number | undefined;
  /** What `toString` of a poller gave: makes it again, and asks the vault for nothing new. */
  resumeFrom?: string | undefined;
}

/** Options of `purgeDeletedSecret`. */
export interface PurgeDeletedSecretOptions extends OperationOptions {
  /** Waits until the name can be used again, which takes the vault some seconds. */
  wait?: boolean | undefined;
  /** Time between two looks while waiting. Default 2,000. */
  intervalInMs?: number | undefined;
}

/** Stands for "until it is finished": each request by itself is tried and timed as ever. */
const PATIENCE_MS = 86_400_000;

/** The time that a call is given, for the engine. */
export function timed({ timeout, requestOptions }: OperationOptions, otherwise?: number): object {
  const given = timeout ?? requestOptions?.timeout ?? otherwise;
  return given === undefined || given === 0 ? {} : { timeout: given / 1000 };
}

/** What makes the engine wait until the vault has finished. */
export function waiting(options: OperationOptions & { intervalInMs?: number | undefined }): object {
  const { intervalInMs } = options;
  return {
    wait: true,
    ...(intervalInMs !== undefined && { interval: intervalInMs / 1000 }),
    ...timed(options, PATIENCE_MS),
  };
}

/** What a version has besides its value, for the engine. */
export function changed({ enabled, notBefore, expiresOn, contentType, tags }: SecretChanges): object {
  return {
    enabled,
    tags,
    content_type: contentType,
    not_before: sinceEpoch(notBefore),
    expires_on: sinceEpoch(expiresOn),
  };
}

/** Whole seconds, as the service counts. */
export function sinceEpoch(date: Date | undefined): number | undefined {
  return date === undefined ? undefined : Math.floor(date.getTime() / 1000);
}
