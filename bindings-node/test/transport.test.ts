import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import type { HttpAnswer, HttpRequest } from "../../wasm/js/host/host.js";
import { Transport } from "../js/host/transport.js";
import { startEmulator } from "./support/emulator.js";

const never = new AbortController().signal;
const emulator = await startEmulator();
after(() => emulator.stop());

type Server = { url: string; close(): void };

async function listening(server: net.Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

function serve(handler: http.RequestListener): Promise<Server> {
  return listening(http.createServer(handler));
}

function send(
  transport: Transport,
  url: string,
  more: Partial<HttpRequest> = {},
  signal: AbortSignal = never,
): Promise<HttpAnswer> {
  const request = {
    op: null,
    method: "GET",
    url,
    headers: [],
    body: new Uint8Array(),
    timeoutMs: 5000,
    direct: false,
    trust: null,
  };
  return transport.send({ ...request, ...more }, signal);
}

const text = (answer: HttpAnswer): string => Buffer.from(answer.body).toString();

test("a request goes out as it is, and the answer comes back whole", async () => {
  const server = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      response.writeHead(201, { "x-one": ["a", "b"] });
      response.end(`${request.method} ${request.url} ${request.headers["x-name"]} ${Buffer.concat(chunks)}`);
    });
  });
  const transport = new Transport({});
  const answer = await send(transport, `${server.url}/a?b=%20c`, {
    method: "POST",
    headers: [["x-name", "värde"]],
    body: Buffer.from("body"),
  });
  assert.equal(answer.status, 201);
  assert.equal(text(answer), "POST /a?b=%20c värde body");
  assert.deepEqual(
    answer.headers.filter(([name]) => name === "x-one"),
    [
      ["x-one", "a"],
      ["x-one", "b"],
    ],
  );
  transport.close();
  server.close();
});

test("no redirect is followed", async () => {
  const server = await serve((_, response) => response.writeHead(302, { location: "/elsewhere" }).end());
  const transport = new Transport({});
  assert.equal((await send(transport, server.url)).status, 302);
  transport.close();
  server.close();
});

test("a connection is kept, and one that the server has closed meanwhile is replaced", async () => {
  let connections = 0;
  const inner = http.createServer((_, response) => response.end("x"));
  inner.on("connection", () => connections++);
  const server = await listening(inner);
  const transport = new Transport({});
  await send(transport, server.url);
  await send(transport, server.url);
  assert.equal(connections, 1);

  // A server that answers once and resets the connection when it is used again.
  let requests = 0;
  const rude = await listening(
    net.createServer((socket) => {
      let first = true;
      socket.on("error", () => {});
      socket.on("data", () => {
        requests++;
        if (first) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        else socket.resetAndDestroy();
        first = false;
      });
    }),
  );
  assert.equal(text(await send(transport, rude.url)), "ok");
  assert.equal(text(await send(transport, rude.url)), "ok");
  assert.equal(requests, 3);
  await assert.rejects(send(transport, rude.url, { method: "POST" }), { kind: "connection_lost" });
  transport.close();
  server.close();
  rude.close();
});

