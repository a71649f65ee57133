/**
 * Performs one effect by the means of a host, and says how the engine is to be told.
 *
 * @module
 */

import type { Engine, Output, Turn } from "./engine.js";
import { type Host, HostFault, random } from "./host/host.js";
import { signPkcs8 } from "./host/sign.js";
import { foreignToken, type Outside, UserFunction } from "./outside.js";

/** What the host is to do. */
export type Effect = Exclude<
  Output,
  ["secret" | "secrets" | "value" | "token" | "reply" | "error" | "event" | "abort", ...unknown[]]
>;

/** Tells the engine. */
export type Answer = (engine: Engine) => Turn;

/** Performs what an operation's own caller has to do; `undefined` for effects that are not of that kind. */
export type Own = (effect: Effect, signal: AbortSignal) => Promise<Answer> | undefined;

/**
 * Performs an effect.
 *
 * @param outside - what the user gave us to ask, by number
 * @throws HostFault - why it could not be done
 */
export async function perform(
  effect: Effect,
  host: Host,
  outside: readonly Outside[],
  signal: AbortSignal,
): Promise<Answer> {
  const id = effect[1];
  switch (effect[0]) {
    case "http": {
      const [, , op, method, url, headers, body, timeoutMs, direct, trust] = effect;
      const answer = await host.http({ op, method, url, headers, body, timeoutMs, direct, trust }, signal);
      return (engine) => engine.completeHttp(id, answer.status, answer.headers, answer.body);
    }
    case "read_file": {
      const [, , , path, limit, plain] = effect;
      const file = await (host.readFile ?? cannot("files"))(path, limit, plain, signal);
      return (engine) => engine.completeFile(id, file.content, file.shared);
    }
    case "run": {
      const [, , , argv, env, timeoutMs] = effect;
      const { status, stdout, stderr } = await (host.run ?? cannot("programs"))(argv, env, timeoutMs, signal);
      return (engine) => engine.completeRun(id, status, stdout, stderr);
    }
    case "host_token": {
      const [, , , handle, scopes, tenantId, claims, enableCae] = effect;
      const token = await foreignToken(outside[handle], scopes, {
        ...(tenantId !== null && { tenantId }),
        ...(claims !== null && { claims }),
        ...(enableCae && { enableCae }),
        abortSignal: signal,
      });
      const { expiresOnTimestamp, refreshAfterTimestamp = null } = token;
      return (engine) => engine.completeToken(id, token.token, expiresOnTimestamp, refreshAfterTimestamp);
    }
    case "sign": {
      const [, , , key, algorithm, message, digest] = effect;
      const signature =
        typeof key === "number"
          ? await ofUser(outside, key).call("a Uint8Array", isBytes, message, algorithm, digest)
          : await signPkcs8(key, algorithm, message);
      return (engine) => engine.completeSignature(id, signature);
    }
    case "assertion": {
      const assertion = await ofUser(outside, effect[3]).call("a text", isText);
      return (engine) => engine.completeAssertion(id, assertion);
    }
    case "prompt": {
      const [, , , handle, message, userCode, verificationUri, expiresOnMs] = effect;
      if (handle === null) {
        await host.tell(message);
      } else {
        const info = { message, userCode, verificationUri, expiresOn: new Date(expiresOnMs) };
        await ofUser(outside, handle).call("anything", isAnything, info);
      }
      return (engine) => engine.completePrompt(id);
    }
    case "browse": {
      const [, , , url, port, state, timeoutMs] = effect;
      const { redirectUri, answer } = await (host.browse ?? cannot("a browser to sign in with"))(
        { url, port, state, timeoutMs },
        signal,
      );
      return (engine) => engine.completeReturn(id, redirectUri, answer);
    }
    case "random": {
      const bytes = random(host, effect[3]);
      return (engine) => engine.completeGiven(id, "random", bytes);
    }
    default:
      return cannot(effect[0])();
  }
}

/** For what the host has no means to do. */
function cannot(what: string): () => never {
  return () => {
    throw new HostFault("unsupported", `this host has no means for ${what}`);
  };
}

function ofUser(outside: readonly Outside[], handle: number): UserFunction {
  const given = outside[handle];
  return given instanceof UserFunction ? given : cannot(`function ${handle}`)();
}

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
const isText = (value: unknown): value is string => typeof value === "string";
const isAnything = (_value: unknown): _value is unknown => true;
