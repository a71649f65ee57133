/**
 * The package, as the commands use it. It is loaded only when there is something to ask: help and wrong usage need no
 * engine.
 *
 * @module
 */

import type { DefaultAzureCredential, SecretClient, SecretClientOptions } from "../index.js";

let loaded: typeof import("../index.js") | undefined;

/** The package. */
export function nightlatch(): typeof import("../index.js") {
  return (loaded ??= require("./index.cjs") as typeof import("../index.js"));
}

/** The package if it has been loaded. */
export function nightlatchSoFar(): typeof import("../index.js") | undefined {
  return loaded;
}

interface Identified {
  "client-id"?: string | undefined;
}

/** The identity of this host, or the one of those that it has. */
export function credentialOf({ "client-id": managedIdentityClientId }: Identified): DefaultAzureCredential {
  const { DefaultAzureCredential } = nightlatch();
  return new DefaultAzureCredential(managedIdentityClientId === undefined ? {} : { managedIdentityClientId });
}

/** Asks a client of the vault, by the identity that is found here. */
export async function asking<T>(
  vault: string,
  values: Identified,
  options: SecretClientOptions,
  ask: (client: SecretClient) => Promise<T>,
): Promise<T> {
  const { SecretClient } = nightlatch();
  const url = vault.includes("://") ? vault : `https://${vault}`;
  const client = new SecretClient(url, credentialOf(values), options);
  try {
    return await ask(client);
  } finally {
    client.close();
  }
}
