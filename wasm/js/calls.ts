/**
 * How a client has its engine do something: one operation, the pages of a list, what the vault finishes later.
 *
 * @module
 */

import { type Diagnosis, type Forecast, type Health, toldFrom } from "./doctor.js";
import type { Own } from "./effects.js";
import type { SecretValue } from "./engine.js";
import { invalidArgument } from "./errors.js";
import { readReply } from "./json.js";
import { propertiesFrom, type RawProperties, type SecretProperties } from "./models.js";
import { paged, type PagedAsyncIterableIterator } from "./paging.js";
import { type Begun, type Look, resumed } from "./polling.js";
import type { Finished, Pump } from "./pump.js";
import {
  type ListOptions,
  type OperationOptions,
  type SecretPollerOptions,
  timed,
  waiting,
} from "./requests.js";

/** The calls of one client. */
export class Calls {
  readonly #vault: string | undefined;
  readonly #owner: object;
  readonly #pump: () => Pump;

  /** @param pump - gives the engine at work, or throws if the client is closed */
  constructor(vault: string | undefined, owner: object, pump: () => Pump) {
    this.#vault = vault;
    this.#owner = owner;
    this.#pump = pump;
  }

  /** Has an operation done that ends, as `Kind` says, in a certain way. */
  async one<Kind extends Finished[0]>(
    op: string,
    request: object,
    options: OperationOptions,
    value?: SecretValue,
    own?: Own,
  ): Promise<Extract<Finished, [Kind, ...unknown[]]>> {
    const operation = { op, vault: this.#vault, ...timed(options), ...request };
    const finished = await this.#pump().call(operation, this.#owner, options.abortSignal, value, own);
    return finished as Extract<Finished, [Kind, ...unknown[]]>;
  }

  /** Has an operation done that ends with JSON. */
  async reply<T>(op: string, request: object, options: OperationOptions, value?: SecretValue): Promise<T> {
    return readReply((await this.one<"reply">(op, request, options, value))[2]);
  }

  /** Asks the doctor. */
  async told<T extends Diagnosis | Health | Forecast>(
    op: string,
    request: object,
    options: OperationOptions,
  ): Promise<T> {
    return toldFrom((await this.one<"reply">(op, request, options))[2]);
  }

  /** Has an operation done that ends with the properties of a secret. */
  async properties(
    op: string,
    request: object,
    options: OperationOptions,
    value?: SecretValue,
  ): Promise<SecretProperties> {
    const reply = await this.reply<{ properties: RawProperties }>(op, request, options, value);
    return propertiesFrom(reply.properties);
  }

  /** The pages of a list. */
  list<Raw, T>(
    op: string,
    request: object,
    read: (raw: Raw) => T,
    options: ListOptions,
  ): PagedAsyncIterableIterator<T> {
    return paged(async ({ continuationToken: continuation, maxPageSize }) => {
      const paging = { ...request, continuation, max_page_size: maxPageSize };
      const reply = await this.reply<{ page: Raw[]; continuation?: string }>(op, paging, options);
      return { items: reply.page.map(read), continuation: reply.continuation };
    });
  }

  /** Begins what the vault finishes later, or takes it up again. */
  async begin<T>(
    op: string,
    name: string,
    options: SecretPollerOptions,
    read: (reply: unknown) => Omit<Begun<T>, "reply">,
  ): Promise<Begun<T>> {
    if (options.resumeFrom !== undefined) {
      const before = resumed(options.resumeFrom);
      if (before === undefined) {
        throw invalidArgument("resumeFrom must be what toString of a poller gave.");
      }
      const { reply, isCompleted } = before;
      return { ...read(readReply(reply)), finished: isCompleted, reply };
    }
    const [, , reply] = await this.one<"reply">(op, { name }, options);
    return { ...read(readReply(reply)), reply };
  }

  /** How a poller looks whether the vault has finished. */
  looking(op: string, name: string, { intervalInMs }: SecretPollerOptions): Look {
    return async (wait, options) => {
      const request = { name, ...(wait && waiting({ ...options, intervalInMs })) };
      return (await this.reply<{ finished: boolean }>(op, request, options)).finished;
    };
  }
}
