/**
 * The wasm engine: its factory, once there is a module.
 *
 * @module
 */

import * as glue from "./engine/nightlatch.js";
import type { Engine, EngineFactory } from "./engine.js";
import { edgeHost, type Place } from "./host/edge.js";
import { HOST_OPTIONS, install } from "./runtime.js";

let factory: EngineFactory | undefined;

/** Readies the engine from a module or from bytes, at once. Does nothing if it is ready. */
export function initSync(source: WebAssembly.Module | BufferSource): EngineFactory {
  glue.initSync({ module: source });
  return made();
}

/** The engine if it is ready. */
export function ready(): EngineFactory | undefined {
  return factory;
}

/** Installs the wasm engine beside a host for `place`; `load` readies it unless it is ready before. */
export function installWasm(place: Place, load: () => Promise<EngineFactory>): void {
  install({
    get engine() {
      return place.lateEngine ? undefined : factory;
    },
    load,
    host: (options) => edgeHost(place, options),
    hostOptions: HOST_OPTIONS,
  });
}

/** The factory over the module that the glue was given. */
export function made(): EngineFactory {
  const numbers = glue.errorNumbers();
  return (factory ??= {
    create: (options, environment, secrets, seed) =>
      new glue.Engine(options, environment, secrets, seed) as Engine,
    environmentNames: glue.environmentNames(),
    errorKinds: glue.errorKinds().map((kind, index) => [kind, numbers[index] ?? 0]),
    faultKinds: glue.faultKinds(),
    version: glue.version(),
  });
}
