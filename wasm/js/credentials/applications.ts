/**
 * Applications (service principals), by how they prove themselves.
 *
 * @module
 */

import { Credential, type Description } from "../credential.js";
import type { SecretValue, SignatureAlgorithm } from "../engine.js";
import { invalidConfiguration } from "../errors.js";
import { algorithmOf, signWith } from "../host/sign.js";
import type { Tree } from "../options.js";
import { type AuthorityOptions, authorityOf, needed } from "./common.js";

/** An application in its tenant. */
export abstract class Application extends Credential {
  /** @internal */
  readonly _tree: Tree;

  /** @internal */
  constructor(tenantId: string, clientId: string, options: AuthorityOptions) {
    const [authority, rest] = authorityOf(options);
    super(rest);
    needed(new.target.name, { tenantId, clientId });
    this._tree = { tenant_id: tenantId, client_id: clientId, authority };
  }
}

/** Options of {@link ClientSecretCredential}. */
export interface ClientSecretCredentialOptions extends AuthorityOptions {}

/** A service principal with a client secret. */
export class ClientSecretCredential extends Application {
  readonly #secret: string;

  /**
   * @param tenantId - the principal's tenant
   * @param clientId - its application id
   * @param clientSecret - one of its secrets
   */
  constructor(
    tenantId: string,
    clientId: string,
    clientSecret: string,
    options: ClientSecretCredentialOptions = {},
  ) {
    super(tenantId, clientId, options);
    needed("ClientSecretCredential", { clientSecret });
    this.#secret = clientSecret;
  }

