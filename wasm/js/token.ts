/**
 * The protocol by which Azure's libraries ask each other for tokens, as `@azure/core-auth` writes it.
 *
 * @module
 */

/** What is used of an `AbortSignal`. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  // As the official packages write it; a stricter listener would not be assignable.
  addEventListener(type: "abort", listener: (this: AbortSignalLike, event: any) => any, options?: any): void;
  removeEventListener(
    type: "abort",
    listener: (this: AbortSignalLike, event: any) => any,
    options?: any,
  ): void;
}

/** Options of `getToken`. */
export interface GetTokenOptions {
  /** Ends the wait. */
  abortSignal?: AbortSignalLike;
  /** Tenant to ask, if not the credential's own. */
  tenantId?: string;
  /** Claims of a challenge, as JSON; asks for a new token. */
  claims?: string;
  /** Whether the resource understands continuous access evaluation. */
  enableCae?: boolean;
  /** What the call may take in all, in milliseconds. */
  requestOptions?: { timeout?: number };
}

/** A bearer token, as any credential gives it. */
export interface GivenToken {
  /** The token. */
  token: string;
  /** When it ends, in milliseconds since 1970. */
  expiresOnTimestamp: number;
  /** When it should be renewed, in milliseconds since 1970. */
  refreshAfterTimestamp?: number;
}

/** Anything that gives tokens: our credentials, and those of other libraries. */
export interface TokenCredential {
  /** Gives a token for the scopes, or null if it has none. */
  getToken(scopes: string | string[], options?: GetTokenOptions): Promise<GivenToken | null>;
}

/**
 * A function that gives a token each time it is called, for libraries that want no more than that.
 *
 * @param scopes - such as `https://cognitiveservices.azure.com/.default`
 */
export function getBearerTokenProvider(
  credential: TokenCredential,
  scopes: string | string[],
  options?: GetTokenOptions,
): () => Promise<string> {
  return async () => {
    const token = await credential.getToken(scopes, options);
    if (token === null) {
      throw new Error("The credential gave no token.");
    }
    return token.token;
  };
}
