"""The emulator as a fixture: a local Azure in one process, reached by real names through its proxy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
APP, APP_OBJECT = "44444444-4444-4444-8444-444444444444", "55555555-5555-4555-8555-555555555555"
TENANT = "11111111-1111-4111-8111-111111111111"
MACHINE_OBJECT = "33333333-3333-4333-8333-333333333333"
USER_ASSIGNED = "66666666-6666-4666-8666-666666666666"
USER_OBJECT = "99999999-9999-4999-8999-999999999999"
HMAC = "shared between the test and the emulator"

CONFIG = {
    "identities": [
        {"name": "machine", "kind": "system", "client_id": "22222222-2222-4222-8222-222222222222",
         "object_id": MACHINE_OBJECT},
        {"name": "extra", "kind": "user", "client_id": USER_ASSIGNED,
         "object_id": "77777777-7777-4777-8777-777777777777"},
    ],
    "app_registrations": [
        {"client_id": APP, "object_id": APP_OBJECT, "secrets": ["app-secret"],
         "federated": [{"issuer": "https://cluster.example/", "subject": "system:serviceaccount:shop:basket",
                        "hmac": HMAC},
                       {"issuer": "https://vstoken.dev.azure.com/88888888-8888-4888-8888-888888888888",
                        "subject": "sc://contoso/shop/azure"},
                       {"issuer": "https://token.actions.githubusercontent.com",
                        "subject": "repo:contoso/shop:ref:refs/heads/main"}]},
    ],
    "users": [{"name": "ada@contoso.example", "object_id": USER_OBJECT, "password": "emulator-password"}],
    "vaults": [
        {"name": "contoso",
         "secrets": {"db-password": "s3cr3t", "off": {"value": "gone", "enabled": False},
                     **{f"secret-{i}": f"value-{i}" for i in range(20)}},
         "access": [{"principal": APP_OBJECT, "secrets": ["get"]},
                    {"principal": MACHINE_OBJECT, "secrets": ["get"]},
                    {"principal": USER_OBJECT, "secrets": ["get"]}],
         "limits": {"secret_per_1s": 5}},
    ],
}  # fmt: skip


class Emulator:
    """A running emulator and the variables by which a program reaches it."""

    url = "https://contoso.vault.azure.net"

    def __init__(self, ready: dict[str, Any], pem: Path) -> None:
        self.ready = ready
        self.pem = pem
        """Certificate and key of the application."""
        self.http = ready["http"]
        self.https = ready["https"]
        self.ca = ready["ca"]
        self.network = {"HTTPS_PROXY": self.http, "NO_PROXY": "127.0.0.1", "SSL_CERT_FILE": self.ca}
        self.app_service = {
            "IDENTITY_ENDPOINT": f"{self.http}/msi/token",
            "IDENTITY_HEADER": "emulator-identity-header",
        }
        self.principal = {
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": APP,
            "AZURE_CLIENT_SECRET": "app-secret",
        }

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.http + path, data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = self.ask("GET", "/_emulator/counts")
        return counts

    def log(self) -> list[dict[str, Any]]:
        return list(self.ask("GET", "/_emulator/log")["requests"])

    def fault(self, **fault: Any) -> None:
        self.ask("POST", "/_emulator/faults", fault)

    def reset(self) -> None:
        self.ask("DELETE", "/_emulator/faults")
        self.ask("PUT", "/_emulator/limits/contoso", CONFIG["vaults"][0]["limits"])  # type: ignore[index]
        self.ask("DELETE", "/_emulator/log")


def binary() -> Path | None:
    named = os.environ.get("NIGHTLATCH_EMULATOR")
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    for path in (
        [Path(named)] if named else [target / p / "nightlatch-emulator" for p in ("debug", "release")]
    ):
        if path.exists():
            return path
    return None


def certificate(folder: Path) -> Path:
    """A new certificate and its key, in one file."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=app"
    files = ["-keyout", folder / "app.key", "-out", folder / "app.crt"]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    pem = folder / "app.pem"
    pem.write_text((folder / "app.key").read_text() + (folder / "app.crt").read_text())
    pem.chmod(0o600)
    return pem


@pytest.fixture(scope="session", autouse=True)
def signals() -> None:
    """Programs get the signals that a test sends: what a shell ignores for a job in the background is inherited."""
    for name in ("SIGINT", "SIGHUP", "SIGQUIT"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    program = binary()
    if program is None:
        pytest.skip("no emulator: cargo build -p nightlatch-emulator, or set NIGHTLATCH_EMULATOR")
    folder = tmp_path_factory.mktemp("emulator")
    pem = certificate(folder)
    config = json.loads(json.dumps(CONFIG))
    config["app_registrations"][0]["certificates"] = [(folder / "app.crt").read_text()]
    (folder / "azure.json").write_text(json.dumps(config))
    process = subprocess.Popen(
        [program, "--config", folder / "azure.json", "--ca", folder / "ca.pem", "--stop-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Emulator(json.loads(process.stdout.readline()), pem)
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def variables(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the network's variables and the given ones, and nothing else of that kind."""
    from nightlatch import _native

    for name in (
        *_native.ENVIRONMENT_NAMES,
        "HTTP_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)

    def put(*groups: dict[str, str]) -> None:
        for group in (emulator.network, *groups):
            for name, value in group.items():
                monkeypatch.setenv(name, value)

    put()
    return put
