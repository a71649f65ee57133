/** The world of a scenario: the first rule that fits and is not used up answers. */

import { edgeHost } from "../../dist/host/edge.js";
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
    return { ...edgeHost({ platform, readFile }, options), run };
  }

  async #fetch(url, { method, headers, body = new Uint8Array(), signal }) {
    const text = new TextDecoder().decode(body);
    this.tell("request", `${method} ${url}`, headers, text);
    const rule = this.#described.http?.find(
      (rule) => fits(rule, { method, url, headers, text }) && this.#take(rule),
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
    const { delay = DELAY_MS, ...ended } = rule ?? {};
    const late = delay > timeoutMs;
    const {
      status = 0,
      stdout = "",
      stderr = "",
    } = await this.#answer(
      rule && { ...ended, delay: late ? timeoutMs : delay, ...(late && { fault: "timeout" }) },
      "not_found",
      signal,
    );
    const bytes = (value) =>
      new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
    return { status, stdout: bytes(stdout), stderr: bytes(stderr) };
  }

  async #readFile(path, _limit, signal) {
    this.tell("file", path);
    const content = this.#described.files?.[path] ?? [];
    const rules = typeof content === "string" ? [{ text: content }] : content;
    const rule = rules.find((rule) => this.#take(rule));
    return new TextEncoder().encode((await this.#answer(rule, "not_found", signal)).text ?? "");
  }

  /** Waits as long as the rule says; `otherwise` is the fault where there is none. */
  async #answer(rule, otherwise, signal) {
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

function fits(rule, { method, url, headers, text }) {
  const sent = new Headers(headers);
  return (
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
