"""Tools on a developer's machine that know an account."""

from __future__ import annotations

from typing import Any

from .base import BaseCredential, Description, authority_options


class _Tool(BaseCredential):
    _KIND = ""

    def __init__(self, *, tenant_id: str = "", process_timeout: float | None = None, **options: Any) -> None:
        authority = authority_options(options)
        super().__init__(**options)
        self._tree: dict[str, Any] = {
            "tenant_id": tenant_id or None,
            "process_timeout": process_timeout,
            "additionally_allowed_tenants": authority["additionally_allowed_tenants"],
        }

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": self._KIND, **self._tree}


class AzureCliOptions(_Tool):
    """Whoever is signed in to the Azure CLI (``az login``).

    :keyword tenant_id: tenant to ask
    :keyword subscription: subscription whose account to use
    :keyword process_timeout: seconds that the program may take
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    _KIND = "AzureCliCredential"

    def __init__(self, *, subscription: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._tree["subscription"] = subscription


class AzureDeveloperCliOptions(_Tool):
    """Whoever is signed in to the Azure Developer CLI (``azd auth login``).

    :keyword tenant_id: tenant to ask
    :keyword process_timeout: seconds that the program may take
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    _KIND = "AzureDeveloperCliCredential"


class AzurePowerShellOptions(_Tool):
    """Whoever is signed in to Azure PowerShell (``Connect-AzAccount``).

    :keyword tenant_id: tenant to ask
    :keyword process_timeout: seconds that the program may take
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    _KIND = "AzurePowerShellCredential"


class VisualStudioOptions(_Tool):
    """Whoever is signed in to Visual Studio, by its token provider.

    :keyword tenant_id: tenant to ask
    :keyword process_timeout: seconds that the program may take
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    """

    _KIND = "VisualStudioCredential"


class _Unsupported(BaseCredential):
    """A source that nightlatch does not have, so that a program that names it still runs."""

    _WHY = ""

    def __init__(self, **options: Any) -> None:
        authority_options(options)
        options.pop("tenant_id", None)
        super().__init__(**options)

    def _describe(self, into: Description) -> dict[str, Any]:
        return into.missing(type(self).__name__, self._WHY)


class VisualStudioCodeOptions(_Unsupported):
    """The account of Visual Studio Code. It can only be reached through the broker's native library, which
    nightlatch does not load: always unavailable, so that a chain goes on.
    """

    _WHY = "Visual Studio Code's account needs the broker's library. Sign in with `az login` instead."


class SharedTokenCacheOptions(_Unsupported):
    """The token cache that Microsoft's tools on Windows shared. nightlatch does not read it: always
    unavailable, so that a chain goes on.
    """

    _WHY = "The shared token cache is not read. Sign in with `az login` instead."

    def __init__(self, username: str | None = None, **options: Any) -> None:
        for name in ("authentication_record", "cache_persistence_options"):
            options.pop(name, None)
        super().__init__(**options)
