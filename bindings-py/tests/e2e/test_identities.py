"""A secret by every identity that a host may have, through real sockets, files and programs."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nightlatch
import pytest
from nightlatch import aio

from .conftest import APP, REPOSITORY, TENANT, Emulator
from .test_credentials import assertion

pytestmark = pytest.mark.e2e

HEADER = "emulator-identity-header"
TOKENS = Path("/var/opt/azcmagent/tokens")


def read(emulator: Emulator, credential: Any) -> str | None:
    with nightlatch.SecretClient(emulator.url, credential) as client:
        return client.get_secret("db-password").value


def service_fabric(emulator: Emulator) -> dict[str, str]:
    ready = emulator.ready["service_fabric"]
    return {
        "IDENTITY_ENDPOINT": ready["url"],
        "IDENTITY_HEADER": HEADER,
        "IDENTITY_SERVER_THUMBPRINT": ready["thumbprint"],
    }


HOSTS: dict[str, Callable[[Emulator], dict[str, str]]] = {
    "virtual machine": lambda e: {"AZURE_POD_IDENTITY_AUTHORITY_HOST": e.http},
    "App Service": lambda e: e.app_service,
    "App Service, 2017": lambda e: {"MSI_ENDPOINT": f"{e.http}/msi/token", "MSI_SECRET": HEADER},
    "Azure ML": lambda e: {"MSI_ENDPOINT": f"{e.http}/azure_ml/token", "MSI_SECRET": HEADER},
    "Service Fabric": service_fabric,
}


@pytest.mark.parametrize("host", HOSTS)
def test_managed_identity(emulator: Emulator, variables: Callable[..., None], host: str) -> None:
    variables(HOSTS[host](emulator))
    assert read(emulator, nightlatch.ManagedIdentityCredential()) == "s3cr3t"
    assert read(emulator, nightlatch.DefaultAzureCredential()) == "s3cr3t"


def test_cloud_shell_is_its_user(emulator: Emulator, variables: Callable[..., None]) -> None:
    variables({"MSI_ENDPOINT": f"{emulator.http}/cloud_shell/token"})
    assert read(emulator, nightlatch.ManagedIdentityCredential()) == "s3cr3t"


def test_service_fabric_is_known_by_its_certificate(
    emulator: Emulator, variables: Callable[..., None]
) -> None:
    right = service_fabric(emulator)
    first = right["IDENTITY_SERVER_THUMBPRINT"][0]
    wrong = ("1" if first == "0" else "0") + right["IDENTITY_SERVER_THUMBPRINT"][1:]
    variables({**right, "IDENTITY_SERVER_THUMBPRINT": wrong})
    with pytest.raises(nightlatch.TlsError):
        read(emulator, nightlatch.ManagedIdentityCredential(retry_total=0))
    assert not emulator.log()


@pytest.fixture
def arc(emulator: Emulator, variables: Callable[..., None]) -> Iterator[Callable[..., None]]:
    """The agent's own folder on this machine, for as long as the test runs."""
    missing = [folder for folder in (TOKENS, *TOKENS.parents) if not folder.exists()]
    TOKENS.mkdir(parents=True, exist_ok=True)
    variables({
        "IDENTITY_ENDPOINT": f"{emulator.http}/arc/metadata/identity/oauth2/token",
        "IMDS_ENDPOINT": emulator.http,
    })  # fmt: skip

    def behave(**arc: Any) -> None:
        emulator.ask("PUT", "/_emulator/arc", {"token_folder": str(TOKENS), **arc})

    behave()
    yield behave
    for path in [*TOKENS.iterdir(), *TOKENS.parent.glob("*.key")]:
        path.rmdir() if path.is_dir() else path.unlink()
    for folder in missing:
        folder.rmdir()


def test_azure_arc(emulator: Emulator, arc: Callable[..., None]) -> None:
    assert read(emulator, nightlatch.ManagedIdentityCredential()) == "s3cr3t"
    assert read(emulator, nightlatch.DefaultAzureCredential()) == "s3cr3t"


@pytest.mark.parametrize(
    "challenge",
    ["outside_folder", "traversal", "symlink", "too_large", "wrong_extension", "no_realm", "absent"],
)
def test_a_hostile_arc_agent_gets_no_file(
    emulator: Emulator, arc: Callable[..., None], challenge: str
) -> None:
    arc(challenge=challenge)
    with pytest.raises(nightlatch.NightlatchError):
        read(emulator, nightlatch.ManagedIdentityCredential(retry_total=0))
    arcs = [request for request in emulator.log() if request["service"] == "arc"]
    assert not any(request["authorized"] for request in arcs[1:])
    assert len(arcs) == 1


def test_pipelines_and_jobs(emulator: Emulator, variables: Callable[..., None]) -> None:
    variables({
        "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/contoso/oidctoken",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://pipelines.actions.githubusercontent.com/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "emulator-request-token",
    })  # fmt: skip
    pipeline = nightlatch.AzurePipelinesCredential(
        tenant_id=TENANT, client_id=APP, service_connection_id="77777777-7777-4777-8777-777777777777",
        system_access_token="emulator-system-access-token",
    )  # fmt: skip
    assert read(emulator, pipeline) == "s3cr3t"
    assert read(emulator, nightlatch.GitHubActionsCredential(tenant_id=TENANT, client_id=APP)) == "s3cr3t"


