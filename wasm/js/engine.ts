/**
 * The border to the engine: what wasm (`src/engine.rs` here) and the native module of the package `nightlatch`
 * both satisfy. Only the host in `pump.ts` calls it; times and durations are milliseconds.
 *
 * @module
 */

/** What the engine wants done, or tells. The first item says what it is; `id` names an effect, `op` an operation. */
export type Output =
  | [
      "http",
      id: number,
      op: number | null,
      method: string,
      url: string,
      headers: [string, string][],
      body: Uint8Array,
      timeoutMs: number,
      direct: boolean,
      trust: Trust | null,
    ]
  | ["read_file", id: number, op: number | null, path: string, limit: number, plain: boolean]
  | ["run", id: number, op: number | null, argv: string[], env: [string, string][], timeoutMs: number]
  | [
      "host_token",
      id: number,
      op: number | null,
      handle: number,
      scopes: string[],
      tenant: string | null,
      claims: string | null,
      enableCae: boolean,
    ]
  | [
      "sign",
      id: number,
      op: number | null,
      /** PKCS #8, or the number of a function of the user's. */
      key: Uint8Array | number,
      algorithm: SignatureAlgorithm,
      message: Uint8Array,
      digest: Uint8Array,
    ]
  | ["assertion", id: number, op: number | null, handle: number]
  | [
      "prompt",
      id: number,
      op: number | null,
      handle: number | null,
      message: string,
      userCode: string,
      verificationUri: string,
      expiresOnMs: number,
    ]
  | [
      "browse",
      id: number,
      op: number | null,
      url: string,
      port: number | null,
      state: string,
      timeoutMs: number,
    ]
  /** A step of a rotation: a function of those that came with the operation. */
  | ["rotate", id: number, op: number, step: RotationStep, value: string | null, slot: string | null]
  | ["random", id: number, op: number | null, length: number]
  /** An effect that the binding does not know yet; it is answered with `fail`. */
  | ["unsupported", id: number, op: number | null]
  | ["abort", id: number]
  | ["secret", op: number, secret: RawSecret]
  /** Many secrets, in the order of the question: how each one fared. */
  | ["secrets", op: number, ends: (RawSecret | RawError)[]]
  /** A value that is neither a secret's nor a token: a backup, or what was encrypted or decrypted. */
  | ["value", op: number, value: Uint8Array]
  /** Any other reply, as the JSON that `core/src/operation/reply_json.rs` describes; beside it the text that it is about. */
  | ["reply", op: number, json: string, text?: string | null]
  | ["token", op: number, token: string, expiresOnMs: number, refreshOnMs: number]
  | ["error", op: number, error: RawError]
  | ["event", json: string];

/** A signature algorithm (RFC 7518): RSASSA-PSS with a salt of 32 bytes, or RSASSA-PKCS1-v1_5; both with SHA-256. */
export type SignatureAlgorithm = "PS256" | "RS256";

/** The functions with which a secret is rotated. */
export type RotationStep = "make" | "apply" | "verify";

/** The one thing that a server is trusted for, instead of what the host trusts. */
export interface Trust {
  /** SHA-1 of its certificate; nothing else about the certificate counts. */
  sha1?: Uint8Array;
  /** The authorities that may vouch for it, in PEM. */
  roots?: string;
  /** The name to ask for and to check, if it is not the URL's. */
  serverName?: string;
}

/** What one call brought about: its outputs, and how long from now `handleTimeout` is wanted. */
export interface Turn {
  outputs: Output[];
  timeoutMs: number | null;
}

/** A secret as plain data. For as long as the cached copy lives, the engine hands out the same object. */
export interface RawSecret {
  value: string;
  id: string;
  vaultUrl: string;
  name: string;
  version?: string;
  enabled?: boolean;
  notBefore?: number;
  expiresOn?: number;
  createdOn?: number;
  updatedOn?: number;
  contentType?: string;
  tags?: Record<string, string>;
  recoveryLevel?: string;
  recoverableDays?: number;
  managed?: boolean;
  keyId?: string;
  previousVersion?: string;
  /** Room for the object that the front made of it, so that a hit builds nothing. No engine sets it. */
  made?: unknown;
}

