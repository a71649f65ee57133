/**
 * Base64 as URLs hold it, without padding (RFC 4648 section 5).
 *
 * @module
 */

/** Bytes of a text; padding, and the other alphabet, do no harm. */
export function decodeBase64(text: string): Uint8Array {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  return Uint8Array.from(atob(standard), (letter) => letter.charCodeAt(0));
}

/** The text of bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  let letters = "";
  for (const byte of bytes) {
    letters += String.fromCharCode(byte);
  }
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
