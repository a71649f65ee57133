/**
 * Runs programs for the engine: directly, without a shell, without input, from a directory nobody else writes to.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { basename, delimiter, isAbsolute, join } from "node:path";

import { HostFault, type RunAnswer } from "../../../wasm/js/host/host.js";
import { faultFrom } from "./faults.js";

/** Bytes read of each output stream; a program that writes more is ended. */
const OUTPUT_LIMIT = 1 << 20;

/** How long output is awaited after a program has ended, if somebody it started holds the pipes. */
const LINGER_MS = 1000;

/** What may be handed to a batch file, which cmd.exe reads with rules of its own. */
const HARMLESS = /^[A-Za-z0-9 ._:/\\@,=+{}()-]*$/;

const windows = process.platform === "win32";

/**
 * Runs a program to its end. When the time is up, or `signal` says so, it is killed, with its children where the
 * system allows.
 */
export async function run(
  argv: readonly string[],
  env: readonly (readonly [string, string])[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RunAnswer> {
  const [name = "", ...rest] = argv;
  const program = await findProgram(name);
  if (program === undefined) {
    throw new HostFault("not_found", "");
  }
  const { file, args, verbatim } = commandLine(program, rest);
  try {
    const child = spawn(file, args, {
      cwd: safeDirectory(),
      env: { ...process.env, ...Object.fromEntries(env) },
      stdio: ["ignore", "pipe", "pipe"],
      detached: !windows,
      windowsHide: true,
      windowsVerbatimArguments: verbatim,
    });
    return await outcome(child, timeoutMs, signal);
  } catch (why) {
    throw faultFrom(why);
  }
}

/** The program's absolute path, from the absolute directories on `PATH` only: never the current one. */
export async function findProgram(name: string): Promise<string | undefined> {
  if (isAbsolute(name)) {
    return name;
  }
  if (name === "" || basename(name) !== name) {
    return undefined;
  }
  const endings = windows ? (process.env["PATHEXT"] ?? ".COM;.EXE;.BAT;.CMD").split(";") : [""];
  for (const folder of (process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(delimiter)) {
    for (const ending of endings) {
      const path = join(folder, name + ending);
      if (isAbsolute(folder) && (await isProgram(path))) {
        return path;
      }
    }
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** A directory that only the operating system's owner writes to, so that nothing planted there is run. */
export function safeDirectory(): string {
  return windows ? (process.env["SYSTEMROOT"] ?? "C:\\Windows") : "/bin";
}

/** What to start. Windows starts a batch file only through cmd.exe, so nothing in its line may mean anything there. */
function commandLine(program: string, args: string[]): { file: string; args: string[]; verbatim: boolean } {
  if (!windows || !/\.(cmd|bat)$/i.test(program)) {
    return { file: program, args, verbatim: false };
  }
  const parts = [program, ...args];
  if (!parts.every((part) => HARMLESS.test(part))) {
    throw new HostFault("unsupported", "an argument that a batch file could misread");
  }
  const line = parts.map((part) => `"${part}"`).join(" ");
  const interpreter = join(safeDirectory(), "System32", "cmd.exe");
  return { file: interpreter, args: ["/d", "/s", "/c", `"${line}"`], verbatim: true };
}

function outcome(child: ChildProcess, timeoutMs: number, signal: AbortSignal): Promise<RunAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    const end = (fault: HostFault): void => {
      kill(child);
      settle();
      reject(fault);
    };
    const timer = setTimeout(() => end(new HostFault("timeout", "")), timeoutMs);
    const aborted = (): void => end(new HostFault("interrupted", ""));
    signal.addEventListener("abort", aborted);

    const collect = (stream: NodeJS.ReadableStream | null): Buffer[] => {
      const chunks: Buffer[] = [];
      let length = 0;
      stream?.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > OUTPUT_LIMIT) {
          end(new HostFault("too_large", `more than ${OUTPUT_LIMIT} bytes of output`));
        }
      });
      return chunks;
    };
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const ended = (status: number | null): void => {
      settle();
      resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
    };
    child.on("close", ended);
    child.on("exit", (status) => setTimeout(ended, LINGER_MS, status).unref());
    child.on("error", (why) => {
      settle();
      reject(why);
    });
    if (signal.aborted) {
      aborted();
    }
  });
}

function kill(child: ChildProcess): void {
  try {
    if (windows || child.pid === undefined) {
      child.kill("SIGKILL");
    } else {
      process.kill(-child.pid, "SIGKILL");
    }
  } catch {
    // It ended just now.
  }
}
