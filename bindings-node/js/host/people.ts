/**
 * Lets the person in front of this machine sign in with a browser.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { HostFault, type SignInPage } from "../../../wasm/js/host/host.js";
import { findProgram, safeDirectory } from "./commands.js";

/** Bytes read of what a browser brings. */
const FORM_LIMIT = 64 * 1024;

/** Opens a page, and waits on the loopback address for the browser to come back. */
export async function browse(
  page: SignInPage,
  signal: AbortSignal,
): Promise<{ redirectUri: string; answer: string }> {
  const server = createServer();
  try {
    server.listen(page.port ?? 0, "127.0.0.1");
    await once(server, "listening");
  } catch (why) {
    throw new HostFault("connect", `port ${page.port}: ${(why as NodeJS.ErrnoException).code}`, why);
  }
  const redirectUri = `http://localhost:${(server.address() as AddressInfo).port}`;
  try {
    const coming = answered(server, page, signal);
    const opening = openPage(page.url.replaceAll("{redirect_uri}", encodeURIComponent(redirectUri)));
    // Opening that fails ends the wait; that it succeeds says nothing yet.
    const answer = await Promise.race([coming, opening.then(() => coming)]);
    return { redirectUri, answer };
  } finally {
    server.close();
    server.closeIdleConnections();
  }
}

function answered(server: Server, { state, timeoutMs }: SignInPage, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new HostFault("timeout", "")), timeoutMs);
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      end();
    };
    signal.addEventListener("abort", () => settle(() => reject(new HostFault("interrupted", ""))));
    server.on("request", (incoming, outgoing) => {
      take(incoming, outgoing, state).then(
        (answer) => answer !== undefined && settle(() => resolve(answer)),
        // A connection that breaks is no news.
        () => outgoing.destroy(),
      );
    });
  });
}

/** What a browser brings; `undefined` if that is not what is waited for. */
async function take(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  state: string,
): Promise<string | undefined> {
  const answer = incoming.method === "POST" ? await formOf(incoming) : queryOf(incoming);
  const given = new URLSearchParams(answer);
  outgoing.setHeader("connection", "close");
  if (answer === undefined || given.getAll("state").join() !== state) {
    // A favicon, or another program on this machine that guesses.
    outgoing.writeHead(400, { "content-type": "text/plain" }).end("Not the answer that is waited for.");
    return undefined;
  }
  const [title, text] = given.has("error")
    ? ["Sign-in failed", "Go back to the program to see why."]
    : ["Signed in", "You may close this page."];
  const style = "font:1.2em sans-serif;margin:4em";
  outgoing.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  outgoing.end(
    `<!doctype html><meta charset="utf-8"><title>${title}</title><body style="${style}"><h1>${title}</h1><p>${text}</p>`,
  );
  return answer;
}

function queryOf(incoming: IncomingMessage): string {
  return new URL(incoming.url ?? "/", "http://localhost").search.slice(1);
}

async function formOf(incoming: IncomingMessage): Promise<string | undefined> {
  let form = "";
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    form += chunk.toString("latin1");
    if (form.length > FORM_LIMIT) {
      return undefined;
    }
  }
  return form;
}

/** Hands a page to the desktop's browser. */
async function openPage(url: string): Promise<void> {
  const [name, ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  const program = await findProgram(name as string);
  if (program === undefined) {
    throw new HostFault("unavailable", `no browser can be opened: there is no ${name}`);
  }
  const child = spawn(program, [...args, url], {
    cwd: safeDirectory(),
    stdio: "ignore",
    detached: true,
    windowsHide: true,
  });
  child.unref();
  const [status] = (await once(child, "exit")) as [number | null];
  if (status !== 0) {
    throw new HostFault("unavailable", `no browser could be opened: ${name} ended with ${status}`);
  }
}

/** What opens a page, by platform. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, string[]>>> = {
  darwin: ["/usr/bin/open"],
  win32: [
    join(process.env["SYSTEMROOT"] ?? "C:\\Windows", "System32", "rundll32.exe"),
    "url.dll,FileProtocolHandler",
  ],
};
