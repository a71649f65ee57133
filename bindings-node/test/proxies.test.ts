import assert from "node:assert/strict";
import { test } from "node:test";

import { bypassed, proxyFor } from "../js/host/proxies.js";

const vault = new URL("https://contoso.vault.azure.net/secrets/a");

test("the scheme's own variable counts, then the one for all; lower case wins", () => {
  const of = (environment: Record<string, string>, url = vault): string | undefined =>
    proxyFor(url, environment)?.href;
  assert.equal(of({}), undefined);
  assert.equal(of({ HTTPS_PROXY: "http://a:1", https_proxy: "http://b:2" }), "http://b:2/");
  assert.equal(of({ HTTP_PROXY: "http://a:1" }), undefined);
  assert.equal(of({ ALL_PROXY: "c:3" }), "http://c:3/");
  assert.equal(of({ HTTPS_PROXY: "" }), undefined);
  const plain = new URL("http://localhost/");
  assert.equal(of({ HTTP_PROXY: "http://a:1" }, plain), "http://a:1/");
  assert.equal(of({ HTTP_PROXY: "http://a:1", REQUEST_METHOD: "GET" }, plain), undefined);
});

test("NO_PROXY names hosts, domains, ports and networks", () => {
  const cases: [url: string, rules: string, expected: boolean][] = [
    ["https://contoso.vault.azure.net", "", false],
    ["https://contoso.vault.azure.net", "*", true],
    ["https://contoso.vault.azure.net", "azure.net", true],
    ["https://contoso.vault.azure.net", ".azure.net", true],
    ["https://contoso.vault.azure.net", "*.azure.net", true],
    ["https://contoso.vault.azure.net", "zure.net", false],
    ["https://contoso.vault.azure.net", "CONTOSO.vault.azure.net", true],
    ["https://contoso.vault.azure.net", "example.org, vault.azure.net:443", true],
    ["https://contoso.vault.azure.net", "vault.azure.net:8443", false],
    ["http://10.1.2.3:8080", "10.0.0.0/8", true],
    ["http://11.1.2.3", "10.0.0.0/8", false],
    ["http://10.1.2.3", "10.0.0.0/99", false],
    ["http://[::1]:80", "::1", true],
    ["http://[fd00::7]", "fd00::/8", true],
    ["http://[::1]:81", "[::1]:80", false],
  ];
  for (const [url, rules, expected] of cases) {
    assert.equal(bypassed(new URL(url), rules), expected, `${url} by ${rules}`);
  }
});
