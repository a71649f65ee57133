/**
 * The protocol by which Azure's libraries ask each other for tokens, as `@azure/core-auth` writes it.
 *
 * @module
 */

/** Options of `getToken`. */
export interface GetTokenOptions {
  /** Ends the wait. */
  abortSignal?: AbortSignal | undefined;
  /** Tenant to ask, if not the credential's own. */
  tenantId?: string | undefined;
  /** Claims of a challenge, as JSON; asks for a new token. */
  claims?: string | undefined;
  /** Whether the resource understands continuous access evaluation. */
  enableCae?: boolean | undefined;
  /** What the call may take in all, in milliseconds. */
  requestOptions?: { timeout?: number | undefined } | undefined;
}

/** Anything that gives tokens: our credentials, and those of other libraries. */
export interface TokenCredential {
  /** Gives a token for the scopes, or null if it has none. */
  getToken(
    scopes: string | string[],
    options?: GetTokenOptions,
  ): Promise<{
    token: string;
    expiresOnTimestamp: number;
    refreshAfterTimestamp?: number | undefined;
  } | null>;
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