def test_the_token_proxy_of_a_cluster(
    emulator: Emulator, variables: Callable[..., None], tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(assertion())
    proxy = emulator.ready["token_proxy"]
    variables({
        "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": APP, "AZURE_FEDERATED_TOKEN_FILE": str(token),
        "AZURE_KUBERNETES_TOKEN_PROXY": proxy["url"], "AZURE_KUBERNETES_SNI_NAME": proxy["server_name"],
        "AZURE_KUBERNETES_CA_DATA": proxy["ca_pem"],
    })  # fmt: skip
    assert read(emulator, nightlatch.WorkloadIdentityCredential(enable_azure_proxy=True)) == "s3cr3t"
    counts = emulator.counts()
    assert (counts["token_proxy"], counts["entra"]) == (1, 0)


@pytest.fixture
def tools(
    emulator: Emulator, variables: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """Stand-ins for the developer tools on PATH; returns where they write what they were asked."""
    log = tmp_path / "log"
    variables({
        "NIGHTLATCH_TOOL_EMULATOR": emulator.http, "NIGHTLATCH_TOOL_LOG": str(log), "HOME": str(tmp_path),
        "NIGHTLATCH_TOOL_PRINCIPAL": "ada@contoso.example",
    })  # fmt: skip
    monkeypatch.setenv("PATH", f"{REPOSITORY / 'tests/emulator/tools'}{os.pathsep}{os.environ['PATH']}")
    return log


@pytest.mark.parametrize("name", ["AzureCli", "AzureDeveloperCli", "AzurePowerShell"])
def test_developer_tools(emulator: Emulator, tools: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(emulator, getattr(nightlatch, f"{name}Credential")()) == "s3cr3t"
    called = json.loads(tools.read_text())
    assert called["stdin"] == "null"
    assert os.path.realpath(called["cwd"]) == os.path.realpath("/bin")
    monkeypatch.setenv("NIGHTLATCH_TOOL_OUTCOME", "not_logged_in")
    with pytest.raises(nightlatch.CredentialUnavailableError):
        read(emulator, getattr(nightlatch, f"{name}Credential")())


def test_planted_programs_are_not_run(
    emulator: Emulator, variables: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """CVE-2023-36414: a program of a tool's name in the working directory."""
    for name in ("az", "azd", "pwsh", "powershell"):
        planted = tmp_path / name
        planted.write_text(f"#!/bin/sh\ntouch {tmp_path}/{name}.was-run\n")
        planted.chmod(planted.stat().st_mode | stat.S_IXUSR)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}/bin")
    for name in ("AzureCli", "AzureDeveloperCli", "AzurePowerShell"):
        with pytest.raises(nightlatch.CredentialUnavailableError):
            read(emulator, getattr(nightlatch, f"{name}Credential")())
    assert not list(tmp_path.glob("*.was-run"))


def test_certificates(emulator: Emulator, variables: Callable[..., None]) -> None:
    events: list[dict[str, Any]] = []
    credential = nightlatch.CertificateCredential(TENANT, APP, str(emulator.pem))
    with nightlatch.SecretClient(emulator.url, credential, on_event=events.append) as client:
        assert client.get_secret("db-password").value == "s3cr3t"
    assert "key_file_shared" not in {event["event"] for event in events}
    emulator.pem.chmod(0o644)
    try:
        credential = nightlatch.CertificateCredential(TENANT, APP, str(emulator.pem))
        with nightlatch.SecretClient(emulator.url, credential, on_event=events.append) as client:
            assert client.get_secret("db-password").value == "s3cr3t"
    finally:
        emulator.pem.chmod(0o600)
    assert [event["path"] for event in events if event["event"] == "key_file_shared"] == [str(emulator.pem)]
    variables({
        "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": APP, "AZURE_CLIENT_CERTIFICATE_PATH": str(emulator.pem),
    })  # fmt: skip
    assert read(emulator, nightlatch.DefaultAzureCredential()) == "s3cr3t"


def test_functions_of_the_users(emulator: Emulator, variables: Callable[..., None]) -> None:
    asked: list[str] = []

    def prove() -> str:
        asked.append("blocking")
        return assertion()

    async def prove_later() -> str:
        await asyncio.sleep(0)
        asked.append("waiting")
        return assertion()

    assert read(emulator, nightlatch.ClientAssertionCredential(TENANT, APP, prove)) == "s3cr3t"

    async def main() -> str | None:
        credential = aio.ClientAssertionCredential(TENANT, APP, prove_later)
        async with aio.SecretClient(emulator.url, credential) as client:
            return (await client.get_secret("db-password")).value

    assert asyncio.run(main()) == "s3cr3t"
    assert asked == ["blocking", "waiting"]

    def fails() -> str:
        raise ValueError("hunter2")

    with pytest.raises(nightlatch.ClientAuthenticationError) as caught:
        read(emulator, nightlatch.ClientAssertionCredential(TENANT, APP, fails))
    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_bearer_token_provider(emulator: Emulator, variables: Callable[..., None]) -> None:
    credential = nightlatch.ClientSecretCredential(TENANT, APP, "app-secret")
    provide = nightlatch.get_bearer_token_provider(credential, "https://vault.azure.net/.default")
    assert provide() == provide()
    assert emulator.counts()["entra"] == 1
