// A certified OpenID provider as the judge of our client assertions (`private_key_jwt`, RFC 7523): it checks signature,
// audience, times and replay by code that is not ours. Its token endpoint lies where Entra ID has it.
//
//   node provider.mjs CERTIFICATE.pem TLS.pem
//
// The first file holds the client's certificate; the second the key and certificate of this server. One line of JSON says
// where it listens; it ends with its standard input. Client ids are `ps256` and `rs256`, each of which takes that algorithm only.
import { X509Certificate, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { Provider } from "oidc-provider";

const [, , certificatePath, tlsPath] = process.argv;
const TENANT = "11111111-1111-4111-8111-111111111111";
const certificate = new X509Certificate(readFileSync(certificatePath));
const thumbprint = (hash) => createHash(hash).update(certificate.raw).digest("base64url");
const jwk = {
  ...certificate.publicKey.export({ format: "jwk" }),
  use: "sig",
  x5t: thumbprint("sha1"),
  "x5t#S256": thumbprint("sha256"),
};

const tls = readFileSync(tlsPath);
const server = createServer({ key: tls, cert: tls });
server.listen(0, "127.0.0.1", () => {
  const origin = `https://localhost:${server.address().port}`;
  const token = `/${TENANT}/oauth2/v2.0/token`;
  const provider = new Provider(origin, {
    clients: ["PS256", "RS256"].map((algorithm) => ({
      client_id: algorithm.toLowerCase(),
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: algorithm,
      jwks: { keys: [{ ...jwk, alg: algorithm }] },
    })),
    clientAuthMethods: ["private_key_jwt"],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    // What the provider calls a scope; Entra's are URLs.
    scopes: ["https://vault.azure.net/.default"],
    routes: { token },
    // The audience of Entra's assertions is the token endpoint.
    assertJwtClientAuthClaimsAndHeader: async (_, claims) => {
      if (claims.aud !== origin + token) {
        throw new Error(`the audience is ${claims.aud}`);
      }
    },
  });
  provider.on("grant.error", (_, error) => console.error(error.error, error.error_detail ?? error.message));
  server.on("request", provider.callback());
  console.log(JSON.stringify({ authority: origin, tenant: TENANT }));
});
process.stdin.resume().on("end", () => process.exit(0));
