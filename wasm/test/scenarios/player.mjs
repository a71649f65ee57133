/** The calls of a scenario, through clients and credentials as a user would make them. */

import * as nightlatch from "../../dist/full.js";
import { HOST_OPTIONS, install } from "../../dist/runtime.js";
import { RANK } from "./clock.mjs";
import { argumentsOf, optionsOf, settingsOf } from "./names.mjs";
import { Surroundings } from "./surroundings.mjs";

const SOME_VAULT = "https://contoso.vault.azure.net";

/**
 * Plays a scenario to its end.
 *
 * @param factory - makes the engine; see `js/engine.ts`
 * @param renewal - `detached` or `caller`
 * @param seed - what the engine takes for random
 */
export async function play(scenario, factory, { renewal = "detached", seed = 7 } = {}) {
  const player = new Player(scenario, factory, renewal, seed);
  await player.play();
  return player;
}

class Player {
  /** How each caller's call ended: `{ result }` or `{ error }`, and `tookMs`. */
  ended = new Map();
  /** Why the client could not be built. */
  construction;
  /** What the cache tells of itself at the end. */
  cacheInfo;
  #credential;
  #clients = new Map();

  constructor(scenario, factory, renewal, seed) {
    this.scenario = scenario;
    this.world = new Surroundings(scenario.world);
    const create = (options, environment, secrets) => {
      // The seed has been drawn as well, for nothing.
      this.world.drawn = 0;
      return factory.create(options, environment, secrets, Uint8Array.of(seed, ...new Uint8Array(15)));
    };
    const engine = { ...factory, create };
    const host = (options) => this.world.host(options);
    install({ engine, load: async () => engine, host, hostOptions: HOST_OPTIONS });
    try {
      const options = { ...this.world.options, renewal, ...optionsOf(scenario.options) };
      this.#credential = this.#made(
        scenario.options.credential ?? { type: "DefaultAzureCredential" },
        options,
      );
      this.#client(SOME_VAULT).addEventListener("event", ({ detail }) => this.world.tell("event", detail));
    } catch (why) {
      this.construction = why;
      this.world.tell("construction", plain({ error: why }));
    }
  }

  async play() {
    if (this.construction !== undefined) {
      return;
    }
    const { clock } = this.world;
    for (const call of this.scenario.calls) {
      const ended = new Promise((resolve) => {
        const begin = () => void this.#begin(call).then(resolve);
        clock.schedule(begin, Math.max(0, call.at_ms - clock.now), RANK.call);
      });
      if (this.scenario.sequential) {
        await clock.run(ended);
      }
    }
    await clock.run();
    this.cacheInfo = this.#client(SOME_VAULT).cacheInfo();
    for (const client of this.#clients.values()) {
      client.close();
    }
  }

  /** Why the credential gives no token, once everything has been played. */
  async refusal() {
    const asked = this.#credential.getToken("https://vault.azure.net/.default");
    await this.world.clock.run(asked);
    return asked.then(
      () => undefined,
      (error) => error,
    );
  }

  /** Has all callers of one line call. */
  #begin(call) {
    const names = callers(call);
    return Promise.all(names.map((name) => this.#one(call, name)));
  }

  async #one(call, name) {
    const { clock } = this.world;
    const leave = new AbortController();
    if (call.cancel_at_ms !== undefined) {
      clock.schedule(() => leave.abort(), call.cancel_at_ms - clock.now, RANK.cancellation);
    }
    const began = clock.now;
    this.world.tell("begins", name);
    const ended = await this.#act(call, leave.signal).then(
      (result) => ({ result }),
      (error) => ({ error }),
    );
    this.world.tell("ends", name, plain(ended));
    this.ended.set(name, { ...ended, tookMs: clock.now - began });
  }

  async #act(call, abortSignal) {
    const {
      op,
      vault,
      name,
      version,
      value,
      scopes = [],
      tenant,
      claims,
      authenticate,
      timeout,
      by_ms: byMs,
    } = call;
    const inMs = timeout && timeout * 1000;
    const { names, continuation, ...given } = call.arguments ?? {};
    const options = { ...argumentsOf(given), version, abortSignal, timeout: inMs };
    const end = this.world.clock.now + inMs;
    const client = vault && this.#client(vault);
    switch (op) {
      case "get_secret":
        return client.getSecret(name, options);
      case "refresh":
        return client.refresh(name, options);
      case "get_secrets":
        return { secrets: await client.getSecrets(names, { ...options, returnErrors: true }) };
      case "load_secrets": {
        const { values, resolution } = await client.loadSecrets({ ...options, names });
        return { value: JSON.stringify(values), told: resolution };
      }
      case "set_secret":
        return client.setSecret(name, value, options);
      case "update_secret_properties":
        return { properties: await client.updateSecretProperties(name, version, options) };
      case "encrypt":
      case "decrypt":
      case "rewrap":
        return { value: await this.#encryption(call, value, options) };
      case "rotate_secret":
        return { told: await client.rotateSecret(name, { ...this.world.steps(), ...options }) };
      case "list_properties_of_secrets":
        return firstPage(client.listPropertiesOfSecrets(options), continuation, given);
      case "list_properties_of_secret_versions":
        return firstPage(client.listPropertiesOfSecretVersions(name, options), continuation, given);
      case "list_deleted_secrets":
        return firstPage(client.listDeletedSecrets(options), continuation, given);
      case "get_deleted_secret":
        return client.getDeletedSecret(name, options);
      case "delete_secret":
        return this.#polled(await client.beginDeleteSecret(name, options), options, end);
      case "recover_deleted_secret": {
        const { result, finished } = await this.#polled(
          await client.beginRecoverDeletedSecret(name, options),
          options,
          end,
        );
        return { properties: result, finished };
      }
      case "deletion_finished":
      case "recovery_finished": {
        const poller = await this.#resumed(op, client, name, options);
        await (options.wait ? poller.pollUntilDone(options) : poller.poll(options));
        return { finished: poller.isDone() };
      }
      case "purge_deleted_secret":
        await client.purgeDeletedSecret(name, options);
        // It says nothing else: that it ends is the answer.
        return { finished: options.wait ?? false };
      case "backup_secret":
        return { backup: Buffer.from(await client.backupSecret(name, options)).toString("base64url") };
      case "restore_secret_backup": {
        const backup = value && new Uint8Array(Buffer.from(value, "base64url"));
        return { properties: await client.restoreSecretBackup(backup, options) };
      }
      case "get_token": {
        const given = { tenantId: tenant, claims, abortSignal, requestOptions: { timeout: inMs } };
        if (authenticate) {
          // It tells who signed in; the token is at hand afterwards.
          await this.#credential.authenticate(scopes, given);
          // Whoever signed in for nothing in particular has nothing to ask for.
          return scopes.length ? this.#credential.getToken(scopes, { tenantId: tenant }) : {};
        }
        return this.#credential.getToken(scopes, given);
      }
      case "diagnose":
        return { told: await client.diagnose(name, options) };
      case "check":
        return { told: await client.check(names, options) };
      case "explain":
        return { told: await this.#client(SOME_VAULT).explain(options) };
      case "resolve_references":
        return this.#resolve(given.form ?? "value", value, options);
      case "invalidate":
        return client.invalidate(name, { version });
      case "invalidate_all":
        return this.#client(SOME_VAULT).invalidate();
      case "set_wall_clock":
        return this.world.clock.jump(byMs);
      default:
        throw new Error(`${op} is no op`);
    }
  }

  /** The text with its secrets, and how its references fared; a report alone has no text. */
  async #resolve(form, text, { vaultDomain, maxAge, report, version: _, ...options }) {
    options.maxAge = maxAge && maxAge * 1000;
    const resolver = new nightlatch.ReferenceResolver(this.#credential, { vaultDomain });
    try {
      const value = report ? undefined : await this.#resolved(resolver, form, text, options);
      // From the cache, as it was for the text.
      return { value, told: await resolver.status(text, { ...options, form }) };
    } finally {
      resolver.close();
    }
  }

  /** The value or document as `op` leaves it. */
  async #encryption({ op, vault, name, version }, text, { dataKeyUses, dataKeyTtl, form, ...options }) {
    const bounds = { dataKeyUses, dataKeyTtl: dataKeyTtl && dataKeyTtl * 1000 };
    const encryption = new nightlatch.FieldEncryption(vault, name, this.#credential, {
      keyVersion: version,
      ...bounds,
    });
    try {
      const { fields, document } = options;
      if (form === "json") {
        return await encryption[`${op}Fields`](text, fields, { ...options, name: document });
      }
      return await encryption[op === "decrypt" ? "decryptText" : op](text, options);
    } finally {
      encryption.close();
    }
  }

  #resolved(resolver, form, text, options) {
    switch (form) {
      case "json":
        return resolver.resolveJson(text, options);
      case "yaml":
        return resolver.resolveYaml(text, options);
      case "toml":
        return resolver.resolveToml(text, options);
      case "env":
        return resolver.resolveDotenv(text, options).then(JSON.stringify);
      default:
        return resolver.resolve(text, options);
    }
  }

  /** What a deletion or recovery gives, after waiting for it if the scenario says so. */
  async #polled(poller, { wait, abortSignal, timeout }, end) {
    if (wait) {
      const left = timeout && end - this.world.clock.now;
      await poller.pollUntilDone({ abortSignal, timeout: left });
    }
    const result = poller.getResult();
    return { ...result, result, finished: poller.isDone() };
  }

  /** A poller of which only the look is wanted. */
  #resumed(op, client, name, options) {
    const properties = { name, vault_url: "", id: "" };
    const deleted = { properties, recovery_id: null, deleted_date: null, scheduled_purge_date: null };
    const reply = JSON.stringify({ properties, deleted, finished: false });
    const resumeFrom = JSON.stringify({ state: { isCompleted: false, reply } });
    return op === "deletion_finished"
      ? client.beginDeleteSecret(name, { ...options, resumeFrom })
      : client.beginRecoverDeletedSecret(name, { ...options, resumeFrom });
  }

  #client(vault) {
    let client = this.#clients.get(vault);
    if (client === undefined) {
      client = new nightlatch.SecretClient(vault, this.#credential);
      this.#clients.set(vault, client);
    }
    return client;
  }

  /** The credential of a tree. It is given all options, so that tokens come from the engine that clients share. */
  #made({ type, sources, ...tree }, options) {
    const { tenantId, clientId, ...rest } = {
      ...options,
      ...settingsOf(tree, this.scenario.secrets, this.world.hands),
    };
    const make = nightlatch[type];
    const taken = (...names) =>
      names.map((name) => {
        const value = rest[name];
        delete rest[name];
        return value;
      });
    switch (type) {
      case "ChainedTokenCredential":
        return new make(...sources.map((source) => this.#made(source, options)));
      case "ClientSecretCredential":
        return new make(tenantId, clientId, ...taken("clientSecret"), rest);
      case "ClientCertificateCredential": {
        const [certificatePath, keyPath, certificate, certificatePassword] = taken(
          "certificatePath",
          "keyPath",
          "certificate",
          "certificatePassword",
        );
        return new make(
          tenantId,
          clientId,
          { certificatePath, keyPath, certificate, certificatePassword },
          rest,
        );
      }
      case "ClientAssertionCredential":
        return new make(tenantId, clientId, ...taken("getAssertion"), rest);
      case "AzurePipelinesCredential":
        return new make(tenantId, clientId, ...taken("serviceConnectionId", "systemAccessToken"), rest);
      case "UsernamePasswordCredential":
        return new make(tenantId, clientId, ...taken("username", "password"), rest);
      case "AuthorizationCodeCredential": {
        const [secret, ...others] = taken("clientSecret", "authorizationCode", "redirectUri");
        return new make(tenantId, clientId, ...(secret === undefined ? [] : [secret]), ...others, rest);
      }
      case "DeviceCodeCredential":
        // The host's own way shows a line; what stands in it is known from a function of the user's.
        return new make({ tenantId, clientId, ...this.world.hands, ...rest, ...omitted });
      default:
        return new make({ tenantId, clientId, ...rest });
    }
  }
}

