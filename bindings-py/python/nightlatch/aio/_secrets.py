"""The client of a vault's secrets, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ..models import KeyVaultSecret

from .._client import BaseClient
from .._host.asyncio import LoopDriver
from .._requests import secret_operation
from ._credentials import DefaultAzureCredential

__all__ = ["SecretClient"]


class SecretClient(BaseClient[LoopDriver]):
    """Reads the secrets of one vault, on any number of event loops.

    Takes the options of `nightlatch.SecretClient`. `transport` may also be an ``httpx.AsyncClient`` or an
    ``aiohttp.ClientSession``; `credential` may also be one made for asyncio. `on_event` may be called in any
    thread.
    """

    def __init__(self, vault_url: str, credential: Any = None, **options: Any) -> None:
        self._connect(LoopDriver, vault_url, credential, DefaultAzureCredential, options)

    async def get_secret(  # type: ignore[override]
        self, name: str, version: str | None = None, timeout: float | None = None
    ) -> KeyVaultSecret:
        """Gets a secret: from the cache if a fresh copy is there, else from the vault.

        :param name: the secret's name
        :param version: one version of it; the latest if not given
        :keyword timeout: seconds this call may take in all; the client's `operation_timeout` if not given
        :returns: the same object for as long as the cached copy lives
        :raises ResourceNotFoundError: there is no such secret or version
        :raises ClientAuthenticationError: no identity was found here, or it was refused
        :raises ForbiddenError: the identity may not read this secret, or the network is not allowed
        :raises NightlatchError: the base of these and all other errors
        """
        # The hot path. A keyword-only `timeout` would cost it a tenth, a method instead of the subscript too.
        if (secret := self._latest[name] if version is None else self._cached(name, version)) is not None:
            return secret
        output = await self._driver.call(secret_operation(self._vault_url, name, version, timeout))
        found: KeyVaultSecret = output[2]
        return found

    async def refresh(
        self, name: str, version: str | None = None, *, timeout: float | None = None
    ) -> KeyVaultSecret:
        """Gets a secret from the vault, cached or not. Calls within a second share one fetch."""
        output = await self._driver.call(secret_operation(self._vault_url, name, version, timeout, True))
        found: KeyVaultSecret = output[2]
        return found

    async def close(self) -> None:
        """Closes idle connections. The client stays usable, as do others that share its credential."""
        self._forget_listener()
        self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()
