/**
 * Every operation of the Secrets API, as a user of the official packages writes it. `operations.test.ts` runs it as it is,
 * and again with `nightlatch` in its two import lines. Prints one line of JSON for each step: what came of it.
 */

import { ClientSecretCredential } from "@azure/identity";
import { parseKeyVaultSecretIdentifier, SecretClient } from "@azure/keyvault-secrets";

const { VAULT, CLOSED_VAULT, TENANT, CLIENT, CLIENT_SECRET } = process.env;
const credential = new ClientSecretCredential(TENANT, CLIENT, CLIENT_SECRET);
const secrets = new SecretClient(VAULT, credential);
const soon = { intervalInMs: 50 };

/** Tells what came of a step; an error is a result too. */
async function step(name, act) {
  const outcome = await act().then(
    (result) => ({ result }),
    (error) => ({ error: { ...facts(error), isError: error instanceof Error } }),
  );
  console.log(JSON.stringify({ step: name, ...outcome }));
}

function facts({ name, code, errorCode, statusCode, message }) {
  return { name, code, errorCode, statusCode, message };
}

async function all(iterator) {
  const found = [];
  for await (const one of iterator) found.push(one);
  return found;
}

function told(poller) {
  const { isStarted, isCompleted, isCancelled, error } = poller.getOperationState();
  return { done: poller.isDone(), stopped: poller.isStopped(), isStarted, isCompleted, isCancelled, error };
}

await step("vaultUrl", async () => secrets.vaultUrl);
await step("identifiers", async () =>
  ["/db/0123456789abcdef0123456789abcdef", "/db"].map((end) =>
    parseKeyVaultSecretIdentifier(`${VAULT}/secrets${end}`),
  ),
);

let first;
await step("set, with everything", async () => {
  first = await secrets.setSecret("one", "välue", {
    contentType: "text/plain",
    tags: { team: "shop", ü: "ö" },
    notBefore: new Date("2025-01-01T00:00:00Z"),
    expiresOn: new Date("2035-01-01T00:00:00Z"),
    enabled: true,
  });
  return first;
});
await step("set again: a new version", () => secrets.setSecret("one", "another"));
await step("set a disabled one", () => secrets.setSecret("two", "2", { enabled: false }));
await step("get", () => secrets.getSecret("one"));
await step("get again", () => secrets.getSecret("one"));
await step("get a version", () => secrets.getSecret("one", { version: first.properties.version }));
await step("get in another form", () =>
  secrets.getSecret("one", { outContentType: "application/x-pem-file" }),
);
await step("get a disabled one", () => secrets.getSecret("two"));
await step("get one that is not there", () => secrets.getSecret("none"));
await step("get by a name that cannot be", () => secrets.getSecret("no_name"));
await step("get, aborted", () => secrets.getSecret("one", { abortSignal: AbortSignal.abort() }));
await step("get without the permission", () => new SecretClient(CLOSED_VAULT, credential).getSecret("a"));

await step("update a version", () =>
  secrets.updateSecretProperties("one", first.properties.version, {
    contentType: "text/html",
    tags: { team: "stock" },
    enabled: true,
    notBefore: new Date("2025-02-01T00:00:00Z"),
    expiresOn: new Date("2035-02-01T00:00:00Z"),
  }),
);
await step("update the latest", () => secrets.updateSecretProperties("one", "", { tags: {} }));
await step("update one that is not there", () =>
  secrets.updateSecretProperties("none", "", { enabled: true }),
);

await step("list", () => all(secrets.listPropertiesOfSecrets()));
await step("list by pages", () => all(secrets.listPropertiesOfSecrets().byPage({ maxPageSize: 1 })));
await step("list, and take it up again", async () => {
  const pages = secrets.listPropertiesOfSecrets().byPage({ maxPageSize: 1 });
  return { token: typeof (await pages.next()).value.continuationToken };
});
await step("list versions", async () => (await all(secrets.listPropertiesOfSecretVersions("one"))).length);
await step("list versions by pages", async () =>
  (await all(secrets.listPropertiesOfSecretVersions("one").byPage({ maxPageSize: 1 }))).map(
    (page) => page.length,
  ),
);
await step("list versions of none", () => all(secrets.listPropertiesOfSecretVersions("none")));

let backup;
await step("back up", async () => {
  backup = await secrets.backupSecret("one");
  return { bytes: backup instanceof Uint8Array, some: backup.length > 0 };
});
await step("back up one that is not there", () => secrets.backupSecret("none"));

await step("delete", async () => {
  const poller = await secrets.beginDeleteSecret("one", soon);
  const begun = told(poller);
  const result = poller.getResult();
  const end = await poller.pollUntilDone();
  return { begun, result, end, again: poller.getResult(), told: told(poller) };
});
await step("delete again", () => secrets.beginDeleteSecret("one", soon));
await step("delete one that is not there", () => secrets.beginDeleteSecret("none", soon));
await step("delete, and take the poller up again", async () => {
  const resumeFrom = (await secrets.beginDeleteSecret("two", soon)).toString();
  const poller = await secrets.beginDeleteSecret("two", { ...soon, resumeFrom });
  return { end: await poller.pollUntilDone(), told: told(poller) };
});
await step("get a deleted one", () => secrets.getSecret("one"));
await step("set a deleted one", () => secrets.setSecret("one", "x"));
await step("get deleted", () => secrets.getDeletedSecret("one"));
await step("get deleted that is not there", () => secrets.getDeletedSecret("none"));
await step("list deleted", () => all(secrets.listDeletedSecrets()));
await step("list deleted by pages", () => all(secrets.listDeletedSecrets().byPage({ maxPageSize: 1 })));

await step("recover", async () => {
  const poller = await secrets.beginRecoverDeletedSecret("one", soon);
  const begun = told(poller);
  return { begun, end: await poller.pollUntilDone(), told: told(poller) };
});
await step("recover one that is not there", async () =>
  (await secrets.beginRecoverDeletedSecret("none", soon)).pollUntilDone(),
);
await step("get the recovered one", () => secrets.getSecret("one"));

await step("purge one that is not there", () => secrets.purgeDeletedSecret("none"));
await step("restore while the name is in use", () => secrets.restoreSecretBackup(backup));
await step("delete for good", async () => {
  await (await secrets.beginDeleteSecret("one", soon)).pollUntilDone();
  return [await secrets.purgeDeletedSecret("one"), await secrets.purgeDeletedSecret("two")];
});
await step("restore", () => secrets.restoreSecretBackup(backup));
await step("restore nonsense", () => secrets.restoreSecretBackup(new TextEncoder().encode("nonsense")));
await step("get the restored one", () => secrets.getSecret("one"));
