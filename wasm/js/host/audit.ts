/**
 * Where the lines of the audit go.
 *
 * @module
 */

import { unsupported } from "../errors.js";
import type { AuditTarget } from "../options.js";

/**
 * What takes a line.
 *
 * @param open - what appends to the file at a path, where there are files
 */
export function auditor(
  audit: AuditTarget,
  open?: (path: string) => (text: string) => void,
): (line: string) => void {
  if (typeof audit === "function") {
    return audit;
  }
  if (typeof audit === "object") {
    return (line) => void audit.write(`${line}\n`);
  }
  const append = open?.(audit);
  if (append === undefined) {
    throw unsupported(
      "The option audit names a file, and there are none here.",
      "Give a function that takes lines.",
    );
  }
  return (line) => append(`${line}\n`);
}
