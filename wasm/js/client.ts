/**
 * The client of a vault's secrets.
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "./base64.js";
import { LoadedSecrets } from "./configuration.js";
import { Connected } from "./connected.js";
import type { Diagnosis, Forecast, Health } from "./doctor.js";
import { errorFrom, invalidArgument, isRawError, NightlatchError } from "./errors.js";
import {
  type RawDeleted,
  type DeletedSecret,
  deletedFrom,
  type KeyVaultSecret,
  type RawProperties,
  propertiesFrom,
  secretFrom,
  type SecretProperties,
} from "./models.js";
import type { EngineOptions } from "./options.js";
import type { PagedAsyncIterableIterator } from "./paging.js";
import { Poller, type PollerLike, type PollOperationState } from "./polling.js";
import {
  changed,
  type DiagnoseOptions,
  type ExplainOptions,
  type GetSecretOptions,
  type GetSecretsOptions,
  type ListOptions,
  type LoadSecretsOptions,
  type OperationOptions,
  type PurgeDeletedSecretOptions,
  type SecretPollerOptions,
  type SetSecretOptions,
  sinceEpoch,
  type UpdateSecretPropertiesOptions,
  waiting,
  type WithSecretOptions,
} from "./requests.js";
import type { TokenCredential } from "./token.js";

/** Options of {@link SecretClient}. */
export interface SecretClientOptions extends EngineOptions {}

/**
 * Reads and manages the secrets of one vault.
 *
 * A secret is kept for five minutes unless options say otherwise; however many callers want it meanwhile, the vault is
 * asked once. Clients made with the same credential object and options share what they keep.
 */
export class SecretClient extends Connected {
  /** The vault's URL, as it was given. */
  readonly vaultUrl: string;

  /**
   * @param vaultUrl - such as `https://contoso.vault.azure.net`
   * @param credential - one of ours, or of any other library for Azure; `DefaultAzureCredential` if not given
   * @throws NightlatchError - `INVALID_ARGUMENT`, `INVALID_CONFIGURATION`: URL, options or environment are wrong
   */
  constructor(vaultUrl: string, credential?: TokenCredential, options: SecretClientOptions = {}) {
    super(credential, options, vaultUrl);
    this.vaultUrl = vaultUrl;
    // A wrong URL is told here and not at the first call.
    this.#peek("", undefined);
  }

  /**
   * Gets a secret: from the cache if a fresh copy is there, else from the vault.
   *
   * @throws NightlatchError - see its `code`
   * @throws AbortError - `abortSignal` was aborted
   */
  async getSecret(name: string, options: GetSecretOptions = {}): Promise<KeyVaultSecret> {
    const { version, outContentType, abortSignal } = options;
    const cached = outContentType || abortSignal?.aborted ? undefined : this.#peek(name, version);
    return cached ?? this.#get(name, options, false);
  }

  /** Gets a secret from the vault, cached or not. Calls within a second share one fetch. */
  async refresh(name: string, options: GetSecretOptions = {}): Promise<KeyVaultSecret> {
    return this.#get(name, options, true);
  }

