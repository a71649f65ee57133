"""The client of a vault's secrets, for callers that wait in their own thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from .models import KeyVaultSecret

from ._client import BaseClient
from ._host.blocking import BlockingDriver
from ._requests import secret_operation
from .credentials import DefaultAzureCredential

__all__ = ["SecretClient"]


class SecretClient(BaseClient[BlockingDriver]):
    """Reads the secrets of one vault. Safe to share between threads.

    A secret is kept for five minutes unless options say otherwise; however many callers want it meanwhile,
    the vault is asked once.

    :param vault_url: the vault's URL, such as ``https://contoso.vault.azure.net``
    :param credential: one of ours, or any object with ``get_token`` or ``get_token_info``;
        `DefaultAzureCredential` if not given
    :raises InvalidArgumentError: the URL is not a vault's
    :raises InvalidConfigurationError: an option has an impossible value, or the environment contradicts
        itself
    :raises TypeError: an option is unknown

    Cache (seconds, fractions allowed):

    :keyword cache_ttl: how long the latest version of a secret is kept; 0 turns the cache off. Default 300
    :keyword cache_pinned_ttl: the same for a version named by the caller. Default 3600
    :keyword stale_if_error: how long past its life a copy serves while the vault cannot be asked. Default
        3600
    :keyword negative_ttl: how long "no such secret" is remembered. Default 10
    :keyword cache_max_entries: secrets kept; the least recently read goes first. Default 1000
    :keyword cache_max_bytes: bytes kept. Default 16 MiB
    :keyword cache_jitter: share by which lives differ, so that they do not end together. Default 0.1
    :keyword cache_soft_window: last share of a life, in which a copy is renewed while it serves. Default 0.2
    :keyword cache_refresh_interval: forced refreshes of one secret within this time share one fetch. Default
        1

    Limits, which make requests wait; 0 for none:

    :keyword secret_requests_per_second: for one secret. Default 5, with ``secret_burst`` 5
    :keyword vault_requests_per_second: for one vault. Default 200, with ``vault_burst`` 400

    Tries and time (seconds):

    :keyword retry_total: retries after the first try. Default 4
    :keyword retry_backoff_factor: mean of the first wait; each next one is twice as long. Default 0.8
    :keyword retry_backoff_max: the longest wait. Default 60
    :keyword operation_timeout: what a call may take in all. Default 60
    :keyword read_timeout: what one exchange may take. Default 30
    :keyword connection_timeout: what connecting may take, as part of it

    Vault and identity:

    :keyword api_version: the service's API version
    :keyword verify_challenge_resource: whether a vault must ask for tokens of its own domain. Default True
    :keyword allowed_domains: further domains whose vaults may be spoken to
    :keyword allow_http_loopback: whether a vault on this machine may be spoken to without TLS. Default False
    :keyword validity: a secret outside its validity period: ``"allow"`` (default), ``"warn"`` (an event) or
        ``"refuse"``
    :keyword expect: who the token must stand for: a dict with ``client_id``, ``object_id``, ``resource_id``
        or ``tenant_id``

    Host:

    :keyword user_agent: put in front of nightlatch's own
    :keyword transport: what carries HTTP: an object with ``send`` (see `nightlatch.Transport`), a
        ``requests.Session``, a ``urllib3.PoolManager`` or an ``httpx.Client``
    :keyword connection_verify: ``True``, or the path of CA certificates
    :keyword proxies: proxies by scheme, instead of the environment's
    :keyword on_event: called with each event, a dict; events hold no secret. They also go to the logger
        ``nightlatch``
    """

    def __init__(self, vault_url: str, credential: Any = None, **options: Any) -> None:
        self._connect(BlockingDriver, vault_url, credential, DefaultAzureCredential, options)

    def refresh(
        self, name: str, version: str | None = None, *, timeout: float | None = None
    ) -> KeyVaultSecret:
        """Gets a secret from the vault, cached or not. Calls within a second share one fetch."""
        return self._fetch_secret(name, version, timeout, True)

    def close(self) -> None:
        """Closes idle connections. The client stays usable, as do others that share its credential."""
        self._forget_listener()
        self._driver.close()

    def _fetch_secret(
        self, name: str, version: str | None, timeout: float | None, refresh: bool = False
    ) -> KeyVaultSecret:
        """The slow way of `get_secret`, which the native base class takes when the cache cannot answer."""
        operation = secret_operation(self._vault_url, name, version, timeout, refresh)
        output = self._driver.call(operation, self._default_timeout if timeout is None else timeout)
        secret: KeyVaultSecret = output[2]
        return secret

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()
