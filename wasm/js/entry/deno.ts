/**
 * nightlatch for Deno.
 *
 * @module
 */

import { readFile } from "../host/files.js";
import { load } from "../init.js";
import { installWasm } from "../wasm.js";

declare const Deno: {
  build: { os: string };
  readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
};

const PLATFORMS: Record<string, "linux" | "windows" | "macos"> = {
  linux: "linux",
  windows: "windows",
  darwin: "macos",
};

const source = () => Deno.readFile(new URL("../engine/nightlatch-full.wasm", import.meta.url));
installWasm({ platform: PLATFORMS[Deno.build.os] ?? "other", readFile }, () => load(source()));
await load(source());

export * from "../full.js";
export { init } from "../init.js";
