/** A scripted Azure: a `fetch` that answers as Microsoft Entra ID and one vault do, and keeps a log. */

import { constants, createPrivateKey, createPublicKey, privateDecrypt, publicEncrypt } from "node:crypto";

export const VAULT = "https://contoso.vault.azure.net";
export const TENANT = "11111111-1111-4111-8111-111111111111";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Lets everything run that waits for nothing but its turn. */
export const settled = () => new Promise((resolve) => setTimeout(resolve));

export class Azure {
  /** What was asked, as `METHOD path`. */
  log = [];
  /** The requests themselves. */
  requests = [];
  /** Secrets by name: `{ value, version }`. */
  secrets = { db: { value: "s3cr3t", version: "0123456789abcdef0123456789abcdef" } };
  /** Keys by name: `{ jwk, version }`, of which `jwk` is private. */
  keys = {};
  /** Answers that take the place of the usual ones, in order: functions of the request. */
  script = [];
  /** Requests whose signal was aborted. */
  aborted = 0;
  #held = undefined;

  constructor(clock) {
    this.clock = clock;
    this.fetch = (url, init) => this.#answer(new URL(url), init);
  }

  /** Keeps every answer back until the returned function is called. */
  hold() {
    let release;
    this.#held = new Promise((resolve) => (release = resolve));
    return () => {
      this.#held = undefined;
      release();
      return settled();
    };
  }

  async #answer(url, init) {
    this.log.push(`${init.method} ${url.pathname}`);
    this.requests.push({ url, ...init });
    const scripted = this.script.shift();
    await new Promise((resolve, reject) => {
      init.signal.addEventListener("abort", () => {
        this.aborted++;
        reject(init.signal.reason);
      });
      Promise.resolve(this.#held).then(resolve);
    });
    return scripted === undefined ? this.#usual(url, init) : scripted(url, init);
  }

  #usual(url, init) {
    if (url.hostname === "login.microsoftonline.com") {
      const now = Math.floor((this.clock?.read().unixMs ?? Date.now()) / 1000);
      const claims = { tid: TENANT, oid: "object", appid: "client", iat: now, exp: now + 3600 };
      const token = `${encode({ alg: "none" })}.${encode(claims)}.x`;
      return Response.json({ access_token: token, expires_in: 3600, token_type: "Bearer" });
    }
    if (url.pathname.startsWith("/keys/")) {
      return this.#key(url.pathname.split("/"), init);
    }
    const secret = this.secrets[url.pathname.split("/")[2]];
    if (secret === undefined) {
      const error = { code: "SecretNotFound", message: "A secret was not found." };
      return Response.json({ error }, { status: 404, headers: { "x-ms-request-id": "request-1" } });
    }
    return Response.json({
      value: secret.value,
      id: `${VAULT}/secrets/${url.pathname.split("/")[2]}/${secret.version}`,
      contentType: "text/plain",
      tags: { team: "shop" },
      attributes: {
        enabled: true,
        nbf: 1,
        exp: 4102444800,
        created: 2,
        updated: 3,
        recoveryLevel: "Purgeable",
      },
    });
  }

  /** What a key is, in its latest version or another, or what it wraps and unwraps. */
  #key([, , name, named, deed], { body }) {
    const { jwk, version } = this.keys[name];
    const kid = `${VAULT}/keys/${name}/${named || version}`;
    if (deed === undefined) {
      const key = { kid, kty: "RSA", n: jwk.n, e: jwk.e, key_ops: ["wrapKey", "unwrapKey"] };
      return Response.json({ key, attributes: { enabled: true } });
    }
    const { value } = JSON.parse(new TextDecoder().decode(body));
    const [work, key] =
      deed === "wrapkey" ? [publicEncrypt, createPublicKey] : [privateDecrypt, createPrivateKey];
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
    try {
      const done = work(
        { key: key({ key: jwk, format: "jwk" }), ...padding },
        Buffer.from(value, "base64url"),
      );
      return Response.json({ kid, value: done.toString("base64url") });
    } catch {
      const error = { code: "BadParameter", message: "The parameter is incorrect." };
      return Response.json({ error }, { status: 400 });
    }
  }
}
