/**
 * Does one job with the libraries that the first argument names, `official` or `nightlatch`; only the imports differ.
 * Prints what came of it as one line of JSON.
 */

const [, , whose, job] = process.argv;

const libraries = {
  official: async () => ({
    ...(await import("@azure/identity")),
    ...(await import("@azure/keyvault-secrets")),
  }),
  nightlatch: () => import("nightlatch"),
};

const {
  AzureCliCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
  SecretClient,
  WorkloadIdentityCredential,
  getBearerTokenProvider,
} = await libraries[whose]();

const VAULT = "https://demo.vault.azure.net";
const [tenant, client] = ["11111111-1111-4111-8111-111111111111", "44444444-4444-4444-8444-444444444444"];
const read = async (credential, name = "db-password", options = undefined) => {
  const secret = await new SecretClient(VAULT, credential).getSecret(name, options);
  const { vaultUrl, version, enabled, contentType, tags, createdOn, updatedOn, expiresOn, notBefore } =
    secret.properties;
  const { recoveryLevel, recoverableDays, id } = secret.properties;
  const dates = [createdOn, updatedOn, expiresOn, notBefore].map((date) => date?.toISOString());
  return [
    secret.name,
    secret.value,
    vaultUrl,
    version,
    enabled,
    contentType,
    // Ours are never undefined, so that a tag can be asked for at once.
    tags ?? {},
    dates,
    recoveryLevel,
    recoverableDays,
    id,
  ];
};

const jobs = {
  "managed identity": () => read(new ManagedIdentityCredential()),
  "managed identity by client id": () =>
    read(new ManagedIdentityCredential({ clientId: process.env.USER_ASSIGNED })),
  "managed identity by client id, as text": () =>
    read(new ManagedIdentityCredential(process.env.USER_ASSIGNED)),
  "default credential": () => read(new DefaultAzureCredential()),
  "client secret": () => read(new ClientSecretCredential(tenant, client, "app-secret")),
  "workload identity": () =>
    read(
      new WorkloadIdentityCredential({
        tenantId: tenant,
        clientId: client,
        tokenFilePath: process.env.ASSERTION,
      }),
    ),
  certificate: () => read(new ClientCertificateCredential(tenant, client, process.env.CERTIFICATE)),
  "Azure CLI": () => read(new AzureCliCredential()),
  "one version": async () => {
    const credential = new ManagedIdentityCredential();
    const { version } = (await new SecretClient(VAULT, credential).getSecret("db-password")).properties;
    return read(credential, "db-password", { version });
  },
  "all attributes": () => read(new ManagedIdentityCredential(), "full"),
  "no such secret": () => read(new ManagedIdentityCredential(), "none"),
  "disabled secret": () => read(new ManagedIdentityCredential(), "disabled"),
  "no permission": () =>
    read(new ClientSecretCredential(tenant, client, "app-secret"), "db-password").then(() =>
      new SecretClient("https://closed.vault.azure.net", new ManagedIdentityCredential()).getSecret("a"),
    ),
  "wrong client secret": () => read(new ClientSecretCredential(tenant, client, "wrong")),
  "aborted call": () =>
    read(new ManagedIdentityCredential(), "db-password", { abortSignal: AbortSignal.abort() }),
  "token for another library": async () => {
    const scope = "https://vault.azure.net/.default";
    const credential = new ManagedIdentityCredential();
    const { token, expiresOnTimestamp, tokenType } = await credential.getToken(scope);
    const again = await getBearerTokenProvider(credential, scope)();
    const claims = [token, again].map((text) => JSON.parse(Buffer.from(text.split(".")[1], "base64url")).oid);
    return [claims, expiresOnTimestamp > Date.now(), tokenType];
  },
};

try {
  console.log(JSON.stringify({ result: await jobs[job]() }));
} catch (why) {
  console.log(JSON.stringify({ error: { name: why.name, statusCode: why.statusCode } }));
}
