/**
 * Credentials that are made of others: the default chain, the environment's, the user's own.
 *
 * @module
 */

import { Credential, type Description } from "../credential.js";
import { invalidConfiguration } from "../errors.js";
import type { Tree } from "../options.js";
import type { TokenCredential } from "../token.js";
import { type AuthorityOptions, authorityOf, seconds } from "./common.js";

/** Options of {@link DefaultAzureCredential}. */
export interface DefaultAzureCredentialOptions extends AuthorityOptions {
  /** The user-assigned managed identity to use; else the environment's. Null forces the system-assigned one. */
  managedIdentityClientId?: string | null;
  /** The application of a workload identity; else the environment's. */
  workloadIdentityClientId?: string;
  /** The tenant of a workload identity; else the environment's. */
  tenantId?: string;
  /** The application by which a person signs in. */
  interactiveBrowserClientId?: string;
  /** The tenant that a person signs in to. */
  interactiveBrowserTenantId?: string;
  /** The tenant to ask Visual Studio for. */
  visualStudioTenantId?: string;
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
  excludeVisualStudioCredential?: boolean;
  /** Leaves a source out. */
  excludeCliCredential?: boolean;
  /** Leaves a source out. */
  excludePowershellCredential?: boolean;
  /** Leaves a source out. */
  excludeDeveloperCliCredential?: boolean;
  /** `false` lets a person sign in with the browser, last. */
  excludeInteractiveBrowserCredential?: boolean;
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
    const [authority, others] = authorityOf(options);
    const {
      managedIdentityClientId,
      workloadIdentityClientId,
      tenantId,
      interactiveBrowserClientId,
      interactiveBrowserTenantId,
      visualStudioTenantId,
      processTimeoutInMs,
      requiredEnvVars = [],
      excludeEnvironmentCredential,
      excludeWorkloadIdentityCredential,
      excludeManagedIdentityCredential,
      excludeVisualStudioCredential,
      excludeCliCredential,
      excludePowershellCredential,
      excludeDeveloperCliCredential,
      excludeInteractiveBrowserCredential,
      ...rest
    } = others;
    if ("managedIdentityResourceId" in rest) {
      throw invalidConfiguration(
        "DefaultAzureCredential takes no managedIdentityResourceId: use ManagedIdentityCredential({ resourceId }).",
      );
    }
    super(rest);
    this.#tree = {
      authority,
      managed_identity_client_id: managedIdentityClientId,
      workload_identity_client_id: workloadIdentityClientId,
      workload_identity_tenant_id: tenantId,
      interactive_browser_client_id: interactiveBrowserClientId,
      interactive_browser_tenant_id: interactiveBrowserTenantId,
      visual_studio_tenant_id: visualStudioTenantId,
      process_timeout: seconds(processTimeoutInMs),
      require_envvar: [requiredEnvVars].flat().includes("AZURE_TOKEN_CREDENTIALS"),
      exclude_environment_credential: excludeEnvironmentCredential,
      exclude_workload_identity_credential: excludeWorkloadIdentityCredential,
      exclude_managed_identity_credential: excludeManagedIdentityCredential,
      exclude_visual_studio_credential: excludeVisualStudioCredential,
      exclude_cli_credential: excludeCliCredential,
      exclude_powershell_credential: excludePowershellCredential,
      exclude_developer_cli_credential: excludeDeveloperCliCredential,
      exclude_interactive_browser_credential: excludeInteractiveBrowserCredential,
    };
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "DefaultAzureCredential", ...this.#tree };
  }
}

/** Options of {@link EnvironmentCredential}. */
export interface EnvironmentCredentialOptions extends AuthorityOptions {}

/** A service principal described by environment variables. */
export class EnvironmentCredential extends Credential {
  readonly #authority: Tree;

  constructor(options: EnvironmentCredentialOptions = {}) {
    const [authority, rest] = authorityOf(options);
    super(rest);
    this.#authority = authority;
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "EnvironmentCredential", ...this.#authority };
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
