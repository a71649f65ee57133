"""Credentials that are made of others: the default chain, the environment's, the user's own."""

from __future__ import annotations

from typing import Any

from ..options import unknown
from .base import ABSENT, BaseCredential, Description, authority_options

_DEFAULT_FLAGS = (
    "exclude_environment_credential",
    "exclude_workload_identity_credential",
    "exclude_managed_identity_credential",
    "exclude_visual_studio_credential",
    "exclude_cli_credential",
    "exclude_powershell_credential",
    "exclude_developer_cli_credential",
    "exclude_interactive_browser_credential",
)
# Sources that nightlatch does not have: leaving them out changes nothing.
_ABSENT_SOURCES = (
    "exclude_shared_token_cache_credential",
    "exclude_visual_studio_code_credential",
    "exclude_broker_credential",
)
_DEFAULT_VALUES = (
    "workload_identity_client_id",
    "workload_identity_tenant_id",
    "interactive_browser_client_id",
    "interactive_browser_tenant_id",
    "visual_studio_tenant_id",
    "process_timeout",
    "require_envvar",
)
# Of sources that nightlatch does not have.
_ABSENT_VALUES = (
    "shared_cache_username",
    "shared_cache_tenant_id",
    "visual_studio_code_tenant_id",
    "broker_tenant_id",
    "broker_client_id",
)


class DefaultOptions(BaseCredential):
    """The credential that suits the place where the program runs.

    Tries, in this order and as far as there is any sign of them: environment variables, workload identity,
    managed identity, the developer tools. What the place offers and refuses ends the search; what is not
    there does not.

    :keyword exclude_environment_credential: leave a source out; so for
        ``exclude_workload_identity_credential``, ``exclude_managed_identity_credential``,
        ``exclude_visual_studio_credential``, ``exclude_cli_credential``, ``exclude_powershell_credential``,
        ``exclude_developer_cli_credential``
    :keyword exclude_interactive_browser_credential: ``False`` lets a person sign in with the browser, last
    :keyword managed_identity_client_id: the user-assigned identity to use; ``None`` forces the
        system-assigned one
    :keyword workload_identity_client_id: the application of a workload identity
    :keyword workload_identity_tenant_id: its tenant
    :keyword interactive_browser_client_id: the application by which a person signs in
    :keyword interactive_browser_tenant_id: the tenant that a person signs in to
    :keyword visual_studio_tenant_id: the tenant to ask Visual Studio for
    :keyword process_timeout: seconds that a developer tool may take
    :keyword authority: host of the identity provider
    :keyword additionally_allowed_tenants: tenants besides the configured one for which tokens may be asked
    :keyword require_envvar: refuse to start unless the environment names the sources to use
    """

    def __init__(self, *, managed_identity_client_id: str | None = ABSENT, **options: Any) -> None:
        tree: dict[str, Any] = {"authority": authority_options(options)}
        if managed_identity_client_id is not ABSENT:
            tree["managed_identity_client_id"] = managed_identity_client_id
        for name in (*_DEFAULT_FLAGS, *_DEFAULT_VALUES):
            if (value := options.pop(name, None)) is not None:
                tree[name] = value
        for name in (*_ABSENT_SOURCES, *_ABSENT_VALUES):
            options.pop(name, None)
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

    def __init__(self, **options: Any) -> None:
        self._authority = authority_options(options)
        super().__init__(**options)

    def _describe(self, into: Description) -> dict[str, Any]:
        return {"type": "EnvironmentCredential", **self._authority}


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
