/** A secret by every identity that a host may have, through real sockets, files and programs, with both engines. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, beforeEach, test } from "node:test";

import { startEmulator } from "./support/emulator.js";
import { PACKAGE, ROOT } from "./support/places.js";
import { runProgram } from "./support/program.js";

const APPLICATION = "44444444-4444-4444-8444-444444444444";
const PUBLIC = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const TENANT = "11111111-1111-4111-8111-111111111111";
const PASSWORD = "correct horse";
const HEADER = "emulator-identity-header";

const folder = mkdtempSync(join(tmpdir(), "nightlatch-identities-"));
const file = (name: string): string => join(folder, name);
makeCertificate();

const readable = (principal: string): object => ({ principal, secrets: ["get"] });
const emulator = await startEmulator({
  identities: [
    {
      name: "machine",
      kind: "system",
      client_id: "22222222-2222-4222-8222-222222222222",
      object_id: "machine",
    },
  ],
  app_registrations: [
    {
      client_id: APPLICATION,
      object_id: "application",
      certificates: [readFileSync(file("app.crt"), "utf8")],
      federated: [
        { issuer: "https://oidc.emulator.example/", subject: "basket" },
        {
          issuer: "https://vstoken.dev.azure.com/88888888-8888-4888-8888-888888888888",
          subject: "sc://contoso/shop/azure",
        },
        {
          issuer: "https://token.actions.githubusercontent.com",
          subject: "repo:contoso/shop:ref:refs/heads/main",
        },
      ],
    },
  ],
  users: [{ name: "ada@contoso.example", object_id: "ada", password: "emulator-password" }],
  // A browser that follows redirects is enough, and nobody is waited for.
  sign_in: { response_mode: "query", device: { pending: 0, interval: 1 } },
  vaults: [
    {
      name: "demo",
      secrets: { "db-password": "s3cr3t" },
      access: ["machine", "application", "ada"].map(readable),
      limits: { secret_per_1s: null },
    },
  ],
});
after(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => emulator.forget());

function makeCertificate(): void {
  const openssl = (...args: string[]): Buffer => execFileSync("openssl", args, { stdio: "pipe" });
  const [key, certificate] = [file("app.key"), file("app.crt")];
  const subject = ["-days", "2", "-subj", "/CN=app"];
  openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject, "-keyout", key, "-out", certificate);
  writeFileSync(file("app.pem"), readFileSync(key, "utf8") + readFileSync(certificate, "utf8"), {
    mode: 0o600,
  });
  openssl(
    "pkcs12",
    "-export",
    "-in",
    file("app.pem"),
    "-out",
    file("app.pfx"),
    "-passout",
    `pass:${PASSWORD}`,
  );
}

interface Outcome {
  result?: unknown;
  events?: unknown[];
  engine?: string;
  record?: { username: string; tenantId: string };
  error?: { name: string; code: string; message: string; cause?: string };
  printed: string;
}

/** The variables that a credential looks at are those given, and no others. */
const CLEAN = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => /^(AZURE|MSI|IDENTITY|IMDS|SYSTEM|ACTIONS)_/.test(name))
    .map((name) => [name, undefined]),
);

async function get(job: string, variables: Record<string, string> = {}, engine = "native"): Promise<Outcome> {
  const { HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE } = emulator.environment;
  const network = { HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE };
  const environment = { ...CLEAN, ...network, FOLDER: folder, NIGHTLATCH_ENGINE: engine, ...variables };
  const { stdout, stderr } = await runProgram(
    process.execPath,
    [join(PACKAGE, "test", "identities", "jobs.mjs"), job],
    {
      environment,
    },
  );
  assert.equal(stderr, "");
  const lines = stdout.trim().split("\n");
  return { ...(JSON.parse(lines.pop() ?? "") as Outcome), printed: lines.join("\n") };
}

