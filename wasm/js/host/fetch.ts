/**
 * HTTP through `fetch`, as far as every runtime has it.
 *
 * @module
 */

import { BODY_LIMIT, type HttpAnswer, HostFault, type HttpRequest } from "./host.js";

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Performs one exchange. */
export async function exchange(
  fetch: Fetch,
  request: HttpRequest,
  signal: AbortSignal,
  extra: RequestInit = {},
): Promise<HttpAnswer> {
  if (request.trust !== null) {
    throw new HostFault(
      "unsupported",
      "fetch cannot be told whom to trust: this source of tokens needs Node",
    );
  }
  try {
    const response = await fetch(request.url, {
      ...extra,
      method: request.method,
      headers: request.headers,
      redirect: "manual",
      signal,
      ...(request.body.length > 0 && { body: request.body as Uint8Array<ArrayBuffer> }),
    });
    return {
      // Browsers hide what a redirect says; that it is one suffices.
      status: response.type === "opaqueredirect" ? 302 : response.status,
      headers: [...response.headers],
      body: await read(response),
    };
  } catch (why) {
    throw fault(why);
  }
}

/** The whole body, unless it is larger than any honest one. */
async function read(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.value === undefined) {
      return joined(chunks, length);
    }
    length += chunk.value.length;
    if (length > BODY_LIMIT) {
      reader?.cancel().catch(() => {});
      throw new HostFault("too_large", `the answer is longer than ${BODY_LIMIT} bytes`);
    }
    chunks.push(chunk.value);
  }
}

function joined(chunks: Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1 && chunks[0] !== undefined) {
    return chunks[0];
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Runtimes say what happened in codes or only in words; the first line that fits decides. */
const SIGNS: [kind: string, sign: RegExp][] = [
  ["dns", /ENOTFOUND|EAI_|getaddrinfo|dns error|lookup|not resolve|resolve host|DNS/],
  ["tls", /CERT|ERR_TLS|ERR_SSL|EPROTO|SELF_SIGNED|UNABLE_TO_|certificate|TLS|SSL|handshake/],
  ["proxy", /[Pp]roxy|tunnel/],
  ["timeout", /ETIMEDOUT|TIMEOUT|TimeoutError|timed out/],
  [
    "connect",
    /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ConnectionRefused|FailedToOpenSocket|refused|[Cc]onnect\b/,
  ],
  ["connection_lost", /ECONNRESET|EPIPE|UND_ERR_SOCKET|HPE_|ConnectionClosed|closed|reset|terminated|parse/],
];

/** What a failed `fetch` means. */
export function fault(why: unknown): HostFault {
  if (why instanceof HostFault) {
    return why;
  }
  const words: string[] = [];
  let cause: unknown = why;
  for (let depth = 0; depth < 4 && cause instanceof Object; depth++) {
    const { code, name, message } = cause as { code?: unknown; name?: unknown; message?: unknown };
    words.push([typeof code === "string" ? code : name, message].filter(Boolean).join(": "));
    cause = (cause as { cause?: unknown }).cause;
  }
  const kind = SIGNS.find(([, sign]) => words.some((word) => sign.test(word)))?.[0];
  // The innermost words say most. What fetch could not do without saying why was, most likely, to connect.
  return new HostFault(
    kind ?? (why instanceof TypeError ? "connect" : "other"),
    words.at(-1) ?? String(why),
    why,
  );
}
