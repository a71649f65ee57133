/**
 * What the options of several credentials have in common.
 *
 * @module
 */

import { invalidConfiguration } from "../errors.js";
import type { EngineOptions, Tree } from "../options.js";

/** Where Microsoft Entra ID is, and which tenants may be asked. */
export interface AuthorityOptions extends EngineOptions {
  /** Host or https URL; else the environment's, else the public cloud's. See {@link AzureAuthorityHosts}. */
  authorityHost?: string;
  /** Tenants besides the configured one for which tokens may be asked; `*` for all. */
  additionallyAllowedTenants?: string[];
}

/** The sign-in services of Azure's clouds, for the option `authorityHost`. */
export const AzureAuthorityHosts = Object.freeze({
  AzurePublicCloud: "https://login.microsoftonline.com",
  AzureGovernment: "https://login.microsoftonline.us",
  AzureChina: "https://login.chinacloudapi.cn",
});

/** Takes the options about the identity provider out of a credential's. */
export function authorityOf<T extends AuthorityOptions>(
  options: T,
): [authority: Tree, rest: Omit<T, "authorityHost" | "additionallyAllowedTenants">] {
  const { authorityHost, additionallyAllowedTenants, ...rest } = options;
  return [{ authority: authorityHost, additionally_allowed_tenants: additionallyAllowedTenants }, rest];
}

/** Refuses arguments that are empty. */
export function needed(credential: string, given: Record<string, unknown>): void {
  const empty = Object.keys(given).filter((name) => !given[name]);
  if (empty.length > 0) {
    throw invalidConfiguration(`${credential} needs ${empty.map(words).join(" and ")}.`);
  }
}

/** As the engine counts. */
export function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

function words(name: string): string {
  const lower = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${/^[aeiou]/.test(lower) ? "an" : "a"} ${lower}`;
}
