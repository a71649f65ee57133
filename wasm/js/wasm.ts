/**
 * The wasm engine: how its module is given, and its factory.
 *
 * @module
 */

import * as glue from "./engine/nightlatch.js";
import type { Engine, EngineFactory } from "./engine.js";
import { edgeHost, type Place } from "./host/edge.js";
import { HOST_OPTIONS, install, type Runtime } from "./runtime.js";

/** The wasm module: compiled, its bytes, or where to fetch it. */
export type WasmSource = WebAssembly.Module | BufferSource | Response | URL | string;

let factory: EngineFactory | undefined;
let loading: Promise<EngineFactory> | undefined;

/** Readies the engine from a module or from bytes, at once. Does nothing if it is ready. */
export function initSync(source: WebAssembly.Module | BufferSource): EngineFactory {
  if (factory === undefined) {
    glue.initSync({ module: source });
    factory = made();
  }
  return factory;
}

/** Readies the engine. Does nothing if it is ready; tries anew if it could not be readied before. */
export function load(source: WasmSource | Promise<WasmSource>): Promise<EngineFactory> {
  if (factory !== undefined) {
    return Promise.resolve(factory);
  }
  loading ??= (async () => {
    await glue.default({ module_or_path: await source });
    return (factory ??= made());
  })();
  loading.catch(() => (loading = undefined));
  return loading;
}

/** Installs the wasm engine beside a host for `place`; `source` says where the module is unless `init` does. */
export function installWasm(place: Place, source: () => WasmSource | Promise<WasmSource>): void {
  const runtime: Runtime = {
    get engine() {
      return place.lateEngine ? undefined : factory;
    },
    load: () => load(source()),
    host: (options) => edgeHost(place, options),
    hostOptions: HOST_OPTIONS,
  };
  install(runtime);
}

function made(): EngineFactory {
  const numbers = glue.errorNumbers();
  return {
    create: (options, environment, secrets, seed) =>
      new glue.Engine(options, environment, secrets, seed) as Engine,
    environmentNames: glue.environmentNames(),
    errorKinds: glue.errorKinds().map((kind, index) => [kind, numbers[index] ?? 0]),
    faultKinds: glue.faultKinds(),
    version: glue.version(),
  };
}
