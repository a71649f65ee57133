/**
 * The native engine in the shape of the engine's border, with the objects of cached secrets kept on this side.
 *
 * @module
 */

import type {
  Engine,
  EngineFactory,
  Given,
  Output,
  RawError,
  RawSecret,
  SecretValue,
  Turn,
} from "../../wasm/js/engine.js";

/** What the native module exports, see `src/engine.rs`. */
export interface NativeModule extends Scanner {
  readonly VERSION: string;
  environmentNames(): string[];
  errorKinds(): [string, number][];
  faultKinds(): string[];
  Engine: new (
    options: string,
    environment: [string, string][],
    secrets: SecretValue[],
    seed: Uint8Array,
  ) => NativeBinding;
  readDotenv(text: string): [string, string][];
  Masker: new (values: SecretValue[]) => Masker;
  /** Absent where Node lends the like, or nobody does. */
  pipe?(): [number, number];
  forbidDumps?(): void;
}

/** Hides secrets in one stream of bytes. */
export interface Masker {
  feed(chunk: Uint8Array): Uint8Array;
  finish(): Uint8Array;
}

/** The search for secrets in files; see `src/scan.rs`, and `wasm/scan` where there is no native module. */
export interface Scanner {
  Scanned: new (path: string, text: string) => Scanned;
  referenceTo(vault: string | undefined, name: string): string;
}

/** The text of a file, searched. */
export interface Scanned {
  findings(): [line: number, column: number, rule: string, what: string, name: string, fixable: boolean][];
  value(index: number): string | null | undefined;
  replaced(references: [index: number, reference: string][]): string;
}

/** A turn, with the numbers of cache entries that are gone. */
interface NativeTurn extends Turn {
  discarded: number[];
}

type Reader = (name: string, version?: string) => number | undefined;

interface NativeBinding {
  start(operation: string, value?: SecretValue): { op: number; turn: NativeTurn };
  cancel(op: number): NativeTurn;
  completeHttp(effect: number, status: number, headers: [string, string][], body: Uint8Array): NativeTurn;
  completeFile(effect: number, content: Uint8Array, shared: boolean): NativeTurn;
  completeRun(effect: number, status: number | null, stdout: Uint8Array, stderr: Uint8Array): NativeTurn;
  completeToken(effect: number, token: string, expiresOnMs: number, refreshOnMs: number | null): NativeTurn;
  completeSignature(effect: number, signature: Uint8Array): NativeTurn;
  completeAssertion(effect: number, assertion: string): NativeTurn;
  completePrompt(effect: number): NativeTurn;
  completeGiven(effect: number, what: Given, value?: SecretValue): NativeTurn;
  completeReturn(effect: number, redirectUri: string, answer: string): NativeTurn;
  fail(effect: number, kind: string, detail: string): NativeTurn;
  handleTimeout(): NativeTurn;
  reader(vault: string): Reader;
  kept(vault: string, name: string, version?: string | null): RawSecret | null;
  invalidate(vault: string, name?: string | null, version?: string | null): number[];
  pending(): { op: number; sinceMs: number; waitsFor: string }[];
  cacheInfo(): string;
  setClock(instantMs: number, unixMs: number): void;
  free(): void;
}

/** Engines of the native module. */
export function nativeFactory(native: NativeModule): EngineFactory {
  return {
    create: (options, environment, secrets, seed) =>
      new NativeEngine(new native.Engine(options, environment, secrets, seed)),
    environmentNames: native.environmentNames(),
    errorKinds: native.errorKinds(),
    faultKinds: native.faultKinds(),
    version: native.VERSION,
  };
}

class NativeEngine implements Engine {
  readonly #binding: NativeBinding;
  /** Objects of cached secrets by the number of their entry: making one costs twenty times the look-up. */
  readonly #ready: (RawSecret | undefined)[] = [];
  readonly #readers = new Map<string, Reader>();
  #lastVault: string | undefined;
  #lastReader: Reader = () => undefined;

  constructor(binding: NativeBinding) {
    this.#binding = binding;
  }

  start(operationJson: string, value?: SecretValue): { op: number; turn: Turn } {
    const started = this.#binding.start(operationJson, value);
    this.#settle(started.turn);
    return started;
  }

