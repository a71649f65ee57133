// The same from Node: run by demo.py, which has the local vault up and its variables set.
import { SecretClient, engineKind } from "../../bindings-node/dist/index.js";

const client = new SecretClient("https://contoso.vault.azure.net");
const began = performance.now();
const { name, value } = await client.getSecret("db-password");
const took = performance.now() - began;
client.getCachedSecret("db-password");
const again = performance.now();
client.getCachedSecret("db-password");
const cached = performance.now() - again;
console.log(`  engine   ${engineKind}`);
console.log(`  value    ${name}: '${value}'   in ${took.toFixed(0)} ms, from the cache in ${(cached * 1e3).toFixed(1)} µs`);
client.close();
