/**
 * What a user gives us to ask: credential objects of other libraries, asked as their own clients ask them, and functions
 * that sign, prove or tell. The engine names them by numbers.
 *
 * @module
 */

import { invalidConfiguration } from "./errors.js";
import { HostFault } from "./host/host.js";
import type { GetTokenOptions, GivenToken, TokenCredential } from "./token.js";

/** What stands under a number in the engine's options. */
export type Outside = TokenCredential | UserFunction;

/** A function of the user's. */
export class UserFunction {
  readonly #function: (...args: never[]) => unknown;
  readonly #name: string;

  /**
   * @param name - the option under which it was given, for messages
   * @throws NightlatchError - `INVALID_CONFIGURATION`: it is no function
   */
  constructor(given: (...args: never[]) => unknown, name: string) {
    if (typeof given !== "function") {
      throw invalidConfiguration(`${name} must be a function.`);
    }
    this.#function = given;
    this.#name = name;
  }

  /** Calls it, and checks what it gives. */
  async call<T>(what: string, fits: (value: unknown) => value is T, ...args: unknown[]): Promise<T> {
    let value: unknown;
    try {
      value = await this.#function(...(args as never[]));
    } catch (why) {
      if (why instanceof HostFault) {
        throw why;
      }
      // Not its words: what it handles are secrets. They are in the error's cause.
      const name = why instanceof Error ? why.name : typeof why;
      throw new HostFault("other", `${this.#name} threw ${name}`, why);
    }
    if (!fits(value)) {
      throw new HostFault("other", `${this.#name} must give ${what}, not ${typeof value}`);
    }
    return value;
  }
}

/** What stands in the place of a credential that never exists here. */
export function missing(why: string): TokenCredential {
  return {
    getToken: () => Promise.reject(new HostFault("unavailable", why)),
  };
}

/** Asks a credential object of another library. */
export async function foreignToken(
  credential: Outside | undefined,
  scopes: string[],
  options: GetTokenOptions,
): Promise<GivenToken> {
  try {
    const token = credential instanceof UserFunction ? null : await credential?.getToken(scopes, options);
    if (token) {
      return token;
    }
  } catch (why) {
    if (why instanceof HostFault) {
      throw why;
    }
    const { name, message } = why instanceof Error ? why : { name: "", message: String(why) };
    const kind = name === "CredentialUnavailableError" ? "unavailable" : "refused";
    throw new HostFault(kind, message.slice(0, 2000), why);
  }
  throw new HostFault("unavailable", "it gave no token");
}
