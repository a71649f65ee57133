/**
 * Spans and metrics for OpenTelemetry, wherever the program has registered a provider.
 *
 * Nothing is imported: `@opentelemetry/api` keeps what is registered with it on the global object, so that its copies in
 * one process find each other, and we look there too. Who does not want it pays that look for each call that leaves the
 * cache. Cached reads make no spans; the cache's own counters tell of them.
 *
 * Names are those of every other language of ours, and follow the semantic conventions: an internal span for each
 * operation, and in it a client span for each request that was made for it. URLs are told without their queries. Nothing
 * here carries a value.
 *
 * @module
 */

import { NightlatchError } from "../../../wasm/js/errors.js";
import type { Described, HttpAnswer, HttpRequest, Watch } from "../../../wasm/js/host/host.js";
import { faultFrom } from "./faults.js";

/** The version of this package, put in by the build. */
declare const NIGHTLATCH_VERSION: string;

type Facts = Record<string, string | number>;

/** What of `@opentelemetry/api` is called here. */
interface Span {
  setAttributes(facts: Facts): void;
  setStatus(status: { code: number; message?: string }): void;
  end(): void;
}
interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
  deleteValue(key: symbol): Context;
}
interface Tracer {
  startSpan(name: string, options: { kind: number; attributes: Facts }, context?: Context): Span;
}
interface Histogram {
  record(value: number, facts: Facts): void;
}
interface Observable {
  addCallback(callback: (result: { observe(value: number, facts?: Facts): void }) => void): void;
}
interface Meter {
  createHistogram(name: string, options: object): Histogram;
  createObservableCounter(name: string, options: object): Observable;
  createObservableUpDownCounter(name: string, options: object): Observable;
}
interface Registered {
  trace?: { getTracer(name: string, version: string): Tracer };
  metrics?: { getMeter(name: string, version: string): Meter };
  context?: { active(): Context };
}

/** Where the API keeps what is registered, and how it calls the span in a context. Both hold for its whole version 1. */
const API = Symbol.for("opentelemetry.js.api.1");
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");

/** Whose operations those are that are not a client's. */
const OWNERS: Readonly<Record<string, string>> = {
  get_token: "TokenCredential",
  resolve_references: "ReferenceResolver",
};

const INTERNAL = 0;
const CLIENT = 2;
const ERROR = 2;

const NAMESPACE = { "azure.resource_provider.namespace": "Microsoft.KeyVault" };
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** What a cache tells of itself: `Pump.cacheInfo`. */
interface Cache {
  cacheInfo(): string | undefined;
}

/** Those whose counters are summed. */
const caches = new Set<WeakRef<Cache>>();

/** Counts a cache among those that are measured. */
export function watchCache(cache: Cache): void {
  caches.add(new WeakRef(cache));
}

/** Watches the operations and requests of one engine. */
export class Telemetry {
  /** Contexts of operations under way, for the requests that are made for them. */
  readonly #contexts = new Map<number, Context>();

  /** Begins to watch an operation, if anybody wants to know. */
  operation(described: Described): Watch | undefined {
    const { trace, context } = registered();
    const instruments = meters();
    if (trace === undefined && instruments === undefined) {
      return undefined;
    }
    const begun = performance.now();
    const facts: Facts = { "nightlatch.operation": described.op, ...server(described.vault) };
    const owner = OWNERS[described.op] ?? "SecretClient";
    const secret = described.name === undefined ? {} : { "nightlatch.secret.name": described.name };
    const active = context?.active();
    const attributes = { ...NAMESPACE, ...facts, ...secret };
    const span = tracer()?.startSpan(`${owner}.${described.op}`, { kind: INTERNAL, attributes }, active);
    let number: number | undefined;
    return {
      begun: (op) => {
        number = op;
        if (span !== undefined) {
          this.#contexts.set(op, (active ?? new OneContext()).setValue(SPAN, span));
        }
      },
      ended: (error) => {
        if (number !== undefined) {
          this.#contexts.delete(number);
        }
        const kind = error === undefined ? undefined : kindOf(error);
        const failed: Facts = kind === undefined ? {} : { "error.type": kind };
        instruments?.operations.record((performance.now() - begun) / 1000, { ...facts, ...failed });
        end(span, failed, error instanceof NightlatchError ? error.message : undefined);
      },
    };
  }

