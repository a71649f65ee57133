/**
 * How a command ends.
 *
 * @module
 */

/** The exit statuses, as the help explains them. */
export const OK = 0;
export const TROUBLE = 1;
export const USAGE = 2;
export const PASSING = 3;
export const INTERRUPTED = 130;
/** What `run` ends with for reasons of its own, as `env` and `timeout` do; the rest is its command's. */
export const NOT_RUN = 125;

/** What a command prints, and the status it ends with; nothing where it has said and set that itself. */
export type End = [status: number, text: string] | undefined;

/** A trouble that its message explains. */
export class Trouble extends Error {}

/** Ends the process when somebody interrupts it. */
export const interrupted = (): void => process.exit(INTERRUPTED);
