"""What the clients of `nightlatch` and of `nightlatch.aio` have in common."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from ._credentials.base import BaseCredential, base_of
from ._host.driver import Driver
from ._native import CachedSecrets, SecretReader

DriverT = TypeVar("DriverT", bound=Driver)


class BaseClient(SecretReader, Generic[DriverT]):
    """A vault, a credential, and the driver that both share with other clients."""

    # The awaited hot path reads it, and other attributes of a class with a native base are slow to reach.
    __slots__ = ("_latest",)

    _driver: DriverT
    _vault_url: str
    _latest: CachedSecrets
    _ticket: int | None = None

    def _connect(
        self,
        kind: type[DriverT],
        vault_url: str,
        credential: Any,
        default: type[BaseCredential],
        options: dict[str, Any],
    ) -> None:
        self._credential = base_of(credential, default)
        self._driver, settings = self._credential._driver(kind, options)
        self._vault_url, self._latest = self._open(self._driver.engine, vault_url)
        if settings.on_event is not None:
            self._ticket = self._driver.listen(settings.on_event)
        self._default_timeout: float | None = settings.engine.get("retry", {}).get("operation_timeout")

    @property
    def vault_url(self) -> str:
        """The vault's URL."""
        return self._vault_url

    def invalidate(self, name: str | None = None, version: str | None = None) -> None:
        """Forgets a cached secret, so that the next call asks the vault.

        :param name: the secret; without it, everything is forgotten that this client's cache holds, secrets
            of other clients with the same credential and options included
        :param version: one version of it, instead of the latest
        """
        if name is None:
            self._driver.engine.invalidate_all()
        else:
            self._driver.engine.invalidate(self._vault_url, name, version)

    def _forget_listener(self) -> None:
        if self._ticket is not None:
            self._driver.unlisten(self._ticket)
            self._ticket = None

    def __repr__(self) -> str:
        url = getattr(self, "_vault_url", "not open")
        return f"<{type(self).__module__}.{type(self).__qualname__} [{url}]>"

    def __del__(self) -> None:
        self._forget_listener()
