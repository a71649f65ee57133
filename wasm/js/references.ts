/**
 * Key Vault references in configuration, as App Service and App Configuration write them. The module for the edge leaves
 * them out.
 *
 * @module
 */

import { Connected } from "./connected.js";
import { toldFrom } from "./doctor.js";
import { invalidArgument } from "./errors.js";
import { type LiveOptions, LiveSettings } from "./live.js";
import type { EngineOptions } from "./options.js";
import type { OperationOptions } from "./requests.js";
import type { TokenCredential } from "./token.js";
import { filled, outline, unicode } from "./tree.js";

/** How old a copy may be. */
export interface MaxAge {
  /**
   * The oldest copy of a secret that may serve, in milliseconds, also while a vault is away. If it is not given, the
   * cache's own rules hold.
   */
  maxAge?: number | undefined;
}

/** Options of {@link ReferenceResolver}. */
export interface ReferenceResolverOptions extends EngineOptions, MaxAge {
  /**
   * Where the vaults lie that references tell by their name alone, such as `vault.azure.cn`. If it is not given, that of
   * the cloud which `AZURE_AUTHORITY_HOST` names, else of the public one.
   */
  vaultDomain?: string | undefined;
}

/** Options of every call; its `maxAge` goes before the resolver's. */
export interface ResolveOptions extends OperationOptions, MaxAge {}

/** Options of `resolve` for a single value. */
export interface ResolveValueOptions extends ResolveOptions {
  /** The content type of a value of App Configuration, which says whether it is a reference in that form. */
  contentType?: string | undefined;
}

/** Options of `status`. */
export interface ResolutionOptions extends ResolveValueOptions {
  /** What a text is: one value (default), a text of JSON, YAML or TOML, or an `.env` file. */
  form?: "value" | "json" | "yaml" | "toml" | "env" | undefined;
}

/** How all references of a text fare. Nothing in it is secret. Facts that are not known are `undefined`. */
export interface Resolution {
  /** Whether each is resolved. */
  readonly ok: boolean;
  /** Each in its order. */
  readonly references: readonly ReferenceStatus[];
  /** The answer for people, line by line. */
  readonly text: string;
  /** The same as `text`. */
  toString(): string;
  /** The answer as one line of JSON, the same in every language. */
  readonly json: string;
  /** The same as an object. */
  toJSON(): object;
}

/** How a reference fares. */
export interface ReferenceStatus {
  /** Where it stands: the variable's name, or its JSON Pointer (RFC 6901); empty for a single value. */
  readonly name: string;
  /** The identifier of the secret that it refers to; absent if it is not valid. */
  readonly secret?: string;
  /** App Service's word, such as `Resolved`, `SecretNotFound` or `InvalidSyntax`. */
  readonly status: string;
  /** The version that was read. */
  readonly version?: string;
  /** Seconds since it was read from the vault. */
  readonly age?: number;
  /** The verdict on what went wrong, when the facts tell. */
  readonly verdict?: string;
  /** What went wrong. */
  readonly message?: string;
  /** The next step. */
  readonly advice?: string;
}

type Environment = Record<string, string | undefined>;

/**
 * Gives the texts of a configuration with the secrets in place of Key Vault references.
 *
 * A reference is a whole text, never a part of one, and names its vault. Each secret is asked for once, however often it
 * is named, and is kept as a `SecretClient` keeps it: with the same credential object and options both share one cache.
 * If one cannot be had there is no result, but an error whose `attempts` name each place. A reference is never handed
 * through, and a secret that is a reference itself is refused.
 */
export class ReferenceResolver extends Connected {
  readonly #settings: Pick<ReferenceResolverOptions, "vaultDomain" | "maxAge" | "clock">;

  /**
   * @param credential - one of ours, or of any other library for Azure; `DefaultAzureCredential` if not given
   * @param options - those of a client, and the two of its own
   * @throws NightlatchError - `INVALID_ARGUMENT`, `INVALID_CONFIGURATION`: options or environment are wrong
   */
  constructor(
    credential?: TokenCredential,
    { vaultDomain, maxAge, ...options }: ReferenceResolverOptions = {},
  ) {
    super(credential, options);
    const { clock } = options;
    this.#settings = { vaultDomain, maxAge, ...(clock && { clock }) };
  }

  /**
   * Resolves a value, or all values of a tree: what `JSON.parse` gave, or a parser of YAML or TOML.
   *
   * @param value - a text; or objects, arrays, maps and sets of them in any depth. All else in the tree stays as it is
   * @returns the text with the secret; or a copy of the tree, in which objects are plain ones. What holds no reference is
   *   not copied
   * @throws NightlatchError - `INVALID_CONFIGURATION`: a text means to be a reference and is none; another `code`: a secret
   *   could not be had. `attempts` names each place, a JSON Pointer (RFC 6901) in a tree
   * @throws AbortError - `abortSignal` was aborted
   */
  resolve(value: string, options?: ResolveValueOptions): Promise<string>;
  resolve<T>(value: T, options?: ResolveOptions): Promise<T>;
  async resolve(value: unknown, options: ResolveValueOptions = {}): Promise<unknown> {
    const { text, form } = asked(value, options);
    const answer = await this.#text(form, text, options);
    return filled(value, form === "json" ? JSON.parse(answer) : answer);
  }

