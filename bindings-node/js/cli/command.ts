/**
 * A command that runs in our place: its output through a mask, our signals handed on, its end as ours.
 *
 * The signals of a terminal (Ctrl-C, Ctrl-Z, a new size) reach the command by themselves, since it is in our process
 * group; only the others are handed on.
 *
 * @module
 */

import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { closeSync, readFileSync, write } from "node:fs";
import { Socket } from "node:net";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { isatty } from "node:tty";

import type { Masker } from "../native.js";

/** What of a system a command needs that Node does not lend; see `../../src/command.rs`. */
export interface System {
  pipe?: () => [number, number];
  forbidDumps?: () => void;
}

/** How a command ended. */
export interface End {
  status: number | null;
  signal: NodeJS.Signals | null;
}

const HANDED_ON = [
  ...["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGTSTP", "SIGCONT"],
] as NodeJS.Signals[];
const FROM_TERMINALS: NodeJS.Signals[] = ["SIGINT", "SIGHUP", "SIGQUIT", "SIGWINCH", "SIGTSTP"];
/** Those that leave a dump of memory behind where it is allowed. */
const DUMPING = [
  "SIGQUIT",
  "SIGILL",
  "SIGABRT",
  "SIGFPE",
  "SIGSEGV",
  "SIGBUS",
  "SIGSYS",
  "SIGTRAP",
  "SIGXCPU",
  "SIGXFSZ",
];

/** A running command. */
export class Command {
  /** How it ended, once all that it wrote before has been passed on. Rejected if it cannot be started. */
  readonly ended: Promise<End>;
  readonly #child: ChildProcess;

  /** @param maskers - what its two streams pass through; without them it writes where we do */
  constructor(
    [file, ...args]: [string, ...string[]],
    environment: Record<string, string>,
    maskers: [Masker, Masker] | undefined,
    system: System,
  ) {
    const pipes = maskers && system.pipe && [system.pipe(), system.pipe()];
    const piped = maskers ? "pipe" : "inherit";
    const [out, err]: (number | "pipe" | "inherit")[] = pipes?.map(([, writing]) => writing) ?? [
      piped,
      piped,
    ];
    const options: SpawnOptions = { env: environment, stdio: ["inherit", out ?? piped, err ?? piped] };
    const child = spawn(file, args, options);
    pipes?.forEach(([, writing]) => closeSync(writing));
    const sources = pipes?.map(([fd]) => new Socket({ fd, readable: true, writable: false }));
    const streams = (sources ?? [child.stdout, child.stderr]).flatMap((source, at) =>
      source && maskers ? [new Stream(source, at + 1, maskers[at] as Masker)] : [],
    );
    this.#child = child;
    this.ended = endOf(child, streams);
  }

  /** Sends it a signal. */
  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

async function endOf(child: ChildProcess, streams: Stream[]): Promise<End> {
  try {
    const end = await new Promise<End>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status, signal) => resolve({ status, signal }));
    });
    await Promise.all(streams.map((stream) => stream.rest()));
    return end;
  } finally {
    streams.forEach((stream) => stream.close());
  }
}

/** Ends this process as the command ended. */
export function endAs({ status, signal }: End, system: System): void {
  process.exitCode = status ?? 128 + constants.signals[signal as NodeJS.Signals];
  if (signal === null || process.platform === "win32") {
    return;
  }
  if (DUMPING.includes(signal)) {
    // Secrets are in this process's memory.
    if (system.forbidDumps === undefined) {
      return;
    }
    system.forbidDumps();
  }
  if (signal !== "SIGKILL" && signal !== "SIGSTOP") {
    // Whatever Node has set, such as to ignore SIGPIPE: with its last listener a signal gets its default effect again.
    const listener = (): void => {};
    process.on(signal, listener);
    process.removeAllListeners(signal);
  }
  process.kill(process.pid, signal);
}

/**
 * Hands on the signals that reach this process, until the returned function is called.
 *
 * @param command - gives the command that runs
 * @param heed - is told of each signal
 */
export function handOn(
  command: () => Command,
  heed: (signal: NodeJS.Signals) => void = () => {},
): () => void {
  const isWindows = process.platform === "win32";
  const names = isWindows ? (["SIGINT", "SIGBREAK", "SIGHUP"] as const) : HANDED_ON;
  const listeners = names.map((name) => {
    const listener = (): void => {
      heed(name);
      // On Windows all processes of a console get them.
      if (!isWindows && !(FROM_TERMINALS.includes(name) && isInForeground())) {
        command().send(name);
      }
      if (name === "SIGTSTP") {
        process.kill(process.pid, "SIGSTOP");
      }
    };
    process.on(name, listener);
    return [name, listener] as const;
  });
  return () => listeners.forEach(([name, listener]) => process.removeListener(name, listener));
}

/** Whether a terminal's signals go to our process group. Node does not tell who sent a signal. */
function isInForeground(): boolean {
  try {
    // Behind the name: state, parent, group, session, terminal, the terminal's group in the foreground (proc(5)).
    const [, told] = /^.*\) (.*)$/s.exec(readFileSync("/proc/self/stat", "utf8")) as unknown as [
      string,
      string,
    ];
    const [, , group, , , foreground] = told.split(" ");
    return group === foreground;
  } catch {
    return [0, 1, 2].some(isatty);
  }
}

/** Passes a stream on while it comes, and no faster than it is read. */
class Stream {
  readonly #source: Readable;
  readonly #target: number;
  readonly #masker: Masker;
  #passing: Promise<void> = Promise.resolve();
  #chunks = 0;
  #ended = false;

  constructor(source: Readable, target: number, masker: Masker) {
    this.#source = source;
    this.#target = target;
    this.#masker = masker;
    source.on("data", (chunk: Buffer) => {
      this.#chunks++;
      source.pause();
      this.#passing = written(target, masker.feed(chunk)).then(
        () => void source.resume(),
        // Nobody reads any more, which the command learns as it would without us.
        () => this.close(),
      );
    });
    source.on("error", () => this.close());
    source.on("close", () => (this.#ended = true));
  }

  /**
   * Waits until what was written before the command's end has been passed on. What it started in the background may
   * hold the stream open much longer.
   */
  async rest(): Promise<void> {
    let seen: number;
    do {
      await this.#passing;
      seen = this.#chunks;
      // A turn of the event loop, in which it looks whether there is something to read, lies between two of these.
      for (const _ of [1, 2, 3]) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    } while (seen !== this.#chunks && !this.#ended);
    await this.#passing;
    await written(this.#target, this.#masker.finish()).catch(() => {});
  }

  close(): void {
    this.#ended = true;
    this.#source.destroy();
  }
}

/** Writes all of it, without what a stream of Node's would keep. */
async function written(target: number, content: Uint8Array): Promise<void> {
  for (let rest = content; rest.length > 0;) {
    const count = await new Promise<number>((resolve, reject) =>
      write(target, rest, (why, count) => {
        if (why?.code === "EAGAIN") {
          // Whoever lent us this stream does not let it wait.
          setTimeout(resolve, 5, 0);
        } else if (why) {
          reject(why);
        } else {
          resolve(count);
        }
      }),
    );
    rest = rest.subarray(count);
  }
}
