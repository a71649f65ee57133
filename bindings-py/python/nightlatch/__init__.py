"""Secrets from Azure Key Vault without a stored credential.

::

    from nightlatch import SecretClient

    client = SecretClient("https://contoso.vault.azure.net")
    password = client.get_secret("db-password").value

Names are those of azure-identity and azure-keyvault-secrets. `nightlatch.aio` has the same for asyncio. Names are loaded
when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._host.faults import TransportError as TransportError
    from ._host.transport import Transport as Transport
    from ._native import __version__ as __version__
    from .credentials import (
        AzureCliCredential as AzureCliCredential,
        ChainedTokenCredential as ChainedTokenCredential,
        ClientSecretCredential as ClientSecretCredential,
        DefaultAzureCredential as DefaultAzureCredential,
        EnvironmentCredential as EnvironmentCredential,
        ManagedIdentityCredential as ManagedIdentityCredential,
        WorkloadIdentityCredential as WorkloadIdentityCredential,
    )
    from .errors import (
        Attempt as Attempt,
        ChallengeRejectedError as ChallengeRejectedError,
        ClientAuthenticationError as ClientAuthenticationError,
        CredentialUnavailableError as CredentialUnavailableError,
        ForbiddenError as ForbiddenError,
        HttpResponseError as HttpResponseError,
        Identity as Identity,
        IdentityMismatchError as IdentityMismatchError,
        InternalError as InternalError,
        InvalidArgumentError as InvalidArgumentError,
        InvalidConfigurationError as InvalidConfigurationError,
        NightlatchError as NightlatchError,
        OperationCancelledError as OperationCancelledError,
        OperationTimeoutError as OperationTimeoutError,
        ResourceExistsError as ResourceExistsError,
        ResourceNotFoundError as ResourceNotFoundError,
        SecretDisabledError as SecretDisabledError,
        ServiceFailureError as ServiceFailureError,
        ServiceRequestError as ServiceRequestError,
        ServiceResponseError as ServiceResponseError,
        ThrottledError as ThrottledError,
        TlsError as TlsError,
        UnsupportedError as UnsupportedError,
    )
    from .models import (
        AccessToken as AccessToken,
        AccessTokenInfo as AccessTokenInfo,
        KeyVaultSecret as KeyVaultSecret,
        KeyVaultSecretIdentifier as KeyVaultSecretIdentifier,
        SecretProperties as SecretProperties,
    )
    from .options import IdentityPin as IdentityPin
    from .secrets import SecretClient as SecretClient

_HOMES = {
    "secrets": ("SecretClient",),
    "credentials": (
        "DefaultAzureCredential", "EnvironmentCredential", "WorkloadIdentityCredential",
        "ManagedIdentityCredential", "ClientSecretCredential", "AzureCliCredential", "ChainedTokenCredential",
    ),
    "models": (
        "KeyVaultSecret", "SecretProperties", "KeyVaultSecretIdentifier", "AccessToken", "AccessTokenInfo",
    ),
    "options": ("IdentityPin",),
    "errors": (
        "NightlatchError", "InvalidArgumentError", "InvalidConfigurationError", "HttpResponseError",
        "ClientAuthenticationError", "CredentialUnavailableError", "IdentityMismatchError",
        "ChallengeRejectedError", "ForbiddenError", "SecretDisabledError", "ResourceNotFoundError",
        "ResourceExistsError", "ThrottledError", "ServiceFailureError", "ServiceRequestError", "TlsError",
        "ServiceResponseError", "OperationTimeoutError", "OperationCancelledError", "UnsupportedError",
        "InternalError", "Attempt", "Identity",
    ),
    "_host.transport": ("Transport",),
    "_host.faults": ("TransportError",),
    "_native": ("__version__",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [name for name in _HOME_OF if name != "__version__"]  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