  /**
   * Gets the latest versions of many secrets at once: from the cache what is there, the others from the vault, side by
   * side and within the limits.
   *
   * @returns the secrets by their names, in the order of the names
   * @throws NightlatchError - of the first secret that could not be had, unless `returnErrors`; the others are cached
   */
  getSecrets(
    names: Iterable<string>,
    options: GetSecretsOptions & { returnErrors: true },
  ): Promise<Map<string, KeyVaultSecret | NightlatchError>>;
  getSecrets(names: Iterable<string>, options?: GetSecretsOptions): Promise<Map<string, KeyVaultSecret>>;
  async getSecrets(
    names: Iterable<string>,
    options: GetSecretsOptions = {},
  ): Promise<Map<string, KeyVaultSecret | NightlatchError>> {
    const { refresh = false, returnErrors = false } = options;
    const found = new Map<string, KeyVaultSecret | NightlatchError | undefined>();
    for (const name of namesOf(names)) {
      found.set(name, refresh ? undefined : this.#peek(name, undefined));
    }
    const asked = [...found.keys()].filter((name) => found.get(name) === undefined);
    if (asked.length > 0) {
      const [, , ends] = await this._calls.one<"secrets">("get_secrets", { names: asked, refresh }, options);
      ends.forEach((end, at) => {
        const name = asked[at] as string;
        found.set(name, isRawError(end) ? errorFrom(end) : secretFrom(end));
      });
    }
    const error = [...found.values()].find((end) => end instanceof NightlatchError);
    if (error !== undefined && !returnErrors) {
      throw error;
    }
    return found as Map<string, KeyVaultSecret | NightlatchError>;
  }

  /**
   * Loads secrets as a configuration: their values by keys that are made of their names. All at once, within the limits,
   * and through the cache: loading again lists the secrets, and reads those that have changed. Disabled ones are left
   * out, and so are those whose time is over if the option `validity` is `refuse`.
   *
   * @throws NightlatchError - a secret could not be had; `attempts` names each
   */
  async loadSecrets(options: LoadSecretsOptions = {}): Promise<LoadedSecrets> {
    const { names, prefix, separator } = options;
    const asked = { names: names && namesOf(names), prefix, separator };
    const [, , reply, text] = await this._calls.one<"reply">("load_secrets", asked, options);
    return new LoadedSecrets(text as string, reply);
  }

  /**
   * Calls `use` with a secret and gives what it gives. If it fails because the secret's value is no longer accepted,
   * gets the latest version and, if that is another one, calls `use` with it once more. However many callers meet a
   * rotated secret, the vault is asked once.
   *
   * @throws whatever `use` threw, when there is no other version
   */
  async withSecret<T>(
    name: string,
    use: (secret: KeyVaultSecret) => T | Promise<T>,
    options: WithSecretOptions,
  ): Promise<T> {
    const secret = await this.getSecret(name, options);
    const isOther = (one: KeyVaultSecret | undefined): one is KeyVaultSecret =>
      one !== undefined && one.properties.version !== secret.properties.version;
    try {
      return await use(secret);
    } catch (why) {
      if (!options.isAuthError(why)) {
        throw why;
      }
      // Somebody else may have fetched it meanwhile.
      let newer = this.#peek(name, undefined);
      if (!isOther(newer)) {
        newer = await this.refresh(name, options).catch(() => undefined);
      }
      if (!isOther(newer)) {
        throw why;
      }
      return use(newer);
    }
  }

  /**
   * Sets a secret: a new version if the name is in use, else a new secret. Needs the permission to set. Readers of this
   * client's cache see it at once.
   *
   * @throws NightlatchError - `CONFLICT`: the name belongs to a deleted secret
   */
  async setSecret(name: string, value: string, options: SetSecretOptions = {}): Promise<KeyVaultSecret> {
    if (typeof value !== "string") {
      throw invalidArgument(
        `The value of a secret is a string, not ${value === null ? "null" : typeof value}.`,
      );
    }
    const request = { name, ...changed(options), recover_if_deleted: options.recoverIfDeleted };
    return secretFrom((await this._calls.one<"secret">("set_secret", request, options, value))[2]);
  }

  /**
   * Changes properties of one version, or of the latest if `version` is empty. Needs the permission to set.
   *
   * @throws NightlatchError - `CONFLICT`: a condition does not hold
   */
  async updateSecretProperties(
    name: string,
    version: string,
    options: UpdateSecretPropertiesOptions = {},
  ): Promise<SecretProperties> {
    return this._calls.properties(
      "update_secret_properties",
      {
        name,
        version,
        ...changed(options),
        if_version: options.ifVersion,
        if_unchanged_since: sinceEpoch(options.ifUnchangedSince),
      },
      options,
    );
  }

  /** Lists the vault's secrets without values, disabled and expired ones too. Needs the permission to list. */
  listPropertiesOfSecrets(options: ListOptions = {}): PagedAsyncIterableIterator<SecretProperties> {
    return this._calls.list("list_properties_of_secrets", {}, propertiesFrom, options);
  }

  /** Lists the versions of a secret without values. Needs the permission to list. An unknown secret has none. */
  listPropertiesOfSecretVersions(
    name: string,
    options: ListOptions = {},
  ): PagedAsyncIterableIterator<SecretProperties> {
    return this._calls.list("list_properties_of_secret_versions", { name }, propertiesFrom, options);
  }

  /** Lists the deleted secrets that can still be recovered. Needs the permission to list. */
  listDeletedSecrets(options: ListOptions = {}): PagedAsyncIterableIterator<DeletedSecret> {
    return this._calls.list("list_deleted_secrets", {}, deletedFrom, options);
  }

  /**
   * Deletes a secret with all versions. Needs the permission to delete. The vault finishes some seconds later: await
   * `pollUntilDone` before you recover or purge the secret.
   */
  async beginDeleteSecret(
    name: string,
    options: SecretPollerOptions = {},
  ): Promise<PollerLike<PollOperationState<DeletedSecret>, DeletedSecret>> {
    const begun = await this._calls.begin("delete_secret", name, options, (reply) => {
      const { deleted, finished } = reply as { deleted: RawDeleted; finished: boolean };
      return { result: deletedFrom(deleted), finished };
    });
    return new Poller(this._calls.looking("deletion_finished", name, options), begun);
  }

  /** Gets a deleted secret, without its value. Needs the permission to get. */
  async getDeletedSecret(name: string, options: OperationOptions = {}): Promise<DeletedSecret> {
    const { deleted } = await this._calls.reply<{ deleted: RawDeleted }>(
      "get_deleted_secret",
      { name },
      options,
    );
    return deletedFrom(deleted);
  }

  /**
   * Recovers a deleted secret with all versions. Needs the permission to recover. The vault finishes some seconds later:
   * await `pollUntilDone` before you use the secret.
   */
  async beginRecoverDeletedSecret(
    name: string,
    options: SecretPollerOptions = {},
  ): Promise<PollerLike<PollOperationState<SecretProperties>, SecretProperties>> {
    const begun = await this._calls.begin("recover_deleted_secret", name, options, (reply) => {
      const { properties } = reply as { properties: RawProperties };
      return { result: propertiesFrom(properties), finished: false };
    });
    return new Poller(this._calls.looking("recovery_finished", name, options), begun);
  }

  /** Deletes a deleted secret for good. Needs the permission to purge. */
  async purgeDeletedSecret(name: string, options: PurgeDeletedSecretOptions = {}): Promise<void> {
    await this._calls.reply("purge_deleted_secret", { name, ...(options.wait && waiting(options)) }, options);
  }

  /**
   * Backs up all versions of a secret. Needs the permission to back up.
   *
   * @returns an opaque blob, which only a vault of the same subscription and geography can restore
   */
  async backupSecret(name: string, options: OperationOptions = {}): Promise<Uint8Array> {
    const [, , blob] = await this._calls.one<"value">("backup_secret", { name }, options);
    return decodeBase64(new TextDecoder().decode(blob));
  }

  /**
   * Brings a backup back, all versions and under its own name, which must be free. Needs the permission to restore.
   *
   * @throws NightlatchError - `CONFLICT`: the name is in use
   */
  async restoreSecretBackup(backup: Uint8Array, options: OperationOptions = {}): Promise<SecretProperties> {
    if (!(backup instanceof Uint8Array)) {
      throw invalidArgument("A backup is a Uint8Array.");
    }
    return this._calls.properties("restore_secret_backup", {}, options, encodeBase64(backup));
  }

  /**
   * Goes the whole way to a secret once, and tells what is missing on this host: the verdict, and the command that
   * mends it. Trouble is an answer here, and no error.
   *
   * @param name - without it, the list of secrets is what is tried
   * @throws NightlatchError - `INVALID_ARGUMENT`: name or version is no valid one
   * @throws AbortError - `abortSignal` was aborted
   */
  async diagnose(name?: string, options: DiagnoseOptions = {}): Promise<Diagnosis> {
    return this._calls.told("diagnose", { name, version: options.version }, options);
  }

  /**
   * Whether secrets can be had, for readiness probes: from the caches where they hold them, and with a deadline of five
   * seconds unless `timeout` says otherwise. Trouble is an answer here, and no error.
   *
   * @param names - without any, whether the vault lets this identity in
   * @throws NightlatchError - `INVALID_ARGUMENT`: a name is no valid one
   * @throws AbortError - `abortSignal` was aborted
   */
  async check(names: Iterable<string> = [], options: OperationOptions = {}): Promise<Health> {
    return this._calls.told("check", { names: namesOf(names) }, options);
  }

  /** Tells, without the network, which sources would be asked for a token, and what reading secrets would cost. */
  async explain(options: ExplainOptions = {}): Promise<Forecast> {
    const { secrets, instances } = options;
    return this._calls.told("explain", { vault: undefined, secrets, instances }, options);
  }

  /**
   * The cached secret, or `undefined`. Never waits; at most has a copy renewed that is near its end.
   *
   * A copy past its life (`cacheTtl`) is not shown, even while `staleIfError` would still allow it to serve.
   */
  getCachedSecret(name: string, options: Pick<GetSecretOptions, "version"> = {}): KeyVaultSecret | undefined {
    const cached = this.#peek(name, options.version);
    if (cached !== undefined) {
      return cached;
    }
    // Either there is no copy, or it fell to us to renew it: then the second look finds it.
    const renewing = this.#peek(name, options.version);
    if (renewing !== undefined) {
      this.#get(name, options, false).catch(() => {});
    }
    return renewing;
  }

  /**
   * Forgets a cached secret, so that the next call asks the vault.
   *
   * @param name - without it everything is forgotten, also for other clients with the same credential and options
   */
  invalidate(name?: string, options: Pick<GetSecretOptions, "version"> = {}): void {
    this._engine().invalidate(this.vaultUrl, name ?? null, options.version ?? null);
  }

  #peek(name: string, version: string | undefined): KeyVaultSecret | undefined {
    const raw = this._engine().peek(this.vaultUrl, name, version ?? null);
    return raw && secretFrom(raw);
  }

  async #get(name: string, options: GetSecretOptions, refresh: boolean): Promise<KeyVaultSecret> {
    const { version = null, outContentType } = options;
    const asked = { name, version, refresh, ...(outContentType && { out_content_type: outContentType }) };
    const [, , secret] = await this._calls.one<"secret">("get_secret", asked, options);
    return secretFrom(secret);
  }
}

/** A text is iterable too, and would count as its letters. */
function namesOf(names: Iterable<string>): string[] {
  if (typeof names === "string") {
    throw invalidArgument(`Names of secrets are given as a list: ["${names}"].`);
  }
  return [...names];
}
