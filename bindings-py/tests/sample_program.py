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


def manage() -> list[str]:
    client = SecretClient("https://contoso.vault.azure.net", audit="audit.jsonl", refresh_in_background=True)
    tags: dict[str, str] = client.set_secret("db", "value", tags={"a": "b"}).properties.tags
    deleted: nightlatch.DeletedSecret = client.begin_delete_secret("db").result()
    many: dict[str, KeyVaultSecret] = client.get_secrets(["a", "b"])
    mixed: dict[str, KeyVaultSecret | Exception] = client.get_secrets(["a"], return_exceptions=True)
    length: int = client.with_secret("db", lambda secret: len(secret.name), auth_error=(OSError, KeyError))
    end = client.on_rotation(lambda rotation: print(rotation.new_version))
    end()
    print(tags, deleted.recovery_id, many, mixed, length, client.cache_info().hits)
    pages = client.list_properties_of_secrets().by_page()
    return [item.name for page in pages for item in page]


async def manage_async() -> list[str]:
    client = aio.SecretClient("https://contoso.vault.azure.net")

    async def use(secret: KeyVaultSecret) -> int:
        return len(secret.name)

    length: int = await client.with_secret("db", use, auth_error=lambda why: isinstance(why, OSError))
    deleted: nightlatch.DeletedSecret = await client.delete_secret("db")
    many: dict[str, KeyVaultSecret] = await client.get_secrets(["a", "b"])
    print(length, deleted, many)
    return [item.name async for item in client.list_properties_of_secrets()]


def configure() -> str:
    with nightlatch.ReferenceResolver(DefaultAzureCredential(), max_age=60, cache_ttl=60) as resolver:
        settings: dict[str, str] = resolver.resolve(
            {"password": "@Microsoft.KeyVault(VaultName=v;SecretName=s)"}
        )
        names: list[str] = resolver.resolve(["plain"])
        variables: dict[str, str] = resolver.resolve_environ()
        told: nightlatch.Resolution = resolver.status(settings)
        live: nightlatch.LiveSettings[str, str] = resolver.live(
            settings, on_change=lambda keys: print(keys[0])
        )
        changed: list[str] = live.refresh()
        print(live["password"].upper(), changed)
        age: float | None = told.references[0].age
        print(names, variables, age, resolver.resolve_dotenv("A=b")["A"])
        return resolver.resolve("plain", content_type="text/plain")


async def configure_async() -> dict[str, str]:
    async with aio.ReferenceResolver() as resolver:
        print((await resolver.status("plain")).ok, await resolver.resolve_json("{}"))
        return await resolver.resolve({"a": "b"})


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
