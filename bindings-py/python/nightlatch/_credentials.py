"""What the credentials of `nightlatch` and of `nightlatch.aio` have in common: their options, and their
engines.

A credential owns engines, one for each set of options, so that clients made with the same credential and
options share tokens, cached secrets and limits.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from ._host import foreign as _foreign
from ._host.driver import Driver
from ._host.environment import Host
from ._host.foreign import Foreign
from ._host.fork import ForkSafeLock
from .options import Settings, settings, unknown

DriverT = TypeVar("DriverT", bound=Driver)

ABSENT: Any = object()
"""For keywords whose absence means something else than ``None``."""


class Description:
    """A credential as the engine reads it, and what the JSON refers to by number."""

    def __init__(self, credential: Any) -> None:
        self.secrets: list[str] = []
        self.foreign: list[Foreign] = []
        self.tree = self.of(credential)

    def of(self, credential: Any) -> dict[str, Any]:
        """The tree of one credential, ours or foreign."""
        if isinstance(credential, BaseCredential):
            return credential._describe(self)
        _foreign.check(credential)
        self.foreign.append(_foreign.wrap(credential))
        return {"type": "HostCredential", "handle": len(self.foreign) - 1, "name": self.foreign[-1].name}

    def secret(self, value: str) -> int:
        """Keeps a secret value out of the JSON; returns the number that stands for it there."""
        self.secrets.append(value)
        return len(self.secrets) - 1


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
        self, kind: type[DriverT], options: Mapping[str, Any] | None = None
    ) -> tuple[DriverT, Settings]:
        """The driver for these client options; without any, one that is there already if possible."""
        merged = settings({**self._options, **(options or {})}, "SecretClient")
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


# The options of each credential, written once for both families.

_DEFAULT_FLAGS = (
    "exclude_environment_credential",
    "exclude_workload_identity_credential",
    "exclude_managed_identity_credential",
    "exclude_cli_credential",
)
# Sources that nightlatch does not have: leaving them out changes nothing.
_ABSENT_SOURCES = (
    "exclude_developer_cli_credential",
    "exclude_powershell_credential",
    "exclude_shared_token_cache_credential",
    "exclude_visual_studio_code_credential",
    "exclude_interactive_browser_credential",
    "exclude_broker_credential",
)
_DEFAULT_VALUES = (
    "workload_identity_client_id",
    "workload_identity_tenant_id",
    "process_timeout",
    "require_envvar",
)


class DefaultOptions(BaseCredential):
    """The credential that suits the place where the program runs.

    Tries, in this order and as far as there is any sign of them: environment variables, workload identity,
    managed identity, the developer tools. What the place offers and refuses ends the search; what is not
    there does not.

    :keyword exclude_environment_credential: leave a source out; so for
        ``exclude_workload_identity_credential``, ``exclude_managed_identity_credential``,
        ``exclude_cli_credential``
    :keyword managed_identity_client_id: the user-assigned identity to use; ``None`` forces the
        system-assigned one
    :keyword workload_identity_client_id: the application of a workload identity
    :keyword workload_identity_tenant_id: its tenant
    :keyword process_timeout: seconds that a developer tool may take
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    :keyword require_envvar: refuse to start unless the environment names the sources to use
    """

    def __init__(
        self,
        *,
        authority: str | None = None,
        additionally_allowed_tenants: Sequence[str] = (),
        managed_identity_client_id: str | None = ABSENT,
        **options: Any,
    ) -> None:
        tree: dict[str, Any] = {"authority": authority_tree(authority, additionally_allowed_tenants)}
        if managed_identity_client_id is not ABSENT:
            tree["managed_identity_client_id"] = managed_identity_client_id
        for name in (*_DEFAULT_FLAGS, *_DEFAULT_VALUES):
            if (value := options.pop(name, None)) is not None:
                tree[name] = value
        for name in _ABSENT_SOURCES:
            if options.pop(name, None) is False and name == "exclude_interactive_browser_credential":
                raise ValueError(f"{name}=False: nightlatch has no interactive sign-in")
        for name in options:
            if name.startswith("exclude_"):
                raise unknown(name, type(self).__name__, [*_DEFAULT_FLAGS, *_ABSENT_SOURCES])
        super().__init__(**options)
        self._tree = tree

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "DefaultAzureCredential", **self._tree}


class EnvironmentOptions(BaseCredential):
    """A service principal described by environment variables.

    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    def __init__(
        self,
        *,
        authority: str | None = None,
        additionally_allowed_tenants: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._authority = authority_tree(authority, additionally_allowed_tenants)

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "EnvironmentCredential", **self._authority}


