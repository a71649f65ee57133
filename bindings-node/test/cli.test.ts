/**
 * The command line as a user has it: the installed program, in a process of its own. The cases are Python's, too;
 * `tests/cli/README.md` tells their form.
 */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";

import { type Emulator, startEmulator } from "./support/emulator.js";
import { type Installed, install } from "./support/installed.js";
import { PACKAGE, ROOT } from "./support/places.js";

interface Case {
  name: string;
  host?: string;
  environment?: Record<string, string>;
  before?: { method: string; path: string; body: object }[];
  files?: Record<string, string>;
  files_after?: Record<string, string>;
  inside?: boolean;
  arguments: string[];
  stdin?: string;
  terminal?: boolean;
  interrupt?: boolean;
  exit: number;
  stdout?: string;
  stderr?: string;
  stdout_file?: string;
  stdout_contains?: string[];
  stdout_lacks?: string[];
  stderr_contains?: string[];
  stdout_json?: object;
  requests?: number;
}

interface Table {
  azure: object;
  never: string[];
  hosts: Record<string, Record<string, string>>;
  cases: Case[];
}

/** What a process printed, and how it ended. */
interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

const FOLDER = join(ROOT, "tests", "cli");
const TABLE = JSON.parse(readFileSync(join(FOLDER, "cases.json"), "utf8")) as Table;
/** The cases of some commands. What they do not say is as there. */
const OTHERS = ["run.json", "secrets.json", "scan.json"].map(
  (name) => ({ ...TABLE, ...JSON.parse(readFileSync(join(FOLDER, name), "utf8")) }) as Table,
);
const { version } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as { version: string };
const KNOWN =
  "name host environment before files arguments stdin terminal interrupt exit stdout stderr stdout_file stdout_contains " +
  "stdout_lacks stderr_contains stdout_json requests inside files_after";

const { status } = spawnSync(process.execPath, [
  join(PACKAGE, "dist", "cli.cjs"),
  "--env-file",
  "/absent.env",
]);
const NODE_TAKES_FILES = status === 9;

let installed: Installed;
let home: string;
let program: string;

before(async () => {
  installed = await install();
  program = join(installed.folder, "node_modules", ".bin", "nightlatch");
  // A path with this Node and none of a developer's tools, and a home with nothing in it.
  home = mkdtempSync(join(tmpdir(), "nightlatch-home-"));
  mkdirSync(join(home, "bin"));
  symlinkSync(process.execPath, join(home, "bin", "node"));
});

after(() => {
  installed.remove();
  rmSync(home, { recursive: true });
});

for (const table of [TABLE, ...OTHERS]) {
  for (const one of table.cases) {
    test(one.name, async () => {
      const found = await played(foreseen(one), table);
      assert.deepEqual(found, [], found.join("\n"));
    });
  }
}

test("a reader that goes away is no trouble", async () => {
  const child = spawn(program, ["--help"], { env: environmentOf({}), stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  const { status, stderr } = await ended(child);
  assert.deepEqual([status, stderr], [0, ""]);
});

test("the player sees what differs", async () => {
  const seen: Case = {
    name: "seen",
    arguments: ["--version"],
    exit: 1,
    stdout: "x",
    stderr: "x",
    stdout_file: "README.md",
    stdout_contains: ["absent"],
    stdout_lacks: ["night"],
    stderr_contains: ["absent"],
    stdout_json: { ok: true },
    requests: 1,
    files: { "a/b": "x" },
    files_after: { "a/b": "y" },
  };
  assert.equal((await played(seen)).length, Object.keys(seen).length - 3);
  await assert.rejects(played({ ...seen, bogus: 1 } as Case), /bogus/);
});

test("without an engine it says so, and help needs none", async () => {
  rmSync(join(installed.folder, "node_modules", "nightlatch-linux-x64-gnu"), { recursive: true });
  const variables = { ...TABLE.hosts["nowhere"], NIGHTLATCH_ENGINE: "native" };
  const asked = await piped(["check", "contoso.vault.azure.net"], variables);
  assert.deepEqual([asked.status, asked.stdout], [1, ""]);
  assert.match(asked.stderr, /^trouble: nightlatch found no engine for this platform:\n/);
  assert.equal((await piped(["--help"], variables)).status, 0);
});

/**
 * What a case comes to with a Node that takes `--env-file` for an option of its own, although it stands behind the
 * program's name: if there is no such file, the program is not begun.
 */
function foreseen(one: Case): Case {
  const absent = one.arguments.find((argument) => argument.endsWith("/absent.env"));
  if (absent === undefined || !NODE_TAKES_FILES) {
    return one;
  }
  const { stderr_contains: _, ...same } = one;
  return { ...same, exit: 9, stderr_contains: ["/absent.env: not found"] };
}

/** Plays a case; tells every difference. */
async function played(one: Case, table = TABLE): Promise<string[]> {
  const unknown = Object.keys(one).filter((name) => !KNOWN.split(" ").includes(name));
  assert.deepEqual(unknown, []);
  const folder = mkdtempSync(join(tmpdir(), "nightlatch-case-"));
  for (const [name, content] of Object.entries(one.files ?? {})) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const args = one.arguments.map((argument) => argument.replace("$FOLDER", folder));
  const emulator = one.host === undefined ? undefined : await startEmulator(table.azure);
  try {
    for (const { method, path, body } of one.before ?? []) {
      await emulator?.admin(method, path, body);
    }
    const host = Object.entries(table.hosts[one.host ?? ""] ?? {}).map(([name, text]) => {
      return [name, text.replace("$HTTP", emulator?.http ?? "").replace("$CA", emulator?.ca ?? "")];
    });
    const variables = { ...Object.fromEntries(host), ...one.environment };
    const ran = one.terminal
      ? await inTerminal(args, variables)
      : await piped(
          args,
          variables,
          one.stdin,
          one.interrupt ? emulator : undefined,
          one.inside ? folder : undefined,
        );
    return [...differences(one, ran, (await emulator?.log())?.length), ...changes(one, folder)];
  } finally {
    await emulator?.stop();
    rmSync(folder, { recursive: true });
  }
}

function environmentOf(variables: Record<string, string>): Record<string, string> {
  return { PATH: join(home, "bin"), HOME: home, ...variables };
}

/** Runs the program with pipes; interrupts it once the vault has got a request. */
async function piped(
  args: string[],
  variables: Record<string, string>,
  stdin?: string,
  interruptedAt?: Emulator,
  folder?: string,
): Promise<Ran> {
  const child = spawn(program, args, { env: environmentOf(variables), cwd: folder });
  child.stdin.on("error", () => {}).end(stdin);
  const end = ended(child);
  if (interruptedAt !== undefined) {
    while (!(await interruptedAt.log()).some(({ service }) => service === "vault")) {
      assert.equal(child.exitCode, null);
      // Another process's doings, which nobody announces.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.kill("SIGINT");
  }
  return end;
}

/** Runs the program with stdout on a terminal, which `script` (util-linux) lends. */
async function inTerminal(args: string[], variables: Record<string, string>): Promise<Ran> {
  const stderr = join(home, "stderr");
  const quoted = [program, ...args].map((text) => `'${text.replaceAll("'", "'\\''")}'`).join(" ");
  const child = spawn(
    "script",
    ["--quiet", "--return", "--command", `${quoted} 2>'${stderr}'`, "/dev/null"],
    {
      env: { ...environmentOf(variables), PATH: `${join(home, "bin")}:/usr/bin:/bin` },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const ran = await ended(child);
  return { ...ran, stdout: ran.stdout.replaceAll("\r\n", "\n"), stderr: readFileSync(stderr, "utf8") };
}

function ended(child: ReturnType<typeof spawn>): Promise<Ran> {
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, ...output }));
  });
}

