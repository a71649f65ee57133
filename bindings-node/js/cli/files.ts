/**
 * Files that the commands read and write.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { getSystemErrorMap } from "node:util";

import { Trouble } from "./end.js";

/** The text of a file. */
export function textOf(file: string): string {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (why) {
    throw new Trouble(`${file} cannot be read: ${reasonOf(why)}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new Trouble(`${file} cannot be read: it is not UTF-8`);
  }
}

/**
 * Writes a file that nobody but its owner can read, or who could before, and that is there as a whole or as it was before.
 */
export function replace(file: string, content: string, keepMode = false): void {
  const target = followed(file);
  try {
    if (statSync(target, { throwIfNoEntry: false })?.isFile() === false) {
      throw new Trouble(`${file} cannot be written: it is no file`);
    }
    const draft = join(dirname(target), `.nightlatch-${randomBytes(8).toString("hex")}`);
    const made = openSync(draft, "wx", 0o600);
    try {
      try {
        if (keepMode) {
          fchmodSync(made, statSync(target).mode & 0o7777);
        }
        writeFileSync(made, content);
        fsyncSync(made);
      } finally {
        closeSync(made);
      }
      renameSync(draft, target);
    } catch (why) {
      rmSync(draft, { force: true });
      throw why;
    }
  } catch (why) {
    throw why instanceof Trouble ? why : new Trouble(`${file} cannot be written: ${reasonOf(why)}`);
  }
}

/** Where symbolic links lead, also if nothing is there yet. */
function followed(file: string): string {
  let target = resolve(file);
  for (let hops = 0; hops < 40; hops++) {
    try {
      target = resolve(dirname(target), readlinkSync(target));
    } catch {
      break;
    }
  }
  return target;
}

/** What the system says of a failure. */
export function reasonOf(why: unknown): string {
  const { errno, message } = why as NodeJS.ErrnoException;
  return getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
}
