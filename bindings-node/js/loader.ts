/**
 * Finds an engine: the native one of this platform's package, else the one in wasm.
 *
 * @module
 */

import type { EngineFactory } from "../../wasm/js/engine.js";
import { nativeFactory, type NativeModule, type Scanner } from "./native.js";

/** Which engine is at work. */
export type EngineKind = "native" | "wasm";

/** The version of this package, put in by the build. */
declare const NIGHTLATCH_VERSION: string;

/** Loads an engine. `NIGHTLATCH_ENGINE=wasm` passes the native one by; `=native` insists on it. */
export function loadEngine(): { kind: EngineKind; factory: EngineFactory } {
  return load<{ kind: EngineKind; factory: EngineFactory }>(
    (native) => ({ kind: "native", factory: nativeFactory(native) }),
    (fallback) => ({ kind: "wasm", factory: fallback.wasmFactory() }),
  );
}

/** Loads the search for secrets in files, in the same way. */
export function loadScanner(): Scanner {
  return load<Scanner>(
    (native) => native,
    (fallback) => fallback.wasmScanner(),
  );
}

function load<T>(
  byNative: (native: NativeModule) => T,
  byFallback: (fallback: typeof import("./fallback.js")) => T,
): T {
  const failures: unknown[] = [];
  const native = loadNative(failures);
  if (native !== undefined) {
    return byNative(native);
  }
  if (process.env["NIGHTLATCH_ENGINE"] !== "native") {
    try {
      return byFallback(require("./fallback.cjs") as typeof import("./fallback.js"));
    } catch (why) {
      failures.push(why);
    }
  }
  const reasons = failures.map((why) => `\n- ${why instanceof Error ? why.message.split("\n", 1)[0] : why}`);
  throw new AggregateError(failures, `nightlatch found no engine for this platform:${reasons.join("")}`);
}

/** Loads the native module, if there is one and it is not passed by. Why not is added to `failures`. */
export function loadNative(failures: unknown[]): NativeModule | undefined {
  for (const name of process.env["NIGHTLATCH_ENGINE"] === "wasm" ? [] : platformPackages()) {
    try {
      return checked(require(name) as NativeModule, name);
    } catch (why) {
      failures.push(why);
    }
  }
  return undefined;
}

/** The packages that may hold the native module. Package managers install the one that fits. */
function platformPackages(): string[] {
  const flavours: Readonly<Record<string, string[]>> = { linux: ["-gnu", "-musl"], win32: ["-msvc"] };
  const { platform, arch } = process;
  return (flavours[platform] ?? [""]).map((flavour) => `nightlatch-${platform}-${arch}${flavour}`);
}

/** Front and engine speak to each other without any promise of stability. */
function checked(native: NativeModule, name: string): NativeModule {
  if (native.VERSION !== NIGHTLATCH_VERSION) {
    throw new Error(`${name} is version ${native.VERSION}; ${NIGHTLATCH_VERSION} is needed`);
  }
  return native;
}
