/** The world of a scenario: the first rule that fits and is not used up answers. */

import { edgeHost } from "../../dist/host/edge.js";
import { exchange } from "../../dist/host/fetch.js";
import { HostFault } from "../../dist/host/host.js";
import { VirtualClock } from "./clock.mjs";

/** What an answer takes where the scenario does not say, in milliseconds. */
const DELAY_MS = 10;
/** When scenarios begin. */
const BEGIN_MS = 1_793_000_000_000;

export class Surroundings {
  clock = new VirtualClock(BEGIN_MS);
  /** Everything that happened, as `[ms, what, ...]`. */
  transcript = [];
  /** What no rule answers. */
  complaints = [];
  /** How many random bytes have been drawn. */
  drawn = 0;
  #described;
  #used = new Map();

  constructor(described) {
    this.#described = described;
  }

  /** Writes something down. */
  tell(...what) {
    this.transcript.push([this.clock.now, ...what]);
  }

  /** What was told of a kind: the first thing said of each. */
  told(kind) {
    return this.transcript.filter(([, what]) => what === kind).map(([, , first]) => first);
  }

  /** What a program can say of its surroundings by public options. */
  get options() {
    const { environment = {} } = this.#described;
    return { environment, clock: this.clock, fetch: (url, init) => this.#fetch(url, init) };
  }

  /** The host for those options: that of every place with `fetch`, and this world's files and commands. */
  host(options) {
    const { platform } = this.#described;
    const readFile = (...args) => this.#readFile(...args);
    const run = (...args) => this.#run(...args);
    const browse = (...args) => this.#browse(...args);
    const tell = (message) => this.tell("line", message);
    // Through the package's own exchange, but for what `fetch` cannot be told: the way, and whom to trust.
    const http = (request, signal) => {
      const { direct, trust } = request;
      const fetch = (url, init) => this.#fetch(url, init, direct, trust);
      return exchange(fetch, { ...request, trust: null }, signal);
    };
    const random = (length) => Uint8Array.from({ length }, () => this.drawn++ % 256);
    return { ...edgeHost({ platform, readFile }, options), http, run, browse, tell, random };
  }

  /** The user's functions, by the options of credentials that take them. */
  get hands() {
    const answer = async (kind) => {
      const rule = this.#described[kind]?.find((rule) => this.#take(rule));
      if (rule === undefined && kind !== "prompts") {
        this.complaints.push(`no rule answers for ${kind}`);
      }
      return (await this.#answer(rule ?? {}, "other")).text ?? "";
    };
    return {
      signingKey: async (_message, algorithm) => {
        this.tell("signature", algorithm);
        return new TextEncoder().encode(await answer("signatures"));
      },
      getAssertion: () => answer("assertions"),
      userPromptCallback: async ({ userCode, verificationUri }) => {
        this.tell("prompt", `${userCode} at ${verificationUri}`);
        await answer("prompts");
      },
    };
  }

  /** The functions with which a secret is rotated. */
  steps() {
    const step = async (name, value, { slot, abortSignal }) => {
      this.tell("step", slot === undefined ? name : `${name} ${slot}`);
      const fits = (rule) =>
        rule.step === name && (rule.value ?? value) === value && (rule.slot ?? slot) === slot;
      const rule = this.#described.steps?.find((rule) => fits(rule) && this.#take(rule));
      if (rule === undefined) {
        this.complaints.push(`no rule answers ${name} for ${slot}`);
      }
      const { text = "" } = await this.#answer(rule, "other", abortSignal);
      return text;
    };
    return {
      make: (context) => step("make", undefined, context),
      apply: (value, context) => step("apply", value, context),
      verify: (value, context) => step("verify", value, context),
    };
  }

  async #browse({ url, port, state, timeoutMs }, signal) {
    this.tell("page", url);
    const rule = this.#described.browser?.find((rule) => this.#take(rule));
    if (rule === undefined) {
      this.complaints.push(`no rule answers the page ${url}`);
    }
    const { text = "" } = await this.#answer(inTime(rule, timeoutMs), "other", signal);
    return { redirectUri: `http://localhost:${port ?? 8400}`, answer: text.replaceAll("$state", state) };
  }

  async #fetch(url, { method, headers, body = new Uint8Array(), signal }, direct = false, trust = null) {
    const text = new TextDecoder().decode(body);
    const way = wayOf(direct, trust);
    this.tell("request", `${method} ${url}`, headers, text, way);
    const rule = this.#described.http?.find(
      (rule) => fits(rule, { method, url, headers, text, way }) && this.#take(rule),
    );
    if (rule === undefined) {
      this.complaints.push(`no rule answers ${method} ${url}`);
    }
    const {
      status,
      headers: answered,
      json,
      text: plain = "",
    } = (await this.#answer(rule, "other", signal)).reply;
    // As bytes, since a text would bring a content type of its own.
    const content = new TextEncoder().encode(json === undefined ? plain : JSON.stringify(json));
    const empty = content.length === 0 || [204, 205, 304].includes(status);
    return new Response(empty ? null : content, { status, headers: answered ?? {} });
  }

