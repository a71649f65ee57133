/**
 * Loaded before a program: writes down, line by line, every HTTP request as Node sends it and the status of its answer, to
 * the file RECORD.
 */

import { appendFileSync } from "node:fs";
import { ClientRequest } from "node:http";

const bodies = new WeakMap();
const { write, end } = ClientRequest.prototype;

function take(request, chunk) {
  if (typeof chunk === "string" || chunk instanceof Uint8Array) {
    bodies.set(request, (bodies.get(request) ?? "") + Buffer.from(chunk).toString());
  }
}

ClientRequest.prototype.write = function (chunk, ...rest) {
  take(this, chunk);
  return write.call(this, chunk, ...rest);
};

ClientRequest.prototype.end = function (chunk, ...rest) {
  take(this, chunk);
  const { method, path, host } = this;
  if (method !== "CONNECT") {
    const sent = { method, host, path, headers: this.getHeaders(), body: bodies.get(this) ?? "" };
    const record = (status) => appendFileSync(process.env.RECORD, `${JSON.stringify({ ...sent, status })}\n`);
    this.prependOnceListener("response", ({ statusCode }) => record(statusCode));
  }
  return end.call(this, chunk, ...rest);
};
