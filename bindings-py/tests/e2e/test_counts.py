"""How often the vault and the identity provider are asked, by the emulator's own counts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import nightlatch
import pytest
from nightlatch import aio

from .conftest import Emulator

pytestmark = pytest.mark.e2e


def test_a_cold_read_takes_two_round_trips(emulator: Emulator, variables: Callable[..., None]) -> None:
    variables(emulator.app_service)
    with nightlatch.SecretClient(emulator.url, nightlatch.DefaultAzureCredential()) as client:
        assert client.get_secret("db-password").value == "s3cr3t"
    assert [(r["service"], r["status"]) for r in emulator.log()] == [("app_service", 200), ("vault", 200)]


def test_two_hundred_threads_cold_are_one_token_and_one_request(
    emulator: Emulator, variables: Callable[..., None]
) -> None:
    variables(emulator.app_service)
    client = nightlatch.SecretClient(emulator.url, nightlatch.DefaultAzureCredential())
    together = threading.Barrier(200)

    def read(_: int) -> str | None:
        together.wait(30)
        return client.get_secret("db-password").value

    with ThreadPoolExecutor(200) as pool:
        assert set(pool.map(read, range(200))) == {"s3cr3t"}
    counts = emulator.counts()
    assert (counts["app_service"], counts["vault"]) == (1, 1)


def test_two_hundred_tasks_cold_are_one_token_and_one_request(
    emulator: Emulator, variables: Callable[..., None]
) -> None:
    variables(emulator.app_service)

    async def main() -> set[str | None]:
        async with aio.SecretClient(emulator.url, aio.DefaultAzureCredential()) as client:
            secrets = await asyncio.gather(*(client.get_secret("db-password") for _ in range(200)))
            return {secret.value for secret in secrets}

    assert asyncio.run(main()) == {"s3cr3t"}
    counts = emulator.counts()
    assert (counts["app_service"], counts["vault"]) == (1, 1)


def test_ten_thousand_reads_of_twenty_secrets_are_twenty_requests(
    emulator: Emulator, variables: Callable[..., None]
) -> None:
    variables(emulator.app_service)
    client = nightlatch.SecretClient(emulator.url, nightlatch.DefaultAzureCredential())
    for round_ in range(500):
        for i in range(20):
            assert client.get_secret(f"secret-{i}").value == f"value-{i}", round_
    counts = emulator.counts()
    assert (counts["app_service"], counts["vault"]) == (1, 20)


def test_clients_of_one_credential_share_token_and_cache(
    emulator: Emulator, variables: Callable[..., None]
) -> None:
    variables(emulator.app_service)
    credential = nightlatch.DefaultAzureCredential()
    first = nightlatch.SecretClient(emulator.url, credential).get_secret("db-password")
    assert nightlatch.SecretClient(emulator.url, credential).get_secret("db-password") is first
    counts = emulator.counts()
    assert (counts["app_service"], counts["vault"]) == (1, 1)