class ManagedIdentityOptions(BaseCredential):
    """The identity of the machine, container or function that the program runs in.

    :keyword client_id: the user-assigned identity to use, by client id; the system-assigned one if nothing
        is given
    :keyword identity_config: the user-assigned identity by ``{"object_id": …}`` or ``{"resource_id": …}``
    """

    def __init__(
        self,
        *,
        client_id: str | None = None,
        identity_config: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        named = dict(identity_config or {})
        tree = {name: named.pop(name, None) for name in ("client_id", "object_id", "resource_id")}
        if named:
            raise ValueError(
                f"identity_config: {', '.join(named)} is none of client_id, object_id, resource_id"
            )
        tree["client_id"] = client_id or tree["client_id"]
        if sum(value is not None for value in tree.values()) > 1:
            raise ValueError("an identity is named by one of client_id, object_id, resource_id")
        self._tree = tree

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "ManagedIdentityCredential", **self._tree}


class ClientSecretOptions(BaseCredential):
    """A service principal with a client secret.

    :param tenant_id: the principal's tenant
    :param client_id: its application id
    :param client_secret: one of its secrets
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    :keyword disable_instance_discovery: accepted; no instance discovery is made
    """

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        client_secret: str,
        *,
        authority: str | None = None,
        additionally_allowed_tenants: Sequence[str] = (),
        disable_instance_discovery: bool | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if not (tenant_id and client_id and client_secret):
            raise ValueError("tenant_id, client_id and client_secret are all needed")
        self._tree = {
            "tenant_id": tenant_id,
            "client_id": client_id,
            "authority": authority_tree(authority, additionally_allowed_tenants),
        }
        self._secret = client_secret

    def _describe(self, into: Description) -> dict[str, Any]:
        return {
            "type": "ClientSecretCredential", **self._tree, "client_secret": into.secret(self._secret),
        }  # fmt: skip


class WorkloadIdentityOptions(BaseCredential):
    """A federated token in a file, as Kubernetes and others mount it; read anew for each exchange.

    :keyword tenant_id: the principal's tenant; the environment's if not given
    :keyword client_id: its application id; the environment's if not given
    :keyword token_file_path: the file; the environment's if not given
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    def __init__(
        self,
        *,
        tenant_id: str | None = None,
        client_id: str | None = None,
        token_file_path: str | None = None,
        authority: str | None = None,
        additionally_allowed_tenants: Sequence[str] = (),
        disable_instance_discovery: bool | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._tree = {
            "tenant_id": tenant_id,
            "client_id": client_id,
            "token_file_path": token_file_path,
            "authority": authority_tree(authority, additionally_allowed_tenants),
        }

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "WorkloadIdentityCredential", **self._tree}


class AzureCliOptions(BaseCredential):
    """Whoever is signed in to the Azure CLI (``az login``).

    :keyword tenant_id: tenant to ask
    :keyword subscription: subscription whose account to use
    :keyword process_timeout: seconds that the program may take
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    def __init__(
        self,
        *,
        tenant_id: str = "",
        subscription: str | None = None,
        process_timeout: float | None = None,
        additionally_allowed_tenants: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._tree = {
            "tenant_id": tenant_id or None,
            "subscription": subscription,
            "process_timeout": process_timeout,
            "additionally_allowed_tenants": list(additionally_allowed_tenants),
        }

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "AzureCliCredential", **self._tree}


class ChainedOptions(BaseCredential):
    """Several credentials, asked in order until one gives a token. Foreign credential objects may be among
    them.

    :param credentials: at least one
    """

    def __init__(self, *credentials: Any, **options: Any) -> None:
        super().__init__(**options)
        if not credentials:
            raise ValueError("at least one credential is needed")
        self._credentials = credentials
        Description(self)

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "ChainedTokenCredential", "sources": [into.of(one) for one in self._credentials]}


def authority_tree(authority: str | None, tenants: Sequence[str]) -> dict[str, Any]:
    """The options about the identity provider."""
    if isinstance(tenants, str):
        raise TypeError("additionally_allowed_tenants is a list of tenants")
    return {"authority": authority, "additionally_allowed_tenants": list(tenants)}
