/**
 * An `.env` file whose secrets are in a vault, for a program that reads `process.env`: import this module before all others,
 * as `dotenv/config`, or start with `node --import ./settings-dotenv.mjs server.mjs`.
 *
 *     DB_HOST=db.example.net
 *     DB_PASSWORD=@Microsoft.KeyVault(VaultName=contoso;SecretName=db-password)
 *
 * Variables of the environment win over the file's. If a secret cannot be had the program ends here, and says which and why.
 */

import { config } from "dotenv";
import { ReferenceResolver } from "nightlatch";

config({ quiet: true });
const resolver = new ReferenceResolver();
Object.assign(process.env, await resolver.resolveEnv());
resolver.close();
