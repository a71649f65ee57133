/** Read by the compiler only: what is ours stands wherever the official packages' own objects do. */

import type { TokenCredential } from "@azure/core-auth";
import {
  type DeletedSecret,
  type GetSecretOptions,
  type KeyVaultSecret,
  type PagedAsyncIterableIterator,
  type PollerLike,
  type PollOperationState,
  SecretClient,
  type SecretProperties,
} from "@azure/keyvault-secrets";

import * as nightlatch from "nightlatch-wasm";

const VAULT = "https://contoso.vault.azure.net";

export const ours: TokenCredential[] = [
  new nightlatch.DefaultAzureCredential(),
  new nightlatch.ManagedIdentityCredential("client"),
  new nightlatch.ManagedIdentityCredential({ resourceId: "/subscriptions/0/…" }),
  new nightlatch.ClientSecretCredential("tenant", "client", "secret", { authorityHost: "https://localhost" }),
  new nightlatch.WorkloadIdentityCredential({ tokenFilePath: "/token" }),
  new nightlatch.AzureCliCredential({ tenantId: "tenant" }),
  new nightlatch.EnvironmentCredential(),
  new nightlatch.ChainedTokenCredential(new nightlatch.AzureCliCredential()),
  new nightlatch.ClientCertificateCredential("tenant", "client", { certificatePath: "/app.pem" }),
  new nightlatch.DeviceCodeCredential({ userPromptCallback: ({ message }) => console.log(message) }),
];

export function drops(theirs: TokenCredential, options: GetSecretOptions): void {
  new SecretClient(VAULT, new nightlatch.DefaultAzureCredential());
  const client = new nightlatch.SecretClient(VAULT, theirs, {
    serviceVersion: "7.6",
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 3, retryDelayInMs: 10, maxRetryDelayInMs: 100 },
    userAgentOptions: { userAgentPrefix: "shop" },
  });
  new nightlatch.ChainedTokenCredential(theirs, new nightlatch.AzureCliCredential());
  const { version } = options;
  const secret: Promise<KeyVaultSecret> = client.getSecret("db", { version });
  const poller: Promise<PollerLike<PollOperationState<DeletedSecret>, DeletedSecret>> =
    client.beginDeleteSecret("db");
  const list: PagedAsyncIterableIterator<SecretProperties> = client.listPropertiesOfSecrets();
  const backup: Promise<Uint8Array | undefined> = client.backupSecret("db");
  void [poller, list, backup];
  client.addEventListener("secretrotated", ({ detail }) => detail.newVersion.toUpperCase());
  client.addEventListener("event", { handleEvent: (event) => event.detail });
  void [secret, nightlatch.getBearerTokenProvider(theirs, "scope")];
}

// @ts-expect-error an option that does not exist
new nightlatch.SecretClient(VAULT, undefined, { cacheTTL: 1 });
// @ts-expect-error a token's shape is checked
new nightlatch.ChainedTokenCredential({ getToken: async () => "token" });

export async function resolves(theirs: TokenCredential): Promise<void> {
  const resolver = new nightlatch.ReferenceResolver(theirs, { vaultDomain: "vault.azure.cn", maxAge: 1000 });
  const text: string = await resolver.resolve("x", { contentType: "text/plain" });
  const settings: { password: string; ports: number[] } = await resolver.resolve({
    password: "",
    ports: [1],
  });
  const variables: Record<string, string> = await resolver.resolveEnv();
  const { ok, references } = await resolver.status(settings, { form: "json" });
  void [text, variables, ok, references[0]?.status];
  // @ts-expect-error a content type is told of a single value
  await resolver.resolve({ a: "x" }, { contentType: "text/plain" });
}
