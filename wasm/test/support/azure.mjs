/** A scripted Azure: a `fetch` that answers as Microsoft Entra ID and one vault do, and keeps a log. */

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
    return scripted === undefined ? this.#usual(url) : scripted(url, init);
  }

  #usual(url) {
    if (url.hostname === "login.microsoftonline.com") {
      const now = Math.floor((this.clock?.read().unixMs ?? Date.now()) / 1000);
      const claims = { tid: TENANT, oid: "object", appid: "client", iat: now, exp: now + 3600 };
      const token = `${encode({ alg: "none" })}.${encode(claims)}.x`;
      return Response.json({ access_token: token, expires_in: 3600, token_type: "Bearer" });
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
}