/** An error as plain data. Facts that are not known are absent. */
export interface RawError {
  /** The kind's name, such as `FORBIDDEN`. */
  kind: string;
  /** The kind's number. */
  number: number;
  message: string;
  source?: string;
  identity?: { tenant?: string; client?: string; object?: string; resource?: string };
  status?: number;
  code?: string;
  innerCode?: string;
  requestId?: string;
  retryAfterMs?: number;
  attempts: { source: string; ending: string; reason: string }[];
  advice?: string;
  help?: string;
  claims?: string;
}

/** A secret value. */
export type SecretValue = string | Uint8Array;

/**
 * What only operations ask for that the module for the edge leaves out: a value that was made for a rotation; another step
 * of one that is done; random bytes.
 */
export type Given = "made" | "done" | "random";

/** One credential with all its state: tokens, cached secrets, limits. */
export interface Engine {
  /** Begins an operation, with the secret value that it takes. Throws a {@link RawError} when its arguments are wrong. */
  start(operationJson: string, value?: SecretValue): { op: number; turn: Turn };
  /** The caller of an operation has gone: no result follows. */
  cancel(op: number): Turn;
  /** An HTTP answer arrived. */
  completeHttp(id: number, status: number, headers: [string, string][], body: Uint8Array): Turn;
  /** A file was read; `shared`: others than its owner may read it. */
  completeFile(id: number, content: Uint8Array, shared: boolean): Turn;
  /** A program ended; `status` is null when a signal ended it. */
  completeRun(id: number, status: number | null, stdout: Uint8Array, stderr: Uint8Array): Turn;
  /** A foreign credential gave a token. */
  completeToken(id: number, token: string, expiresOnMs: number, refreshOnMs: number | null): Turn;
  /** A key signed. */
  completeSignature(id: number, signature: Uint8Array): Turn;
  /** A function of the user's gave a client assertion. */
  completeAssertion(id: number, assertion: string): Turn;
  /** A person was told where to sign in. */
  completePrompt(id: number): Turn;
  /** What few operations ask for is there, perhaps with a value. */
  completeGiven(id: number, what: Given, value?: SecretValue): Turn;
  /** The browser came back to `redirectUri` with a query or form. */
  completeReturn(id: number, redirectUri: string, answer: string): Turn;
  /** An effect could not be done; `kind` is one of the factory's `faultKinds`. */
  fail(id: number, kind: string, detail: string): Turn;
  /** The time that the last turn named has come. */
  handleTimeout(): Turn;
  /**
   * The cached read: a copy that may be served as it is. Once in a while it says `undefined` for a copy that is
   * still good; that one caller owes a `start`, which renews it, and others are served meanwhile. Throws a
   * {@link RawError} when `vault` is no vault's URL.
   */
  peek(vault: string, name: string, version: string | null): RawSecret | undefined;
  /** Forgets one secret, or all when `name` is null. */
  invalidate(vault: string, name: string | null, version: string | null): void;
  /** What every unfinished operation waits for. */
  pending(): { op: number; sinceMs: number; waitsFor: string }[];
  /** What the cache holds and has done: `CacheInfo` of the core, as JSON. */
  cacheInfo(): string;
  /** Replaces the machine's clocks by one that stands where it is set; for tests. */
  setClock?(instantMs: number, unixMs: number): void;
  /** Gives its memory back. Nothing may be called afterwards. */
  free(): void;
}

/** Makes engines. */
export interface EngineFactory {
  /**
   * Makes an engine from its options (JSON), the environment variables named by `environmentNames` as far as they
   * are set, the secret values that the options refer to by number, and 16 random bytes. Throws a {@link RawError}.
   */
  create(
    optionsJson: string,
    environment: [string, string][],
    secrets: SecretValue[],
    seed: Uint8Array,
  ): Engine;
  /** The variables that any credential looks at. */
  readonly environmentNames: string[];
  /** Every kind of error with its number. */
  readonly errorKinds: [string, number][];
  /** The names that `fail` takes. */
  readonly faultKinds: string[];
  /** The version of nightlatch. */
  readonly version: string;
}
