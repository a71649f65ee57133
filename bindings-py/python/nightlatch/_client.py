"""What the clients of `nightlatch` and of `nightlatch.aio` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from .models import KeyVaultSecret

from ._connected import Connected, DriverT
from ._credentials.base import BaseCredential
from ._native import CachedSecrets, SecretReader

AuthError: TypeAlias = "type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool]"
"""Which exceptions mean that a secret's value is no longer accepted."""


class SecretRotation(NamedTuple):
    """The latest version of a secret is another one than the cache knew."""

    vault_url: str
    """The vault's URL."""
    name: str
    """The secret's name."""
    old_version: str
    """The version known so far."""
    new_version: str
    """The version found now."""


def is_auth_error(auth_error: AuthError, why: Exception) -> bool:
    """Whether an exception is one of those meant."""
    if isinstance(auth_error, (type, tuple)):
        return isinstance(why, auth_error)
    return auth_error(why)


class BaseClient(SecretReader, Connected[DriverT]):
    """A vault, and what reads its secrets."""

    # The awaited hot path reads it, and other attributes of a class with a native base are slow to reach.
    __slots__ = ("_latest",)

    _vault_url: str
    _latest: CachedSecrets

    def _connect_to(
        self,
        vault_url: str,
        kind: type[DriverT],
        credential: Any,
        default: type[BaseCredential],
        options: dict[str, Any],
    ) -> None:
        self._connect(kind, credential, default, options)
        self._vault_url, self._latest = self._open(self._driver.engine, vault_url)

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

    def on_rotation(
        self, callback: Callable[[SecretRotation], object], name: str | None = None
    ) -> Callable[[], None]:
        """Calls `callback` whenever the latest version of a secret turns out to be another one than before.

        Rotation is noticed when a secret is fetched again: by a reader, by `refresh`, in the background.
        The new version is what `get_secret` returns then. The callback runs in the thread that noticed;
        what it raises is logged.

        :param name: the secret; without it, any of this vault
        :returns: a function that ends this. Closing the client ends it too
        """

        def listener(event: dict[str, Any]) -> None:
            if event["event"] == "secret_rotated" and event["vault"] == self._vault_url:
                told = SecretRotation(
                    *(event[part] for part in ("vault", "name", "old_version", "new_version"))
                )
                if name is None or name.lower() == told.name.lower():
                    callback(told)

        ticket = self._driver.listen(listener)
        self._tickets += (ticket,)
        return lambda: self._driver.unlisten(ticket)

    def _sort_out(
        self, names: Iterable[str], refresh: bool
    ) -> tuple[list[str], dict[str, KeyVaultSecret], list[str]]:
        """What was asked for; of that, what the cache serves, and what it does not."""
        if isinstance(names, str):
            raise TypeError("names is a list of names; for one secret there is get_secret")
        names = list(names)
        kept = {} if refresh else {name: self._latest[name] for name in names}
        found = {name: secret for name, secret in kept.items() if secret is not None}
        return names, found, [name for name in dict.fromkeys(names) if name not in found]

    def _other_than(self, secret: KeyVaultSecret) -> KeyVaultSecret | None:
        """The copy at hand, if it is another version: somebody else has fetched it meanwhile."""
        kept = self.peek(secret.name)
        return kept if kept and kept.properties.version != secret.properties.version else None

    def __repr__(self) -> str:
        url = getattr(self, "_vault_url", "not open")
        return f"<{type(self).__module__}.{type(self).__qualname__} [{url}]>"
