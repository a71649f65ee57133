/**
 * Secrets of a vault as a configuration.
 *
 * @module
 */

import { toldFrom } from "./doctor.js";
import type { Resolution } from "./references.js";

/** Secrets as a configuration. `console.log` and `JSON.stringify` of it show no value. */
export class LoadedSecrets {
  readonly #values: Record<string, string>;
  /** Which secret stands behind each key, in which version, and how old its copy was. */
  readonly resolution: Resolution;

  /** @internal */
  constructor(text: string, reply: string) {
    this.#values = JSON.parse(text) as Record<string, string>;
    this.resolution = toldFrom(reply);
  }

  /** The values by their keys. */
  get values(): Record<string, string> {
    return this.#values;
  }
}
