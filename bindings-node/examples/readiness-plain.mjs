/** Probes of start-up and readiness without any framework: `node readiness-plain.mjs 8080`, with VAULT_URL set. */

import { createServer } from "node:http";

import { SecretClient } from "nightlatch";

const NEEDED = ["db-password", "mail-key"];
const client = new SecretClient(process.env.VAULT_URL);

const server = createServer(async (_request, response) => {
  const health = await client.check(NEEDED, { timeout: 2000 });
  if (!health.ok) {
    console.warn(`not ready: ${health}`);
  }
  const troubles = health.troubles.map(({ name, verdict, error }) => [name, verdict ?? error.code]);
  response.writeHead(health.ok ? 200 : 503, { "content-type": "application/json" });
  response.end(JSON.stringify({ ok: health.ok, troubles: Object.fromEntries(troubles) }));
});

// Fail early: why not, and what to do, before the first request is served.
const diagnosis = await client.diagnose(NEEDED[0]);
if (!diagnosis.ok) {
  console.error(diagnosis.text);
  process.exit(1);
}
server.listen(Number(process.argv[2]), "127.0.0.1", () => {
  console.log(`listening on port ${server.address().port}`);
});
