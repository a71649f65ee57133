"""Gets a secret out of a local vault through a managed identity. Run by `make demo`."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from emulator_process import Emulator

AZURE = {
    "vaults": [
        {
            "name": "contoso",
            "secrets": {"db-password": "correct horse battery staple"},
            "access": [{"principal": "33333333-3333-4333-8333-333333333333", "secrets": ["get"]}],
        }
    ]
}

NODE_PACKAGE = Path(__file__).parents[2] / "bindings-node" / "dist" / "index.js"


def step(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}")


def tell(event: dict[str, Any]) -> None:
    match event["event"]:
        case "token_acquired":
            for attempt in event["skipped"]:
                print(f"  skipped  {attempt['source']}: {attempt['reason']}")
            print(f"  chosen   {event['source']}: client id {event['identity']['client']}")
        case "secret_fetched":
            print(f"  fetched  {event['vault']}/secrets/{event['name']}/{event['version']}")
        case "secret_rotated":
            print(f"  rotated  {event['name']}: {event['old_version'][:8]}… → {event['new_version'][:8]}…")


def main() -> None:
    with Emulator(AZURE) as azure:
        for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_TOKEN_CREDENTIALS"):
            os.environ.pop(name, None)
        os.environ.update(azure.environment())

        from nightlatch import SecretClient

        step("A secret, through the identity this host already has")
        print('  SecretClient("https://contoso.vault.azure.net").get_secret("db-password").value')
        client = SecretClient("https://contoso.vault.azure.net", cache_ttl=1.0, on_event=tell)
        before = time.perf_counter()
        secret = client.get_secret("db-password")
        print(f"  value    {secret.value!r}   in {(time.perf_counter() - before) * 1e3:.0f} ms")

        step("The same again, from the cache")
        before = time.perf_counter_ns()
        again = client.get_secret("db-password")
        print(f"  value    {again.value!r}   in {(time.perf_counter_ns() - before) / 1e3:.1f} µs")

        step("Somebody rotates the secret; a second later its copy has had its life")
        azure.admin("PUT", "vaults/contoso/secrets/db-password", {"value": "Tr0ub4dor&3"})
        time.sleep(1.2)
        print(f"  value    {client.get_secret('db-password').value!r}")

        if NODE_PACKAGE.exists():
            step("The same from Node")
            sys.stdout.flush()
            subprocess.run(["node", Path(__file__).with_name("demo.mjs")], check=True)

        step("What the services saw")
        for request in azure.admin("GET", "log")["requests"]:
            print(f"  {request['service']:<12}{request['method']} {request['path']}  {request['status']}")
        counts = azure.admin("GET", "counts")
        print(f"  in all: {counts['app_service']} for the token, {counts['vault']} to the vault")
        client.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main()
