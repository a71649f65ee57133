/**
 * Values and fields of documents that are stored encrypted with a key of a vault. The module for the edge leaves them out.
 *
 * @module
 */

import { Connected } from "./connected.js";
import type { SecretValue } from "./engine.js";
import { invalidArgument } from "./errors.js";
import type { EngineOptions } from "./options.js";
import type { OperationOptions } from "./requests.js";
import type { TokenCredential } from "./token.js";

/** Options of {@link FieldEncryption}. */
export interface FieldEncryptionOptions extends EngineOptions {
  /** The version of the key that encrypts; if it is not given, the latest. Values name theirs. */
  keyVersion?: string | undefined;
  /** How many values one data key encrypts. Default 2²⁰, at most 2³² - 1. */
  dataKeyUses?: number | undefined;
  /** For how long one data key encrypts, and is kept for decrypting, in milliseconds. Default 300,000. */
  dataKeyTtl?: number | undefined;
}

/** Options of calls about one value. Where it belongs stands in it in the open, and nothing else is accepted there. */
export interface EncryptOptions extends OperationOptions {
  /** The document that it belongs to, by a name that never changes. */
  document?: string | undefined;
  /** Where in the document it belongs. */
  field?: string | undefined;
}

/** Options of calls about the fields of a document. */
export interface FieldsOptions extends OperationOptions {
  /** The document's own name, which never changes. Stands in the values in the open, and no other is accepted. */
  name?: string | undefined;
}

/** A tree whose members are known to its user alone: what is encrypted is a string, whatever it was. */
type Tree = Record<string, any>;

/**
 * Encrypts values, and fields of documents, so that only who may use a key of a vault can read them.
 *
 * Each value is a JWE in its compact form (RFC 7516; `RSA-OAEP-256`, `A256GCM`), which any JOSE library reads. The key
 * stays in the vault, and encrypts data keys there; these are kept in memory for a while and bounded in uses. Needs the
 * permissions to get the key and to wrap keys for encrypting, to unwrap keys for decrypting.
 */
export class FieldEncryption extends Connected {
  readonly #key: object;

