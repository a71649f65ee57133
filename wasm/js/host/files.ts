/**
 * Reads whole files, where there is Node's module for them.
 *
 * @module
 */

import { constants, type FileHandle, lstat, open } from "node:fs/promises";

import { type FileAnswer, HostFault } from "./host.js";

// Windows has neither; there, whoever may read the file is not told by its mode.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const OTHERS_READ = O_NOFOLLOW === 0 ? 0 : 0o044;

const KINDS: Readonly<Record<string, string>> = {
  ENOENT: "not_found",
  ENOTDIR: "not_found",
  EACCES: "permission_denied",
  EPERM: "permission_denied",
  ELOOP: "not_plain",
};

/**
 * The whole content of a file.
 *
 * @param limit - more bytes are the fault `too_large`
 * @param plain - a symbolic link, or anything else that is no plain file, is the fault `not_plain`
 */
export async function readFile(path: string, limit: number, plain: boolean): Promise<FileAnswer> {
  let file: FileHandle | undefined;
  try {
    if (plain && (await lstat(path)).isSymbolicLink()) {
      throw new HostFault("not_plain", "");
    }
    file = await open(path, plain ? O_RDONLY | O_NOFOLLOW | O_NONBLOCK : O_RDONLY);
    const about = await file.stat();
    if (plain && !about.isFile()) {
      throw new HostFault("not_plain", "");
    }
    return { content: await content(file, limit), shared: (about.mode & OTHERS_READ) !== 0 };
  } catch (why) {
    throw fault(why);
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

function fault(why: unknown): HostFault {
  if (why instanceof HostFault) {
    return why;
  }
  const { code = "", name = "" } = why instanceof Error ? (why as Error & { code?: string }) : {};
  // Deno's own word for what its user did not allow.
  const kind = name === "NotCapable" ? "permission_denied" : (KINDS[code] ?? "other");
  return new HostFault(kind, code || name || "unknown", why);
}
