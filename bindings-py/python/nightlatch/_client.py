"""What the clients of `nightlatch` and of `nightlatch.aio` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from .models import KeyVaultSecret

from ._credentials.base import BaseCredential, base_of
from ._host.driver import Driver
from ._native import CachedSecrets, SecretReader
from .options import Settings

DriverT = TypeVar("DriverT", bound=Driver)

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


class CacheInfo(NamedTuple):
    """What a cache holds, and what it has done since it was made."""

    entries: int
    """Secrets kept, those included whose time is over and that have not been swept out yet."""
    bytes: int
    """Their size."""
    hits: int
    """Reads that did not wait for the vault."""
    misses: int
    """Reads that did."""
    stale_served: int
    """Reads that were served a copy past its life, because the vault could not be asked."""
    refreshes: int
    """Times that a copy was renewed before its end, or because a caller wanted it."""
    evictions: int
    """Secrets that left for want of room."""
    expired: int
    """Secrets that left because their time was over."""
    oldest_age: float | None
    """Age of the oldest copy, in seconds."""


def is_auth_error(auth_error: AuthError, why: Exception) -> bool:
    """Whether an exception is one of those meant."""
    if isinstance(auth_error, (type, tuple)):
        return isinstance(why, auth_error)
    return auth_error(why)


class BaseClient(SecretReader, Generic[DriverT]):
    """A vault, a credential, and the driver that both share with other clients."""

    # The awaited hot path reads it, and other attributes of a class with a native base are slow to reach.
    __slots__ = ("_latest",)

    _driver: DriverT
    _vault_url: str
    _latest: CachedSecrets
    _tickets: tuple[Any, ...] = ()

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
            self._tickets += (self._driver.listen(settings.on_event),)
        if settings.audit is not None:
            from ._audit import Audit

            audit = Audit(settings.audit, self._driver.host)
            self._tickets += (self._driver.listen(audit, audit.key),)
        self._settled(settings)
        self._default_timeout: float | None = settings.engine.get("retry", {}).get("operation_timeout")

    def _settled(self, settings: Settings) -> None:
        """What else the options ask of one family of clients."""

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

    def cache_info(self) -> CacheInfo:
        """What this client's cache holds and has done; it is shared by all clients with the same credential
        and options.
        """
        import json

        info = json.loads(self._driver.engine.cache_info())
        age = info.pop("oldest_age_ms")
        return CacheInfo(**info, oldest_age=None if age is None else age / 1000)

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

    def _end(self) -> None:
        """Ends what the client has set going."""
        for ticket in self._tickets:
            self._driver.unlisten(ticket)
        self._tickets = ()

    def __repr__(self) -> str:
        url = getattr(self, "_vault_url", "not open")
        return f"<{type(self).__module__}.{type(self).__qualname__} [{url}]>"

    def __del__(self) -> None:
        self._end()
