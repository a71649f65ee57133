"""The same classes for asyncio: calls are awaited, clients are closed with ``async with``.

A client may be used from several event loops. Cancelling a task ends its own call and no other's.
"""

from ._credentials import (
    AzureCliCredential,
    ChainedTokenCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from ._secrets import SecretClient

__all__ = [
    "SecretClient",
    "DefaultAzureCredential",
    "EnvironmentCredential",
    "WorkloadIdentityCredential",
    "ManagedIdentityCredential",
    "ClientSecretCredential",
    "AzureCliCredential",
    "ChainedTokenCredential",
]
