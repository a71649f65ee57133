/**
 * What every place plays: a secret through a client secret, a federated assertion, and a certificate whose key signs
 * through WebCrypto, as text and as a key that cannot be read; and where the whole engine is, a secret is rotated and a value
 * encrypted. Plain JavaScript that knows
 * no runtime; `nightlatch` is the package's module.
 */
export async function play(
  nightlatch,
  { tenant, clientId, clientSecret, assertion, certificate, vault, relay },
) {
  const { SecretClient, ClientCertificateCredential, ClientSecretCredential, WorkloadIdentityCredential } =
    nightlatch;
  const options = relay === undefined ? {} : { fetch: (url, init) => relayed(relay, url, init) };
  const application = new ClientSecretCredential(tenant, clientId, clientSecret, options);
  const bySecret = new SecretClient(vault, application);
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
  const byCertificate = new SecretClient(
    vault,
    new ClientCertificateCredential(tenant, clientId, { certificate: certificate.pem }, options),
  );
  const pkcs8 = Uint8Array.from(atob(certificate.pkcs8), (letter) => letter.charCodeAt(0));
  const how = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const signingKey = await crypto.subtle.importKey("pkcs8", pkcs8, how, false, ["sign"]);
  const byKey = new SecretClient(
    vault,
    new ClientCertificateCredential(
      tenant,
      clientId,
      { certificate: certificate.alone },
      { signingKey, ...options },
    ),
  );
  const result = {
    bySecret: secrets[0].value,
    one: new Set(secrets).size === 1 && bySecret.getCachedSecret("db-password") === secrets[0],
    byAssertion: (await byAssertion.getSecret("db-password")).value,
    byCertificate: (await byCertificate.getSecret("db-password")).value,
    byKey: (await byKey.getSecret("db-password")).value,
    missing,
  };
  if (nightlatch.FieldEncryption !== undefined) {
    const encryption = new nightlatch.FieldEncryption(vault, "app", application);
    const sealed = await encryption.encrypt("hunter2");
    result.encrypted = `${sealed.split(".").length} ${await encryption.decryptText(sealed)}`;
    encryption.close();
    let accepted;
    await bySecret.rotateSecret("db-password", {
      make: async () => "n3w",
      apply: (value) => (accepted = value),
      verify: async (value) => value === accepted,
    });
    result.rotated = (await bySecret.getSecret("db-password")).value;
  }
  for (const client of [bySecret, byAssertion, byCertificate, byKey]) {
    client.close();
  }
  return result;
}

function relayed(relay, url, { headers, method, body, signal, redirect }) {
  const to = `${relay}/?url=${encodeURIComponent(url)}&method=${method}`;
  const packed = { "x-relay": JSON.stringify(Object.fromEntries(headers)) };
  return fetch(to, { method: "POST", headers: packed, body, signal, redirect });
}
