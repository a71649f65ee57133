/**
 * What an error of Node's means to the engine.
 *
 * @module
 */

import { HostFault } from "../../../wasm/js/host/host.js";

/** The fault behind anything that Node throws. */
export function faultFrom(why: unknown): HostFault {
  if (why instanceof HostFault) {
    return why;
  }
  const code = codeOf(why);
  const kind = KINDS[code] ?? FAMILIES.find(([sign]) => sign.test(code))?.[1] ?? "other";
  return new HostFault(kind, code || (why instanceof Error ? why.name : "unknown"), why);
}

const KINDS: Readonly<Record<string, string>> = {
  ENOENT: "not_found",
  ENOTDIR: "not_found",
  EACCES: "permission_denied",
  EPERM: "permission_denied",
  ENOTFOUND: "dns",
  ECONNREFUSED: "connect",
  EHOSTUNREACH: "connect",
  EHOSTDOWN: "connect",
  ENETUNREACH: "connect",
  ENETDOWN: "connect",
  EADDRNOTAVAIL: "connect",
  ECONNABORTED: "connection_lost",
  ECONNRESET: "connection_lost",
  EPIPE: "connection_lost",
  ERR_STREAM_PREMATURE_CLOSE: "connection_lost",
  ETIMEDOUT: "timeout",
  EPROTO: "tls",
  HOSTNAME_MISMATCH: "tls",
};

/** Name resolution, the HTTP parser, and OpenSSL's names for what is wrong with a certificate. */
const FAMILIES: readonly [sign: RegExp, kind: string][] = [
  [/^EAI_|^(ENODATA|ESERVFAIL|EREFUSED|EBADNAME)$/, "dns"],
  [/^HPE_/, "connection_lost"],
  [/CERT|SELF_SIGNED|^UNABLE_TO_|^ERR_TLS_|^ERR_SSL_|CRL|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH/, "tls"],
];

/** The code of an error; of several addresses that all failed, the first one's. */
function codeOf(why: unknown): string {
  if (typeof why !== "object" || why === null) {
    return "";
  }
  const { code, errors } = why as { code?: unknown; errors?: unknown };
  if (typeof code === "string") {
    return code;
  }
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : "";
}
