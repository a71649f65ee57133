import * as nightlatch from "nightlatch-wasm";

import { play } from "./program.js";

const { ClientSecretCredential, SecretClient } = nightlatch;

// Made outside of any request, and shared by all.
const credential = new ClientSecretCredential(
  "11111111-1111-4111-8111-111111111111",
  "44444444-4444-4444-8444-444444444444",
  "app-secret",
);
const client = new SecretClient("https://contoso.vault.azure.net", credential, { tryTimeout: 1000 });

export default {
  async fetch(request) {
    switch (new URL(request.url).pathname) {
      case "/shared":
        return new Response((await client.getSecret("db-password")).value);
      case "/leaving":
        client.invalidate();
        client.getSecret("db-password").catch(() => {});
        return new Response("gone");
      case "/staying":
        return new Response((await client.getSecret("db-password")).value);
      default:
        return Response.json(await play(nightlatch, await request.json()));
    }
  },
};
