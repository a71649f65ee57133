/**
 * The tables of `tests/vectors/`, by the core's own parsers in both engines: what is expected comes out, and the same to
 * the last byte, though one engine counts with 64 bits and the other with 32.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { ROOT } from "./support/places.js";

/** What `vectors/src/lib.rs` exports. */
interface Parsers {
  evaluate(parser: string, table: string): string | null | undefined;
}

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

interface Row {
  name: string;
  expect: Json;
}

const native = createRequire(import.meta.url)("./vectors.node") as Parsers;
const wasm = await inWasm();

async function inWasm(): Promise<Parsers> {
  const glue = (await import(new URL("vectors.js", import.meta.url).href)) as Parsers & {
    initSync(source: { module: Uint8Array }): void;
  };
  glue.initSync({ module: readFileSync(new URL("vectors.wasm", import.meta.url)) });
  return glue;
}

const folder = join(ROOT, "tests", "vectors");
const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as {
  file: string;
  parser: string;
}[];

for (const { file, parser } of index) {
  test(`${file}: ${parser}`, () => {
    const table = readFileSync(join(folder, file), "utf8");
    const results = native.evaluate(parser, table);
    assert.equal(wasm.evaluate(parser, table), results);
    const actual = JSON.parse(results ?? "null") as Json[];
    const rows = JSON.parse(table) as Row[];
    assert.equal(actual.length, rows.length);
    assert.ok(rows.length > 0);
    const wrong = rows.flatMap(({ name, expect }, at) =>
      differences(expect, actual[at]).map((what) => `${name}: ${what}`),
    );
    assert.deepEqual(wrong, []);
  });
}

test("a parser that does not exist evaluates nothing", () => {
  assert.equal(native.evaluate("parse_nothing", "[]") ?? null, null);
  assert.equal(wasm.evaluate("parse_nothing", "[]") ?? null, null);
});

test("a difference is told", () => {
  const actual = { a: [1], b: "some text" };
  assert.deepEqual(differences({ a: [1], "b~": ["some", "text"] }, actual), []);
  assert.equal(differences({ a: [2] }, actual).length, 1);
  assert.equal(differences({ "b~": ["some", "other"] }, actual).length, 1);
  assert.equal(differences({ c: null }, actual).length, 1);
  assert.equal(differences(null, actual).length, 1);
});

/** An expected object is a subset; `name~` wants a text that holds this text, or all of these. */
function differences(expect: Json, actual: Json | undefined): string[] {
  if (!isObject(expect) || !isObject(actual)) {
    return isDeepStrictEqual(expect, actual)
      ? []
      : [`${JSON.stringify(actual)}, not ${JSON.stringify(expect)}`];
  }
  return Object.entries(expect).flatMap(([name, part]) => {
    if (!name.endsWith("~")) {
      return differences(part, actual[name]).map((what) => `${name}: ${what}`);
    }
    const text = String(actual[name.slice(0, -1)]);
    const parts = Array.isArray(part) ? part : [part];
    const missing = parts.filter((some) => typeof some !== "string" || !text.includes(some));
    return missing.map((some) => `${name} lacks ${JSON.stringify(some)}: ${text}`);
  });
}

function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