  /** @internal */
  override _describe(into: Description): Tree {
    return { type: "ClientSecretCredential", ...this._tree, client_secret: into.secret(this.#secret) };
  }
}

/**
 * Signs where the key is: gets the bytes to sign, the algorithm (RFC 7518) and the SHA-256 of the bytes, for keys that
 * sign digests; gives the signature.
 */
export type SignFunction = (
  message: Uint8Array,
  algorithm: SignatureAlgorithm,
  digest: Uint8Array,
) => Uint8Array | Promise<Uint8Array>;

/** Whose key signs, where the certificate comes without it. */
export interface SigningOptions {
  /** Instead of a key: a function that signs where the key is, or a private key that WebCrypto holds. */
  signingKey?: SignFunction | CryptoKey;
  /** PS256 by default, RS256 for AD FS; of a `CryptoKey`, what it can do. */
  algorithm?: SignatureAlgorithm;
  /** Sends the chain too, for applications that trust a subject name and issuer. */
  sendCertificateChain?: boolean;
}

/** A certificate with its RSA key. Where there are no files, give `certificate`. */
export interface ClientCertificateConfiguration {
  /** A PEM file (certificate, chain and, unless `keyPath` names it, the key) or a PKCS #12 file. */
  certificatePath?: string;
  /** A PEM file with the key. */
  keyPath?: string;
  /** Instead of a path: PEM text, or PKCS #12 as bytes or in base64. */
  certificate?: SecretValue;
  /** What the key or the PKCS #12 file is encrypted with. */
  certificatePassword?: string;
}

/** Options of {@link ClientCertificateCredential}. */
export interface ClientCertificateCredentialOptions extends AuthorityOptions, SigningOptions {}

/** A service principal with a certificate. */
export class ClientCertificateCredential extends Application {
  readonly #certificate: CertificateSettings;

  /**
   * @param tenantId - the principal's tenant
   * @param clientId - its application id
   * @param certificate - the path of a PEM or PKCS #12 file, or where else it is
   */
  constructor(
    tenantId: string,
    clientId: string,
    certificate: string | ClientCertificateConfiguration,
    options: ClientCertificateCredentialOptions = {},
  ) {
    const [signing, rest] = signingOf(options);
    const given = typeof certificate === "string" ? { certificatePath: certificate } : (certificate ?? {});
    super(tenantId, clientId, rest);
    if (!given.certificatePath && !given.certificate) {
      throw invalidConfiguration("ClientCertificateCredential needs a certificate or its path.");
    }
    this.#certificate = { ...given, ...signing };
  }

  /** @internal */
  override _describe(into: Description): Tree {
    return {
      type: "ClientCertificateCredential",
      ...this._tree,
      ...certificateTree(into, this.#certificate),
    };
  }
}

/** Options of {@link ClientAssertionCredential}. */
export interface ClientAssertionCredentialOptions extends AuthorityOptions {}

/** A service principal that proves itself by assertions which a function gives. */
export class ClientAssertionCredential extends Application {
  readonly #getAssertion: () => string | Promise<string>;

  /**
   * @param tenantId - the principal's tenant
   * @param clientId - its application id
   * @param getAssertion - gives a client assertion (a JWT) each time one is needed
   */
  constructor(
    tenantId: string,
    clientId: string,
    getAssertion: () => string | Promise<string>,
    options: ClientAssertionCredentialOptions = {},
  ) {
    super(tenantId, clientId, options);
    needed("ClientAssertionCredential", { getAssertion });
    this.#getAssertion = getAssertion;
  }

  /** @internal */
  override _describe(into: Description): Tree {
    const assertion = into.function(this.#getAssertion, "getAssertion");
    return { type: "ClientAssertionCredential", ...this._tree, assertion };
  }
}

/** Options of {@link OnBehalfOfCredential}: the service, its one proof, and the user's token. */
export interface OnBehalfOfCredentialOptions
  extends AuthorityOptions, SigningOptions, ClientCertificateConfiguration {
  /** The service's tenant. */
  tenantId: string;
  /** Its application id. */
  clientId: string;
  /** The access token with which the user called the service. */
  userAssertionToken: string;
  /** Proof: one of the application's secrets. */
  clientSecret?: string;
  /** Proof: gives a client assertion. */
  getAssertion?: () => string | Promise<string>;
}

/** A service that acts for the user who called it. A certificate, a secret or an assertion proves the service. */
export class OnBehalfOfCredential extends Application {
  readonly #user: string;
  readonly #secret: string | undefined;
  readonly #getAssertion: (() => string | Promise<string>) | undefined;
  readonly #certificate: CertificateSettings;

  constructor(options: OnBehalfOfCredentialOptions) {
    const [signing, others] = signingOf(options);
    const {
      tenantId,
      clientId,
      userAssertionToken,
      clientSecret,
      getAssertion,
      certificatePath,
      keyPath,
      certificate,
      certificatePassword,
      ...rest
    } = others;
    super(tenantId, clientId, rest);
    needed("OnBehalfOfCredential", { userAssertionToken });
    if ([clientSecret, getAssertion, certificatePath || certificate].filter(Boolean).length !== 1) {
      throw invalidConfiguration(
        "OnBehalfOfCredential needs one proof: clientSecret, certificatePath (or certificate), or getAssertion.",
      );
    }
    this.#user = userAssertionToken;
    this.#secret = clientSecret;
    this.#getAssertion = getAssertion;
    this.#certificate = { certificatePath, keyPath, certificate, certificatePassword, ...signing };
  }

  /** @internal */
  override _describe(into: Description): Tree {
    return {
      type: "OnBehalfOfCredential",
      ...this._tree,
      ...certificateTree(into, this.#certificate),
      user_assertion: into.secret(this.#user),
      ...(this.#secret && { client_secret: into.secret(this.#secret) }),
      ...(this.#getAssertion && { assertion: into.function(this.#getAssertion, "getAssertion") }),
    };
  }
}

/** Options of {@link AzurePipelinesCredential}. */
export interface AzurePipelinesCredentialOptions extends AuthorityOptions {}

/** A service connection of Azure Pipelines; a new token of the pipeline's for each exchange. */
export class AzurePipelinesCredential extends Application {
  readonly #connection: string;
  readonly #token: string;

  /**
   * @param tenantId - the tenant of the service connection
   * @param clientId - its application id
   * @param serviceConnectionId - its id
   * @param systemAccessToken - the pipeline's `System.AccessToken`
   */
  constructor(
    tenantId: string,
    clientId: string,
    serviceConnectionId: string,
    systemAccessToken: string,
    options: AzurePipelinesCredentialOptions = {},
  ) {
    super(tenantId, clientId, options);
    needed("AzurePipelinesCredential", { serviceConnectionId });
    this.#connection = serviceConnectionId;
    this.#token = systemAccessToken ?? "";
  }

  /** @internal */
  override _describe(into: Description): Tree {
    return {
      type: "AzurePipelinesCredential",
      ...this._tree,
      service_connection_id: this.#connection,
      system_access_token: into.secret(this.#token),
    };
  }
}

/** Options of {@link AuthorizationCodeCredential}. */
export interface AuthorizationCodeCredentialOptions extends AuthorityOptions {}

/** Somebody who signed in to a web application, which got an authorization code for it. */
export class AuthorizationCodeCredential extends Application {
  readonly #secret: string | undefined;
  readonly #code: string;
  readonly #redirectUri: string;

  /**
   * @param tenantId - the tenant
   * @param clientId - the application's id
   * @param clientSecret - one of its secrets; a public application has none, and leaves this argument out
   * @param authorizationCode - the code
   * @param redirectUri - where it came back to
   */
  constructor(
    tenantId: string,
    clientId: string,
    clientSecret: string,
    authorizationCode: string,
    redirectUri: string,
    options?: AuthorizationCodeCredentialOptions,
  );
  constructor(
    tenantId: string,
    clientId: string,
    authorizationCode: string,
    redirectUri: string,
    options?: AuthorizationCodeCredentialOptions,
  );
  constructor(tenantId: string, clientId: string, ...more: unknown[]) {
    const options = typeof more.at(-1) === "string" ? {} : (more.pop() as AuthorityOptions | undefined);
    super(tenantId, clientId, options ?? {});
    const texts = more.filter((text) => text !== undefined) as string[];
    const [authorizationCode = "", redirectUri = ""] = texts.slice(-2);
    needed("AuthorizationCodeCredential", { authorizationCode, redirectUri });
    this.#secret = texts.length > 2 ? texts[0] : undefined;
    this.#code = authorizationCode;
    this.#redirectUri = redirectUri;
  }

  /** @internal */
  override _describe(into: Description): Tree {
    return {
      type: "AuthorizationCodeCredential",
      ...this._tree,
      authorization_code: into.secret(this.#code),
      redirect_uri: this.#redirectUri,
      ...(this.#secret && { client_secret: into.secret(this.#secret) }),
    };
  }
}

type CertificateSettings = {
  [name in keyof (ClientCertificateConfiguration & SigningOptions)]:
    (ClientCertificateConfiguration & SigningOptions)[name] | undefined;
};

function signingOf<T extends SigningOptions>(
  options: T,
): [signing: CertificateSettings, rest: Omit<T, keyof SigningOptions>] {
  const { signingKey, algorithm, sendCertificateChain, ...rest } = options;
  return [{ signingKey, algorithm, sendCertificateChain }, rest];
}

function certificateTree(into: Description, given: CertificateSettings): Tree {
  const { signingKey, algorithm } = given;
  const secret = (value: SecretValue | undefined) => (value === undefined ? undefined : into.secret(value));
  return {
    certificate_path: given.certificatePath,
    key_path: given.keyPath,
    certificate: secret(given.certificate),
    password: secret(given.certificatePassword),
    send_certificate_chain: given.sendCertificateChain,
    algorithm: algorithm ?? (isCryptoKey(signingKey) ? algorithmOf(signingKey) : undefined),
    signing_key: signingKey && into.function(signer(signingKey), "signingKey"),
  };
}

function signer(key: SignFunction | CryptoKey): SignFunction {
  return isCryptoKey(key) ? (message, algorithm) => signWith(key, algorithm, message) : key;
}

function isCryptoKey(key: SignFunction | CryptoKey | undefined): key is CryptoKey {
  return typeof key === "object" && key !== null && "algorithm" in key && "usages" in key;
}
