/**
 * For packages that bring an engine or a host of their own, such as `nightlatch` for Node: the interfaces of both, and
 * `install`.
 *
 * @module
 */

export * from "./engine.js";
export { systemClock } from "./host/clock.js";
export { exchange, fault } from "./host/fetch.js";
export { edgeHost, type Place } from "./host/edge.js";
export * from "./host/host.js";
export { HOST_OPTIONS, install, type Runtime } from "./runtime.js";
