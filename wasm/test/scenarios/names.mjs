/** What the core calls its options, errors and events, and what users of this package do. */

const ms = (seconds) => (typeof seconds === "number" ? seconds * 1000 : seconds);
const same = (value) => value;

/** Options of the core's tree: their names here, and what becomes of their values. */
const OPTIONS = {
  "cache.ttl": ["cacheTtl", ms],
  "cache.pinned_ttl": ["cachePinnedTtl", ms],
  "cache.stale_if_error": ["staleIfError", ms],
  "cache.negative_ttl": ["negativeTtl", ms],
  "cache.max_entries": ["cacheMaxEntries", same],
  "cache.max_bytes": ["cacheMaxBytes", same],
  "cache.refresh_interval": ["cacheRefreshInterval", ms],
  "cache.jitter": ["cacheJitter", same],
  "cache.soft_window": ["cacheSoftWindow", same],
  "limits.secret_per_second": ["secretRequestsPerSecond", same],
  "limits.secret_burst": ["secretBurst", same],
  "limits.vault_per_second": ["vaultRequestsPerSecond", same],
  "limits.vault_burst": ["vaultBurst", same],
  "limits.create_per_second": ["vaultCreatesPerSecond", same],
  "limits.create_burst": ["vaultCreateBurst", same],
  "retry.tries": ["retryOptions.maxRetries", (tries) => tries - 1],
  "retry.delay": ["retryOptions.retryDelayInMs", ms],
  "retry.max_delay": ["retryOptions.maxRetryDelayInMs", ms],
  "retry.operation_timeout": ["operationTimeout", ms],
  "retry.try_timeout": ["tryTimeout", ms],
  "vault.api_version": ["serviceVersion", same],
  "vault.verify_challenge_resource": ["disableChallengeResourceVerification", (verify) => !verify],
  "vault.allowed_domains": ["allowedDomains", same],
  "vault.allow_http_loopback": ["allowHttpLoopback", same],
  "vault.validity": ["validity", same],
  "vault.near_expiry": ["nearExpiry", ms],
  expect: ["expect", (identity) => camelCase(identity)],
  user_agent: ["userAgentOptions.userAgentPrefix", same],
};

/** The client's options. A name that is not known is passed on as it is: the package has to refuse it. */
export function optionsOf({ credential: _, ...tree }) {
  const options = {};
  for (const [group, content] of Object.entries(tree)) {
    const parts =
      group in OPTIONS ? [[group, content]] : Object.entries(content).map(([n, v]) => [`${group}.${n}`, v]);
    for (const [path, value] of parts) {
      const [name, convert] = OPTIONS[path] ?? [path.split(".").at(-1), same];
      const [outer, inner] = name.split(".");
      options[outer] = inner === undefined ? convert(value) : { ...options[outer], [inner]: convert(value) };
    }
  }
  return options;
}

/** Settings of credentials whose name here is another than the core's in camel case. */
const SETTINGS = {
  process_timeout: (seconds) => ({ processTimeoutInMs: ms(seconds) }),
  timeout: (seconds) => ({ signInTimeoutInMs: ms(seconds) }),
  require_envvar: (required) => (required ? { requiredEnvVars: "AZURE_TOKEN_CREDENTIALS" } : {}),
  workload_identity_tenant_id: (tenantId) => ({ tenantId }),
  redirect_port: (port) => ({ redirectUri: `http://localhost:${port}` }),
  signing_key: (_handle, { signingKey }) => ({ signingKey }),
  assertion: (_handle, { getAssertion }) => ({ getAssertion }),
  prompt: (_handle, { userPromptCallback }) => ({ userPromptCallback }),
  authority: ({ authority, ...others }) => ({
    ...(authority !== undefined && { authorityHost: authority }),
    ...camelCase(others),
  }),
};

/** Settings that are numbers of secret values, and their names here. */
const SLOTS = {
  client_secret: "clientSecret",
  certificate: "certificate",
  password: "certificatePassword",
  user_assertion: "userAssertionToken",
  system_access_token: "systemAccessToken",
  authorization_code: "authorizationCode",
};

