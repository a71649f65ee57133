/**
 * People who sign in. Their refresh tokens are kept in memory, so that they are asked once for each process.
 *
 * @module
 */

import { decodeBase64 } from "../base64.js";
import { Credential, type Description } from "../credential.js";
import { invalidConfiguration } from "../errors.js";
import type { Tree } from "../options.js";
import type { GetTokenOptions } from "../token.js";
import { type AuthorityOptions, authorityOf, AzureAuthorityHosts, needed, seconds } from "./common.js";

/** Options of credentials of people. */
export interface InteractiveCredentialOptions extends AuthorityOptions {
  /** The tenant to sign in to; the person's own if not given. */
  tenantId?: string;
  /** The application by which to sign in; that of the Azure developer tools if not given. */
  clientId?: string;
  /** How long to wait for the person. */
  signInTimeoutInMs?: number;
  /** Asks the person only when `authenticate` is called; until then `AuthenticationRequiredError` is thrown. */
  disableAutomaticAuthentication?: boolean;
}

/** Who signed in, as far as the token told. */
export interface AuthenticationRecord {
  /** The identity provider's host. */
  authority: string;
  /** The account, as Microsoft Entra ID names it. */
  homeAccountId: string;
  /** The application by which the person signed in. */
  clientId: string;
  /** The tenant. */
  tenantId: string;
  /** The person's name. */
  username: string;
}

/** Somebody who signs in. */
abstract class Person extends Credential {
  /** @internal */
  readonly _tree: Tree;

  constructor(options: InteractiveCredentialOptions) {
    const [authority, others] = authorityOf(options);
    const { tenantId, clientId, signInTimeoutInMs, disableAutomaticAuthentication, ...rest } = others;
    super(rest);
    this._tree = {
      tenant_id: tenantId,
      client_id: clientId,
      timeout: seconds(signInTimeoutInMs),
      disable_automatic_authentication: disableAutomaticAuthentication,
      authority,
    };
  }

  /**
   * Has the person sign in now, whether or not there is a token already.
   *
   * @param scopes - what the first token is for
   * @throws AuthenticationError - the person was refused, or did not sign in
   */
  async authenticate(
    scopes: string | string[],
    options: GetTokenOptions = {},
  ): Promise<AuthenticationRecord> {
    const { token } = await this._token(scopes, options, true);
    return recordOf(token, this._tree);
  }
}

/** What a person needs to know to sign in on another device. */
export interface DeviceCodeInfo {
  /** What to type there. */
  userCode: string;
  /** The page to open. */
  verificationUri: string;
  /** The service's sentence, which holds the other two. */
  message: string;
  /** When the code ends. */
  expiresOn: Date;
}

/** Tells a person where to sign in. */
export type DeviceCodePromptCallback = (info: DeviceCodeInfo) => void | Promise<void>;

/** Options of {@link DeviceCodeCredential}. */
export interface DeviceCodeCredentialOptions extends InteractiveCredentialOptions {
  /** Tells the person where to sign in; without it the service's sentence is printed. */
  userPromptCallback?: DeviceCodePromptCallback;
}

/** Somebody who signs in on another device, by typing a code there. */
export class DeviceCodeCredential extends Person {
  readonly #prompt: DeviceCodePromptCallback | undefined;

  constructor(options: DeviceCodeCredentialOptions = {}) {
    const { userPromptCallback, ...rest } = options;
    super(rest);
    this.#prompt = userPromptCallback;
  }

  /** @internal */
  override _describe(into: Description): Tree {
    const prompt = this.#prompt && into.function(this.#prompt, "userPromptCallback");
    return { type: "DeviceCodeCredential", ...this._tree, prompt };
  }
}

/** Options of {@link InteractiveBrowserCredential}. */
export interface InteractiveBrowserCredentialOptions extends InteractiveCredentialOptions {
  /** Where the browser comes back to, as registered for the application: `http://localhost:<port>`. Else any port. */
  redirectUri?: string | (() => string);
  /** The account to suggest. */
  loginHint?: string;
}

/** Somebody who signs in with the browser on this machine. */
export class InteractiveBrowserCredential extends Person {
  readonly #more: Tree;

  constructor(options: InteractiveBrowserCredentialOptions = {}) {
    const { redirectUri, loginHint, ...rest } = options;
    super(rest);
    this.#more = { redirect_port: portOf(redirectUri), login_hint: loginHint };
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "InteractiveBrowserCredential", ...this._tree, ...this.#more };
  }
}

/** Options of {@link UsernamePasswordCredential}. */
export interface UsernamePasswordCredentialOptions extends AuthorityOptions {
  /** How long the sign-in may take. */
  signInTimeoutInMs?: number;
  /** Signs in only when `authenticate` is called. */
  disableAutomaticAuthentication?: boolean;
}

/**
 * Somebody's name and password. Deprecated by the service, and impossible where a second factor is asked for.
 */
export class UsernamePasswordCredential extends Person {
  readonly #username: string;
  readonly #password: string;

  /**
   * @param tenantId - the tenant to sign in to; empty: the person's own
   * @param clientId - the application by which to sign in; empty: that of the Azure developer tools
   * @param username - the person's name
   * @param password - the password
   */
  constructor(
    tenantId: string,
    clientId: string,
    username: string,
    password: string,
    options: UsernamePasswordCredentialOptions = {},
  ) {
    needed("UsernamePasswordCredential", { username, password });
    super({ ...options, ...(tenantId && { tenantId }), ...(clientId && { clientId }) });
    this.#username = username;
    this.#password = password;
  }

  /** @internal */
  override _describe(into: Description): Tree {
    return {
      type: "UsernamePasswordCredential",
      ...this._tree,
      username: this.#username,
      password: into.secret(this.#password),
    };
  }
}

function portOf(redirectUri: string | (() => string) | undefined): number | undefined {
  const text = typeof redirectUri === "function" ? redirectUri() : redirectUri;
  if (text === undefined) {
    return undefined;
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" || !["localhost", "127.0.0.1"].includes(url.hostname)) {
    throw invalidConfiguration("redirectUri must be http://localhost, with or without a port.");
  }
  return url.port === "" ? undefined : Number(url.port);
}

/** Who a token says that it stands for. For diagnosis: the token is not verified here. */
function recordOf(token: string, tree: Tree): AuthenticationRecord {
  const claims = claimsOf(token);
  const text = (...values: unknown[]): string => String(values.find(Boolean) ?? "");
  const tenantId = text(claims["tid"], tree["tenant_id"]);
  return {
    authority: text((tree["authority"] as Tree)["authority"], AzureAuthorityHosts.AzurePublicCloud),
    homeAccountId: `${text(claims["oid"])}.${tenantId}`,
    clientId: text(claims["appid"], claims["azp"], tree["client_id"]),
    tenantId,
    username: text(claims["upn"], claims["preferred_username"], claims["unique_name"]),
  };
}

function claimsOf(token: string): Record<string, unknown> {
  try {
    const payload = decodeBase64(token.split(".")[1] ?? "");
    return JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
