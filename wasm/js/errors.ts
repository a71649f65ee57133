/**
 * Errors. `code` is the kind, the same in every language of nightlatch, and says what the caller can do; the class
 * says it coarsely, under the names that users of `@azure/identity` know. No error holds a secret or a token.
 *
 * @module
 */

import type { RawError } from "./engine.js";
import type { Attempt, Identity } from "./events.js";
import { renamed } from "./json.js";
import type { GetTokenOptions } from "./token.js";

/** What the caller can do about an error. */
export type ErrorCode =
  /** A value given to the call is not valid: mend the call. */
  | "INVALID_ARGUMENT"
  /** Options or environment contradict themselves: mend them. */
  | "INVALID_CONFIGURATION"
  /** No source of an identity exists here: sign in, attach or configure one. */
  | "CREDENTIAL_UNAVAILABLE"
  /** A source exists and was refused: mend the credential. */
  | "AUTHENTICATION_FAILED"
  /** The token stands for somebody else than `expect` says. */
  | "IDENTITY_MISMATCH"
  /** The vault's challenge was not believed, so no token was sent: check the vault URL. */
  | "CHALLENGE_REJECTED"
  /** The vault knows the caller and says no: grant what `advice` names. */
  | "FORBIDDEN"
  /** The secret is disabled: enable it or ask for another version. */
  | "SECRET_DISABLED"
  /** No such secret, version or vault. */
  | "NOT_FOUND"
  /** The name is in a state that does not allow this. */
  | "CONFLICT"
  /** The service's limit was reached, or our own budget of retries ran out: wait. */
  | "THROTTLED"
  /** The service failed: try later. */
  | "SERVICE_FAILURE"
  /** No connection: check name resolution, network, firewall, proxy. */
  | "UNREACHABLE"
  /** The TLS peer was not accepted: check certificates and interception. */
  | "TLS"
  /** The time allowed ran out. */
  | "TIMEOUT"
  /** The caller cancelled. */
  | "CANCELLED"
  /** An answer could not be understood: something else may be answering. */
  | "MALFORMED_RESPONSE"
  /** This host or version cannot do it. */
  | "UNSUPPORTED"
  /** A defect of nightlatch: please report it. */
  | "INTERNAL"
  /** An encrypted value is not what it should be, or not for this key: `help` says which. */
  | "DECRYPTION_FAILED";

/** The base of all errors of nightlatch. Facts that are not known are `undefined`. */
export class NightlatchError extends Error {
  override name = "NightlatchError";
  /** The kind: what the caller can do. */
  readonly code: ErrorCode;
  /** The kind's number, the same in every language. */
  readonly number: number;
  /** What happened, in one sentence; `message` adds the next step. */
  readonly summary: string;
  /** The credential concerned, by its name. */
  readonly source: string | undefined;
  /** Who was refused. */
  readonly identity: Identity | undefined;
  /** HTTP status of the answer. */
  readonly statusCode: number | undefined;
  /** The service's error code. */
  readonly errorCode: string | undefined;
  /** The service's inner error code. */
  readonly innerCode: string | undefined;
  /** The service's request id, for a support ticket. */
  readonly requestId: string | undefined;
  /** How long the service asked to wait. */
  readonly retryAfterInMs: number | undefined;
  /** What each source of a chain of credentials said, in order; or each reference that could not be resolved. */
  readonly attempts: readonly Attempt[];
  /** The next step, in one sentence. */
  readonly advice: string | undefined;
  /** What the trouble is, as one stable word such as `role-missing`, when the facts tell. */
  readonly help: string | undefined;
  /** Claims (JSON) that the user must satisfy in a sign-in of their own, when a service acts on their behalf. */
  readonly claims: string | undefined;

  constructor(raw: RawError, cause?: unknown) {
    super(textOf(raw), cause === undefined ? undefined : { cause });
    this.code = raw.kind as ErrorCode;
    this.number = raw.number;
    this.summary = raw.message;
    this.source = raw.source;
    this.identity = renamed("identity", raw.identity) as Identity | undefined;
    this.statusCode = raw.status;
    this.errorCode = raw.code;
    this.innerCode = raw.innerCode;
    this.requestId = raw.requestId;
    this.retryAfterInMs = raw.retryAfterMs;
    this.attempts = raw.attempts;
    this.advice = raw.advice;
    this.help = raw.help;
    this.claims = raw.claims;
  }
}

