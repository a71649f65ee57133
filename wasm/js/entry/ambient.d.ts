/** What entry points import that is not TypeScript, so that no types of Node or of a bundler are needed. */
declare module "node:fs" {
  export function readFileSync(path: URL): Uint8Array<ArrayBuffer>;
}

declare module "node:fs/promises" {
  export interface FileHandle {
    stat(): Promise<{ mode: number; isFile(): boolean }>;
    read(buffer: Uint8Array, offset: number, length: number, position: null): Promise<{ bytesRead: number }>;
    close(): Promise<void>;
  }
  export const constants: { O_RDONLY: number; O_NOFOLLOW?: number; O_NONBLOCK?: number };
  export function lstat(path: string): Promise<{ isSymbolicLink(): boolean }>;
  export function open(path: string, flags: number): Promise<FileHandle>;
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
