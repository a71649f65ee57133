/**
 * Files that the options give in place of the machine's.
 *
 * @module
 */

import type { FileContent } from "../options.js";
import { type FileAnswer, HostFault } from "./host.js";

/** Its content. More than `limit` bytes are a fault. */
export async function given(
  file: FileContent | (() => FileContent | Promise<FileContent>),
  limit: number,
): Promise<FileAnswer> {
  const made = typeof file === "function" ? await file() : file;
  const content = typeof made === "string" ? new TextEncoder().encode(made) : made;
  if (content.length > limit) {
    throw new HostFault("too_large", `more than ${limit} bytes`);
  }
  return { content, shared: false };
}
