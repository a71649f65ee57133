// Every operation on secrets, a line for each, against the vault that the environment names (README.md).
import { DefaultAzureCredential, SecretClient } from "../../bindings-node/dist/index.js";

const client = new SecretClient(process.env.VAULT_URL, new DefaultAzureCredential(), {
  disableChallengeResourceVerification: process.env.VERIFY_CHALLENGE === "0",
  secretRequestsPerSecond: 0,
});
const name = "foreign-one";
const second = "foreign-two";
const ends = new Date(Date.UTC(2031, 0, 2, 3, 4, 5));
const quickly = { intervalInMs: 100 };

const first = await client.setSecret(name, "value 1", {
  contentType: "text/plain",
  tags: { of: "shop" },
  expiresOn: ends,
});
const { properties } = first;
say("set", first.value, properties.contentType, tags(properties), properties.expiresOn?.getTime() === ends.getTime());
const latest = await client.setSecret(name, "välue 2");
say("set again", latest.value, latest.properties.version !== first.properties.version);

client.invalidate();
say("get", (await client.getSecret(name)).value);
say("get a version", (await client.getSecret(name, { version: first.properties.version })).value);
say("get another", await refusal(client.getSecret("foreign-none")));

const changes = { contentType: "x/y", tags: { a: "b" } };
const changed = await client.updateSecretProperties(name, latest.properties.version, changes);
say("update", changed.contentType, tags(changed));

await client.setSecret(second, "two");
say("list", ...(await names(client.listPropertiesOfSecrets())));
say("list versions", (await names(client.listPropertiesOfSecretVersions(name))).length);

const backup = await client.backupSecret(second);
say("backup", backup.length > 0);
const deletion = await client.beginDeleteSecret(second, quickly);
say("delete", (await deletion.pollUntilDone()).name);
say("get deleted", (await client.getDeletedSecret(second)).name);
say("list deleted", ...(await names(client.listDeletedSecrets())));
say("set deleted", await refusal(client.setSecret(second, "taken")));
await (await client.beginRecoverDeletedSecret(second, quickly)).pollUntilDone();
say("recover", (await client.getSecret(second)).value);

await remove(second);
say("purge", await refusal(client.getDeletedSecret(second)));
say("restore", (await client.restoreSecretBackup(backup)).name, (await client.getSecret(second)).value);
for (const used of [name, second]) await remove(used);
say("clean", await refusal(client.getSecret(name)), await refusal(client.getSecret(second)));
client.close();

async function remove(used) {
  await (await client.beginDeleteSecret(used, quickly)).pollUntilDone();
  await client.purgeDeletedSecret(used, { wait: true, ...quickly });
}

async function names(listed) {
  const found = [];
  for await (const page of listed.byPage({ maxPageSize: 1 })) found.push(...page.map((item) => item.name));
  return found.filter((item) => item.startsWith("foreign-")).sort();
}

async function refusal(call) {
  return call.then(
    () => "no refusal",
    (error) => error.statusCode ?? String(error),
  );
}

function tags(properties) {
  return Object.entries(properties.tags).map(([key, value]) => `${key}=${value}`);
}

function say(step, ...what) {
  const text = (part) => (typeof part === "boolean" ? (part ? "yes" : "no") : part);
  console.log([step, ...what.map(text)].join(" | "));
}
