/**
 * Plain data of the engine's, under the names that users know.
 *
 * @module
 */

/** Names that are others here than in camel case, by the name of what they stand in. */
const NAMES: Record<string, Record<string, string>> = {
  identity: { tenant: "tenantId", client: "clientId", object: "objectId", resource: "resourceId" },
  report: { vault: "vaultUrl" },
  error: { kind: "code", status: "statusCode", code: "errorCode" },
};

/** What the engine replied: without what is not known, and with dates instead of seconds. */
export function readReply<T>(json: string): T {
  return JSON.parse(json, (name, value: unknown) => {
    if (value === null) {
      return undefined;
    }
    const isTime = typeof value === "number" && /_(on|before|date)$/.test(name);
    return isTime ? new Date(value * 1000) : renamed(name, value);
  }) as T;
}

/** The members of what stands under `name`, renamed. In an identity what is not known is left out. */
export function renamed(name: string, value: unknown): unknown {
  if (!(value instanceof Object) || Array.isArray(value) || name === "tags") {
    return value;
  }
  const known = Object.entries(value).filter(([, part]) => name !== "identity" || part != null);
  return Object.fromEntries(
    known.map(([part, content]) => [
      NAMES[name]?.[part] ?? part.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      content,
    ]),
  );
}
