/**
 * Tools on a developer's machine that know an account.
 *
 * @module
 */

import { Credential, type Description } from "../credential.js";
import type { EngineOptions, Tree } from "../options.js";
import { seconds } from "./common.js";

/** Options of a tool. */
export interface ToolOptions extends EngineOptions {
  /** Tenant to ask. */
  tenantId?: string;
  /** What the program may take. */
  processTimeoutInMs?: number;
  /** Tenants besides the configured one for which tokens may be asked. */
  additionallyAllowedTenants?: string[];
}

/** A tool. */
abstract class Tool extends Credential {
  /** @internal */
  readonly _tree: Tree;

  constructor(options: ToolOptions) {
    const { tenantId, processTimeoutInMs, additionallyAllowedTenants, ...rest } = options;
    super(rest);
    this._tree = {
      tenant_id: tenantId || undefined,
      process_timeout: seconds(processTimeoutInMs),
      additionally_allowed_tenants: additionallyAllowedTenants,
    };
  }
}

/** Options of {@link AzureCliCredential}. */
export interface AzureCliCredentialOptions extends ToolOptions {
  /** Subscription whose account to use. */
  subscription?: string;
}

/** Whoever is signed in to the Azure CLI (`az login`). */
export class AzureCliCredential extends Tool {
  readonly #subscription: string | undefined;

  constructor(options: AzureCliCredentialOptions = {}) {
    const { subscription, ...rest } = options;
    super(rest);
    this.#subscription = subscription;
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "AzureCliCredential", ...this._tree, subscription: this.#subscription };
  }
}

/** Options of {@link AzureDeveloperCliCredential}. */
export interface AzureDeveloperCliCredentialOptions extends ToolOptions {}

/** Whoever is signed in to the Azure Developer CLI (`azd auth login`). */
export class AzureDeveloperCliCredential extends Tool {
  constructor(options: AzureDeveloperCliCredentialOptions = {}) {
    super(options);
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "AzureDeveloperCliCredential", ...this._tree };
  }
}

/** Options of {@link AzurePowerShellCredential}. */
export interface AzurePowerShellCredentialOptions extends ToolOptions {}

/** Whoever is signed in to Azure PowerShell (`Connect-AzAccount`). */
export class AzurePowerShellCredential extends Tool {
  constructor(options: AzurePowerShellCredentialOptions = {}) {
    super(options);
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "AzurePowerShellCredential", ...this._tree };
  }
}

/** Options of {@link VisualStudioCredential}. */
export interface VisualStudioCredentialOptions extends ToolOptions {}

/** Whoever is signed in to Visual Studio, by its token provider. */
export class VisualStudioCredential extends Tool {
  constructor(options: VisualStudioCredentialOptions = {}) {
    super(options);
  }

  /** @internal */
  override _describe(): Tree {
    return { type: "VisualStudioCredential", ...this._tree };
  }
}

/** Options of {@link VisualStudioCodeCredential}. */
export interface VisualStudioCodeCredentialOptions extends ToolOptions {}

/**
 * The account of Visual Studio Code. It can only be reached through the broker's native library, which nightlatch does
 * not load: always unavailable, so that a chain goes on.
 */
export class VisualStudioCodeCredential extends Tool {
  constructor(options: VisualStudioCodeCredentialOptions = {}) {
    super(options);
  }

  /** @internal */
  override _describe(into: Description): Tree {
    return into.missing(
      "VisualStudioCodeCredential",
      "Visual Studio Code's account needs the broker's library. Sign in with `az login` instead.",
    );
  }
}
