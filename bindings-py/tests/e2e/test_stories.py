"""Three troubles that cost people hours, through real sockets: what the doctor says, to a program and to a person. The
README's transcript is made here: ``UPDATE=1`` writes it.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nightlatch
import pytest

from .conftest import Emulator
from .test_cli import PROGRAM
from .vaults import emulator_with

README = Path(__file__).resolve().parents[2] / "README.md"
NEVER_ATTACHED = "8f0e4c21-93d2-4c5a-8f11-aa00bb11cc22"
APP_SERVICE = {"WEBSITE_SITE_NAME": "shop", "WEBSITE_RESOURCE_GROUP": "shop-group"}

Told = Callable[..., nightlatch.Diagnosis]


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Emulator]:
    with emulator_with(tmp_path, secrets={"db-password": "s3cr3t"}) as emulator:
        yield emulator


@pytest.fixture
def diagnose(azure: Emulator, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Diagnoses in a situation, on a host that has these variables."""
    for name in (
        *nightlatch._native.ENVIRONMENT_NAMES,
        "HTTP_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)

    def diagnose(situation: str, host: dict[str, str], credential: Any) -> nightlatch.Diagnosis:
        for name, value in {**azure.network, **host}.items():
            monkeypatch.setenv(name, value)
        azure.ask("POST", "/_emulator/situation", {"situation": situation})
        diagnosis = nightlatch.SecretClient(azure.url, credential()).diagnose("db-password")
        assert not diagnosis
        assert "s3cr3t" not in repr(diagnosis) + str(diagnosis) + diagnosis.to_json()
        return diagnosis

    return diagnose


def test_the_identity_was_granted_a_role_and_never_attached(azure: Emulator, diagnose: Told) -> None:
    told = diagnose(
        "identity-not-attached",
        {**azure.app_service, **APP_SERVICE},
        lambda: nightlatch.ManagedIdentityCredential(client_id=NEVER_ATTACHED),
    )
    assert told.verdict is not None
    assert told.verdict.code == "identity-not-attached"
    assert told.verdict.commands[0].startswith(
        "az webapp identity assign --name shop --resource-group shop-group --identities "
    )
    assert NEVER_ATTACHED in told.verdict.commands[0]
    assert (told.host.kind, told.identity) == ("app-service", None)


def test_the_firewall_lets_only_some_addresses_in(azure: Emulator, diagnose: Told) -> None:
    told = diagnose(
        "firewall-blocked", {**azure.app_service, **APP_SERVICE}, nightlatch.ManagedIdentityCredential
    )
    assert told.verdict is not None
    assert told.verdict.code == "firewall-blocked"
    assert told.verdict.commands == (
        "az keyvault network-rule add --name contoso --ip-address 203.0.113.7",
        "az webapp show --name shop --resource-group shop-group --query possibleOutboundIpAddresses --output tsv",
    )
    assert told.service.address == "203.0.113.7"
    assert told.identity is not None


def test_the_secret_was_deleted(azure: Emulator, diagnose: Told) -> None:
    told = diagnose("secret-deleted", azure.principal, nightlatch.EnvironmentCredential)
    assert told.verdict is not None
    assert told.verdict.code == "secret-deleted"
    assert told.verdict.commands == ("az keyvault secret recover --vault-name contoso --name db-password",)
    assert [warning.code for warning in told.warnings] == ["no-purge-protection"]
    # Mended as it says, all is well.
    client = nightlatch.SecretClient(azure.url, nightlatch.EnvironmentCredential())
    client.begin_recover_deleted_secret("db-password").wait()
    assert client.diagnose("db-password")


def test_the_transcript_in_the_readme_is_what_the_program_prints(azure: Emulator) -> None:
    azure.ask("POST", "/_emulator/situation", {"situation": "identity-not-attached"})
    command = [
        "nightlatch",
        "doctor",
        "contoso.vault.azure.net",
        "db-password",
        "--client-id",
        NEVER_ATTACHED,
    ]
    environment = {**azure.network, **azure.app_service, **APP_SERVICE}
    ran = subprocess.run([PROGRAM, *command[1:]], env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (1, "")
    printed = re.sub(r"after \d+ ms", "after 9 ms", ran.stdout)
    transcript = f"$ {' '.join(command)}\n{printed}"
    before, rest = README.read_text().split("## Why not?", 1)
    head, _, rest = rest.partition("```text\n")
    written, _, after = rest.partition("```")
    if "UPDATE" in os.environ:
        README.write_text(f"{before}## Why not?{head}```text\n{transcript}```{after}")
    else:
        assert written == transcript
