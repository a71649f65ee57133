"""A probe of readiness without any framework: ``python readiness_plain.py 8080``, with VAULT_URL set."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nightlatch import SecretClient

NEEDED = ("db-password", "mail-key")
client = SecretClient(os.environ["VAULT_URL"])


class Probe(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        health = client.check(*NEEDED, timeout=2)
        body = json.dumps(
            {"ok": health.ok, "troubles": {each.name: each.verdict for each in health.troubles}}
        )
        self.send_response(200 if health else 503)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())
        if not health:
            self.log_message("not ready: %s", health)


if __name__ == "__main__":
    # Fail early: why not, and what to do, before the first request is served.
    diagnosis = client.diagnose(NEEDED[0])
    if not diagnosis:
        sys.exit(str(diagnosis))
    with ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Probe) as server:
        print(f"listening on port {server.server_port}", flush=True)
        server.serve_forever()
