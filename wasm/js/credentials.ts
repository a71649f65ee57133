/**
 * The credentials, by their names in `@azure/identity`. Each can also be given to other Azure clients.
 *
 * @module
 */

import { Credential, type Description } from "./credential.js";
import { invalidConfiguration } from "./errors.js";
import type { EngineOptions, Tree } from "./options.js";
import type { TokenCredential } from "./token.js";

/** Where Microsoft Entra ID is, and which tenants may be asked. */
export interface AuthorityOptions {
  /** Host or https URL; else the environment's, else the public cloud's. */
  authorityHost?: string;
  /** Tenants besides the configured one for which tokens may be asked; `*` for all. */
  additionallyAllowedTenants?: string[];
}

/** Options of {@link DefaultAzureCredential}. */
export interface DefaultAzureCredentialOptions extends AuthorityOptions, EngineOptions {
  /** The user-assigned managed identity to use; else the environment's. Null forces the system-assigned one. */
  managedIdentityClientId?: string | null;
  /** The application of a workload identity; else the environment's. */
  workloadIdentityClientId?: string;
  /** Its tenant; else the environment's. */
  tenantId?: string;
  /** What a developer tool may take. */
  processTimeoutInMs?: number;
  /** Variables that must be set, or else nothing is tried; `AZURE_TOKEN_CREDENTIALS` is the one that counts. */
  requiredEnvVars?: string | string[];
  /** Leaves a source out. */
  excludeEnvironmentCredential?: boolean;
  /** Leaves a source out. */
  excludeWorkloadIdentityCredential?: boolean;
  /** Leaves a source out. */
  excludeManagedIdentityCredential?: boolean;
  /** Leaves a source out. */
  excludeCliCredential?: boolean;
}

/**
 * The credential that suits the place where the program runs.
 *
 * Tries, in this order and as far as there is any sign of them: environment variables, workload identity, managed
 * identity, the developer tools. What the place offers and refuses ends the search; what is not there does not.
 */
export class DefaultAzureCredential extends Credential {
  readonly #tree: Tree;

  constructor(options: DefaultAzureCredentialOptions = {}) {
    const {
      authorityHost,
      additionallyAllowedTenants,
      managedIdentityClientId,
      workloadIdentityClientId,
      tenantId,
      processTimeoutInMs,
      requiredEnvVars = [],
      excludeEnvironmentCredential,
      excludeWorkloadIdentityCredential,
      excludeManagedIdentityCredential,
      excludeCliCredential,
      ...rest
    } = options;
    super(rest);
    this.#tree = {
      authority: authority({ authorityHost, additionallyAllowedTenants }),
      managed_identity_client_id: managedIdentityClientId,
      workload_identity_client_id: workloadIdentityClientId,
      workload_identity_tenant_id: tenantId,
      process_timeout: seconds(processTimeoutInMs),
      require_envvar: [requiredEnvVars].flat().includes("AZURE_TOKEN_CREDENTIALS"),
      exclude_environment_credential: excludeEnvironmentCredential,
      exclude_workload_identity_credential: excludeWorkloadIdentityCredential,
      exclude_managed_identity_credential: excludeManagedIdentityCredential,
      exclude_cli_credential: excludeCliCredential,
    };
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "DefaultAzureCredential", ...this.#tree };
  }
}

/** Options of {@link EnvironmentCredential}. */
export interface EnvironmentCredentialOptions extends AuthorityOptions, EngineOptions {}

/** A service principal described by environment variables. */
export class EnvironmentCredential extends Credential {
  readonly #tree: Tree;

  constructor(options: EnvironmentCredentialOptions = {}) {
    const { authorityHost, additionallyAllowedTenants, ...rest } = options;
    super(rest);
    this.#tree = authority({ authorityHost, additionallyAllowedTenants });
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "EnvironmentCredential", ...this.#tree };
  }
}

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

