/**
 * Rotation of secrets by functions of the user's. The module for the edge leaves it out.
 *
 * @module
 */

import { SecretClient as Client } from "./client.js";
import type { Answer, Effect, Own } from "./effects.js";
import { invalidArgument, NightlatchError } from "./errors.js";
import { HostFault } from "./host/host.js";
import { readReply } from "./json.js";
import { propertiesFrom, type RawProperties, type SecretProperties } from "./models.js";
import { UserFunction } from "./outside.js";
import { changed, type OperationOptions, type SecretChanges } from "./requests.js";

/** What a function of a rotation is told besides the value. */
export interface RotationContext {
  /** The slot that the value is for, if the secret has two. */
  readonly slot?: string;
  /** Aborted when nobody waits any longer: the caller has gone, or the time is over. */
  readonly abortSignal: AbortSignal;
}

/** Options of `rotateSecret`. What the new version has besides its value is carried over if it is not given. */
export interface RotateSecretOptions
  extends OperationOptions, Pick<SecretChanges, "expiresOn" | "contentType" | "tags"> {
  /** Makes a new value. It changes nothing elsewhere: what it makes may be lost. */
  make: (context: RotationContext) => string | Promise<string>;
  /**
   * Puts a value into effect where it is used, such as a database. It may be called again with the same value, and with
   * the old one.
   */
  apply?: ((value: string, context: RotationContext) => unknown) | undefined;
  /** Finds out whether a value works. If it throws, or gives `false`, the value does not. */
  verify?: ((value: string, context: RotationContext) => unknown) | undefined;
  /**
   * The names of two slots that are used in turn, such as two users of a database: then the old value goes on working
   * while readers change over, and no reader gets a value that was not verified.
   */
  slots?: readonly [string, string] | undefined;
}

/** How a rotation ended well. */
export interface SecretRotation {
  /** The version in use now. */
  readonly properties: SecretProperties;
  /** The version before, which is left as it is. */
  readonly previousVersion?: string;
  /** The slot in use now, if there are two. */
  readonly slot?: string;
  /** Whether a rotation was finished that an earlier call had begun. */
  readonly resumed: boolean;
}

/** The client of a vault's secrets that also rotates them. */
export class SecretClient extends Client {
  /**
   * Gives a secret a new value: makes it, sets it as a new version, puts it into effect and verifies it. If one of that
   * fails, the old value is put into effect again and is the latest version again. If the process ends in the middle,
   * the next call goes on from there. With two slots the version is set last, once its value is verified.
   *
   * Needs the permissions to get and to set. It may take 15 minutes in all, unless `timeout` says otherwise.
   *
   * @throws NightlatchError - `help` is `rotation-failed`: what was in use is in use still; `rotation-rolled-back`: it is
   *   so again; `rotation-unfinished`: neither worked, rotate again. `cause` is what a function threw
   * @throws AbortError - `abortSignal` was aborted; the next call goes on
   */
  async rotateSecret(name: string, options: RotateSecretOptions): Promise<SecretRotation> {
    const functions = new Functions(options);
    const { slots, contentType, expiresOn, tags } = options;
    const request = { name, handle: 0, slots, ...changed({ contentType, expiresOn, tags }) };
    try {
      const perform: Own = (effect, signal) => functions.perform(effect, signal);
      const [, , json] = await this._calls.one<"reply">(
        "rotate_secret",
        request,
        options,
        undefined,
        perform,
      );
      const { rotation } = readReply<{ rotation: SecretRotation & { properties: RawProperties } }>(json);
      return { ...rotation, properties: propertiesFrom(rotation.properties) };
    } catch (why) {
      // Going back takes requests, after which only we know what began it.
      if (why instanceof NightlatchError && functions.thrown !== undefined) {
        why.cause = functions.thrown;
      }
      throw why;
    }
  }
}

/** The functions of one rotation. */
class Functions {
  /** What one of them threw first. */
  thrown: unknown;
  readonly #given: Pick<RotateSecretOptions, "make" | "apply" | "verify">;

  constructor(options: RotateSecretOptions) {
    const { make, apply, verify } = options ?? {};
    for (const [step, given] of Object.entries({ apply, verify, make: make ?? null })) {
      if (given !== undefined && typeof given !== "function") {
        throw invalidArgument(`${step} must be a function.`);
      }
    }
    this.#given = { make, apply, verify };
  }

  perform(effect: Effect, abortSignal: AbortSignal): Promise<Answer> | undefined {
    return effect[0] === "rotate" ? this.#step(effect, abortSignal) : undefined;
  }

  async #step(
    [, id, , step, value, slot]: Extract<Effect, ["rotate", ...unknown[]]>,
    abortSignal: AbortSignal,
  ): Promise<Answer> {
    const given = this.#given[step];
    const context = { ...(slot !== null && { slot }), abortSignal };
    if (given === undefined) {
      return (engine) => engine.completeGiven(id, "done");
    }
    try {
      const user = new UserFunction(given, step);
      if (step === "make") {
        const made = await user.call("a text", isText, context);
        return (engine) => engine.completeGiven(id, "made", made);
      }
      if ((await user.call("anything", isAnything, value, context)) === false && step === "verify") {
        throw new HostFault("refused", "verify gave false");
      }
      return (engine) => engine.completeGiven(id, "done");
    } catch (why) {
      this.thrown ??= (why as HostFault).cause;
      throw why;
    }
  }
}

const isText = (value: unknown): value is string => typeof value === "string";
const isAnything = (_value: unknown): _value is unknown => true;
