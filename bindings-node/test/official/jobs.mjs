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
  parseKeyVaultSecretIdentifier,
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
  "all operations": () => operations(),
  "what is refused": () => refusals(),
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
  identifier: () => {
    const ids = [`${VAULT}/secrets/db/0123`, `${VAULT}/secrets/db`].map(parseKeyVaultSecretIdentifier);
    return ids.map(({ sourceId, vaultUrl, name, version }) => [sourceId, vaultUrl, name, version]);
  },
};

/** Every operation of the Secrets API; what is new each time is told by its type. */
async function operations() {
  const secrets = new SecretClient(
    "https://ops.vault.azure.net",
    new ClientSecretCredential(tenant, client, "app-secret"),
  );
  const told = [];
  const plain = ({
    vaultUrl,
    name,
    enabled,
    contentType,
    tags,
    notBefore,
    expiresOn,
    recoveryLevel,
    ...rest
  }) => [
    [vaultUrl, name, enabled, contentType, tags ?? {}, notBefore?.toISOString(), expiresOn?.toISOString()],
    [recoveryLevel, typeof rest.version, rest.createdOn instanceof Date, rest.updatedOn instanceof Date],
  ];
  const deleted = ({ name, value, properties, recoveryId, deletedOn, scheduledPurgeDate }) => [
    [name, value, recoveryId, deletedOn instanceof Date, scheduledPurgeDate instanceof Date],
    [
      properties.recoveryId,
      properties.deletedOn instanceof Date,
      properties.scheduledPurgeDate instanceof Date,
    ],
    plain(properties),
  ];
  const note = (...what) => void told.push(what);
  const options = {
    contentType: "text/plain",
    tags: { team: "shop" },
    notBefore: new Date("2025-01-01T00:00:00Z"),
    expiresOn: new Date("2035-01-01T00:00:00Z"),
  };
  const first = await secrets.setSecret("one", "välue", options);
  note(first.name, first.value, plain(first.properties));
  const second = await secrets.setSecret("one", "another");
  await secrets.setSecret("two", "2", { enabled: false });
  const changed = { contentType: "text/html", tags: { team: "stock" }, enabled: true };
  note(plain(await secrets.updateSecretProperties("one", second.properties.version, changed)));
  note(plain(await secrets.updateSecretProperties("one", "", { tags: {} })));
  note((await secrets.getSecret("one", { version: first.properties.version })).value);
  const listed = [];
  for await (const properties of secrets.listPropertiesOfSecrets()) listed.push(plain(properties));
  note(listed);
  const versions = [];
  for await (const page of secrets.listPropertiesOfSecretVersions("one").byPage({ maxPageSize: 1 })) {
    versions.push(page.length);
  }
  note(versions);
  const backup = await secrets.backupSecret("one");
  note(backup.constructor.name.replace("Buffer", "Uint8Array"), backup.length > 0);
  const deletion = await secrets.beginDeleteSecret("one", { intervalInMs: 100 });
  note(deletion.getResult().name, deletion.isStopped(), deletion.getOperationState().isStarted);
  note(deleted(await deletion.pollUntilDone()), deletion.isDone());
  note(deleted(await secrets.getDeletedSecret("one")));
  const gone = [];
  for await (const one of secrets.listDeletedSecrets()) gone.push(deleted(one));
  note(gone);
  const recovery = await secrets.beginRecoverDeletedSecret("one", { intervalInMs: 100 });
  note(plain(await recovery.pollUntilDone()), recovery.isDone());
  await (await secrets.beginDeleteSecret("one", { intervalInMs: 100 })).pollUntilDone();
  note(await secrets.purgeDeletedSecret("one"));
  note(plain(await secrets.restoreSecretBackup(backup)));
  for (const name of ["one", "two"]) {
    await (await secrets.beginDeleteSecret(name, { intervalInMs: 100 })).pollUntilDone();
    await secrets.purgeDeletedSecret(name);
  }
  return told;
}

/** What a vault refuses, by status. */
async function refusals() {
  const secrets = new SecretClient(
    "https://ops.vault.azure.net",
    new ClientSecretCredential(tenant, client, "app-secret"),
  );
  const ends = [];
  const fails = async (call) =>
    ends.push(
      await call().then(
        () => "no error",
        ({ statusCode }) => statusCode,
      ),
    );
  await fails(() => secrets.getDeletedSecret("none"));
  await fails(() => secrets.beginDeleteSecret("none"));
  await fails(() => secrets.updateSecretProperties("none", "", { enabled: true }));
  await fails(() => secrets.backupSecret("none"));
  await fails(() => secrets.restoreSecretBackup(new TextEncoder().encode("nonsense")));
  await fails(() => secrets.purgeDeletedSecret("none"));
  return ends;
}

try {
  console.log(JSON.stringify({ result: await jobs[job]() }));
} catch (why) {
  console.log(JSON.stringify({ error: { name: why.name, statusCode: why.statusCode } }));
}
