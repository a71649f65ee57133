/**
 * Gets a secret by the identity that the first argument names, in whatever environment it finds. Prints what came of it
 * as one line of JSON.
 */

import { createPrivateKey, sign, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";

import * as nightlatch from "nightlatch";

const [tenant, client] = ["11111111-1111-4111-8111-111111111111", "44444444-4444-4444-8444-444444444444"];
const {
  AUTHORITY: authorityHost,
  CA: ca,
  CLIENT = client,
  FOLDER: folder,
  ALGORITHM: algorithm,
} = process.env;
const VAULT = "https://demo.vault.azure.net";
const events = [];

const options = {
  ...(authorityHost && { authorityHost, retryOptions: { maxRetries: 0 } }),
  ...(ca && { ca: readFileSync(ca) }),
};
const certificate = (configuration, more = {}) =>
  new nightlatch.ClientCertificateCredential(tenant, CLIENT, configuration, {
    ...options,
    algorithm,
    ...more,
  });
const key = () => createPrivateKey(readFileSync(`${folder}/app.key`));
const signed = (message, name) => {
  const padding = { PS256: 6, RS256: 1 }[name];
  return sign("sha256", message, { key: key(), padding, saltLength: 32 });
};

const credentials = {
  "managed identity": () => new nightlatch.ManagedIdentityCredential(),
  "managed identity, once": () =>
    new nightlatch.ManagedIdentityCredential({ retryOptions: { maxRetries: 0 } }),
  default: () => new nightlatch.DefaultAzureCredential(),
  "token proxy": () => new nightlatch.WorkloadIdentityCredential({ enableAzureProxy: true }),
  pipeline: () =>
    new nightlatch.AzurePipelinesCredential(
      tenant,
      client,
      "77777777-7777-4777-8777-777777777777",
      "emulator-system-access-token",
    ),
  job: () => new nightlatch.GitHubActionsCredential({ tenantId: tenant, clientId: client }),
  az: () => new nightlatch.AzureCliCredential(),
  azd: () => new nightlatch.AzureDeveloperCliCredential(),
  pwsh: () => new nightlatch.AzurePowerShellCredential(),
  code: () => new nightlatch.VisualStudioCodeCredential(),
  pem: () => certificate(`${folder}/app.pem`),
  "pem as text": () => certificate({ certificate: readFileSync(`${folder}/app.pem`, "utf8") }),
  "two files": () => certificate({ certificatePath: `${folder}/app.crt`, keyPath: `${folder}/app.key` }),
  pfx: () => certificate({ certificatePath: `${folder}/app.pfx`, certificatePassword: "correct horse" }),
  "pfx as bytes": () =>
    certificate({ certificate: readFileSync(`${folder}/app.pfx`), certificatePassword: "correct horse" }),
  "signing function": () => certificate(`${folder}/app.crt`, { signingKey: signed }),
  "forging function": () =>
    certificate(`${folder}/app.crt`, {
      signingKey: (...asked) => {
        const signature = signed(...asked);
        signature[0] ^= 1;
        return signature;
      },
    }),
  "failing function": () =>
    certificate(`${folder}/app.crt`, {
      signingKey: () => {
        throw new RangeError("hunter2");
      },
    }),
  "key of WebCrypto": async () => {
    const name = { PS256: "RSA-PSS", RS256: "RSASSA-PKCS1-v1_5" }[algorithm ?? "PS256"];
    const how = { name, hash: "SHA-256" };
    const pkcs8 = key().export({ type: "pkcs8", format: "der" });
    const signingKey = await webcrypto.subtle.importKey("pkcs8", pkcs8, how, false, ["sign"]);
    return certificate(`${folder}/app.crt`, { signingKey, algorithm: undefined });
  },
  assertion: () =>
    new nightlatch.ClientAssertionCredential(tenant, client, async () =>
      readFileSync(process.env.AZURE_FEDERATED_TOKEN_FILE, "utf8"),
    ),
  "device code": () =>
    new nightlatch.DeviceCodeCredential({
      userPromptCallback: ({ userCode, verificationUri }) => void events.push([userCode, verificationUri]),
    }),
  "device code on the terminal": () => new nightlatch.DeviceCodeCredential(),
  browser: () => new nightlatch.InteractiveBrowserCredential({ clientId: process.env.PUBLIC_CLIENT }),
  password: () =>
    new nightlatch.UsernamePasswordCredential(
      tenant,
      process.env.PUBLIC_CLIENT,
      "ada@contoso.example",
      "emulator-password",
    ),
};

try {
  const credential = await credentials[process.argv[2]]();
  if (authorityHost) {
    const { token } = await credential.getToken("https://vault.azure.net/.default");
    console.log(JSON.stringify({ result: typeof token }));
  } else {
    const secrets = new nightlatch.SecretClient(VAULT, credential);
    secrets.addEventListener("keyfileshared", ({ detail }) => events.push(detail.path));
    const { value } = await secrets.getSecret("db-password");
    const record = await credential.authenticate?.("https://vault.azure.net/.default");
    console.log(JSON.stringify({ result: value, events, engine: nightlatch.engineKind, record }));
    secrets.close();
  }
} catch (why) {
  const { name, code, message, cause } = why;
  console.log(JSON.stringify({ error: { name, code, message, cause: cause?.name } }));
}