test("faults are told apart", async () => {
  const transport = new Transport({});
  const hanging = await listening(net.createServer(() => {}));
  const dropping = await listening(net.createServer((socket) => socket.destroy()));
  const garbage = await listening(net.createServer((socket) => socket.end("what?\r\n\r\n")));
  const truncating = await listening(
    net.createServer((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno")),
  );
  const large = await serve((_, response) => response.end(Buffer.alloc(2 << 20)));
  const closed = await serve(() => {});
  closed.close();
  const cases: [kind: string, sending: () => Promise<unknown>][] = [
    ["timeout", () => send(transport, hanging.url, { timeoutMs: 50 })],
    ["interrupted", () => send(transport, hanging.url, {}, AbortSignal.timeout(50))],
    ["interrupted", () => send(transport, hanging.url, {}, AbortSignal.abort())],
    ["connection_lost", () => send(transport, dropping.url)],
    ["connection_lost", () => send(transport, garbage.url)],
    ["connection_lost", () => send(transport, truncating.url)],
    ["too_large", () => send(transport, large.url)],
    ["connect", () => send(transport, closed.url)],
    ["dns", () => send(transport, "https://no-such-host.invalid/")],
    ["tls", () => send(transport, emulator.https)],
    ["other", () => send(transport, "no url")],
    ["other", () => send(transport, large.url, { headers: [["bad", "a\nb"]] })],
  ];
  for (const [kind, sending] of cases) {
    await assert.rejects(sending(), { name: "HostFault", kind }, kind);
  }
  transport.close();
  for (const server of [hanging, dropping, garbage, truncating, large]) server.close();
});

/** The certificate of an authority that has signed nothing here. */
async function anotherAuthority(): Promise<Buffer> {
  const other = await startEmulator();
  const pem = readFileSync(other.ca);
  await other.stop();
  return pem;
}

test("an authority is trusted by option or by variable, and by nothing else", async () => {
  const url = `${emulator.https}/secrets/none?api-version=7.4`;
  const pem = readFileSync(emulator.ca);
  for (const transport of [
    new Transport({}, pem),
    new Transport({}, [pem.toString()]),
    new Transport({ SSL_CERT_FILE: emulator.ca }),
    new Transport({ NODE_EXTRA_CA_CERTS: emulator.ca }, await anotherAuthority()),
  ]) {
    assert.equal((await send(transport, url)).status, 401);
    transport.close();
  }
  const wrongName = new Transport({}, pem);
  await assert.rejects(send(wrongName, emulator.https.replace("127.0.0.1", "[::ffff:127.0.0.1]")), {
    kind: "tls",
  });
  wrongName.close();
});

test("TLS passes the proxy through a tunnel that is kept", async () => {
  const requests: string[] = [];
  const proxy = http.createServer();
  proxy.on("connect", (request, client, head) => {
    requests.push(`${request.url} ${request.headers["proxy-authorization"]}`);
    const { hostname, port } = new URL(emulator.http);
    const server = net.connect(Number(port), hostname, () => {
      server.write(`CONNECT ${request.url} HTTP/1.1\r\nHost: ${request.url}\r\n\r\n`);
      server.write(head);
      server.pipe(client).pipe(server);
    });
    server.on("error", () => client.destroy());
    client.on("error", () => server.destroy());
  });
  const { url, close } = await listening(proxy);
  const environment = { HTTPS_PROXY: url.replace("//", "//user:p%40ss@"), NO_PROXY: "127.0.0.1" };
  const transport = new Transport(environment, readFileSync(emulator.ca));
  const vault = "https://demo.vault.azure.net/secrets/db-password?api-version=7.4";
  assert.equal((await send(transport, vault)).status, 401);
  assert.equal((await send(transport, vault)).status, 401);
  const user = Buffer.from("user:p@ss").toString("base64");
  assert.deepEqual(requests, [`demo.vault.azure.net:443 Basic ${user}`]);
  await assert.rejects(send(transport, vault, { direct: true, timeoutMs: 2000 }), (why: { kind: string }) =>
    ["dns", "connect", "timeout"].includes(why.kind),
  );
  assert.equal(requests.length, 1);
  transport.close();
  close();
});

test("a proxy that refuses, is not there or does not answer is told as such", async () => {
  const vault = "https://demo.vault.azure.net/";
  const tryThrough = (proxy: string, more: Partial<HttpRequest> = {}): Promise<HttpAnswer> =>
    send(new Transport({ HTTPS_PROXY: proxy, HTTP_PROXY: proxy }), vault, more);
  await assert.rejects(
    send(new Transport({ HTTPS_PROXY: emulator.http }), "https://unknown.vault.azure.net/"),
    { kind: "proxy", message: /502.*unknown\.vault\.azure\.net:443/ },
  );
  const gone = await serve(() => {});
  gone.close();
  await assert.rejects(tryThrough(gone.url), { kind: "proxy", message: /ECONNREFUSED/ });
  await assert.rejects(tryThrough("socks5://127.0.0.1:1080"), { kind: "proxy" });
  const plain = { url: "http://example.invalid/" };
  await assert.rejects(tryThrough("https://127.0.0.1:1", plain), { kind: "proxy" });

  let hangUp = (): void => {};
  const hungUp = new Promise<void>((resolve) => (hangUp = resolve));
  const silent = await listening(
    net.createServer((socket) =>
      socket
        .on("close", hangUp)
        .on("error", () => {})
        .resume(),
    ),
  );
  await assert.rejects(tryThrough(silent.url, { timeoutMs: 50 }), { kind: "timeout" });
  await hungUp;
  silent.close();
});

test("without TLS the proxy gets the whole URL", async () => {
  const server = await serve((request, response) => response.end(`${request.url} ${request.headers.host}`));
  const transport = new Transport({ HTTP_PROXY: server.url });
  const answer = await send(transport, "http://vault.localhost:8080/a?b");
  assert.equal(text(answer), "http://vault.localhost:8080/a?b vault.localhost:8080");
  transport.close();
  server.close();
});

/** A server with a certificate of its own, for another name than it is asked by. */
async function privateServer(): Promise<Server & { certificate: X509Certificate; asked: () => number }> {
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-tls-"));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(folder, name)) as [string, string];
  const names = ["-subj", "/CN=elsewhere.example", "-addext", "subjectAltName=DNS:elsewhere.example"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...names, "-keyout", key, "-out", cert],
    { stdio: "ignore" },
  );
  const pem = readFileSync(cert);
  let asked = 0;
  const server = await listening(
    https.createServer({ key: readFileSync(key), cert: pem }, (_, response) => {
      asked += 1;
      response.end("private");
    }),
  );
  rmSync(folder, { recursive: true });
  const url = server.url.replace("http:", "https:");
  return { ...server, url, certificate: new X509Certificate(pem), asked: () => asked };
}

test("a server may be trusted for the hash of its certificate alone", async () => {
  const server = await privateServer();
  const sha1 = createHash("sha1").update(server.certificate.raw).digest();
  const transport = new Transport({});
  assert.equal(text(await send(transport, server.url, { trust: { sha1 } })), "private");
  // The connection that is kept serves again.
  assert.equal(text(await send(transport, server.url, { trust: { sha1 } })), "private");
  const other = Buffer.from(sha1);
  other[0]! ^= 1;
  await assert.rejects(send(transport, server.url, { trust: { sha1: other } }), { kind: "tls" });
  await assert.rejects(send(transport, server.url), { kind: "tls" });
  assert.equal(server.asked(), 2, "a server that is not trusted is sent nothing");
  transport.close();
  server.close();
});

test("a server may be trusted for an authority of its own, under a name of its own", async () => {
  const server = await privateServer();
  const roots = server.certificate.toString();
  const serverName = "elsewhere.example";
  const transport = new Transport({});
  assert.equal(text(await send(transport, server.url, { trust: { roots, serverName } })), "private");
  await assert.rejects(send(transport, server.url, { trust: { roots } }), { kind: "tls" });
  await assert.rejects(send(transport, server.url, { trust: { roots, serverName: "other.example" } }), {
    kind: "tls",
  });
  await assert.rejects(send(transport, server.url, { trust: { roots: "", serverName } }), { kind: "tls" });
  assert.equal(server.asked(), 1);
  transport.close();
  server.close();
});

test("a handshake with a pinned server that never ends is given up", async () => {
  const server = await listening(net.createServer(() => {}));
  const transport = new Transport({});
  const url = server.url.replace("http:", "https:");
  const trust = { sha1: new Uint8Array(20) };
  await assert.rejects(send(transport, url, { trust, timeoutMs: 100 }), { kind: "timeout" });
  transport.close();
  server.close();
});
