/** The least program that does the two requests: what `first` in `reads.mjs` is measured against. */

const http = require("node:http");
const https = require("node:https");
const tls = require("node:tls");

const { IDENTITY_ENDPOINT, IDENTITY_HEADER, HTTPS_PROXY } = process.env;
const host = "demo.vault.azure.net";

function body(response, then) {
  const chunks = [];
  response.on("data", (chunk) => chunks.push(chunk));
  response.on("end", () => then(JSON.parse(Buffer.concat(chunks))));
}

const query = "?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net";
http.get(IDENTITY_ENDPOINT + query, { headers: { "x-identity-header": IDENTITY_HEADER } }, (response) => {
  body(response, ({ access_token: token }) => {
    const { hostname, port } = new URL(HTTPS_PROXY);
    http
      .request({ hostname, port, method: "CONNECT", path: `${host}:443` })
      .on("connect", (_, socket) => {
        const path = "/secrets/db-password/?api-version=2025-07-01";
        const headers = { authorization: `Bearer ${token}` };
        const createConnection = () => tls.connect({ socket, servername: host });
        https.get({ host, path, headers, createConnection }, (response) => {
          body(response, ({ value }) => {
            console.log(value);
            process.exit();
          });
        });
      })
      .end();
  });
});
