/**
 * A probe of readiness with Express: `node readiness-express.mjs 8080`, with VAULT_URL set.
 *
 * What the cache holds costs no request, so that a probe every few seconds is no load for the vault. The answer to a
 * probe names codes only; the step to take goes to the log.
 */

import express from "express";
import { SecretClient } from "nightlatch";

const NEEDED = ["db-password", "mail-key"];
const client = new SecretClient(process.env.VAULT_URL);
const app = express();

app.get("/readyz", async (_request, response) => {
  const health = await client.check(NEEDED, { timeout: 2000 });
  if (!health.ok) {
    console.warn(`not ready: ${health}`);
  }
  const troubles = health.troubles.map(({ name, verdict, error }) => [name, verdict ?? error.code]);
  response.status(health.ok ? 200 : 503).json({ ok: health.ok, troubles: Object.fromEntries(troubles) });
});

const server = app.listen(Number(process.argv[2]), "127.0.0.1", () => {
  console.log(`listening on port ${server.address().port}`);
});
