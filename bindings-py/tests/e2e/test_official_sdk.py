"""Both ways with the official SDK: its clients with our credentials, our clients with its credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import nightlatch
import pytest
from nightlatch import aio

from .conftest import APP, TENANT, Emulator

pytestmark = pytest.mark.e2e
sdk = pytest.importorskip("azure.keyvault.secrets", reason="pip install azure-keyvault-secrets")
identity = pytest.importorskip("azure.identity", reason="pip install azure-identity")


@pytest.fixture(autouse=True)
def trust(emulator: Emulator, variables: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca)


def test_their_client_with_our_credential(emulator: Emulator) -> None:
    credential: Any = nightlatch.ClientSecretCredential(TENANT, APP, "app-secret")
    with sdk.SecretClient(emulator.url, credential) as client:
        assert client.get_secret("db-password").value == "s3cr3t"


def test_our_client_with_their_credential(emulator: Emulator) -> None:
    credential = identity.ClientSecretCredential(TENANT, APP, "app-secret")
    with nightlatch.SecretClient(emulator.url, credential) as client:
        ours = client.get_secret("db-password")
    with sdk.SecretClient(emulator.url, credential) as client:
        theirs = client.get_secret("db-password")
    assert (ours.id, ours.name, ours.value) == (theirs.id, theirs.name, theirs.value)
    for name in (n for n in dir(ours.properties) if not n.startswith("_")):
        assert (getattr(ours.properties, name) or None) == (getattr(theirs.properties, name, None) or None), (
            name
        )


def test_their_refusal_is_the_cause(emulator: Emulator) -> None:
    credential = identity.ClientSecretCredential(TENANT, APP, "wrong-secret")
    with pytest.raises(nightlatch.ClientAuthenticationError) as caught:
        nightlatch.SecretClient(emulator.url, credential).get_secret("db-password")
    assert type(caught.value.__cause__).__name__ == "ClientAuthenticationError"
    assert "wrong-secret" not in str(caught.value)


def test_the_same_for_asyncio(emulator: Emulator) -> None:
    pytest.importorskip("aiohttp")
    from azure.identity.aio import ClientSecretCredential
    from azure.keyvault.secrets.aio import SecretClient

    async def main() -> None:
        ours: Any = aio.ClientSecretCredential(TENANT, APP, "app-secret")
        # aiohttp reads the variable for certificates once in a process.
        trust = {"connection_verify": emulator.ca}
        async with SecretClient(emulator.url, ours, **trust) as client:
            assert (await client.get_secret("db-password")).value == "s3cr3t"
        theirs = ClientSecretCredential(TENANT, APP, "app-secret", **trust)
        async with theirs, aio.SecretClient(emulator.url, theirs) as mine:
            assert (await mine.get_secret("db-password")).value == "s3cr3t"

    asyncio.run(main())


def test_aiohttp_carries_our_requests(emulator: Emulator) -> None:
    aiohttp = pytest.importorskip("aiohttp")

    async def main() -> None:
        import ssl

        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=emulator.ca))
        async with aiohttp.ClientSession(connector=connector, proxy=emulator.http) as session:
            credential = aio.ClientSecretCredential(TENANT, APP, "app-secret")
            async with aio.SecretClient(emulator.url, credential, transport=session) as client:
                assert (await client.get_secret("db-password")).value == "s3cr3t"

    asyncio.run(main())
