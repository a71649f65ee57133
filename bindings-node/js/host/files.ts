/**
 * Reads whole files for the engine.
 *
 * @module
 */

import { type FileHandle, open } from "node:fs/promises";

import { HostFault } from "../../../wasm/js/host/host.js";
import { faultFrom } from "./faults.js";

/** The whole content of a file. More than `limit` bytes are a fault. */
export async function readFile(path: string, limit: number): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    return await content(file, limit);
  } catch (why) {
    throw faultFrom(why);
  } finally {
    await file?.close();
  }
}

async function content(file: FileHandle, limit: number): Promise<Uint8Array> {
  // A file's size is not asked: that of one which the system makes up on reading is zero.
  const buffer = new Uint8Array(limit + 1);
  let length = 0;
  while (length <= limit) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) {
      return buffer.subarray(0, length);
    }
    length += bytesRead;
  }
  throw new HostFault("too_large", `more than ${limit} bytes`);
}
