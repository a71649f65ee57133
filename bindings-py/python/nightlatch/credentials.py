"""The credentials, by their names in azure-identity. Each can also be given to other Azure clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

    from .models import AccessToken, AccessTokenInfo, AuthenticationRecord

from ._credentials import applications as _applications
from ._credentials import chains as _chains
from ._credentials import machines as _machines
from ._credentials import people as _people
from ._credentials import tools as _tools
from ._credentials.base import BaseCredential
from ._host.blocking import BlockingDriver
from ._native import AUTHORITY_HOSTS
from ._requests import token_operation

__all__ = [
    "DefaultAzureCredential",
    "EnvironmentCredential",
    "WorkloadIdentityCredential",
    "ManagedIdentityCredential",
    "ClientSecretCredential",
    "CertificateCredential",
    "ClientAssertionCredential",
    "OnBehalfOfCredential",
    "AzurePipelinesCredential",
    "GitHubActionsCredential",
    "AzureCliCredential",
    "AzureDeveloperCliCredential",
    "AzurePowerShellCredential",
    "VisualStudioCredential",
    "VisualStudioCodeCredential",
    "SharedTokenCacheCredential",
    "DeviceCodeCredential",
    "InteractiveBrowserCredential",
    "AuthorizationCodeCredential",
    "UsernamePasswordCredential",
    "ChainedTokenCredential",
    "get_bearer_token_provider",
    "AzureAuthorityHosts",
]


class _Credential(BaseCredential):
    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,
    ) -> AccessToken:
        """Gets a token, from the cache while it is good.

        :param scopes: what the token is for, such as ``https://vault.azure.net/.default``
        :keyword claims: claims of a challenge, as JSON; asks for a new token
        :keyword tenant_id: tenant to ask, if not the credential's own
        :keyword enable_cae: whether the resource understands continuous access evaluation
        :keyword timeout: seconds this call may take in all
        :raises CredentialUnavailableError: no identity was found here
        :raises ClientAuthenticationError: an identity was refused
        """
        output = self._get(
            scopes, {"claims": claims, "tenant_id": tenant_id, "enable_cae": enable_cae}, kwargs
        )
        from .models import AccessToken

        return AccessToken(output[2], output[3])

    def get_token_info(self, *scopes: str, options: Any = None, **kwargs: Any) -> AccessTokenInfo:
        """As `get_token`, with everything known of the token.

        :keyword options: a dict with ``claims``, ``tenant_id``, ``enable_cae``
        """
        output = self._get(scopes, options or {}, kwargs)
        from .models import AccessTokenInfo

        return AccessTokenInfo(output[2], output[3], refresh_on=output[4])

    def close(self) -> None:
        """Closes idle connections. The credential stays usable."""
        self._close_drivers(BlockingDriver)

    def _get(self, scopes: tuple[str, ...], options: Any, kwargs: dict[str, Any]) -> tuple[Any, ...]:
        operation = token_operation(scopes, options, kwargs)
        driver, _ = self._driver(BlockingDriver)
        return driver.call(operation, timeout=operation.get("timeout"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


class _Person(_Credential):
    _tree: dict[str, Any]

    def authenticate(
        self, *, scopes: Iterable[str] | None = None, claims: str | None = None, **kwargs: Any
    ) -> AuthenticationRecord:
        """Has the person sign in now, whether or not there is a token already.

        :keyword scopes: what the first token is for; the Azure management interface if not given
        :keyword claims: claims of a challenge, as JSON
        :keyword timeout: seconds this call may take in all
        :raises ClientAuthenticationError: the person was refused, or did not sign in
        """
        asked = (scopes,) if isinstance(scopes, str) else tuple(scopes or ())
        options = {"claims": claims, "authenticate": True}
        output = self._get(asked, options, kwargs)
        from .models import authentication_record

        return authentication_record(output[2], self._tree)


class DefaultAzureCredential(_chains.DefaultOptions, _Credential):
    __doc__ = _chains.DefaultOptions.__doc__


class EnvironmentCredential(_chains.EnvironmentOptions, _Credential):
    __doc__ = _chains.EnvironmentOptions.__doc__


class WorkloadIdentityCredential(_applications.WorkloadIdentityOptions, _Credential):
    __doc__ = _applications.WorkloadIdentityOptions.__doc__


class ManagedIdentityCredential(_machines.ManagedIdentityOptions, _Credential):
    __doc__ = _machines.ManagedIdentityOptions.__doc__


class ClientSecretCredential(_applications.ClientSecretOptions, _Credential):
    __doc__ = _applications.ClientSecretOptions.__doc__


class CertificateCredential(_applications.CertificateOptions, _Credential):
    __doc__ = _applications.CertificateOptions.__doc__


class ClientAssertionCredential(_applications.ClientAssertionOptions, _Credential):
    __doc__ = _applications.ClientAssertionOptions.__doc__


class OnBehalfOfCredential(_applications.OnBehalfOfOptions, _Credential):
    __doc__ = _applications.OnBehalfOfOptions.__doc__


class AzurePipelinesCredential(_applications.AzurePipelinesOptions, _Credential):
    __doc__ = _applications.AzurePipelinesOptions.__doc__


class GitHubActionsCredential(_applications.GitHubActionsOptions, _Credential):
    __doc__ = _applications.GitHubActionsOptions.__doc__


class AzureCliCredential(_tools.AzureCliOptions, _Credential):
    __doc__ = _tools.AzureCliOptions.__doc__


class AzureDeveloperCliCredential(_tools.AzureDeveloperCliOptions, _Credential):
    __doc__ = _tools.AzureDeveloperCliOptions.__doc__


class AzurePowerShellCredential(_tools.AzurePowerShellOptions, _Credential):
    __doc__ = _tools.AzurePowerShellOptions.__doc__


class VisualStudioCredential(_tools.VisualStudioOptions, _Credential):
    __doc__ = _tools.VisualStudioOptions.__doc__


class VisualStudioCodeCredential(_tools.VisualStudioCodeOptions, _Credential):
    __doc__ = _tools.VisualStudioCodeOptions.__doc__


class SharedTokenCacheCredential(_tools.SharedTokenCacheOptions, _Credential):
    __doc__ = _tools.SharedTokenCacheOptions.__doc__


class DeviceCodeCredential(_people.DeviceCodeOptions, _Person):
    __doc__ = _people.DeviceCodeOptions.__doc__


class InteractiveBrowserCredential(_people.InteractiveBrowserOptions, _Person):
    __doc__ = _people.InteractiveBrowserOptions.__doc__


class AuthorizationCodeCredential(_people.AuthorizationCodeOptions, _Credential):
    __doc__ = _people.AuthorizationCodeOptions.__doc__


class UsernamePasswordCredential(_people.UsernamePasswordOptions, _Person):
    __doc__ = _people.UsernamePasswordOptions.__doc__


class ChainedTokenCredential(_chains.ChainedOptions, _Credential):
    __doc__ = _chains.ChainedOptions.__doc__


AzureAuthorityHosts = SimpleNamespace(**AUTHORITY_HOSTS)
"""Where the identity provider of each cloud is, for the keyword ``authority``."""


def get_bearer_token_provider(credential: Any, *scopes: str) -> Callable[[], str]:
    """A function that gives a bearer token each time it is called, from the cache while it is good: for
    clients that take a function in place of a credential.

    :param credential: of nightlatch or of another library
    :param scopes: what the token is for
    """

    def provide() -> str:
        return str((credential.get_token(*scopes)).token)

    return provide
