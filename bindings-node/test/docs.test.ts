/** The pages of `docs/`: their shell commands and their JavaScript do what the pages say. `docs/README.md` tells the rules. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";

import { startEmulator } from "./support/emulator.js";
import { type Installed, install } from "./support/installed.js";
import { PACKAGE, ROOT } from "./support/places.js";
import { runProgram } from "./support/program.js";

const DOCS = join(ROOT, "docs");
const AZURE = JSON.parse(readFileSync(join(ROOT, "tests", "docs", "azure.json"), "utf8")) as object;
const PRINCIPAL = {
  AZURE_TENANT_ID: "11111111-1111-4111-8111-111111111111",
  AZURE_CLIENT_ID: "44444444-4444-4444-8444-444444444444",
  AZURE_CLIENT_SECRET: "app-secret",
};

interface Block {
  language: string;
  text: string;
  /** What it prints, if that is told. */
  printed: string | undefined;
}

function blocks(page: string): Block[] {
  const found = [...readFileSync(join(DOCS, page), "utf8").matchAll(/^```(\w*)\n([^]*?)^```$/gm)];
  return found.map(([, language = "", text = ""], index) => {
    const [, following, printed] = found[index + 1] ?? [];
    return { language, text, printed: following === "text" ? printed : undefined };
  });
}

const ID = /\b([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g;

describe("the pages of docs", () => {
  let installed: Installed;
  before(async () => {
    installed = await install(join(PACKAGE, "test", "examples"));
  });
  after(() => installed.remove());

  for (const page of readdirSync(DOCS).filter((name) => name.endsWith(".md") && name !== "README.md")) {
    test(`${page} does what it says`, async () => {
      const emulator = await startEmulator(AZURE);
      // Beside the installation, so that a page finds the packages and an empty folder.
      const folder = join(installed.folder, page);
      mkdirSync(folder);
      const exported = join(installed.folder, `${page}.exported`);
      const { HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = emulator.environment;
      let environment: Record<string, string | undefined> = {
        ...PRINCIPAL,
        ...{ HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS },
        PATH: [join(installed.folder, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
      };
      const tried = new Set<string>();
      try {
        for (const { language, text, printed } of blocks(page)) {
          if (language !== "sh" && language !== "js") {
            continue;
          }
          writeFileSync(join(folder, "page.mjs"), text);
          const script =
            language === "sh" ? `exec 2>&1; ${text}\nenv -0 > '${exported}'` : "exec node page.mjs 2>&1";
          const args = ["-euo", "pipefail", "-c", script];
          const { status, stdout } = await runProgram("bash", args, { cwd: folder, environment });
          assert.equal(status, 0, `${text}\n${stdout}`);
          if (printed !== undefined) {
            assert.equal(stdout.replace(ID, "ID"), printed.replace(ID, "ID"), text);
          }
          if (language === "sh") {
            const variables = readFileSync(exported, "utf8").split("\0").filter(Boolean);
            environment = Object.fromEntries(
              variables.map((each) => /^([^=]*)=([^]*)$/.exec(each)!.slice(1)),
            );
          }
          tried.add(language);
        }
      } finally {
        await emulator.stop();
      }
      assert.ok(tried.size > 0, "there is nothing to try");
    });
  }
});