  /** Makes a request, and watches it if anybody wants to know. */
  async request(request: HttpRequest, send: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
    const instruments = meters();
    const here = tracer();
    if (here === undefined && instruments === undefined) {
      return send();
    }
    const begun = performance.now();
    const facts: Facts = { "http.request.method": request.method, ...server(request.url) };
    const id = header(request.headers, "x-ms-client-request-id");
    const attributes: Facts = {
      ...NAMESPACE,
      ...facts,
      "url.full": request.url.split("?", 1)[0] ?? "",
      ...(id !== undefined && { "az.client_request_id": id }),
    };
    const parent = request.op === null ? undefined : this.#contexts.get(request.op);
    const span = here?.startSpan(request.method, { kind: CLIENT, attributes }, parent);
    const done = (outcome: Facts, more: Facts = {}): void => {
      instruments?.requests.record((performance.now() - begun) / 1000, { ...facts, ...outcome });
      end(span, { ...outcome, ...more });
    };
    try {
      const answer = await send();
      const { status, headers } = answer;
      const number = header(headers, "x-ms-request-id");
      done(
        { "http.response.status_code": status, ...(status >= 400 && { "error.type": String(status) }) },
        number === undefined ? {} : { "az.service_request_id": number },
      );
      return answer;
    } catch (why) {
      done({ "error.type": faultFrom(why).kind });
      throw why;
    }
  }
}

/** Ends a span; one whose facts name an error has failed. */
function end(span: Span | undefined, facts: Facts, message?: string): void {
  span?.setAttributes(facts);
  if ("error.type" in facts) {
    span?.setStatus({ code: ERROR, ...(message !== undefined && { message }) });
  }
  span?.end();
}

/** What is measured, by one provider of meters. */
class Instruments {
  readonly requests: Histogram;
  readonly operations: Histogram;

  constructor(meter: Meter) {
    const duration = (name: string, description: string): Histogram =>
      meter.createHistogram(name, { unit: "s", description, advice: { explicitBucketBoundaries: BUCKETS } });
    this.requests = duration("http.client.request.duration", "Duration of HTTP requests.");
    this.operations = duration(
      "nightlatch.client.operation.duration",
      "Duration of operations that the cache did not answer.",
    );
    const reads = { unit: "{read}", description: "Reads by what the cache did." };
    meter.createObservableCounter("nightlatch.cache.reads", reads).addCallback((result) => {
      for (const [name, field] of [
        ["hit", "hits"],
        ["miss", "misses"],
        ["stale", "stale_served"],
      ] as const) {
        result.observe(sum(field), { "nightlatch.cache.result": name });
      }
    });
    for (const [name, unit] of [
      ["refreshes", "{refresh}"],
      ["evictions", "{secret}"],
    ] as const) {
      const counter = meter.createObservableCounter(`nightlatch.cache.${name}`, { unit });
      counter.addCallback((result) => result.observe(sum(name)));
    }
    for (const [name, unit] of [
      ["entries", "{secret}"],
      ["bytes", "By"],
    ] as const) {
      const gauge = meter.createObservableUpDownCounter(`nightlatch.cache.${name}`, { unit });
      gauge.addCallback((result) => result.observe(sum(name)));
    }
  }
}

/** Over all caches of the process. */
function sum(field: string): number {
  let total = 0;
  for (const reference of caches) {
    const cache = reference.deref();
    if (cache === undefined) {
      caches.delete(reference);
    } else {
      total += Number(infoOf(cache)[field] ?? 0);
    }
  }
  return total;
}

function infoOf(cache: Cache): Record<string, number> {
  try {
    return JSON.parse(cache.cacheInfo() ?? "{}") as Record<string, number>;
  } catch {
    // The engine broke; its callers have been told.
    return {};
  }
}

function registered(): Registered {
  return (globalThis as { [API]?: Registered })[API] ?? {};
}

const tracers = new WeakMap<object, Tracer>();
const instrumented = new WeakMap<object, Instruments>();

function tracer(): Tracer | undefined {
  const { trace } = registered();
  return trace && kept(tracers, trace, () => trace.getTracer("nightlatch", NIGHTLATCH_VERSION));
}

function meters(): Instruments | undefined {
  const { metrics } = registered();
  const make = (): Instruments => new Instruments(metrics!.getMeter("nightlatch", NIGHTLATCH_VERSION));
  return metrics && kept(instrumented, metrics, make);
}

function kept<T>(all: WeakMap<object, T>, provider: object, make: () => T): T {
  const found = all.get(provider) ?? make();
  all.set(provider, found);
  return found;
}

/** A context for programs that have registered nothing which keeps one. */
class OneContext implements Context {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown> = new Map()) {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new OneContext(new Map([...this.#values, [key, value]]));
  }

  deleteValue(key: symbol): Context {
    return new OneContext(new Map([...this.#values].filter(([name]) => name !== key)));
  }
}

function kindOf(error: unknown): string {
  return error instanceof NightlatchError ? error.code : error instanceof Error ? error.name : "unknown";
}

function server(url: string | undefined): Facts {
  if (url === undefined || !URL.canParse(url)) {
    return {};
  }
  const { protocol, hostname, port } = new URL(url);
  const usual = protocol === "http:" ? 80 : 443;
  return { "server.address": hostname.replace(/^\[|\]$/g, ""), "server.port": Number(port) || usual };
}

function header(headers: readonly (readonly [string, string])[], name: string): string | undefined {
  return headers.find(([one]) => one.toLowerCase() === name)?.[1];
}