  cancel(op: number): Turn {
    return this.#settle(this.#binding.cancel(op));
  }

  completeHttp(id: number, status: number, headers: [string, string][], body: Uint8Array): Turn {
    return this.#settle(this.#binding.completeHttp(id, status, headers, body));
  }

  completeFile(id: number, content: Uint8Array, shared: boolean): Turn {
    return this.#settle(this.#binding.completeFile(id, content, shared));
  }

  completeRun(id: number, status: number | null, stdout: Uint8Array, stderr: Uint8Array): Turn {
    return this.#settle(this.#binding.completeRun(id, status, stdout, stderr));
  }

  completeToken(id: number, token: string, expiresOnMs: number, refreshOnMs: number | null): Turn {
    return this.#settle(this.#binding.completeToken(id, token, expiresOnMs, refreshOnMs));
  }

  completeSignature(id: number, signature: Uint8Array): Turn {
    return this.#settle(this.#binding.completeSignature(id, signature));
  }

  completeAssertion(id: number, assertion: string): Turn {
    return this.#settle(this.#binding.completeAssertion(id, assertion));
  }

  completePrompt(id: number): Turn {
    return this.#settle(this.#binding.completePrompt(id));
  }

  completeGiven(id: number, what: Given, value?: SecretValue): Turn {
    return this.#settle(this.#binding.completeGiven(id, what, value));
  }

  completeReturn(id: number, redirectUri: string, answer: string): Turn {
    return this.#settle(this.#binding.completeReturn(id, redirectUri, answer));
  }

  fail(id: number, kind: string, detail: string): Turn {
    return this.#settle(this.#binding.fail(id, kind, detail));
  }

  handleTimeout(): Turn {
    return this.#settle(this.#binding.handleTimeout());
  }

  peek(vault: string, name: string, version: string | null): RawSecret | undefined {
    const read = vault === this.#lastVault ? this.#lastReader : this.#readerOf(vault);
    const number = version ? read(name, version) : read(name);
    if (number === undefined) return undefined;
    return this.#ready[number] ?? this.#make(number, vault, name, version);
  }

  invalidate(vault: string, name: string | null, version: string | null): void {
    this.#discard(this.#binding.invalidate(vault, name, version));
  }

  pending(): { op: number; sinceMs: number; waitsFor: string }[] {
    return this.#binding.pending();
  }

  cacheInfo(): string {
    return this.#binding.cacheInfo();
  }

  setClock(instantMs: number, unixMs: number): void {
    this.#binding.setClock(instantMs, unixMs);
  }

  free(): void {
    this.#binding.free();
    this.#ready.length = 0;
    this.#readers.clear();
    this.#lastVault = undefined;
  }

  #readerOf(vault: string): Reader {
    let reader = this.#readers.get(vault);
    if (!reader) {
      reader = this.#binding.reader(vault);
      this.#readers.set(vault, reader);
    }
    this.#lastVault = vault;
    this.#lastReader = reader;
    return reader;
  }

  #make(number: number, vault: string, name: string, version: string | null): RawSecret | undefined {
    const made = this.#binding.kept(vault, name, version) ?? undefined;
    this.#ready[number] = made;
    return made;
  }

  /** Drops what has left the cache before anything else can be kept under the same number. */
  #settle(turn: NativeTurn): Turn {
    this.#discard(turn.discarded);
    for (const output of turn.outputs) this.#adopt(output);
    return turn;
  }

  #discard(numbers: number[]): void {
    for (const number of numbers) this.#ready[number] = undefined;
  }

  /** Gives whoever asked for secrets the objects that later reads find in the cache. */
  #adopt(output: Output & { 3?: unknown }): void {
    if (output[0] === "secret") {
      output[2] = this.#shared(output[2], output[3]);
    } else if (output[0] === "secrets") {
      const numbers = output[3] as (number | null)[];
      output[2] = output[2].map((end, at) => this.#shared(end, numbers[at]));
    }
  }

  /** The object that is there for an entry; else `found` is, from now on. */
  #shared<T extends RawSecret | RawError>(found: T, number: unknown): T {
    if (typeof number !== "number") return found;
    return (this.#ready[number] ??= found as RawSecret) as T;
  }
}
