/**
 * What all credentials have in common: a description for the engine, and their engines. A credential owns engines, one
 * for each set of options, so that clients made with the same credential and options share tokens, cached secrets and
 * limits.
 *
 * @module
 */

import type { SecretValue } from "./engine.js";
import { AbortError, AuthenticationRequiredError, invalidArgument } from "./errors.js";
import { AccessToken } from "./models.js";
import { type EngineOptions, settings, type Tree } from "./options.js";
import { missing, type Outside, UserFunction } from "./outside.js";
import { Pump } from "./pump.js";
import { runtime } from "./runtime.js";
import type { GetTokenOptions, TokenCredential } from "./token.js";

/** A credential as the engine reads it, and what the JSON refers to by number. */
export class Description {
  readonly secrets: SecretValue[] = [];
  readonly outside: Outside[] = [];

  /** The tree of one credential, ours or foreign. */
  of(credential: TokenCredential): Tree {
    if (credential instanceof Credential) {
      return credential._describe(this);
    }
    if (typeof credential?.getToken !== "function") {
      throw invalidArgument("What was given as a credential has no method getToken.");
    }
    return this.#held(credential, credential.constructor.name);
  }

  /** The tree of a source that never exists here. */
  missing(name: string, why: string): Tree {
    return this.#held(missing(why), name);
  }

  /** Keeps a secret value out of the JSON; returns the number that stands for it there. */
  secret(value: SecretValue): number {
    return this.secrets.push(value) - 1;
  }

  /** Keeps a function of the user's; returns the number that stands for it in the JSON. */
  function(given: (...args: never[]) => unknown, name: string): number {
    return this.outside.push(new UserFunction(given, name)) - 1;
  }

  #held(credential: TokenCredential, name: string): Tree {
    return { type: "HostCredential", handle: this.outside.push(credential) - 1, name };
  }
}

/** A source of tokens. */
export abstract class Credential implements TokenCredential {
  readonly #options: EngineOptions;
  #pumps: { options: string; host: Record<string, unknown>; pump: Pump }[] = [];

  /** @param options - those of a client that also make sense for a credential; a client's own win */
  constructor(options: EngineOptions = {}) {
    settings(options, runtime().hostOptions);
    this.#options = options;
  }

  /**
   * Gets a token, from the cache while it is good.
   *
   * @param scopes - what the token is for, such as `https://vault.azure.net/.default`
   * @throws CredentialUnavailableError - no identity was found here
   * @throws AuthenticationError - an identity was refused
   */
  async getToken(scopes: string | string[], options: GetTokenOptions = {}): Promise<AccessToken> {
    return this._token(scopes, options, false);
  }

  /** @internal Gets a token; `authenticate` has a person sign in whether or not there is one. */
  async _token(
    scopes: string | string[],
    options: GetTokenOptions,
    authenticate: boolean,
  ): Promise<AccessToken> {
    const { tenantId = null, claims = null, enableCae = false, abortSignal, requestOptions } = options;
    const asked = [scopes].flat();
    const operation = {
      op: "get_token",
      request: { scopes: asked, tenant: tenantId, claims, enable_cae: enableCae, authenticate },
      ...(requestOptions?.timeout && { timeout: requestOptions.timeout / 1000 }),
    };
    try {
      const finished = await this._pump({}, this).call(operation, this, abortSignal);
      const [, , token, expiresOnMs, refreshOnMs] = finished as Extract<
        typeof finished,
        ["token", ...unknown[]]
      >;
      return new AccessToken(token, expiresOnMs, refreshOnMs);
    } catch (why) {
      if (why instanceof AuthenticationRequiredError) {
        why.scopes = asked;
        why.getTokenOptions = options;
      }
      throw why;
    }
  }

  /** @internal What its user set. */
  get _options(): EngineOptions {
    return this.#options;
  }

  /** @internal The credential as the engine reads it. */
  abstract _describe(into: Description): Tree;

  /** @internal The engine for these options, shared with whoever else wants the same. */
  _pump(options: EngineOptions, owner: object): Pump {
    const { engine: makes, load, host: hostFor, hostOptions } = runtime();
    const { engine, host } = settings({ ...this.#options, ...options }, hostOptions);
    const key = JSON.stringify(engine);
    let found = this.#pumps.find((one) => one.options === key && same(one.host, host))?.pump;
    if (found === undefined) {
      const place = hostFor(host);
      const description = new Description();
      const tree = {
        ...engine,
        credential: this._describe(description),
        host: { renewal: place.renewal, platform: place.platform },
      };
      const { secrets, outside } = description;
      found = new Pump({ secrets, outside, options: JSON.stringify(tree) }, place, makes, load);
      this.#pumps.push({ options: key, host, pump: found });
    }
    found.retain(owner);
    return found;
  }

  /** @internal An owner goes. */
  _release(pump: Pump, owner: object): void {
    if (pump.release(owner, () => new AbortError("The client was closed."))) {
      this.#pumps = this.#pumps.filter((one) => one.pump !== pump);
    }
  }
}

/** A credential object of another library. */
class ForeignCredential extends Credential {
  readonly #credential: TokenCredential;

  constructor(credential: TokenCredential) {
    super();
    this.#credential = credential;
  }

  override _describe(into: Description): Tree {
    return into.of(this.#credential);
  }
}

// One for each object, so that clients with the same credential share an engine.
const foreign = new WeakMap<TokenCredential, ForeignCredential>();

/** The credential itself, or what stands for one of another library. */
export function credentialOf(credential: TokenCredential): Credential {
  if (credential instanceof Credential) {
    return credential;
  }
  if (typeof credential?.getToken !== "function") {
    throw invalidArgument("What was given as a credential has no method getToken.");
  }
  let ours = foreign.get(credential);
  if (ours === undefined) {
    ours = new ForeignCredential(credential);
    foreign.set(credential, ours);
  }
  return ours;
}

function same(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const names = Object.keys({ ...a, ...b });
  return names.every((name) => a[name] === b[name]);
}