  async #run(argv, environment, timeoutMs, signal) {
    this.tell("command", argv.join(" "), environment);
    const begins = (rule) => rule.argv.every((part, index) => part === argv[index]);
    const rule = this.#described.commands?.find((rule) => begins(rule) && this.#take(rule));
    const {
      status = 0,
      stdout = "",
      stderr = "",
    } = await this.#answer(inTime(rule, timeoutMs), "not_found", signal);
    const bytes = (value) =>
      new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
    return { status, stdout: bytes(stdout), stderr: bytes(stderr) };
  }

  async #readFile(path, limit, plain, signal) {
    this.tell("file", path);
    const content = this.#described.files?.[path] ?? [];
    const rules = typeof content === "string" ? [{ text: content }] : content;
    const rule = rules.find((rule) => this.#take(rule));
    const { text = "", base64, shared = false, link = false } = await this.#answer(rule, "not_found", signal);
    const bytes = Buffer.from(base64 ?? text, base64 === undefined ? "utf8" : "base64");
    if (plain && link) {
      throw new HostFault("not_plain", "as the scenario says");
    }
    if (bytes.length > limit) {
      throw new HostFault("too_large", "as the scenario says");
    }
    return { content: new Uint8Array(bytes), shared };
  }

  /** Waits as long as the rule says; `otherwise` is the fault where there is none. */
  async #answer(rule, otherwise, signal = new AbortController().signal) {
    await this.clock.pause(rule?.delay ?? DELAY_MS, signal);
    if (rule === undefined || rule.fault !== undefined) {
      throw new HostFault(rule?.fault ?? otherwise, "as the scenario says");
    }
    return rule;
  }

  #take(rule) {
    const used = this.#used.get(rule) ?? 0;
    this.#used.set(rule, used + 1);
    return used < (rule.times ?? Infinity);
  }
}

/** A rule that takes no longer than allowed: what would is the fault `timeout`. */
function inTime(rule, timeoutMs) {
  return rule && (rule.delay ?? DELAY_MS) > timeoutMs ? { delay: timeoutMs, fault: "timeout" } : rule;
}

/** The way of a request, in the words of scenarios. */
function wayOf(direct, trust) {
  if (trust === null) {
    return { route: direct ? "direct" : "ordinary" };
  }
  return trust.sha1
    ? { route: "pinned", trust: Buffer.from(trust.sha1).toString("hex") }
    : { route: "private", trust: trust.roots, server_name: trust.serverName };
}

function fits(rule, { method, url, headers, text, way }) {
  const sent = new Headers(headers);
  return (
    ["route", "trust", "server_name"].every((part) => (rule[part] ?? way[part]) === way[part]) &&
    (rule.method ?? method) === method &&
    (rule.url ?? url) === url &&
    url.startsWith(rule.url_prefix ?? "") &&
    Object.entries(rule.headers ?? {}).every(([name, value]) =>
      value === "*" ? sent.has(name) : sent.get(name) === value,
    ) &&
    !(rule.no_headers ?? []).some((name) => sent.has(name)) &&
    (rule.body_contains ?? []).every((part) => text.includes(part)) &&
    !(rule.body_lacks ?? []).some((part) => text.includes(part))
  );
}
