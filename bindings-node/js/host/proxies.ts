/**
 * Which proxy an exchange passes, by the usual environment variables.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";

/** Environment variables, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy's URL, or `undefined` for a direct connection. `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`
 * count; lower case wins.
 */
export function proxyFor(url: URL, environment: Environment): URL | undefined {
  if (bypassed(url, variable(environment, "no_proxy"))) {
    return undefined;
  }
  const own = `${url.protocol.slice(0, -1)}_proxy`;
  // A web server hands a client's "Proxy:" header to CGI programs as HTTP_PROXY.
  const tainted = own === "http_proxy" && environment["REQUEST_METHOD"] !== undefined;
  const proxy =
    environment[own] ||
    (tainted ? undefined : environment[own.toUpperCase()]) ||
    variable(environment, "all_proxy");
  return proxy ? new URL(proxy.includes("://") ? proxy : `http://${proxy}`) : undefined;
}

/** Whether `NO_PROXY` names the host: exactly, by a domain above it, by network, or `*` for all. */
export function bypassed(url: URL, rules: string): boolean {
  const host = unbracketed(url.hostname.toLowerCase()).replace(/\.$/, "");
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const fits = (rule: string): boolean => {
    const [, named, wanted] = /^(\[.*\]|[^:]*):(\d+)$/.exec(rule) ?? [];
    const pattern = unbracketed(named ?? rule).replace(/^\*?\.*/, "");
    if (rule === "*") {
      return true;
    }
    if (pattern === "" || (wanted !== undefined && wanted !== port)) {
      return false;
    }
    return host === pattern || host.endsWith(`.${pattern}`) || inNetwork(host, pattern);
  };
  return rules
    .toLowerCase()
    .split(/[\s,]+/)
    .some(fits);
}

/** A host as sockets want it: an IPv6 address without the brackets of a URL. */
export function unbracketed(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

function inNetwork(host: string, network: string): boolean {
  const [address = "", bits = ""] = network.split("/");
  const family = isIP(address);
  if (
    family === 0 ||
    isIP(host) !== family ||
    !/^\d{1,3}$/.test(bits) ||
    Number(bits) > (family === 4 ? 32 : 128)
  ) {
    return false;
  }
  const type = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(address, Number(bits), type);
  return list.check(host, type);
}

function variable(environment: Environment, name: string): string {
  return environment[name] || environment[name.toUpperCase()] || "";
}