/** A source of an identity exists and was refused, or gave what must not be used: mend the credential. */
export class AuthenticationError extends NightlatchError {
  override name = "AuthenticationError";
}

/** No source of an identity exists here: sign in, attach or configure one. */
export class CredentialUnavailableError extends NightlatchError {
  override name = "CredentialUnavailableError";
}

/** A person must sign in, and the credential was told not to ask by itself: call its `authenticate`. */
export class AuthenticationRequiredError extends CredentialUnavailableError {
  override name = "AuthenticationRequiredError";
  /** What the token was wanted for. */
  scopes: string[] = [];
  /** How it was asked for. */
  getTokenOptions: GetTokenOptions | undefined;
}

/** None of several sources gave a token; `errors` has one error for each. */
export class AggregateAuthenticationError extends CredentialUnavailableError {
  override name = "AggregateAuthenticationError";
  /** What each source said. */
  readonly errors: NightlatchError[];

  constructor(raw: RawError, cause?: unknown) {
    super(raw, cause);
    this.errors = raw.attempts.map(({ source, ending, reason }) => {
      const refused = ending === "refused";
      const kind = refused ? "AUTHENTICATION_FAILED" : "CREDENTIAL_UNAVAILABLE";
      const one = { kind, number: refused ? 4 : 3, message: `${source}: ${reason}`, source, attempts: [] };
      return refused ? new AuthenticationError(one) : new CredentialUnavailableError(one);
    });
  }
}

/** The caller's signal was aborted; `cause` is its reason. */
export class AbortError extends NightlatchError {
  override name = "AbortError";

  constructor(cause?: unknown) {
    super({ kind: "CANCELLED", number: 16, message: "The operation was aborted.", attempts: [] }, cause);
  }
}

/** The class of each kind that has one of its own. */
const CLASSES: Record<string, typeof NightlatchError> = {
  CREDENTIAL_UNAVAILABLE: CredentialUnavailableError,
  AUTHENTICATION_FAILED: AuthenticationError,
  IDENTITY_MISMATCH: AuthenticationError,
  CHALLENGE_REJECTED: AuthenticationError,
};

/** Makes the error for one of the engine's; a kind that is not known here becomes the base class. */
export function errorFrom(raw: RawError, cause?: unknown): NightlatchError {
  return new (classOf(raw))(raw, cause);
}

function classOf({ kind, code, attempts }: RawError): typeof NightlatchError {
  // How a reference fared is told in words of App Service's, which begin with a capital.
  if (kind === "CREDENTIAL_UNAVAILABLE" && /^[a-z]/.test(attempts[0]?.ending ?? "")) {
    return AggregateAuthenticationError;
  }
  if (kind === "CREDENTIAL_UNAVAILABLE" && code === "authentication_required") {
    return AuthenticationRequiredError;
  }
  return CLASSES[kind] ?? NightlatchError;
}

/** What an engine threw: one of its errors, or, if it broke, a defect of ours. */
export function thrown(why: unknown): NightlatchError {
  if (isRawError(why)) {
    return errorFrom(why);
  }
  const message = "The engine broke; this is a defect of nightlatch.";
  return new NightlatchError({ kind: "INTERNAL", number: 19, message, attempts: [] }, why);
}

/** Whether an engine threw one of its errors, and is as good as before. */
export function isRawError(why: unknown): why is RawError {
  return typeof why === "object" && why !== null && "kind" in why && "number" in why;
}

/** For a call that cannot be made. */
export function invalidArgument(message: string): NightlatchError {
  return new NightlatchError({ kind: "INVALID_ARGUMENT", number: 1, message, attempts: [] });
}

/** For options that cannot be used: the kind that the engine gives those it checks itself. */
export function invalidConfiguration(message: string): NightlatchError {
  return new NightlatchError({ kind: "INVALID_CONFIGURATION", number: 2, message, attempts: [] });
}

/** For what this host cannot do. */
export function unsupported(message: string, advice: string): NightlatchError {
  return new NightlatchError({ kind: "UNSUPPORTED", number: 18, message, advice, attempts: [] });
}

function textOf(raw: RawError): string {
  const advice = raw.advice === undefined ? "" : `\nTo mend this: ${raw.advice}`;
  const request = raw.requestId === undefined ? "" : `\nRequest id: ${raw.requestId}`;
  return raw.message + advice + request;
}
