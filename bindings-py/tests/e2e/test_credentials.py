"""Every credential gets a secret, and says why when it does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nightlatch
import pytest

from .conftest import APP, HMAC, TENANT, USER_ASSIGNED, Emulator

pytestmark = pytest.mark.e2e


def read(emulator: Emulator, credential: Any, name: str = "db-password", **options: Any) -> str | None:
    with nightlatch.SecretClient(emulator.url, credential, **options) as client:
        return client.get_secret(name).value


def assertion() -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {
        "iss": "https://cluster.example/", "sub": "system:serviceaccount:shop:basket",
        "aud": "api://AzureADTokenExchange", "iat": int(time.time()), "exp": int(time.time()) + 600,
    }  # fmt: skip
    text = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    signature = hmac.new(HMAC.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_client_secret(emulator: Emulator, variables: Callable[..., None]) -> None:
    assert read(emulator, nightlatch.ClientSecretCredential(TENANT, APP, "app-secret")) == "s3cr3t"


def test_a_wrong_client_secret_is_refused_without_being_shown(
    emulator: Emulator, variables: Callable[..., None]
) -> None:
    with pytest.raises(nightlatch.ClientAuthenticationError) as caught:
        read(emulator, nightlatch.ClientSecretCredential(TENANT, APP, "hunter2-wrong"))
    assert "hunter2" not in repr(caught.value) + str(caught.value) + repr(caught.value.__dict__)
    assert caught.value.error_code


def test_environment(emulator: Emulator, variables: Callable[..., None]) -> None:
    variables(emulator.principal)
    assert read(emulator, nightlatch.EnvironmentCredential()) == "s3cr3t"
    assert read(emulator, None) == "s3cr3t"


def test_workload_identity(emulator: Emulator, variables: Callable[..., None], tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(assertion())
    credential = nightlatch.WorkloadIdentityCredential(
        tenant_id=TENANT, client_id=APP, token_file_path=str(file)
    )
    assert read(emulator, credential) == "s3cr3t"


def test_managed_identity_of_app_service(emulator: Emulator, variables: Callable[..., None]) -> None:
    variables(emulator.app_service)
    assert read(emulator, nightlatch.ManagedIdentityCredential()) == "s3cr3t"


def test_managed_identity_of_a_machine(emulator: Emulator, variables: Callable[..., None]) -> None:
    variables({"AZURE_POD_IDENTITY_AUTHORITY_HOST": emulator.http})
    assert read(emulator, nightlatch.ManagedIdentityCredential()) == "s3cr3t"


def test_an_identity_without_permission_is_named(emulator: Emulator, variables: Callable[..., None]) -> None:
    variables(emulator.app_service)
    with pytest.raises(nightlatch.ForbiddenError) as caught:
        read(emulator, nightlatch.ManagedIdentityCredential(client_id=USER_ASSIGNED))
    assert caught.value.status_code == 403
    assert caught.value.identity is not None
    assert caught.value.identity.object_id == "77777777-7777-4777-8777-777777777777"


def test_azure_cli(
    emulator: Emulator, variables: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = nightlatch.ClientSecretCredential(TENANT, APP, "app-secret").get_token(
        "https://vault.azure.net/.default"
    )
    answer = {"accessToken": token.token, "expires_on": token.expires_on, "tokenType": "Bearer"}
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    tool = tmp_path / "az"
    tool.write_text(f"#!/bin/sh\ncat {tmp_path}/answer.json\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert read(emulator, nightlatch.AzureCliCredential()) == "s3cr3t"


def test_a_chain_goes_on_to_what_is_there(emulator: Emulator, variables: Callable[..., None]) -> None:
    chain = nightlatch.ChainedTokenCredential(
        nightlatch.EnvironmentCredential(), nightlatch.ClientSecretCredential(TENANT, APP, "app-secret")
    )
    assert read(emulator, chain) == "s3cr3t"


def test_missing_and_disabled_secrets(emulator: Emulator, variables: Callable[..., None]) -> None:
    credential = nightlatch.ClientSecretCredential(TENANT, APP, "app-secret")
    with pytest.raises(nightlatch.ResourceNotFoundError) as missing:
        read(emulator, credential, "nothing-here")
    assert (missing.value.status_code, missing.value.error_code) == (404, "SecretNotFound")
    assert missing.value.request_id
    with pytest.raises(nightlatch.SecretDisabledError):
        read(emulator, credential, "off")


def test_tokens_for_other_clients(emulator: Emulator, variables: Callable[..., None]) -> None:
    credential = nightlatch.ClientSecretCredential(TENANT, APP, "app-secret")
    info = credential.get_token_info("https://vault.azure.net/.default")
    assert info.expires_on > time.time() + 600
    assert info.token not in repr(info)
    assert credential.get_token("https://vault.azure.net/.default").token == info.token
    assert emulator.counts()["entra"] == 1


def test_the_pinned_identity(emulator: Emulator, variables: Callable[..., None]) -> None:
    credential = nightlatch.ClientSecretCredential(TENANT, APP, "app-secret")
    assert read(emulator, credential, expect={"client_id": APP}) == "s3cr3t"
    with pytest.raises(nightlatch.IdentityMismatchError):
        read(emulator, credential, expect=nightlatch.IdentityPin(client_id=USER_ASSIGNED))
