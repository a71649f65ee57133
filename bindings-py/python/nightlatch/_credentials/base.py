"""What the credentials of `nightlatch` and of `nightlatch.aio` have in common: their options, and their
engines.

A credential owns engines, one for each set of options, so that clients made with the same credential and
options share tokens, cached secrets and limits.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from .._host import foreign as _foreign
from .._host.driver import Driver
from .._host.environment import Host
from .._host.foreign import Foreign, Function, Missing, Outside
from .._host.fork import ForkSafeLock
from ..options import Settings, settings

DriverT = TypeVar("DriverT", bound=Driver)

ABSENT: Any = object()
"""For keywords whose absence means something else than ``None``."""


class Description:
    """A credential as the engine reads it, and what the JSON refers to by number."""

    def __init__(self, credential: Any) -> None:
        self.secrets: list[str | bytes] = []
        self.foreign: list[Outside] = []
        self.tree = self.of(credential)

    def of(self, credential: Any) -> dict[str, Any]:
        """The tree of one credential, ours or foreign."""
        if isinstance(credential, BaseCredential):
            return credential._describe(self)
        _foreign.check(credential)
        self.foreign.append(_foreign.wrap(credential))
        return {"type": "HostCredential", "handle": len(self.foreign) - 1, "name": self.foreign[-1].name}

    def secret(self, value: str | bytes) -> int:
        """Keeps a secret value out of the JSON; returns the number that stands for it there."""
        self.secrets.append(value)
        return len(self.secrets) - 1

    def missing(self, name: str, why: str) -> dict[str, Any]:
        """The tree of a source that never exists here."""
        self.foreign.append(Missing(name, why))
        return {"type": "HostCredential", "handle": len(self.foreign) - 1, "name": name}

    def function(self, function: Callable[..., Any], name: str) -> int:
        """Keeps a function of the user's; returns the number that stands for it in the JSON."""
        self.foreign.append(Function(function, name))
        return len(self.foreign) - 1


class BaseCredential:
    """A source of tokens.

    :param options: the client options that also make sense for a credential by itself, such as ``transport``,
        ``connection_verify``, ``proxies``, ``retry_total``; a client's own options win
    """

    def __init__(self, **options: Any) -> None:
        settings(options, type(self).__name__)
        self._options = options
        self._lock = ForkSafeLock()
        self._drivers: dict[Any, Driver] = {}

    def _describe(self, into: Description) -> dict[str, Any]:
        raise NotImplementedError

    def _driver(
        self, kind: type[DriverT], options: Mapping[str, Any] | None = None, where: str = ""
    ) -> tuple[DriverT, Settings]:
        """The driver for these client options; without any, one that is there already if possible.

        :param where: the client's class, for messages
        """
        merged = settings({**self._options, **(options or {})}, where)
        key = (
            kind, json.dumps([merged.engine, merged.transport_options], sort_keys=True, default=repr),
            id(merged.transport), id(merged.host),
        )  # fmt: skip
        with self._lock:
            driver = self._drivers.get(key)
            if driver is None and options is None:
                driver = next((one for one in self._drivers.values() if isinstance(one, kind)), None)
            if driver is None:
                driver = self._drivers[key] = _make(kind, self, merged)
            assert isinstance(driver, kind)
            return driver, merged

    def _close_drivers(self, kind: type[Driver]) -> None:
        with self._lock:
            drivers = [driver for driver in self._drivers.values() if isinstance(driver, kind)]
        for driver in drivers:
            driver.close()

    def __repr__(self) -> str:
        return f"<nightlatch {type(self).__name__}>"


def _make(kind: type[DriverT], credential: BaseCredential, merged: Settings) -> DriverT:
    described = Description(credential)
    host = merged.host
    if host is None:
        host = Host(transport=merged.transport, transport_options=merged.transport_options)
    return kind({**merged.engine, "credential": described.tree}, described.secrets, described.foreign, host)


class ForeignCredential(BaseCredential):
    """A credential object of another library, for a client that was given one."""

    def __init__(self, foreign: Foreign) -> None:
        super().__init__()
        self._foreign = foreign

    def _describe(self, into: Description) -> dict[str, Any]:
        return into.of(self._foreign.credential)


_shared: weakref.WeakValueDictionary[Any, BaseCredential] = weakref.WeakValueDictionary()
_shared_lock = ForkSafeLock()


def base_of(credential: Any, default: type[BaseCredential]) -> BaseCredential:
    """The credential that a client was given, as one of ours.

    Foreign objects, and the default for ``None``, are shared by all clients that exist at the same time.
    """
    if isinstance(credential, BaseCredential):
        return credential
    foreign = None if credential is None else _foreign.wrap(_foreign.check(credential))
    with _shared_lock:
        shared = _shared.get(foreign or default)
        if shared is None:
            shared = default() if foreign is None else ForeignCredential(foreign)
            _shared[foreign or default] = shared
        return shared


def authority_options(options: dict[str, Any]) -> dict[str, Any]:
    """Takes the keywords about the identity provider out of a credential's options.

    ``authority``: its host; ``additionally_allowed_tenants``: tenants besides the configured one for which
    tokens may be asked; ``disable_instance_discovery``: accepted, since no instance discovery is made.
    """
    options.pop("disable_instance_discovery", None)
    return authority_tree(options.pop("authority", None), options.pop("additionally_allowed_tenants", ()))


def authority_tree(authority: str | None, tenants: Sequence[str]) -> dict[str, Any]:
    """The options about the identity provider."""
    if isinstance(tenants, str):
        raise TypeError("additionally_allowed_tenants is a list of tenants")
    return {"authority": authority, "additionally_allowed_tenants": list(tenants)}


def needed(where: str, **arguments: Any) -> None:
    """Refuses empty arguments.

    :raises ValueError: one is empty
    """
    if not all(arguments.values()):
        *most, last = arguments
        names = f"{', '.join(most)} and {last} are all" if most else f"{last} is"
        raise ValueError(f"{where}: {names} needed")
