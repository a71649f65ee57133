/**
 * The identities that platforms give to what runs on them.
 *
 * @module
 */

import { Credential } from "../credential.js";
import { invalidConfiguration } from "../errors.js";
import type { EngineOptions, Tree } from "../options.js";
import { type AuthorityOptions, authorityOf } from "./common.js";

/** Options of {@link ManagedIdentityCredential}: a user-assigned identity by one of its names. */
export interface ManagedIdentityCredentialOptions extends EngineOptions {
  /** Its client id. */
  clientId?: string;
  /** Its object (principal) id. */
  objectId?: string;
  /** Its resource id. */
  resourceId?: string;
}

/** The identity of the machine, container or function that the program runs in. */
export class ManagedIdentityCredential extends Credential {
  readonly #tree: Tree;

  /** @param identity - the client id of a user-assigned identity, or options; without: the system-assigned one */
  constructor(identity: string | ManagedIdentityCredentialOptions = {}, options: EngineOptions = {}) {
    const given =
      typeof identity === "string" ? { clientId: identity, ...options } : { ...identity, ...options };
    const { clientId, objectId, resourceId, ...rest } = given as ManagedIdentityCredentialOptions;
    super(rest);
    this.#tree = { client_id: clientId, object_id: objectId, resource_id: resourceId };
    if (Object.values(this.#tree).filter((id) => id !== undefined).length > 1) {
      throw invalidConfiguration("An identity is named by one of clientId, objectId and resourceId.");
    }
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "ManagedIdentityCredential", ...this.#tree };
  }
}

/** Options of {@link WorkloadIdentityCredential}; what is left out is the environment's. */
export interface WorkloadIdentityCredentialOptions extends AuthorityOptions {
  /** The principal's tenant. */
  tenantId?: string;
  /** Its application id. */
  clientId?: string;
  /** The file that holds the federated token. Where there are no files, see the option `files`. */
  tokenFilePath?: string;
  /** Exchanges the token at the cluster's own proxy, if the environment names one (AKS identity binding). */
  enableAzureProxy?: boolean;
}

/** A federated token in a file, as Kubernetes and others mount it; read anew for each exchange. */
export class WorkloadIdentityCredential extends Credential {
  readonly #tree: Tree;

  constructor(options: WorkloadIdentityCredentialOptions = {}) {
    const [authority, others] = authorityOf(options);
    const { tenantId, clientId, tokenFilePath, enableAzureProxy, ...rest } = others;
    super(rest);
    this.#tree = {
      tenant_id: tenantId,
      client_id: clientId,
      token_file_path: tokenFilePath,
      enable_azure_proxy: enableAzureProxy,
      authority,
    };
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "WorkloadIdentityCredential", ...this.#tree };
  }
}

/** Options of {@link GitHubActionsCredential}; what is left out is the environment's. */
export interface GitHubActionsCredentialOptions extends AuthorityOptions {
  /** The principal's tenant. */
  tenantId?: string;
  /** Its application id. */
  clientId?: string;
  /** Whom the job's token is for; `api://AzureADTokenExchange` if not given. */
  audience?: string;
}

/** A job of GitHub Actions with the permission `id-token: write`; a new token of the job's for each exchange. */
export class GitHubActionsCredential extends Credential {
  readonly #tree: Tree;

  constructor(options: GitHubActionsCredentialOptions = {}) {
    const [authority, others] = authorityOf(options);
    const { tenantId, clientId, audience, ...rest } = others;
    super(rest);
    this.#tree = { tenant_id: tenantId, client_id: clientId, audience, authority };
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "GitHubActionsCredential", ...this.#tree };
  }
}