  /**
   * Resolves the variables of an environment, and gives all of them.
   *
   * @param environment - that of the process, or of the option `environment`, if it is not given; it is not changed
   */
  async resolveEnv(environment?: Environment, options: ResolveOptions = {}): Promise<Record<string, string>> {
    const variables = Object.entries(environment ?? this._engine().environment());
    const set = variables.filter((variable): variable is [string, string] => variable[1] !== undefined);
    return this.resolve(Object.fromEntries(set), options);
  }

  /**
   * Resolves the values of a JSON text. Everything else in it stays to the byte, its layout too.
   *
   * @throws NightlatchError - `INVALID_CONFIGURATION`: it is no JSON
   */
  async resolveJson(text: string, options: ResolveOptions = {}): Promise<string> {
    return this.#text("json", document(text), options);
  }

  /**
   * Resolves the values of a YAML text, where references stand in quotes. Everything else in it stays to the byte,
   * comments and anchors too.
   *
   * @throws NightlatchError - `INVALID_CONFIGURATION`: it is no YAML, or a reference stands in a block
   */
  async resolveYaml(text: string, options: ResolveOptions = {}): Promise<string> {
    return this.#text("yaml", document(text), options);
  }

  /**
   * Resolves the values of a TOML text. Everything else in it stays to the byte, comments too.
   *
   * @throws NightlatchError - `INVALID_CONFIGURATION`: it is no TOML
   */
  async resolveToml(text: string, options: ResolveOptions = {}): Promise<string> {
    return this.#text("toml", document(text), options);
  }

  /**
   * Resolves the values of an `.env` file, and gives its variables.
   *
   * @throws NightlatchError - `INVALID_CONFIGURATION`: a line is not understood
   */
  async resolveDotenv(text: string, options: ResolveOptions = {}): Promise<Record<string, string>> {
    return JSON.parse(await this.#text("env", document(text), options)) as Record<string, string>;
  }

  /**
   * Resolves a tree as `resolve` does, into settings that follow rotation.
   *
   * @throws NightlatchError - a secret could not be had
   */
  async live<T extends object>(
    values: T,
    options: ResolveOptions & LiveOptions = {},
  ): Promise<LiveSettings<T>> {
    const { maxAge = this.#settings.maxAge ?? Infinity, timeout } = options;
    const read = (): Promise<T> => this.resolve(values, { maxAge: options.maxAge, timeout });
    const now = (): number => this.#settings.clock?.read?.().instantMs ?? performance.now();
    return new LiveSettings(await this.resolve(values, options), read, now, maxAge, options);
  }

  /**
   * Tells how each reference of a value, a tree or a text fares, without its secret. Troubles are not thrown: they are
   * what it tells.
   *
   * @throws NightlatchError - `INVALID_CONFIGURATION`: the text is not of that form
   */
  async status(value: unknown, options: ResolutionOptions = {}): Promise<Resolution> {
    const { text, form } = asked(value, options);
    return toldFrom((await this.#ask(options.form ?? form, text, options, true))[2]);
  }

  /** Forgets all cached secrets, also for clients with the same credential and options. */
  invalidate(): void {
    this._engine().invalidate("", null, null);
  }

  async #text(form: string, text: string, options: ResolveValueOptions): Promise<string> {
    // Only a report comes without a text.
    return (await this.#ask(form, text, options, false))[3] as string;
  }

  #ask(form: string, text: string, options: ResolveValueOptions, report: boolean) {
    const { vaultDomain, maxAge: usual } = this.#settings;
    const { contentType, maxAge = usual } = options;
    const request = {
      form,
      content_type: contentType,
      vault_domain: vaultDomain,
      max_age: maxAge === undefined ? undefined : maxAge / 1000,
      report,
    };
    return this._calls.one<"reply">("resolve_references", request, options, text);
  }
}

/** How a value or a tree is asked about. */
function asked(value: unknown, { contentType }: ResolveValueOptions): { text: string; form: string } {
  if (typeof value === "string") {
    return { text: unicode(value), form: "value" };
  }
  if (contentType !== undefined) {
    throw invalidArgument("contentType is told of a single value, which is a string.");
  }
  return { text: JSON.stringify(outline(value)), form: "json" };
}

/** A whole text. What is no Unicode would come back as something else. */
function document(text: string): string {
  if (typeof text !== "string" || unicode(text) !== text) {
    throw invalidArgument("The text must be a string of whole characters.");
  }
  return text;
}
