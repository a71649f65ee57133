/**
 * What every place plays: a secret through a client secret and through a federated assertion. Plain JavaScript that knows
 * no runtime; `nightlatch` is the package's module.
 */
export async function play(nightlatch, { tenant, clientId, clientSecret, assertion, vault, relay }) {
  const { SecretClient, ClientSecretCredential, WorkloadIdentityCredential } = nightlatch;
  const options = relay === undefined ? {} : { fetch: (url, init) => relayed(relay, url, init) };
  const bySecret = new SecretClient(
    vault,
    new ClientSecretCredential(tenant, clientId, clientSecret, options),
  );
  const secrets = await Promise.all(Array.from({ length: 50 }, () => bySecret.getSecret("db-password")));

  const files = { "/assertion": async () => assertion };
  const federated = new WorkloadIdentityCredential({
    tenantId: tenant,
    clientId,
    tokenFilePath: "/assertion",
    files,
    ...options,
  });
  const byAssertion = new SecretClient(vault, federated);
  const missing = await byAssertion.getSecret("missing").catch((error) => `${error.name} ${error.code}`);
  const result = {
    bySecret: secrets[0].value,
    one: new Set(secrets).size === 1 && bySecret.getCachedSecret("db-password") === secrets[0],
    byAssertion: (await byAssertion.getSecret("db-password")).value,
    missing,
  };
  bySecret.close();
  byAssertion.close();
  return result;
}

function relayed(relay, url, { headers, method, body, signal, redirect }) {
  const to = `${relay}/?url=${encodeURIComponent(url)}&method=${method}`;
  const packed = { "x-relay": JSON.stringify(Object.fromEntries(headers)) };
  return fetch(to, { method: "POST", headers: packed, body, signal, redirect });
}