  /**
   * @param vaultUrl - such as `https://contoso.vault.azure.net`
   * @param keyName - an RSA key of that vault
   * @param credential - one of ours, or of any other library for Azure; `DefaultAzureCredential` if not given
   * @throws NightlatchError - `INVALID_ARGUMENT`, `INVALID_CONFIGURATION`: URL, options or environment are wrong
   */
  constructor(
    vaultUrl: string,
    keyName: string,
    credential?: TokenCredential,
    { keyVersion, dataKeyUses, dataKeyTtl, ...options }: FieldEncryptionOptions = {},
  ) {
    super(credential, options, vaultUrl);
    this.#key = {
      name: keyName,
      version: keyVersion,
      data_key_uses: dataKeyUses,
      data_key_ttl: dataKeyTtl === undefined ? undefined : dataKeyTtl / 1000,
    };
    // A wrong URL is told here and not at the first call.
    this._engine().peek(vaultUrl, "", null);
  }

  /**
   * Encrypts a value.
   *
   * @param value - bytes, or a text as UTF-8
   * @returns a compact JWE
   * @throws NightlatchError - see its `code`
   */
  async encrypt(value: SecretValue, options: EncryptOptions = {}): Promise<string> {
    if (typeof value !== "string" && !(value instanceof Uint8Array)) {
      throw invalidArgument("What is encrypted is a string or a Uint8Array.");
    }
    return text(await this.#value("encrypt", value, options));
  }

  /**
   * Decrypts a value that was encrypted here, or by any JOSE library for this key.
   *
   * @throws NightlatchError - `DECRYPTION_FAILED`: it is not what it should be; `help` says whether it was altered, belongs
   *   elsewhere, or was encrypted for another key
   */
  async decrypt(value: string, options: EncryptOptions = {}): Promise<Uint8Array> {
    return this.#value("decrypt", compact(value), options);
  }

  /**
   * Decrypts a value that is a text.
   *
   * @throws TypeError - it is not UTF-8
   */
  async decryptText(value: string, options: EncryptOptions = {}): Promise<string> {
    return text(await this.decrypt(value, options));
  }

  /** Encrypts a value anew with the latest version of the key; gives it as it is, if it already was. */
  async rewrap(value: string, options: EncryptOptions = {}): Promise<string> {
    return text(await this.#value("rewrap", compact(value), options));
  }

  /**
   * Encrypts fields of a document, each by itself. Nobody can move a value to another field unnoticed nor, if the document
   * has a `name`, to another document.
   *
   * @param document - a JSON text, which stays to the byte but for the fields; or a tree, as `JSON.parse` and parsers of
   *   YAML or TOML give it
   * @param fields - JSON Pointers (RFC 6901), in which `*` as a part stands for every item or member. What one pointer
   *   with `*` finds is one field: its values can be exchanged for each other
   * @returns a text for a text; a copy of a tree, in which all else is the very object that it was
   */
  encryptFields(document: string, fields: readonly string[], options?: FieldsOptions): Promise<string>;
  encryptFields<T extends object = Tree>(
    document: object,
    fields: readonly string[],
    options?: FieldsOptions,
  ): Promise<T>;
  async encryptFields(
    document: string | object,
    fields: readonly string[],
    options: FieldsOptions = {},
  ): Promise<unknown> {
    return this.#fields("encrypt", document, fields, options);
  }

  /** Decrypts fields of a document: those that are named, as they were for encrypting, or all that are encrypted. */
  decryptFields(document: string, fields?: readonly string[], options?: FieldsOptions): Promise<string>;
  decryptFields<T extends object = Tree>(
    document: object,
    fields?: readonly string[],
    options?: FieldsOptions,
  ): Promise<T>;
  async decryptFields(
    document: string | object,
    fields?: readonly string[],
    options: FieldsOptions = {},
  ): Promise<unknown> {
    return this.#fields("decrypt", document, fields, options);
  }

  /** Encrypts fields of a document anew with the latest version of the key: those that are named, or all that are. */
  rewrapFields(document: string, fields?: readonly string[], options?: FieldsOptions): Promise<string>;
  rewrapFields<T extends object = Tree>(
    document: object,
    fields?: readonly string[],
    options?: FieldsOptions,
  ): Promise<T>;
  async rewrapFields(
    document: string | object,
    fields?: readonly string[],
    options: FieldsOptions = {},
  ): Promise<unknown> {
    return this.#fields("rewrap", document, fields, options);
  }

  async #fields(
    work: string,
    document: string | object,
    fields: readonly string[] | undefined,
    options: FieldsOptions,
  ): Promise<unknown> {
    const request = { form: "json", fields, document: options.name };
    const json = typeof document === "string" ? document : written(document);
    const changed = text(await this.#ask(work, request, json, options));
    return typeof document === "string" ? changed : replaced(document, JSON.parse(json), JSON.parse(changed));
  }

  #value(work: string, value: SecretValue, options: EncryptOptions): Promise<Uint8Array> {
    const { document, field } = options;
    return this.#ask(work, { document, field }, value, options);
  }

  async #ask(
    work: string,
    request: object,
    value: SecretValue,
    options: OperationOptions,
  ): Promise<Uint8Array> {
    return (await this._calls.one<"value">(work, { ...this.#key, ...request }, options, value))[2];
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function text(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

function compact(value: string): string {
  if (typeof value !== "string") {
    throw invalidArgument("An encrypted value is a string.");
  }
  return value;
}

/** A tree as JSON. */
function written(tree: object): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(tree);
  } catch {
    // What it says may quote the tree.
  }
  if (json === undefined || tree === null) {
    throw invalidArgument("The document is neither a JSON text nor a tree that JSON can say.");
  }
  return json;
}

/** The tree with what differs between the two that JSON made of it, before and after. What is the same stays the very object. */
function replaced(tree: unknown, before: unknown, after: unknown): unknown {
  if (!isBranch(before) || !isBranch(after) || !isBranch(tree)) {
    return before === after ? tree : after;
  }
  const parts = Object.keys(after).map((key) => [key, replaced(tree[key], before[key], after[key])] as const);
  if (parts.every(([key, part]) => Object.is(part, tree[key]))) {
    return tree;
  }
  if (Array.isArray(tree)) {
    return parts.map(([, part]) => part);
  }
  // Not by assigning: a member `__proto__` would become the copy's prototype.
  return Object.fromEntries([...Object.entries(tree), ...parts]);
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