/** Options of {@link ClientSecretCredential}. */
export interface ClientSecretCredentialOptions extends AuthorityOptions, EngineOptions {}

/** A service principal with a client secret. */
export class ClientSecretCredential extends Credential {
  readonly #tree: Tree;
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
    const { authorityHost, additionallyAllowedTenants, ...rest } = options;
    super(rest);
    if (!tenantId || !clientId || !clientSecret) {
      throw invalidConfiguration(
        "ClientSecretCredential needs a tenant id, a client id and a client secret.",
      );
    }
    this.#secret = clientSecret;
    this.#tree = {
      tenant_id: tenantId,
      client_id: clientId,
      authority: authority({ authorityHost, additionallyAllowedTenants }),
    };
  }

  /** @internal */
  override _describe(into: Description): Tree {
    return { type: "ClientSecretCredential", ...this.#tree, client_secret: into.secret(this.#secret) };
  }
}

/** Options of {@link WorkloadIdentityCredential}; what is left out is the environment's. */
export interface WorkloadIdentityCredentialOptions extends AuthorityOptions, EngineOptions {
  /** The principal's tenant. */
  tenantId?: string;
  /** Its application id. */
  clientId?: string;
  /** The file that holds the federated token. Where there are no files, see the option `files`. */
  tokenFilePath?: string;
}

/** A federated token in a file, as Kubernetes and others mount it; read anew for each exchange. */
export class WorkloadIdentityCredential extends Credential {
  readonly #tree: Tree;

  constructor(options: WorkloadIdentityCredentialOptions = {}) {
    const { tenantId, clientId, tokenFilePath, authorityHost, additionallyAllowedTenants, ...rest } = options;
    super(rest);
    this.#tree = {
      tenant_id: tenantId,
      client_id: clientId,
      token_file_path: tokenFilePath,
      authority: authority({ authorityHost, additionallyAllowedTenants }),
    };
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "WorkloadIdentityCredential", ...this.#tree };
  }
}

/** Options of {@link AzureCliCredential}. */
export interface AzureCliCredentialOptions extends EngineOptions {
  /** Tenant to ask. */
  tenantId?: string;
  /** Subscription whose account to use. */
  subscription?: string;
  /** What the program may take. */
  processTimeoutInMs?: number;
  /** Tenants besides the configured one for which tokens may be asked. */
  additionallyAllowedTenants?: string[];
}

/** Whoever is signed in to the Azure CLI (`az login`). */
export class AzureCliCredential extends Credential {
  readonly #tree: Tree;

  constructor(options: AzureCliCredentialOptions = {}) {
    const { tenantId, subscription, processTimeoutInMs, additionallyAllowedTenants, ...rest } = options;
    super(rest);
    this.#tree = {
      tenant_id: tenantId || undefined,
      subscription,
      process_timeout: seconds(processTimeoutInMs),
      additionally_allowed_tenants: additionallyAllowedTenants,
    };
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "AzureCliCredential", ...this.#tree };
  }
}

/** Several credentials, asked in order until one gives a token. Those of other libraries may be among them. */
export class ChainedTokenCredential extends Credential {
  readonly #sources: TokenCredential[];

  /** @param sources - at least one. Client options that they were given hold for all; the first one's win */
  constructor(...sources: TokenCredential[]) {
    const options = sources.map((source) => (source instanceof Credential ? source._options : {}));
    super(Object.assign({}, ...options.reverse()));
    if (sources.length === 0) {
      throw invalidConfiguration("ChainedTokenCredential needs at least one credential.");
    }
    this.#sources = sources;
  }

  /** @internal */
  override _describe(into: Description): Tree {
    return { type: "ChainedTokenCredential", sources: this.#sources.map((source) => into.of(source)) };
  }
}

function authority(options: { [name in keyof AuthorityOptions]: AuthorityOptions[name] | undefined }): Tree {
  return {
    authority: options.authorityHost,
    additionally_allowed_tenants: options.additionallyAllowedTenants,
  };
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}
