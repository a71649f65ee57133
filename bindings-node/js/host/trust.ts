/**
 * Connections to servers that are trusted for one thing only.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import tls from "node:tls";

import type { Trust } from "../../../wasm/js/engine.js";
import { HostFault } from "../../../wasm/js/host/host.js";
import type { TunnelRequest } from "./tunnel.js";

/** An agent for servers that are trusted for this alone. */
export function narrowAgent({ sha1, roots, serverName }: Trust): https.Agent {
  if (sha1 !== undefined) {
    return new PinnedAgent(sha1);
  }
  return new https.Agent({
    keepAlive: true,
    // In a list, since Node would take an empty text for none given, and trust its own authorities.
    secureContext: tls.createSecureContext({ ca: [roots ?? ""] }),
    ...(serverName !== undefined && { servername: serverName }),
  });
}

/** Names a trust: agents for equal ones are alike. */
export function trustKey({ sha1, roots, serverName }: Trust): string {
  return JSON.stringify([sha1 && Buffer.from(sha1).toString("hex"), roots, serverName]);
}

type Connected = (why: Error | null, socket: Duplex) => void;

/**
 * An agent for servers that sign their own certificate: the certificate's SHA-1 is compared before anything is sent, and
 * nothing else about the certificate counts.
 */
class PinnedAgent extends https.Agent {
  readonly #sha1: Uint8Array;

  constructor(sha1: Uint8Array) {
    // A resumed session would show no certificate.
    super({ keepAlive: true, maxCachedSessions: 0 });
    this.#sha1 = sha1;
  }

  override createConnection(options: http.ClientRequestArgs, connected: Connected = () => {}): undefined {
    const socket = tls.connect({ ...(options as tls.ConnectionOptions), rejectUnauthorized: false });
    const failed = (why: Error): void => {
      socket.destroy();
      connected(why, undefined as never);
    };
    const aborted = (): void => failed(new HostFault("interrupted", ""));
    const { tunnelSignal } = options as TunnelRequest;
    tunnelSignal.addEventListener("abort", aborted);
    socket.once("error", failed);
    socket.once("secureConnect", () => {
      socket.off("error", failed);
      tunnelSignal.removeEventListener("abort", aborted);
      const certificate = socket.getPeerX509Certificate()?.raw ?? Buffer.alloc(0);
      if (createHash("sha1").update(certificate).digest().equals(this.#sha1)) {
        connected(null, socket);
      } else {
        failed(new HostFault("tls", "the server's certificate is not the expected one"));
      }
    });
  }
}
