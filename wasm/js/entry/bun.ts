/**
 * nightlatch for Bun.
 *
 * @module
 */

import { readFile } from "../host/files.js";
import { load } from "../init.js";
import { installWasm } from "../wasm.js";

declare const Bun: { file(path: URL): { bytes(): Promise<Uint8Array<ArrayBuffer>> } };
declare const process: { platform: string };

const PLATFORMS: Record<string, "linux" | "windows" | "macos"> = {
  linux: "linux",
  win32: "windows",
  darwin: "macos",
};

const source = () => Bun.file(new URL("../engine/nightlatch-full.wasm", import.meta.url)).bytes();
installWasm({ platform: PLATFORMS[process.platform] ?? "other", readFile }, () => load(source()));
await load(source());

export * from "../full.js";
export { init } from "../init.js";
