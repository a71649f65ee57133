"""Secrets from Azure Key Vault without a stored credential.

::

    from nightlatch import SecretClient

    client = SecretClient("https://contoso.vault.azure.net")
    password = client.get_secret("db-password").value

Names are those of azure-identity and azure-keyvault-secrets. `nightlatch.aio` has the same for asyncio.
Names are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._client import SecretRotation as SecretRotation
    from ._connected import CacheInfo as CacheInfo
    from ._host.faults import TransportError as TransportError
    from ._host.transport import Transport as Transport
    from ._native import __version__ as __version__
    from ._paging import ItemPaged as ItemPaged
    from ._polling import KeyVaultOperationPoller as KeyVaultOperationPoller
    from .configuration import LoadedSecrets as LoadedSecrets
    from .credentials import (
        AuthorizationCodeCredential as AuthorizationCodeCredential,
    )
    from .credentials import (
        AzureAuthorityHosts as AzureAuthorityHosts,
    )
    from .credentials import (
        AzureCliCredential as AzureCliCredential,
    )
    from .credentials import (
        AzureDeveloperCliCredential as AzureDeveloperCliCredential,
    )
    from .credentials import (
        AzurePipelinesCredential as AzurePipelinesCredential,
    )
    from .credentials import (
        AzurePowerShellCredential as AzurePowerShellCredential,
    )
    from .credentials import (
        CertificateCredential as CertificateCredential,
    )
    from .credentials import (
        ChainedTokenCredential as ChainedTokenCredential,
    )
    from .credentials import (
        ClientAssertionCredential as ClientAssertionCredential,
    )
    from .credentials import (
        ClientSecretCredential as ClientSecretCredential,
    )
    from .credentials import (
        DefaultAzureCredential as DefaultAzureCredential,
    )
    from .credentials import (
        DeviceCodeCredential as DeviceCodeCredential,
    )
    from .credentials import (
        EnvironmentCredential as EnvironmentCredential,
    )
    from .credentials import (
        GitHubActionsCredential as GitHubActionsCredential,
    )
    from .credentials import (
        InteractiveBrowserCredential as InteractiveBrowserCredential,
    )
    from .credentials import (
        ManagedIdentityCredential as ManagedIdentityCredential,
    )
    from .credentials import (
        OnBehalfOfCredential as OnBehalfOfCredential,
    )
    from .credentials import (
        SharedTokenCacheCredential as SharedTokenCacheCredential,
    )
    from .credentials import (
        UsernamePasswordCredential as UsernamePasswordCredential,
    )
    from .credentials import (
        VisualStudioCodeCredential as VisualStudioCodeCredential,
    )
    from .credentials import (
        VisualStudioCredential as VisualStudioCredential,
    )
    from .credentials import (
        WorkloadIdentityCredential as WorkloadIdentityCredential,
    )
    from .credentials import (
        get_bearer_token_provider as get_bearer_token_provider,
    )
    from .doctor import Diagnosis as Diagnosis
    from .doctor import Finding as Finding
    from .doctor import Forecast as Forecast
    from .doctor import Health as Health
    from .doctor import Trouble as Trouble
    from .encryption import FieldEncryption as FieldEncryption
    from .enums import ApiVersion as ApiVersion
    from .enums import ContentType as ContentType
    from .errors import (
        Attempt as Attempt,
    )
    from .errors import (
        AuthenticationRequiredError as AuthenticationRequiredError,
    )
    from .errors import (
        BadRequestError as BadRequestError,
    )
    from .errors import (
        ChallengeRejectedError as ChallengeRejectedError,
    )
    from .errors import (
        ClientAuthenticationError as ClientAuthenticationError,
    )
    from .errors import (
        CredentialUnavailableError as CredentialUnavailableError,
    )
    from .errors import (
        DecryptionError as DecryptionError,
    )
    from .errors import (
        ForbiddenError as ForbiddenError,
    )
    from .errors import (
        HttpResponseError as HttpResponseError,
    )
    from .errors import (
        Identity as Identity,
    )
    from .errors import (
        IdentityMismatchError as IdentityMismatchError,
    )
    from .errors import (
        InternalError as InternalError,
    )
    from .errors import (
        InvalidArgumentError as InvalidArgumentError,
    )
    from .errors import (
        InvalidConfigurationError as InvalidConfigurationError,
    )
    from .errors import (
        NightlatchError as NightlatchError,
    )
    from .errors import (
        OperationCancelledError as OperationCancelledError,
    )
    from .errors import (
        OperationTimeoutError as OperationTimeoutError,
    )
    from .errors import (
        ResourceExistsError as ResourceExistsError,
    )
    from .errors import (
        ResourceNotFoundError as ResourceNotFoundError,
    )
    from .errors import (
        SecretDisabledError as SecretDisabledError,
    )
    from .errors import (
        ServiceFailureError as ServiceFailureError,
    )
    from .errors import (
        ServiceRequestError as ServiceRequestError,
    )
    from .errors import (
        ServiceResponseError as ServiceResponseError,
    )
    from .errors import (
        ThrottledError as ThrottledError,
    )
    from .errors import (
        TlsError as TlsError,
    )
    from .errors import (
        UnsupportedError as UnsupportedError,
    )
    from .live import LiveSettings as LiveSettings
    from .models import (
        AccessToken as AccessToken,
    )
    from .models import (
        AccessTokenInfo as AccessTokenInfo,
    )
    from .models import (
        AuthenticationRecord as AuthenticationRecord,
    )
    from .models import (
        DeletedSecret as DeletedSecret,
    )
    from .models import (
        KeyVaultSecret as KeyVaultSecret,
    )
    from .models import (
        KeyVaultSecretIdentifier as KeyVaultSecretIdentifier,
    )
    from .models import (
        SecretProperties as SecretProperties,
    )
    from .options import IdentityPin as IdentityPin
    from .references import ReferenceResolver as ReferenceResolver
    from .resolution import ReferenceStatus as ReferenceStatus
    from .resolution import Resolution as Resolution
    from .rotation import RotationResult as RotationResult
    from .secrets import SecretClient as SecretClient

_HOMES = {
    "secrets": ("SecretClient",),
    "references": ("ReferenceResolver",),
    "live": ("LiveSettings",),
    "_client": ("SecretRotation",),
    "_connected": ("CacheInfo",),
    "_paging": ("ItemPaged",),
    "_polling": ("KeyVaultOperationPoller",),
    "credentials": (
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
    ),
    "models": (
        "KeyVaultSecret", "SecretProperties", "DeletedSecret", "KeyVaultSecretIdentifier", "AccessToken",
        "AccessTokenInfo", "AuthenticationRecord",
    ),
    "encryption": ("FieldEncryption",),
    "configuration": ("LoadedSecrets",),
    "doctor": ("Diagnosis", "Finding", "Health", "Trouble", "Forecast"),
    "resolution": ("Resolution", "ReferenceStatus"),
    "rotation": ("RotationResult",),
    "enums": ("ApiVersion", "ContentType"),
    "options": ("IdentityPin",),
    "errors": (
        "NightlatchError", "InvalidArgumentError", "InvalidConfigurationError", "HttpResponseError",
        "ClientAuthenticationError", "CredentialUnavailableError", "AuthenticationRequiredError",
        "IdentityMismatchError", "BadRequestError",
        "ChallengeRejectedError", "ForbiddenError", "SecretDisabledError", "ResourceNotFoundError",
        "ResourceExistsError", "ThrottledError", "ServiceFailureError", "ServiceRequestError", "TlsError",
        "ServiceResponseError", "OperationTimeoutError", "OperationCancelledError", "UnsupportedError",
        "DecryptionError", "InternalError", "Attempt", "Identity",
    ),
    "_host.transport": ("Transport",),
    "_host.faults": ("TransportError",),
    "_native": ("__version__",),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [name for name in _HOME_OF if name != "__version__"]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
