/**
 * TLS through a proxy: `CONNECT`, then the handshake with the server itself.
 *
 * @module
 */

import http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import tls from "node:tls";

import { HostFault } from "../../../wasm/js/host/host.js";
import { faultFrom } from "./faults.js";
import { unbracketed } from "./proxies.js";

/** A request whose tunnel is given up together with it: an agent is not told when a request ends before that. */
export interface TunnelRequest extends https.RequestOptions {
  tunnelSignal: AbortSignal;
}

type Connected = (why: Error | null, socket: Duplex) => void;

/** An agent whose connections pass a proxy. It keeps them like any other agent. */
export class TunnelAgent extends https.Agent {
  readonly #proxy: URL;

  /** @param proxy - `http://` or `https://`, perhaps with a user and password */
  constructor(proxy: URL, options: https.AgentOptions) {
    super(options);
    if (proxy.protocol !== "http:" && proxy.protocol !== "https:") {
      throw new HostFault("proxy", `${proxy.protocol}// is not supported`);
    }
    this.#proxy = proxy;
  }

  override createConnection(options: http.ClientRequestArgs, connected: Connected = () => {}): undefined {
    const host = options.host ?? "";
    const port = Number(options.port ?? 443);
    const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const refused = (detail: string): void => connected(new HostFault("proxy", detail), undefined as never);
    const request = this.#connect(authority, (options as TunnelRequest).tunnelSignal);
    request.on("error", (why) => refused(faultFrom(why).message));
    request.on("response", (answer) => {
      answer.resume();
      refused(`it answered ${answer.statusCode} to CONNECT ${authority}`);
    });
    request.on("connect", (answer, socket) => {
      if (answer.statusCode === 200) {
        connected(null, tls.connect({ ...(options as tls.ConnectionOptions), socket }));
      } else {
        socket.destroy();
        refused(`it answered ${answer.statusCode} to CONNECT ${authority}`);
      }
    });
    request.end();
  }

  #connect(authority: string, signal: AbortSignal): http.ClientRequest {
    const proxy = this.#proxy;
    const secure = proxy.protocol === "https:";
    const headers: Record<string, string> = { host: authority };
    if (proxy.username !== "") {
      const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
      headers["proxy-authorization"] = `Basic ${Buffer.from(user).toString("base64")}`;
    }
    return (secure ? https : http).request({
      host: unbracketed(proxy.hostname),
      port: proxy.port || (secure ? 443 : 80),
      method: "CONNECT",
      path: authority,
      headers,
      agent: false,
      signal,
    });
  }
}