/** A credential's settings. `hands` are the user's functions. */
export function settingsOf({ username, ...tree }, secrets, hands) {
  const parts = Object.entries(tree).map(([name, value]) => {
    if (name in SLOTS) {
      const here = name === "password" && username !== undefined ? "password" : SLOTS[name];
      return { [here]: secrets[value] ?? "" };
    }
    return SETTINGS[name]?.(value, hands) ?? camelCase({ [name]: value });
  });
  return Object.assign({}, ...parts, username === undefined ? {} : { username });
}

/** The further arguments of an operation, as options. */
export function argumentsOf(given) {
  const dates = ["not_before", "expires_on", "if_unchanged_since"];
  const entries = Object.entries(given).map(([name, value]) => {
    if (name === "interval") {
      return ["intervalInMs", ms(value)];
    }
    const here = name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
    return [here, dates.includes(name) ? new Date(value * 1000) : value];
  });
  return Object.fromEntries(entries);
}

/** An expected event, by a name alone or with some facts, as listeners see it. */
export function eventOf(expected) {
  const { event, ...facts } = typeof expected === "string" ? { event: expected } : expected;
  return { type: event.replaceAll("_", ""), ...camelCase(facts) };
}

/** The facts of an error, by the names of scenarios. */
export function errorFacts(error) {
  return {
    error: error.code,
    status: error.statusCode,
    code: error.errorCode,
    inner_code: error.innerCode,
    help: error.help,
    source: error.source,
    request_id: error.requestId,
    claims: error.claims,
    attempts: error.attempts.map(({ source, ending }) => [source, ending]),
  };
}

/** An identity, by the names of scenarios. */
export function identityFacts({ tenantId, clientId, objectId, resourceId } = {}) {
  return { tenant: tenantId, client: clientId, object: objectId, resource: resourceId };
}

/** What the doctor told, or a rotation, by the names of scenarios. */
export function toldFacts(told) {
  const { vaultUrl, error, identity, secret, troubles, properties, ...same } = told;
  const { source, kind, issuedOn, expiresOn, ...who } = identity ?? {};
  return snakeCase({
    ...same,
    vault: vaultUrl,
    error: failureFacts(error),
    identity: identity && { source, kind, issuedOn, expiresOn, ...identityFacts(who) },
    secret: secret && propertyFacts(secret),
    troubles: troubles?.map(({ error, ...trouble }) => ({ ...trouble, error: failureFacts(error) })),
    properties: properties && propertyFacts(properties),
  });
}

function failureFacts(error) {
  if (error === undefined) {
    return undefined;
  }
  const { code: kind, statusCode: status, errorCode: code, ...same } = error;
  return { kind, status, code, ...same };
}

/** What a deleted secret has besides its properties, by the names of scenarios. */
export function deletedFacts({ recoveryId, deletedOn, scheduledPurgeDate } = {}) {
  const { deleted_on: deleted, ...others } = propertyFacts({ recoveryId, deletedOn, scheduledPurgeDate });
  return { ...others, deleted_date: deleted };
}

/** What a cache tells of itself, by the names of scenarios. */
export function cacheFacts({ oldestAgeInMs, ...info }) {
  return { ...propertyFacts(info), oldest_age_ms: oldestAgeInMs ?? null };
}

/** The properties of a secret, by the names of scenarios; times in seconds since 1970. */
export function propertyFacts({ certificateKeyId, ...known }) {
  const properties = { ...known, ...(certificateKeyId !== undefined && { keyId: certificateKeyId }) };
  const { tags } = properties;
  return { ...snakeCase(properties), ...(tags && { tags }) };
}

/** Data by the names of scenarios; times in seconds since 1970. */
function snakeCase(value) {
  if (value instanceof Date) {
    return Math.floor(value.getTime() / 1000);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(snakeCase);
  }
  const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [snake(name), snakeCase(part)]));
}

function camelCase(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return value;
  }
  const renamed = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      renamed(name),
      name === "identity" ? identityOf(part) : camelCase(part),
    ]),
  );
}

/** An event's identity names its parts in full, and leaves out what is not known. */
function identityOf(parts) {
  const known = Object.entries(parts).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([name, value]) => [`${name}Id`, value]));
}
