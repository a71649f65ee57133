/** Runs small programs in processes of their own. */

import { spawn } from "node:child_process";

/** How a program ended. */
export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
  /** How long it ran, in milliseconds. */
  took: number;
}

/** Runs a command with variables beside (or, undefined, without) those of this process; kills it after 100 seconds. */
export function runProgram(
  command: string,
  args: string[],
  options: { cwd?: string; environment?: Record<string, string | undefined> } = {},
): Promise<Ended> {
  const begun = performance.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 100_000,
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, ...output, took: performance.now() - begun }));
  });
}

/** Runs an ES module given as text. */
export function runModule(
  text: string,
  options: { cwd?: string; environment?: Record<string, string>; flags?: string[] } = {},
): Promise<Ended> {
  const args = [...(options.flags ?? []), "--input-type=module", "--eval", text];
  return runProgram(process.execPath, args, options);
}