/** Hands that a device code has no use for. */
const omitted = { signingKey: undefined, getAssertion: undefined };

/** The first page of a list, in the words of scenarios. */
async function firstPage(list, continuationToken, { max_page_size: maxPageSize }) {
  const { value } = await list.byPage({ continuationToken, maxPageSize }).next();
  const named = ({ name, version, properties }) =>
    [name, version ?? properties?.version].filter(Boolean).join("/");
  return { page: value.map(named), continuation: value.continuationToken ?? null };
}

/** The operations that take a value. */
const VALUED = ["set_secret", "restore_secret_backup", "resolve_references", "encrypt", "decrypt", "rewrap"];

/**
 * Whether the public calls can say what a scenario asks. They have no `refresh_due`, since an event loop renews by itself;
 * no value goes where none is taken; a value and a
 * document are encrypted by methods of their own; and what is no option of a call is passed over, as in the SDKs.
 */
export function playable({ calls }) {
  return calls.every(
    ({ op, value, arguments: given = {} }) =>
      op !== "refresh_due" &&
      (value === undefined || VALUED.includes(op)) &&
      !("expires" in given) &&
      (op !== "encrypt" || hasMeaning(given)),
  );
}

/** Whether a value or a document is to be encrypted: there are two methods, and neither takes what is for the other. */
function hasMeaning({ form = "value", field, fields }) {
  return form === "json"
    ? fields !== undefined && field === undefined
    : form === "value" && fields === undefined;
}

/** Whether a scenario is about a certificate file that is encrypted, which only the native engine opens. */
export function encrypted(path) {
  return /^certificate\/(encrypted_pem|pkcs12(?!_of_5_mb)|environment_password)/.test(path);
}

/** The names of the callers of one line. */
export function callers({ as, op, count }) {
  const name = as ?? op;
  return count === undefined ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
}

/** An ending as plain data, for transcripts. */
function plain({ result, error }) {
  return error === undefined ? { ...result } : { ...error, message: error.message, stack: undefined };
}
