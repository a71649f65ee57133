/** The calls of a scenario, through clients and credentials as a user would make them. */

import * as nightlatch from "../../dist/front.js";
import { HOST_OPTIONS, install } from "../../dist/runtime.js";
import { RANK } from "./clock.mjs";
import { optionsOf, settingsOf } from "./names.mjs";
import { Surroundings } from "./surroundings.mjs";

const SOME_VAULT = "https://contoso.vault.azure.net";

/**
 * Plays a scenario to its end.
 *
 * @param factory - makes the engine; see `js/engine.ts`
 * @param renewal - `detached` or `caller`
 * @param seed - what the engine takes for random
 */
export async function play(scenario, factory, { renewal = "detached", seed = 7 } = {}) {
  const player = new Player(scenario, factory, renewal, seed);
  await player.play();
  return player;
}

class Player {
  /** How each caller's call ended: `{ result }` or `{ error }`, and `tookMs`. */
  ended = new Map();
  /** Why the client could not be built. */
  construction;
  #credential;
  #clients = new Map();

  constructor(scenario, factory, renewal, seed) {
    this.scenario = scenario;
    this.world = new Surroundings(scenario.world);
    const create = (options, environment, secrets) =>
      factory.create(options, environment, secrets, Uint8Array.of(seed, ...new Uint8Array(15)));
    const engine = { ...factory, create };
    const host = (options) => this.world.host(options);
    install({ engine, load: async () => engine, host, hostOptions: HOST_OPTIONS });
    try {
      const options = { ...this.world.options, renewal, ...optionsOf(scenario.options) };
      this.#credential = this.#made(
        scenario.options.credential ?? { type: "DefaultAzureCredential" },
        options,
      );
      this.#client(SOME_VAULT).addEventListener("event", ({ detail }) => this.world.tell("event", detail));
    } catch (why) {
      this.construction = why;
      this.world.tell("construction", plain({ error: why }));
    }
  }

  async play() {
    if (this.construction !== undefined) {
      return;
    }
    const { clock } = this.world;
    for (const call of this.scenario.calls) {
      const ended = new Promise((resolve) => {
        const begin = () => void this.#begin(call).then(resolve);
        clock.schedule(begin, Math.max(0, call.at_ms - clock.now), RANK.call);
      });
      if (this.scenario.sequential) {
        await clock.run(ended);
      }
    }
    await clock.run();
    for (const client of this.#clients.values()) {
      client.close();
    }
  }

  /** Has all callers of one line call. */
  #begin(call) {
    const names = callers(call);
    return Promise.all(names.map((name) => this.#one(call, name)));
  }

  async #one(call, name) {
    const { clock } = this.world;
    const leave = new AbortController();
    if (call.cancel_at_ms !== undefined) {
      clock.schedule(() => leave.abort(), call.cancel_at_ms - clock.now, RANK.cancellation);
    }
    const began = clock.now;
    this.world.tell("begins", name);
    const ended = await this.#act(call, leave.signal).then(
      (result) => ({ result }),
      (error) => ({ error }),
    );
    this.world.tell("ends", name, plain(ended));
    this.ended.set(name, { ...ended, tookMs: clock.now - began });
  }

  async #act({ op, vault, name, version, scopes, tenant, claims, timeout, by_ms: byMs }, abortSignal) {
    const inMs = timeout && timeout * 1000;
    const options = { version, abortSignal, timeout: inMs };
    switch (op) {
      case "get_secret":
        return this.#client(vault).getSecret(name, options);
      case "refresh":
        return this.#client(vault).refresh(name, options);
      case "get_token": {
        const requestOptions = { timeout: inMs };
        return this.#credential.getToken(scopes, { tenantId: tenant, claims, abortSignal, requestOptions });
      }
      case "invalidate":
        return this.#client(vault).invalidate(name, { version });
      case "invalidate_all":
        return this.#client(SOME_VAULT).invalidate();
      case "set_wall_clock":
        return this.world.clock.jump(byMs);
      default:
        throw new Error(`${op} is no op`);
    }
  }

  #client(vault) {
    let client = this.#clients.get(vault);
    if (client === undefined) {
      client = new nightlatch.SecretClient(vault, this.#credential);
      this.#clients.set(vault, client);
    }
    return client;
  }

  /** The credential of a tree. It is given all options, so that tokens come from the engine that clients share. */
  #made({ type, sources, ...tree }, options) {
    const { tenantId, clientId, ...rest } = { ...options, ...settingsOf(tree) };
    switch (type) {
      case "ChainedTokenCredential":
        return new nightlatch.ChainedTokenCredential(...sources.map((source) => this.#made(source, options)));
      case "ClientSecretCredential": {
        const { clientSecret, ...others } = rest;
        const secret = this.scenario.secrets[clientSecret] ?? "";
        return new nightlatch.ClientSecretCredential(tenantId, clientId, secret, others);
      }
      default:
        return new nightlatch[type]({ tenantId, clientId, ...rest });
    }
  }
}

/** The names of the callers of one line. */
export function callers({ as, op, count }) {
  const name = as ?? op;
  return count === undefined ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
}

/** An ending as plain data, for transcripts. */
function plain({ result, error }) {
  return error === undefined ? { ...result } : { ...error, message: error.message, stack: undefined };
}
