/** Spans and metrics, by the real SDK of OpenTelemetry. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { context, metrics, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { ClientSecretCredential, NightlatchError, SecretClient } from "nightlatch";

const VAULT = "https://contoso.vault.azure.net";
const TENANT = "11111111-1111-4111-8111-111111111111";

const spans = new InMemorySpanExporter();
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });

/** What the vault answers, if it is not the secret. */
let otherwise: (() => Response) | undefined;

beforeEach(() => {
  spans.reset();
  otherwise = undefined;
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  metrics.setGlobalMeterProvider(meters);
});
const meters = new MeterProvider({ readers: [reader] });

function newClient(options = {}): SecretClient {
  const fetch = async (url: string): Promise<Response> => {
    if (url.startsWith("https://login.microsoftonline.com/")) {
      return Response.json({ access_token: "hunter2-token", expires_in: 3600, token_type: "Bearer" });
    }
    const id = `${VAULT}/secrets/${new URL(url).pathname.split("/")[2]}/${"1".repeat(32)}`;
    return otherwise?.() ?? Response.json({ value: "hunter2-value", id, attributes: { enabled: true } });
  };
  const credential = new ClientSecretCredential(TENANT, "client", "hunter2-secret");
  return new SecretClient(VAULT, credential, { fetch, environment: {}, ...options });
}

/** What a metric has come to, summed by one of its attributes: values, or how many were recorded. */
async function sums(name: string, attribute = ""): Promise<Record<string, number>> {
  await reader.forceFlush();
  const latest =
    measured
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? [];
  const metric = latest.find(({ descriptor }) => descriptor.name === name);
  assert.ok(metric, name);
  const found: Record<string, number> = {};
  for (const { attributes, value } of metric.dataPoints as DataPoint<number | Histogram>[]) {
    const key = String(attributes[attribute]);
    found[key] = (found[key] ?? 0) + (typeof value === "number" ? value : value.count);
  }
  return found;
}

const parentOf = ({ parentSpanContext }: ReadableSpan): string | undefined => parentSpanContext?.spanId;

test("an operation and its requests are spans, below the one that is current", async () => {
  const client = newClient();
  await trace.getTracer("the program").startActiveSpan("handler", async (outer) => {
    await client.getSecret("db");
    outer.end();
  });
  const [token, secret, operation, outer] = spans.getFinishedSpans();
  assert.ok(token && secret && operation && outer);
  assert.equal(operation.name, "SecretClient.get_secret");
  assert.equal(operation.kind, SpanKind.INTERNAL);
  assert.equal(parentOf(operation), outer.spanContext().spanId);
  assert.deepEqual(operation.attributes, {
    "azure.resource_provider.namespace": "Microsoft.KeyVault",
    "nightlatch.operation": "get_secret",
    "nightlatch.secret.name": "db",
    "server.address": "contoso.vault.azure.net",
    "server.port": 443,
  });
  for (const request of [token, secret]) {
    assert.equal(request.kind, SpanKind.CLIENT);
    assert.equal(parentOf(request), operation.spanContext().spanId);
    assert.equal(request.status.code, SpanStatusCode.UNSET);
  }
  assert.deepEqual([token.name, token.attributes["server.address"]], ["POST", "login.microsoftonline.com"]);
  assert.deepEqual([secret.name, secret.attributes["http.response.status_code"]], ["GET", 200]);
  assert.equal(secret.attributes["url.full"], `${VAULT}/secrets/db/`);
  assert.ok(secret.attributes["az.client_request_id"]);

  spans.reset();
  await client.getSecret("db");
  assert.deepEqual(spans.getFinishedSpans(), [], "a cached read makes none");
  client.close();
});

test("without anything that keeps contexts, requests still belong to their operation", async () => {
  context.disable();
  const client = newClient();
  await client.getSecret("db");
  const [token, secret, operation] = spans.getFinishedSpans();
  assert.ok(token && secret && operation);
  assert.deepEqual([token, secret].map(parentOf), Array(2).fill(operation.spanContext().spanId));
  client.close();
});

test("a failure is told with its kind", async () => {
  const error = { code: "Forbidden", message: "Not you.", innererror: { code: "ForbiddenByRbac" } };
  otherwise = () => Response.json({ error }, { status: 403, headers: { "X-Ms-Request-Id": "number-7" } });
  const client = newClient();
  await assert.rejects(client.getSecret("db"), NightlatchError);
  await assert.rejects(client.getSecret("no_name"), NightlatchError);
  const [, request, operation, refused] = spans.getFinishedSpans();
  assert.ok(request && operation && refused);
  assert.equal(request.attributes["error.type"], "403");
  assert.equal(request.attributes["az.service_request_id"], "number-7");
  assert.equal(operation.attributes["error.type"], "FORBIDDEN");
  assert.equal(refused.attributes["error.type"], "INVALID_ARGUMENT");
  for (const span of [request, operation, refused]) {
    assert.equal(span.status.code, SpanStatusCode.ERROR);
  }
  assert.match(operation.status.message ?? "", /may not be read/);
  client.close();
});

test("a lost connection is told", async () => {
  otherwise = () => {
    throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ENOTFOUND" } });
  };
  const client = newClient({ retryOptions: { maxRetries: 1, retryDelayInMs: 1 } });
  await assert.rejects(client.getSecret("db"), NightlatchError);
  const kinds = spans.getFinishedSpans().map(({ attributes }) => attributes["error.type"]);
  assert.deepEqual([kinds[0], kinds.length, kinds.at(-1)], [undefined, 4, "UNREACHABLE"]);
  assert.ok(kinds[1] && kinds[1] === kinds[2]);
  client.close();
});

test("what is measured", async () => {
  const all = async (): Promise<Record<string, number>> => ({
    ...(await sums("http.client.request.duration", "server.address")),
    ...(await sums("nightlatch.client.operation.duration", "error.type")),
    ...(await sums("nightlatch.cache.reads", "nightlatch.cache.result")),
  });
  const client = newClient();
  await client.getSecret("db");
  const before = await all();
  for (let time = 0; time < 4; time++) {
    await client.getSecret("db");
  }
  await client.getSecret("other");
  await assert.rejects(client.getSecret("no_name"));
  const after = await all();
  const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
  assert.deepEqual(["contoso.vault.azure.net", "login.microsoftonline.com"].map(grown), [1, 0]);
  assert.deepEqual(["undefined", "INVALID_ARGUMENT", "hit", "miss"].map(grown), [1, 1, 4, 1]);
  // Over all caches of the process, of which other tests have left some.
  const { entries = 0, bytes = 0 } = client.cacheInfo() ?? {};
  assert.equal(entries, 2);
  assert.ok(((await sums("nightlatch.cache.entries"))["undefined"] ?? 0) >= entries);
  assert.ok(((await sums("nightlatch.cache.bytes"))["undefined"] ?? 0) >= bytes && bytes > 0);
  client.close();
});

test("nothing carries a value", async () => {
  const client = newClient();
  await client.setSecret("db", "hunter2-new");
  await client.getSecret("db");
  const told = spans.getFinishedSpans();
  assert.ok(told.some(({ name }) => name === "SecretClient.set_secret"));
  await reader.forceFlush();
  const shown = told.map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
  assert.doesNotMatch(JSON.stringify([shown, measured.getMetrics()]), /hunter2/);
  client.close();
});