const serviceFabric = emulator.ready["service_fabric"] as { url: string; thumbprint: string };
const tokenProxy = emulator.ready["token_proxy"] as { url: string; server_name: string; ca_pem: string };
const fabric = {
  IDENTITY_ENDPOINT: serviceFabric.url,
  IDENTITY_HEADER: HEADER,
  IDENTITY_SERVER_THUMBPRINT: serviceFabric.thumbprint,
};

const HOSTS: Record<string, Record<string, string>> = {
  "a virtual machine": { AZURE_POD_IDENTITY_AUTHORITY_HOST: emulator.http },
  "App Service": { IDENTITY_ENDPOINT: `${emulator.http}/msi/token`, IDENTITY_HEADER: HEADER },
  "App Service of 2017": { MSI_ENDPOINT: `${emulator.http}/msi/token`, MSI_SECRET: HEADER },
  "Azure ML": { MSI_ENDPOINT: `${emulator.http}/azure_ml/token`, MSI_SECRET: HEADER },
  "Service Fabric": fabric,
  "Cloud Shell": { MSI_ENDPOINT: `${emulator.http}/cloud_shell/token` },
};

for (const engine of ["native", "wasm"]) {
  for (const [host, variables] of Object.entries(HOSTS)) {
    test(`the identity of ${host}, ${engine}`, async () => {
      const { result, engine: used, error } = await get("managed identity", variables, engine);
      assert.deepEqual([result, used, error], ["s3cr3t", engine, undefined]);
    });
  }

  for (const form of ["pem", "pem as text", "two files", "signing function", "key of WebCrypto"]) {
    test(`a certificate: ${form}, ${engine}`, async () => {
      const { result, events, error } = await get(form, {}, engine);
      assert.deepEqual([result, events, error], ["s3cr3t", [], undefined]);
    });
  }

  test(`a federated token: of a pipeline, of a job, by the cluster's token proxy, from a function, ${engine}`, async () => {
    const answer = await fetch(`${emulator.http}/_emulator/federated-token`, {
      method: "POST",
      body: JSON.stringify({ subject: "basket" }),
    });
    writeFileSync(file("token"), ((await answer.json()) as { token: string }).token);
    const variables = {
      SYSTEM_OIDCREQUESTURI: "https://dev.azure.com/contoso/oidctoken",
      ACTIONS_ID_TOKEN_REQUEST_URL: "https://pipelines.actions.githubusercontent.com/token?api-version=2.0",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "emulator-request-token",
      AZURE_TENANT_ID: TENANT,
      AZURE_CLIENT_ID: APPLICATION,
      AZURE_FEDERATED_TOKEN_FILE: file("token"),
      AZURE_KUBERNETES_TOKEN_PROXY: tokenProxy.url,
      AZURE_KUBERNETES_SNI_NAME: tokenProxy.server_name,
      AZURE_KUBERNETES_CA_DATA: tokenProxy.ca_pem,
    };
    for (const job of ["pipeline", "job", "token proxy", "assertion"]) {
      const { result, error } = await get(job, variables, engine);
      assert.deepEqual([job, result, error], [job, "s3cr3t", undefined]);
    }
    assert.equal(((await emulator.counts()) as unknown as Record<string, number>)["token_proxy"], 1);
  });
}

for (const form of ["pfx", "pfx as bytes"]) {
  test(`a certificate with a password: ${form}`, async () => {
    assert.equal((await get(form)).result, "s3cr3t");
    const { error } = await get(form, {}, "wasm");
    assert.equal(error?.code, "UNSUPPORTED");
  });
}

test("a key that others may read is told of", async () => {
  chmodSync(file("app.pem"), 0o644);
  const { events } = await get("pem");
  chmodSync(file("app.pem"), 0o600);
  assert.deepEqual(events, [file("app.pem")]);
});

