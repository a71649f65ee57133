/**
 * HTTP over Node's own `http` and `https`: they load in a third of the time that `fetch` takes, know which step of an
 * exchange failed, and need no package to pass a proxy. No redirect is followed, and an idle connection keeps no
 * process alive.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import tls from "node:tls";

import type { Trust } from "../../../wasm/js/engine.js";
import { BODY_LIMIT, type HttpAnswer, HostFault, type HttpRequest } from "../../../wasm/js/host/host.js";
import { faultFrom } from "./faults.js";
import { type Environment, proxyFor, unbracketed } from "./proxies.js";
import { narrowAgent, trustKey } from "./trust.js";
import { TunnelAgent, type TunnelRequest } from "./tunnel.js";

/** Certificates in PEM form. */
export type Certificates = string | Uint8Array | readonly (string | Uint8Array)[];

/** Keeps the connections of one client. */
export class Transport {
  readonly #environment: Environment;
  readonly #ca: Certificates;
  readonly #agents = new Map<string, http.Agent>();
  #context: tls.SecureContext | undefined;
  #trusted: { key: string; agent: http.Agent } | undefined;

  /**
   * @param environment - where proxies and `SSL_CERT_FILE` are looked up
   * @param ca - authorities to trust besides Node's own
   */
  constructor(environment: Environment, ca: Certificates = []) {
    this.#environment = environment;
    this.#ca = ca;
  }

  /** Makes an exchange. What goes wrong is a {@link HostFault}. */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      const url = new URL(request.url);
      const proxy = request.direct ? undefined : proxyFor(url, this.#environment);
      const agent = request.trust === null ? this.#agent(url.protocol, proxy) : this.#narrow(request.trust);
      try {
        return await exchange(url, request, agent, proxy, signal);
      } catch (why) {
        // The other side may close an idle connection at the very moment it is used again.
        if (why instanceof StaleConnection && request.method === "GET") {
          return await exchange(url, request, agent, proxy, signal);
        }
        throw why;
      }
    } catch (why) {
      throw faultFrom(why instanceof StaleConnection ? why.cause : why);
    }
  }

  /** Closes idle connections. */
  close(): void {
    for (const agent of this.#agents.values()) {
      agent.destroy();
    }
    this.#agents.clear();
    this.#trusted?.agent.destroy();
    this.#trusted = undefined;
  }

  #agent(protocol: string, proxy: URL | undefined): http.Agent {
    const key = `${protocol} ${proxy?.href ?? ""}`;
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      agent = this.#makeAgent(protocol, proxy);
      this.#agents.set(key, agent);
    }
    return agent;
  }

  /** There is one such place at most, so that one agent is enough: of whatever is trusted now. */
  #narrow(trust: Trust): http.Agent {
    const key = trustKey(trust);
    if (this.#trusted?.key !== key) {
      this.#trusted?.agent.destroy();
      this.#trusted = { key, agent: narrowAgent(trust) };
    }
    return this.#trusted.agent;
  }

  #makeAgent(protocol: string, proxy: URL | undefined): http.Agent {
    if (protocol === "http:") {
      return new http.Agent({ keepAlive: true });
    }
    this.#context ??= trust(this.#ca, this.#environment);
    const options = { keepAlive: true, secureContext: this.#context };
    return proxy === undefined ? new https.Agent(options) : new TunnelAgent(proxy, options);
  }
}

/** Whom to trust. Made once, since reading Node's list of authorities takes 20 ms. */
function trust(ca: Certificates, environment: Environment): tls.SecureContext {
  const own = [ca].flat().map((pem) => Buffer.from(pem));
  const { SSL_CERT_FILE: instead, NODE_EXTRA_CA_CERTS: besides } = environment;
  // OpenSSL's variable takes the place of what is built in, as in other languages; Node's own variable adds to it. Often
  // both name the same long list.
  if (instead) {
    const added = besides && besides !== instead && existsSync(besides) ? [readFileSync(besides)] : [];
    return tls.createSecureContext({ ca: [readFileSync(instead), ...added, ...own] });
  }
  return tls.createSecureContext(own.length > 0 ? { ca: [...authorities(besides), ...own] } : {});
}

/** Node's own authorities with those of `NODE_EXTRA_CA_CERTS`, which a list given to Node takes the place of. */
function authorities(besides: string | undefined): (string | Buffer)[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
  if (getCACertificates !== undefined) {
    return getCACertificates("default");
  }
  return [...tls.rootCertificates, ...(besides && existsSync(besides) ? [readFileSync(besides)] : [])];
}

/** A kept connection turned out to be closed before anything of the answer came. */
class StaleConnection extends Error {}

function exchange(
  url: URL,
  request: HttpRequest,
  agent: http.Agent,
  proxy: URL | undefined,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(new HostFault("timeout", "")), request.timeoutMs);
    const aborted = (): void => ending.abort(new HostFault("interrupted", ""));
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
    };
    const fail = (why: unknown): void => {
      settle();
      reject(ending.signal.aborted ? ending.signal.reason : why);
    };
    signal.addEventListener("abort", aborted);
    if (signal.aborted) {
      aborted();
    }
    let answered = false;
    try {
      const outgoing = (url.protocol === "http:" ? http : https).request(url, {
        ...(proxy !== undefined && url.protocol === "http:" && throughPlainProxy(url, proxy)),
        method: request.method,
        headers: headersOf(url, request),
        agent,
        signal: ending.signal,
        tunnelSignal: ending.signal,
      } as TunnelRequest);
      outgoing.on("error", (why: Error & { code?: string }) => {
        const closed = why.code === "ECONNRESET" || why.code === "EPIPE";
        fail(closed && outgoing.reusedSocket && !answered ? new StaleConnection("", { cause: why }) : why);
      });
      outgoing.on("response", (incoming) => {
        answered = true;
        read(incoming).then((answer) => {
          settle();
          resolve(answer);
        }, fail);
      });
      outgoing.end(request.body);
    } catch (why) {
      fail(why);
    }
  });
}

function headersOf(url: URL, request: HttpRequest): Record<string, string> {
  const headers = { host: url.host, ...Object.fromEntries(request.headers) };
  if (request.body.length > 0 || request.method !== "GET") {
    return { ...headers, "content-length": String(request.body.length) };
  }
  return headers;
}

/** Without TLS a proxy is not asked for a tunnel: it gets the request itself, with the whole URL. */
function throughPlainProxy(url: URL, proxy: URL): http.RequestOptions {
  if (proxy.protocol !== "http:") {
    throw new HostFault("proxy", `${proxy.protocol}// is not supported`);
  }
  return { hostname: unbracketed(proxy.hostname), port: proxy.port || 80, path: url.href };
}

async function read(incoming: http.IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT) {
      throw new HostFault("too_large", `the answer is longer than ${BODY_LIMIT} bytes`);
    }
    chunks.push(chunk);
  }
  const { rawHeaders, statusCode = 0 } = incoming;
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  }
  return { status: statusCode, headers, body: Buffer.concat(chunks) };
}
