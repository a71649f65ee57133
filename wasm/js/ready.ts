/**
 * What `init` is where an entry point has the engine ready before anybody can call.
 *
 * @module
 */

/** Readies the engine, which it already is: for programs that also run where it has to be loaded. */
export async function init(_source?: unknown): Promise<void> {}
