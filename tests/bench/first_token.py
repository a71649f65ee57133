"""From nothing to the first token, for each source of an identity: nightlatch beside azure-identity, in this
one run.

Each measurement is a process of its own: what it takes from its start to the token, and what it asked of
whom. Run by `make bench`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
from emulator_process import Emulator

TENANT = "11111111-1111-4111-8111-111111111111"
APP, APP_OBJECT = "44444444-4444-4444-8444-444444444444", "55555555-5555-4555-8555-555555555555"
ISSUER, SUBJECT, KEY = (
    "https://cluster.example/",
    "system:serviceaccount:shop:basket",
    "shared with the emulator",
)
TOOLS = Path(__file__).parents[1] / "emulator" / "tools"
ROUNDS = 5
PROGRAM = "from {package} import {credential}\n{credential}({arguments}).get_token('https://vault.azure.net/.default')"


class Source(NamedTuple):
    """A source: the credential, its arguments, and the variables that make it this host's identity."""

    name: str
    credential: str
    arguments: str = ""
    variables: Mapping[str, str] = MappingProxyType({})


def assertion() -> str:
    """A token as a cluster writes it to a file."""
    import base64
    import hashlib
    import hmac

    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": "api://AzureADTokenExchange",
        "iat": now,
        "exp": now + 3600,
    }
    text = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    signature = hmac.new(KEY.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def azure(certificate: str) -> dict[str, object]:
    """What the emulator knows."""
    application = {
        "client_id": APP,
        "object_id": APP_OBJECT,
        "secrets": ["app-secret"],
        "certificates": [certificate],
        "federated": [{"issuer": ISSUER, "subject": SUBJECT, "hmac": KEY}],
    }
    return {"app_registrations": [application]}


def sources(emulator: Emulator, folder: Path) -> list[Source]:
    """All sources that both libraries have and that need nobody in front of the machine."""
    header = "emulator-identity-header"
    fabric = emulator.ready["service_fabric"]
    application = f"'{TENANT}', '{APP}'"
    cluster = {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": APP,
        "AZURE_FEDERATED_TOKEN_FILE": str(folder / "token"),
    }
    return [
        Source("client secret", "ClientSecretCredential", f"{application}, 'app-secret'"),
        Source("certificate", "CertificateCredential", f"{application}, '{folder}/app.pem'"),
        Source("workload identity", "WorkloadIdentityCredential", "", cluster),
        Source(
            "App Service",
            "ManagedIdentityCredential",
            "",
            {"IDENTITY_ENDPOINT": f"{emulator.http}/msi/token", "IDENTITY_HEADER": header},
        ),
        Source(
            "virtual machine",
            "ManagedIdentityCredential",
            "",
            {"AZURE_POD_IDENTITY_AUTHORITY_HOST": emulator.http},
        ),
        Source(
            "Service Fabric",
            "ManagedIdentityCredential",
            "",
            {
                "IDENTITY_ENDPOINT": fabric["url"],
                "IDENTITY_HEADER": header,
                "IDENTITY_SERVER_THUMBPRINT": fabric["thumbprint"],
            },
        ),
        Source(
            "Azure ML",
            "ManagedIdentityCredential",
            "",
            {"MSI_ENDPOINT": f"{emulator.http}/azure_ml/token", "MSI_SECRET": header},
        ),
        Source(
            "Cloud Shell",
            "ManagedIdentityCredential",
            "",
            {"MSI_ENDPOINT": f"{emulator.http}/cloud_shell/token"},
        ),
        Source("Azure CLI", "AzureCliCredential"),
        Source("default chain, App Service", "DefaultAzureCredential", "", {
            "IDENTITY_ENDPOINT": f"{emulator.http}/msi/token", "IDENTITY_HEADER": header,
        }),
    ]  # fmt: skip


def measure(emulator: Emulator, package: str, source: Source) -> tuple[float, int]:
    """Milliseconds from the process's start to the token, and how many requests reached any service."""
    network = {
        "HTTPS_PROXY": emulator.http,
        "NO_PROXY": "127.0.0.1,localhost",
        "SSL_CERT_FILE": emulator.ca,
        "REQUESTS_CA_BUNDLE": emulator.ca,
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "NIGHTLATCH_TOOL_EMULATOR": emulator.http,
        "HOME": os.environ.get("HOME", "/"),
    }
    program = PROGRAM.format(package=package, credential=source.credential, arguments=source.arguments)
    emulator.admin("DELETE", "log")
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env={**network, **source.variables})
    took = (time.perf_counter() - began) * 1000
    return took, len(emulator.admin("GET", "log")["requests"])


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=app"
        files = ["-keyout", folder / "app.key", "-out", folder / "app.crt"]
        subprocess.run([*command.split(), *files], check=True, capture_output=True)
        certificate = (folder / "app.crt").read_text()
        (folder / "app.pem").write_text((folder / "app.key").read_text() + certificate)
        (folder / "app.pem").chmod(0o600)
        (folder / "token").write_text(assertion())
        print(f"{'from nothing to the first token':<30}{'nightlatch':>18}{'azure-identity':>20}{'ratio':>8}")
        with Emulator(azure(certificate)) as emulator:
            for source in sources(emulator, folder):
                results: dict[str, list[tuple[float, int]]] = {"nightlatch": [], "azure.identity": []}
                for _ in range(ROUNDS):
                    for package, kept in results.items():
                        kept.append(measure(emulator, package, source))
                shown = [(median(took for took, _ in kept), kept[-1][1]) for kept in results.values()]
                (ours, asked), (theirs, also) = shown
                pair = f"{ours:9.0f} ms, {asked} req{theirs:12.0f} ms, {also} req"
                print(f"{source.name:<30}{pair}{ours / theirs:8.2f}")


if __name__ == "__main__":
    main()
