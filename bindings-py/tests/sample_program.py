"""What a user's typed program looks like; checked by mypy, never run."""

from __future__ import annotations

import asyncio
from datetime import datetime

import nightlatch
from nightlatch import DefaultAzureCredential, KeyVaultSecret, SecretClient, aio


def read() -> str | None:
    with SecretClient("https://contoso.vault.azure.net", DefaultAzureCredential(), cache_ttl=60) as client:
        secret: KeyVaultSecret = client.get_secret("db-password", timeout=5)
        expires: datetime | None = secret.properties.expires_on
        kept: KeyVaultSecret | None = client.peek("db-password")
        try:
            client.refresh("db-password")
        except nightlatch.ResourceNotFoundError as error:
            code: int | None = error.status_code
            print(code, error.attempts, expires, kept)
        return secret.value


async def read_async() -> str | None:
    async with aio.SecretClient("https://contoso.vault.azure.net", aio.DefaultAzureCredential()) as client:
        return (await client.get_secret("db-password")).value


def token() -> tuple[str, int]:
    credential = nightlatch.ChainedTokenCredential(
        nightlatch.ManagedIdentityCredential(client_id="c"), nightlatch.AzureCliCredential()
    )
    found = credential.get_token("https://management.azure.com/.default")
    return found.token, found.expires_on


class Own:
    def send(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        body: bytes,
        *,
        timeout: float,
        direct: bool,
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        raise nightlatch.TransportError("unsupported")


TRANSPORT: nightlatch.Transport = Own()
asyncio.run(read_async())
