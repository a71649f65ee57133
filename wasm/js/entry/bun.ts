/**
 * nightlatch for Bun.
 *
 * @module
 */

import { HostFault } from "../host/host.js";
import { installWasm, load } from "../wasm.js";

interface BunFile {
  size: number;
  exists(): Promise<boolean>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

declare const Bun: { file(path: string | URL): BunFile };
declare const process: { platform: string };

const PLATFORMS: Record<string, "linux" | "windows" | "macos"> = {
  linux: "linux",
  win32: "windows",
  darwin: "macos",
};

async function readFile(path: string, limit: number): Promise<Uint8Array> {
  const file = Bun.file(path);
  if (!(await file.exists())) {
    throw new HostFault("not_found", "");
  }
  if (file.size > limit) {
    throw new HostFault("too_large", `${file.size} bytes`);
  }
  return file.bytes();
}

const source = () => Bun.file(new URL("../engine/nightlatch-full.wasm", import.meta.url)).bytes();
installWasm({ platform: PLATFORMS[process.platform] ?? "other", readFile }, source);
await load(source());

export * from "../front.js";
export { init } from "../init.js";
