/**
 * The command line: `npx nightlatch`.
 *
 * It prints what the core tells, and ends with a status by which scripts know how things stand. The cases in `tests/cli`
 * hold for it and for Python's alike, and so do the texts of its help.
 *
 * @module
 */

import checkHelp from "../../tests/cli/help/check.txt";
import doctorHelp from "../../tests/cli/help/doctor.txt";
import explainHelp from "../../tests/cli/help/explain.txt";
import getHelp from "../../tests/cli/help/get.txt";
import injectHelp from "../../tests/cli/help/inject.txt";
import listHelp from "../../tests/cli/help/list.txt";
import wholeHelp from "../../tests/cli/help/nightlatch.txt";
import runHelp from "../../tests/cli/help/run.txt";
import scanHelp from "../../tests/cli/help/scan.txt";
import setHelp from "../../tests/cli/help/set.txt";
import { HelpWanted, UsageError } from "./cli/arguments.js";
import { check, doctor, explain } from "./cli/doctor.js";
import { type End, interrupted, NOT_RUN, OK, PASSING, Trouble, TROUBLE, USAGE } from "./cli/end.js";
import { inject } from "./cli/inject.js";
import { nightlatchSoFar } from "./cli/package.js";
import { run } from "./cli/run.js";
import { scan } from "./cli/scan.js";
import { get, list, set } from "./cli/secrets.js";

/** The version of this package, put in by the build. */
declare const NIGHTLATCH_VERSION: string;

const COMMANDS: Readonly<Record<string, { help: string; run(given: string[]): Promise<End> }>> = {
  run: { help: runHelp, run },
  inject: { help: injectHelp, run: inject },
  get: { help: getHelp, run: get },
  list: { help: listHelp, run: list },
  set: { help: setHelp, run: set },
  scan: { help: scanHelp, run: scan },
  doctor: { help: doctorHelp, run: doctor },
  check: { help: checkHelp, run: check },
  explain: { help: explainHelp, run: explain },
};

/** Statuses that some commands end with in place of the usual ones. */
const OWN: Readonly<Record<string, (usual: number) => number>> = {
  run: () => NOT_RUN,
  scan: (usual) => (usual === TROUBLE ? USAGE : usual),
};

/** The kinds of errors that may pass by themselves. */
const TRANSIENT = ["THROTTLED", "SERVICE_FAILURE", "UNREACHABLE", "TIMEOUT"];

process.once("SIGINT", interrupted);
process.stdout.on("error", (why: Error & { code?: string }) => {
  // A reader that goes away is no trouble.
  if (why.code !== "EPIPE") {
    complain(`trouble: ${why.message}\n`, TROUBLE);
  }
});
void main(process.argv.slice(2));

async function main(given: string[]): Promise<void> {
  const command = Object.hasOwn(COMMANDS, given[0] ?? "") ? COMMANDS[given[0] as string] : undefined;
  const name = command === undefined ? "nightlatch" : `nightlatch ${given[0]}`;
  const help = command?.help ?? wholeHelp;
  const status = (usual: number): number => OWN[given[0] ?? ""]?.(usual) ?? usual;
  try {
    end(command === undefined ? withoutCommand(given) : await command.run(given.slice(1)));
  } catch (why) {
    const { message, code } = why as Error & { code?: string };
    if (why instanceof HelpWanted) {
      end([OK, help]);
    } else if (why instanceof UsageError || code === "INVALID_ARGUMENT") {
      const [usage] = help.split("\n", 1);
      complain(`${usage}\n${name}: ${message}\nSee ${name} --help.\n`, status(USAGE));
    } else {
      // Before the package is loaded, all that may happen is that it finds no engine.
      const foreseen = nightlatchSoFar()?.NightlatchError ?? AggregateError;
      const isForeseen = why instanceof Trouble || why instanceof foreseen;
      const begin = isForeseen ? "" : "a defect of nightlatch, please report it: ";
      const usual = TRANSIENT.includes(code ?? "") ? PASSING : TROUBLE;
      complain(`trouble: ${begin}${message}\n`, status(usual));
    }
  }
}

function end(ended: End): void {
  if (ended !== undefined) {
    const [status, text] = ended;
    process.stdout.write(text);
    process.exitCode = status;
  }
}

function complain(text: string, status: number): void {
  process.stderr.write(text);
  process.exitCode = status;
}

function withoutCommand(given: string[]): End {
  const [first] = given;
  if (given.length === 1 && first === "--version") {
    return [OK, `nightlatch ${NIGHTLATCH_VERSION}\n`];
  }
  if (given.length === 1 && (first === "--help" || first === "-h")) {
    throw new HelpWanted();
  }
  throw new UsageError(first === undefined ? "a command is missing" : `${first} is no command`);
}