/** What is otherwise than the case says. */
function* differences(one: Case, ran: Ran, requests: number | undefined): Generator<string> {
  if (ran.status !== one.exit) {
    yield `the exit status is ${ran.status}, expected ${one.exit}: ${ran.stderr}`;
  }
  const quiet = one.stderr === undefined && one.stderr_contains === undefined;
  const file = one.stdout_file && readFileSync(join(FOLDER, one.stdout_file), "utf8");
  const wholes = { stdout: one.stdout?.replaceAll("$VERSION", version), stderr: quiet ? "" : one.stderr };
  for (const what of ["stdout", "stderr"] as const) {
    const [whole, expected] = [ran[what], wholes[what]];
    if (expected !== undefined && expected !== whole) {
      yield `${what} is ${JSON.stringify(whole)}, expected ${JSON.stringify(expected)}`;
    }
    const lacking = (one[`${what}_contains`] ?? []).filter((part) => !whole.includes(part));
    yield* lacking.map((part) => `${what} lacks ${JSON.stringify(part)}: ${whole}`);
    yield* TABLE.never
      .filter((part) => whole.includes(part))
      .map((part) => `${what} holds ${part}: ${whole}`);
  }
  if (file !== undefined && file !== ran.stdout) {
    yield `stdout is not ${one.stdout_file}: ${ran.stdout}`;
  }
  const present = (one.stdout_lacks ?? []).filter((part) => ran.stdout.includes(part));
  yield* present.map((part) => `stdout holds ${JSON.stringify(part)}: ${ran.stdout}`);
  if (one.stdout_json !== undefined) {
    yield* /^\{.*\n$/.test(ran.stdout)
      ? inDepth("stdout", one.stdout_json, JSON.parse(ran.stdout))
      : [`stdout is no line of JSON: ${ran.stdout}`];
  }
  if (one.requests !== undefined && one.requests !== requests) {
    yield `the emulator got ${requests} requests`;
  }
}

/** Which files are not as the case says afterwards. */
function* changes(one: Case, folder: string): Generator<string> {
  for (const [name, content] of Object.entries(one.files_after ?? {})) {
    const found = readFileSync(join(folder, name), "utf8");
    if (found !== content) {
      yield `${name} holds ${JSON.stringify(found)}, expected ${JSON.stringify(content)}`;
    }
  }
}

/** Members that are expected must be there; lists are compared as wholes, item by item. */
function* inDepth(what: string, expected: unknown, actual: unknown): Generator<string> {
  const [parts, others] = [expected, actual] as Record<string, unknown>[];
  if (parts instanceof Object && others instanceof Object && parts["length"] === others["length"]) {
    for (const [name, part] of Object.entries(parts)) {
      yield* inDepth(`${what}.${name}`, part, others[name]);
    }
  } else if (expected !== actual) {
    yield `${what} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`;
  }
}