test("what a function of the user's throws is the cause, and its words are nowhere", async () => {
  const { error } = await get("failing function");
  assert.deepEqual([error?.name, error?.cause], ["AuthenticationError", "RangeError"]);
  assert.doesNotMatch(error?.message ?? "", /hunter2/);
});

test("Service Fabric is known by its certificate", async () => {
  const { IDENTITY_SERVER_THUMBPRINT: right } = fabric;
  const wrong = (right.startsWith("0") ? "1" : "0") + right.slice(1);
  const { error } = await get("managed identity, once", { ...fabric, IDENTITY_SERVER_THUMBPRINT: wrong });
  assert.equal(error?.code, "TLS");
  assert.deepEqual(await emulator.log(), []);
});

const TOOLS = {
  PATH: `${join(ROOT, "tests", "emulator", "tools")}${delimiter}${process.env["PATH"]}`,
  NIGHTLATCH_TOOL_EMULATOR: emulator.http,
  NIGHTLATCH_TOOL_PRINCIPAL: "ada@contoso.example",
  NIGHTLATCH_TOOL_LOG: file("tools.log"),
  HOME: folder,
};

for (const tool of ["az", "azd", "pwsh"]) {
  test(`the account of ${tool}`, async () => {
    rmSync(TOOLS.NIGHTLATCH_TOOL_LOG, { force: true });
    const { result, error } = await get(tool, TOOLS);
    assert.deepEqual([result, error], ["s3cr3t", undefined]);
    const called = JSON.parse(readFileSync(TOOLS.NIGHTLATCH_TOOL_LOG, "utf8").split("\n")[0] ?? "") as object;
    assert.equal((called as { stdin: string }).stdin, "null");
    const signedOut = await get(tool, { ...TOOLS, NIGHTLATCH_TOOL_OUTCOME: "not_logged_in" });
    assert.equal(signedOut.error?.name, "CredentialUnavailableError");
  });
}

test("programs of tools' names in the working directory are not run (CVE-2023-36414)", async () => {
  const planted = file("planted");
  mkdirSync(planted, { recursive: true });
  for (const name of ["az", "azd", "pwsh", "powershell"]) {
    writeFileSync(join(planted, name), `#!/bin/sh\ntouch ${planted}/was-run\n`, { mode: 0o755 });
  }
  const here = process.cwd();
  process.chdir(planted);
  try {
    for (const tool of ["az", "azd", "pwsh"]) {
      const { error } = await get(tool, { PATH: `.${delimiter}${delimiter}/bin` });
      assert.equal(error?.name, "CredentialUnavailableError");
    }
  } finally {
    process.chdir(here);
  }
  assert.throws(() => readFileSync(join(planted, "was-run")));
});

test("Visual Studio Code's account is never available", async () => {
  const { error } = await get("code");
  assert.equal(error?.name, "CredentialUnavailableError");
  assert.match(error?.message ?? "", /az login/);
});

test("people sign in: by a code, with a browser, by a password", async () => {
  const opener = file("xdg-open");
  writeFileSync(
    opener,
    `#!/bin/sh\nexec curl --silent --location --proxy ${emulator.http} --noproxy localhost,127.0.0.1 --cacert ${emulator.ca} --output /dev/null "$1"\n`,
    { mode: 0o755 },
  );
  const variables = { PUBLIC_CLIENT: PUBLIC, PATH: `${folder}${delimiter}${process.env["PATH"]}` };
  const byCode = await get("device code", variables);
  assert.equal(byCode.result, "s3cr3t", JSON.stringify(byCode));
  assert.equal(byCode.events?.length, 2, "once for the secret, once for authenticate");
  const told = await get("device code on the terminal", variables);
  assert.match(told.printed, /devicelogin|device/);
  for (const job of ["browser", "password"]) {
    const { result, record, error } = await get(job, variables);
    assert.deepEqual([job, result, error], [job, "s3cr3t", undefined]);
    assert.equal(record?.tenantId, TENANT);
  }
});
