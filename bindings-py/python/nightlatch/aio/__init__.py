"""The same classes for asyncio: calls are awaited, clients are closed with ``async with``.

A client may be used from several event loops. Cancelling a task ends its own call and no other's.
"""

from ._credentials import (
    AuthorizationCodeCredential,
    AzureCliCredential,
    AzureDeveloperCliCredential,
    AzurePipelinesCredential,
    AzurePowerShellCredential,
    CertificateCredential,
    ChainedTokenCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    DeviceCodeCredential,
    EnvironmentCredential,
    GitHubActionsCredential,
    InteractiveBrowserCredential,
    ManagedIdentityCredential,
    OnBehalfOfCredential,
    SharedTokenCacheCredential,
    UsernamePasswordCredential,
    VisualStudioCodeCredential,
    VisualStudioCredential,
    WorkloadIdentityCredential,
    get_bearer_token_provider,
)
from ._encryption import FieldEncryption
from ._live import LiveSettings
from ._paging import AsyncItemPaged
from ._references import ReferenceResolver
from ._secrets import SecretClient

__all__ = [
    "SecretClient",
    "ReferenceResolver",
    "FieldEncryption",
    "LiveSettings",
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
    "AsyncItemPaged",
]
