/**
 * Signs with RSA keys through WebCrypto, which every runtime has.
 *
 * @module
 */

import type { SignatureAlgorithm } from "../engine.js";
import { HostFault } from "./host.js";

/** What WebCrypto calls the algorithms. */
const NAMES: Readonly<Record<SignatureAlgorithm, string>> = { PS256: "RSA-PSS", RS256: "RSASSA-PKCS1-v1_5" };

/** Bytes of salt in a PS256 signature (RFC 7518 section 3.5). */
const SALT_LENGTH = 32;

/** Signs with a key that came as a file or text. `pkcs8` is wiped, and nothing of the key is kept. */
export async function signPkcs8(
  pkcs8: Uint8Array,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
): Promise<Uint8Array> {
  const how = { name: NAMES[algorithm], hash: "SHA-256" };
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey("pkcs8", pkcs8 as Uint8Array<ArrayBuffer>, how, false, ["sign"]);
  } catch (why) {
    throw new HostFault("unsupported", "WebCrypto does not take the key: it must be an RSA key", why);
  } finally {
    pkcs8.fill(0);
  }
  return signWith(key, algorithm, message);
}

/** Signs with a key that WebCrypto holds. */
export async function signWith(
  key: CryptoKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
): Promise<Uint8Array> {
  const name = NAMES[algorithm];
  if (key.algorithm.name !== name) {
    throw new HostFault(
      "unsupported",
      `${algorithm} wants a CryptoKey for ${name}, not ${key.algorithm.name}`,
    );
  }
  const how = { name, saltLength: SALT_LENGTH };
  return new Uint8Array(await crypto.subtle.sign(how, key, message as Uint8Array<ArrayBuffer>));
}

/** The algorithm that a key of WebCrypto's can do. */
export function algorithmOf(key: CryptoKey): SignatureAlgorithm | undefined {
  return (Object.keys(NAMES) as SignatureAlgorithm[]).find((name) => NAMES[name] === key.algorithm.name);
}
