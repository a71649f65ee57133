/**
 * How an `.env` file is written.
 *
 * @module
 */

/** An `.env` file that our own reader reads back. */
export function dotenvOf(variables: Record<string, string>): string {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}\n`);
  return lines.join("");
}

function quoted(value: string): string {
  if (!value.includes("'")) {
    return `'${value}'`;
  }
  const escaped = value
    .replace(/[\\"$]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
  return `"${escaped}"`;
}
