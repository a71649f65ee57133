/**
 * The files that `nightlatch scan` reads.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, type Stats, statSync } from "node:fs";

import { Trouble } from "./end.js";
import { reasonOf } from "./files.js";

/** Bytes of the largest file that is read: what people write is smaller. */
const LARGEST = 1 << 20;

/** Folders that hold nothing of one's own. */
const LEFT_OUT = [".git", "node_modules"];

/** Why something is passed over, as programs and as people read it. */
export const PASSED_OVER = {
  excluded: "excluded",
  folders: ".git and node_modules",
  links: "links",
  large: "larger than 1 MiB",
  binary: "not UTF-8",
  unreadable: "not readable",
} as const;

type Reason = keyof typeof PASSED_OVER;

/** A file's path, as it is shown, and its text. */
export interface File {
  path: string;
  text: string;
}

/** The texts of files below some paths, in the order of their paths, and how many there were. */
export class Search {
  count = 0;
  readonly passedOver: Record<Reason, number> = {
    excluded: 0,
    folders: 0,
    links: 0,
    large: 0,
    binary: 0,
    unreadable: 0,
  };
  readonly #paths: string[];
  readonly #excluded: RegExp[];

  constructor(paths: string[], excluded: string[]) {
    this.#paths = paths.length > 0 ? paths : ["."];
    this.#excluded = excluded.map(pattern);
  }

  /** @throws Trouble when a path cannot be read */
  *[Symbol.iterator](): Generator<File> {
    for (const path of this.#paths) {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
        yield* this.#file(path, true);
        continue;
      }
      for (const name of knownToGit(path) ?? this.#below(path)) {
        yield* this.#file(path === "." ? name : `${path.replace(/\/+$/, "")}/${name}`, false);
      }
    }
  }

  /** Every file below a folder. */
  #below(folder: string): string[] {
    const found: string[] = [];
    const folders = [""];
    for (const inner of folders) {
      for (const entry of entriesOf(`${folder}/${inner}`)) {
        if (!entry.isDirectory()) {
          found.push(`${inner}${entry.name}`);
        } else if (LEFT_OUT.includes(entry.name)) {
          this.passedOver.folders++;
        } else {
          folders.push(`${inner}${entry.name}/`);
        }
      }
    }
    return sorted(found);
  }

  *#file(path: string, isNamed: boolean): Generator<File> {
    let reason: Reason | "" | undefined;
    let content: Buffer | undefined;
    try {
      const told = isNamed ? statSync(path) : lstatSync(path);
      reason = this.#reason(path, told);
      content = reason === undefined ? readFileSync(path) : undefined;
    } catch (why) {
      if (isNamed) {
        throw new Trouble(`${path} cannot be read: ${reasonOf(why)}`);
      }
      // What git knows may be gone.
      reason = (why as NodeJS.ErrnoException).code === "ENOENT" ? "" : "unreadable";
    }
    const text = content && textOf(content);
    if (text !== undefined) {
      this.count++;
      yield { path, text };
    } else if (content !== undefined) {
      this.passedOver.binary++;
    } else if (reason) {
      this.passedOver[reason]++;
    }
  }

  /** Why a file is passed over, if it is; `""` for what is none. */
  #reason(path: string, told: Stats): Reason | "" | undefined {
    if (this.#excluded.some((pattern) => pattern.test(path))) {
      return "excluded";
    }
    if (told.isSymbolicLink()) {
      return "links";
    }
    if (!told.isFile()) {
      return "";
    }
    return told.size > LARGEST ? "large" : undefined;
  }
}

function entriesOf(folder: string): { name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function textOf(content: Buffer): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The files below a folder that git does not ignore; nothing without git, or without a work tree of it. */
function knownToGit(folder: string): string[] | undefined {
  // No program that the repository names is started.
  const args = ["-c", "core.fsmonitor=false", "ls-files", "-coz", "--exclude-standard"];
  const { status, stdout } = spawnSync("git", args, { cwd: folder, encoding: "utf8", maxBuffer: 1 << 30 });
  return status === 0 ? sorted([...new Set(stdout.split("\0").filter(Boolean))]) : undefined;
}

function sorted(names: string[]): string[] {
  return names.sort((one, other) => (one < other ? -1 : 1));
}

/** A pattern for some names in a path, one behind the other. */
function pattern(glob: string): RegExp {
  const parts: Readonly<Record<string, string>> = {
    "**/": "(?:.*/)?",
    "**": ".*",
    "*": "[^/]*",
    "?": "[^/]",
  };
  const found = glob.replace(/^\/+|\/+$/g, "").split(/(\*\*\/|\*\*|\*|\?)/);
  const plain = (part: string): string => part.replace(/[\\^$.|+()[\]{}]/g, "\\$&");
  return new RegExp(`(?:^|/)${found.map((part) => parts[part] ?? plain(part)).join("")}(?:/|$)`, "su");
}
