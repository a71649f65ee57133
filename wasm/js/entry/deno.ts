/**
 * nightlatch for Deno.
 *
 * @module
 */

import { HostFault } from "../host/host.js";
import { installWasm, load } from "../wasm.js";

declare const Deno: {
  build: { os: string };
  errors: Record<"NotFound" | "NotCapable" | "PermissionDenied", new () => Error>;
  readFile(path: string | URL, options?: { signal: AbortSignal }): Promise<Uint8Array<ArrayBuffer>>;
};

const PLATFORMS: Record<string, "linux" | "windows" | "macos"> = {
  linux: "linux",
  windows: "windows",
  darwin: "macos",
};

async function readFile(path: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  let content: Uint8Array;
  try {
    content = await Deno.readFile(path, { signal });
  } catch (why) {
    const { NotFound, NotCapable, PermissionDenied } = Deno.errors;
    const kind = why instanceof NotFound ? "not_found" : "other";
    const denied = why instanceof NotCapable || why instanceof PermissionDenied;
    throw new HostFault(denied ? "permission_denied" : kind, why instanceof Error ? why.message : "", why);
  }
  if (content.length > limit) {
    throw new HostFault("too_large", `${content.length} bytes`);
  }
  return content;
}

const source = () => Deno.readFile(new URL("../engine/nightlatch-full.wasm", import.meta.url));
installWasm({ platform: PLATFORMS[Deno.build.os] ?? "other", readFile }, source);
await load(source());

export * from "../front.js";
export { init } from "../init.js";
