"""The credentials, by their names in azure-identity. Each can also be given to other Azure clients."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

    from .models import AccessToken, AccessTokenInfo

from . import _credentials as _options
from ._host.blocking import BlockingDriver
from ._requests import token_operation

__all__ = [
    "DefaultAzureCredential",
    "EnvironmentCredential",
    "WorkloadIdentityCredential",
    "ManagedIdentityCredential",
    "ClientSecretCredential",
    "AzureCliCredential",
    "ChainedTokenCredential",
]


class _Credential(_options.BaseCredential):
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
        return driver.call(operation, operation.get("timeout"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


class DefaultAzureCredential(_options.DefaultOptions, _Credential):
    __doc__ = _options.DefaultOptions.__doc__


class EnvironmentCredential(_options.EnvironmentOptions, _Credential):
    __doc__ = _options.EnvironmentOptions.__doc__


class WorkloadIdentityCredential(_options.WorkloadIdentityOptions, _Credential):
    __doc__ = _options.WorkloadIdentityOptions.__doc__


class ManagedIdentityCredential(_options.ManagedIdentityOptions, _Credential):
    __doc__ = _options.ManagedIdentityOptions.__doc__


class ClientSecretCredential(_options.ClientSecretOptions, _Credential):
    __doc__ = _options.ClientSecretOptions.__doc__


class AzureCliCredential(_options.AzureCliOptions, _Credential):
    __doc__ = _options.AzureCliOptions.__doc__


class ChainedTokenCredential(_options.ChainedOptions, _Credential):
    __doc__ = _options.ChainedOptions.__doc__
