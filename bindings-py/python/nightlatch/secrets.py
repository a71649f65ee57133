"""The client of a vault's secrets, for callers that wait in their own thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from ._paging import ItemPaged
    from ._polling import KeyVaultOperationPoller
    from .configuration import LoadedSecrets
    from .doctor import Diagnosis, Forecast, Health
    from .models import DeletedSecret, KeyVaultSecret, SecretProperties
    from .rotation import RotationResult

from ._blocking import Blocking
from ._client import AuthError, BaseClient, is_auth_error
from ._host.blocking import BlockingDriver
from ._requests import (
    as_text,
    explain_operation,
    load_operation,
    many_operation,
    rotate_operation,
    secret_operation,
    set_operation,
    update_operation,
    vault_operation,
    waiting_operation,
)
from .credentials import DefaultAzureCredential
from .errors import NightlatchError

__all__ = ["SecretClient"]

T = TypeVar("T")


class SecretClient(Blocking, BaseClient[BlockingDriver]):
    """Reads and manages the secrets of one vault. Safe to share between threads.

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
    :keyword refresh_in_background: whether a daemon thread renews what was read and nears its end, so that no
        reader has to. It ends with the last client that wants it. Default False: the first reader in the soft
        window renews

    Limits, which make requests wait; 0 for none:

    :keyword secret_requests_per_second: for one secret. Default 5, with ``secret_burst`` 5
    :keyword vault_requests_per_second: for one vault. Default 200, with ``vault_burst`` 400
    :keyword vault_creates_per_second: for setting and restoring secrets in one vault. Default 15,
        with ``vault_create_burst`` 15

    Tries and time (seconds):

    :keyword retry_total: retries after the first try. Default 4
    :keyword retry_backoff_factor: mean of the first wait; each next one is twice as long. Default 0.8
    :keyword retry_backoff_max: the longest wait. Default 60
    :keyword operation_timeout: what a call may take in all. Default 60
    :keyword read_timeout: what one exchange may take. Default 30
    :keyword connection_timeout: what connecting may take, as part of it

    Vault and identity:

    :keyword api_version: the service's API version: an `ApiVersion`, or its text
    :keyword verify_challenge_resource: whether a vault must ask for tokens of its own domain. Default True
    :keyword allowed_domains: further domains whose vaults may be spoken to
    :keyword allow_http_loopback: whether a vault on this machine may be spoken to without TLS. Default False
    :keyword validity: a secret outside its validity period: ``"allow"`` (default), ``"warn"`` (an event) or
        ``"refuse"``
    :keyword near_expiry: how long before its end a secret that is fetched is told of (event
        ``secret_near_expiry``); 0 for never. Default 30 days
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
    :keyword audit: where each event is written as one line of JSON with its time: a function that takes the
        line, a path, or an open text file

    Spans and metrics are made where the program has imported ``opentelemetry.trace`` or
    ``opentelemetry.metrics``.
    """

    def __init__(self, vault_url: str, credential: Any = None, **options: Any) -> None:
        self._connect_to(vault_url, BlockingDriver, credential, DefaultAzureCredential, options)

    def refresh(
        self, name: str, version: str | None = None, *, timeout: float | None = None
    ) -> KeyVaultSecret:
        """Gets a secret from the vault, cached or not. Calls within a second share one fetch."""
        return self._fetch_secret(name, version, timeout, True)

    @overload
    def get_secrets(
        self, names: Iterable[str], *, refresh: bool = ..., timeout: float | None = ...
    ) -> dict[str, KeyVaultSecret]: ...
    @overload
    def get_secrets(
        self,
        names: Iterable[str],
        *,
        return_exceptions: bool,
        refresh: bool = ...,
        timeout: float | None = ...,
    ) -> dict[str, KeyVaultSecret | Exception]: ...
    def get_secrets(
        self,
        names: Iterable[str],
        *,
        return_exceptions: bool = False,
        refresh: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """Gets the latest versions of many secrets at once: from the cache what is there, the others from the
        vault, side by side and within the limits.

        :keyword return_exceptions: whether the error of a secret takes its place in the result; else the
            first one is raised. The others are cached in either case
        :keyword refresh: ask the vault, cached or not
        :returns: the secrets by their names, in the order of the names
        """
        from . import _replies

        names, kept, asked = self._sort_out(names, refresh)
        found = self._call(many_operation(self._vault_url, asked, refresh, timeout))[2] if asked else ()
        return _replies.secrets(names, kept, asked, found, return_exceptions)

    def load_secrets(
        self,
        names: Iterable[str] | None = None,
        *,
        prefix: str = "",
        separator: str | None = None,
        timeout: float | None = None,
    ) -> LoadedSecrets:
        """Loads secrets as a configuration: their values by keys that are made of their names::

            settings = client.load_secrets(prefix="shop-")
            os.environ.update(client.load_secrets(separator="__"))

        All at once, within the limits, and through the cache: loading again lists the secrets, and reads
        those that have changed. Disabled ones are left out, and so are those whose time is over if the
        option `validity` is ``"refuse"``.

        :param names: which secrets, with the permission to get them; if not given, all that the vault lists
        :keyword prefix: of the secrets that are listed only those whose names begin with it, in any case;
            keys are without it
        :keyword separator: what stands in keys for ``--``, which names have for want of other separators;
            if not given, ``:``
        :keyword timeout: seconds that this may take in all
        :raises NightlatchError: a secret could not be had; ``attempts`` names each
        """
        from .configuration import loaded

        return loaded(self._call(load_operation(self._vault_url, names, prefix, separator, timeout)))

    def with_secret(
        self,
        name: str,
        use: Callable[[KeyVaultSecret], T],
        *,
        auth_error: AuthError,
        timeout: float | None = None,
    ) -> T:
        """Calls `use` with a secret and returns what it returns. If it fails because the secret's value is no
        longer accepted, gets the latest version and, if that is another one, calls `use` with it once more.

        However many callers meet a rotated secret, the vault is asked once::

            connection = client.with_secret("db-password", connect, auth_error=OperationalError)

        :param use: takes the `KeyVaultSecret`
        :keyword auth_error: the exceptions that mean "not accepted": a class, a tuple of classes, or a
            function that is given the exception and tells
        :keyword timeout: seconds that each of the two reads may take
        :raises Exception: what `use` raised, when there is no other version
        """
        secret = self.get_secret(name, timeout=timeout)
        try:
            return use(secret)
        except Exception as why:
            if not is_auth_error(auth_error, why):
                raise
            newer = self._other_than(secret)
            if newer is None:
                try:
                    newer = self.refresh(name, timeout=timeout)
                except NightlatchError as failure:
                    raise why from failure
            if newer.properties.version == secret.properties.version:
                raise
        return use(newer)

    def set_secret(
        self,
        name: str,
        value: str,
        *,
        enabled: bool | None = None,
        tags: dict[str, str] | None = None,
        content_type: str | None = None,
        not_before: datetime | None = None,
        expires_on: datetime | None = None,
        recover_if_deleted: bool = False,
        timeout: float | None = None,
    ) -> KeyVaultSecret:
        """Sets a secret: a new version if the name is in use, else a new secret. Needs the permission to set.

        A version inherits nothing from the one before; readers of this client's cache see it at once.

        :keyword enabled: whether it may be read
        :keyword tags: up to 15
        :keyword content_type: free text, at most 255 characters
        :keyword not_before: from when it should be used (UTC); informational
        :keyword expires_on: until when it should be used (UTC); informational
        :keyword recover_if_deleted: if the name belongs to a deleted secret, recover that one first (which
            needs the permission to recover) and set the new version on top
        :raises ResourceExistsError: the name belongs to a deleted secret
        """
        operation = set_operation(
            self._vault_url,
            name,
            value,
            timeout,
            recover_if_deleted,
            enabled=enabled,
            tags=tags,
            content_type=content_type,
            not_before=not_before,
            expires_on=expires_on,
        )
        secret: KeyVaultSecret = self._call(operation, value)[2]
        return secret

    def update_secret_properties(
        self,
        name: str,
        version: str | None = None,
        *,
        enabled: bool | None = None,
        tags: dict[str, str] | None = None,
        content_type: str | None = None,
        not_before: datetime | None = None,
        expires_on: datetime | None = None,
        if_version: str | None = None,
        if_unchanged_since: datetime | None = None,
        timeout: float | None = None,
    ) -> SecretProperties:
        """Changes properties of one version, the latest if none is named. What is not given stays. Needs the
        permission to set.

        The service knows no etags. With one of the conditions the version is read first (which needs the
        permission to get) and compared, and exactly this version is changed. A change that somebody else
        makes between the two is overwritten, in the fields that are given.

        :keyword tags: they replace all tags there are
        :keyword if_version: only if this is the latest version
        :keyword if_unchanged_since: only if it was not changed after this moment: the ``updated_on`` known
            here
        :raises ResourceExistsError: a condition does not hold
        """
        from . import _replies

        operation = update_operation(
            self._vault_url,
            name,
            version,
            timeout,
            enabled=enabled,
            tags=tags,
            content_type=content_type,
            not_before=not_before,
            expires_on=expires_on,
            if_version=if_version,
            if_unchanged_since=if_unchanged_since,
        )
        return _replies.properties(self._call(operation))

    @overload
    def rotate_secret(
        self,
        name: str,
        make: Callable[[], str],
        apply: Callable[[str], object] | None = ...,
        verify: Callable[[str], bool | None] | None = ...,
        *,
        slots: None = ...,
        content_type: str | None = ...,
        expires_on: datetime | None = ...,
        tags: dict[str, str] | None = ...,
        timeout: float | None = ...,
    ) -> RotationResult: ...
    @overload
    def rotate_secret(
        self,
        name: str,
        make: Callable[[str], str],
        apply: Callable[[str, str], object] | None = ...,
        verify: Callable[[str, str], bool | None] | None = ...,
        *,
        slots: tuple[str, str],
        content_type: str | None = ...,
        expires_on: datetime | None = ...,
        tags: dict[str, str] | None = ...,
        timeout: float | None = ...,
    ) -> RotationResult: ...
    def rotate_secret(
        self,
        name: str,
        make: Callable[..., Any],
        apply: Callable[..., Any] | None = None,
        verify: Callable[..., Any] | None = None,
        *,
        slots: tuple[str, str] | None = None,
        content_type: str | None = None,
        expires_on: datetime | None = None,
        tags: dict[str, str] | None = None,
        timeout: float | None = None,
    ) -> RotationResult:
        """Gives a secret a new value that works: `make` makes one, `apply` puts it into effect where it is
        used, such as a database, and `verify` finds out whether it works. Needs the permissions to get and
        to set::

            client.rotate_secret("db-password", new_password, apply=alter_user, verify=log_in)

        The value is in the vault before it is applied. If `apply` or `verify` fails, the old value becomes
        the latest version once more and is applied again. A call that was cut off, by the end of the process
        say, is finished by the next one: the tags of the version tell. Run one rotation of a secret at a
        time.

        With `slots`, such as two users of a database, values are made for one and the other in turn, and
        become the latest version once they are verified: readers never get one that does not work.

        :param make: returns the new value; with slots it is given the name of the slot
        :param apply: is given the value (and slot). It may be called again with the same value, and with the
            old one
        :param verify: is given the value (and slot), and raises or returns ``False`` if it does not work
        :keyword slots: the names of two slots
        :keyword content_type: of the new version; if not given, as the version before
        :keyword expires_on: end of the new version (UTC); if not given, it lives as long as the one before
            was to
        :keyword tags: at most 13, with slots 12; if not given, as the version before
        :keyword timeout: seconds that this may take in all. Default 900
        :raises ServiceFailureError: a function failed, and what it raised is the cause. `help` says whether
            the old value is in use as before (``rotation-failed``), again (``rotation-rolled-back``), or
            perhaps not (``rotation-unfinished``)
        :raises ResourceExistsError: somebody else set another version meanwhile
        """
        from ._host.rotating import Rotating
        from .rotation import rotated

        operation = rotate_operation(
            self._vault_url,
            name,
            slots,
            timeout,
            content_type=content_type,
            expires_on=expires_on,
            tags=tags,
        )
        with self._driver.lent(operation, Rotating(make, apply, verify)) as rotating:
            return rotated(self._driver.call(rotating, timeout=timeout))

    def list_properties_of_secrets(
        self, *, max_page_size: int | None = None, timeout: float | None = None
    ) -> ItemPaged[SecretProperties]:
        """Lists the vault's secrets without values, disabled and expired ones too. Needs the permission to
        list.

        :keyword max_page_size: most secrets on a page; 25 is the service's own most
        :keyword timeout: seconds that each page may take
        """
        from . import _replies

        return self._list(
            "list_properties_of_secrets", None, _replies.properties_page, max_page_size, timeout
        )

    def list_properties_of_secret_versions(
        self, name: str, *, max_page_size: int | None = None, timeout: float | None = None
    ) -> ItemPaged[SecretProperties]:
        """Lists the versions of a secret without values. Needs the permission to list. An unknown secret has
        none.
        """
        from . import _replies

        op = "list_properties_of_secret_versions"
        return self._list(op, name, _replies.properties_page, max_page_size, timeout)

    def list_deleted_secrets(
        self, *, max_page_size: int | None = None, timeout: float | None = None
    ) -> ItemPaged[DeletedSecret]:
        """Lists the deleted secrets that can still be recovered. Needs the permission to list."""
        from . import _replies

        return self._list("list_deleted_secrets", None, _replies.deleted_page, max_page_size, timeout)

    def begin_delete_secret(
        self, name: str, *, polling_interval: float | None = None, timeout: float | None = None
    ) -> KeyVaultOperationPoller[DeletedSecret]:
        """Deletes a secret with all versions. Needs the permission to delete.

        The vault finishes some seconds later: call the poller's ``wait`` before you recover or purge the
        secret.

        :keyword polling_interval: seconds between two looks while waiting. Default 2
        :returns: a poller whose ``result`` is the `DeletedSecret`, without waiting
        """
        from . import _replies
        from ._polling import KeyVaultOperationPoller

        operation = vault_operation("delete_secret", self._vault_url, name, timeout=timeout)
        secret, finished = _replies.deleted(self._call(operation))
        look = self._looking("deletion_finished", name, polling_interval)
        return KeyVaultOperationPoller(look, secret, finished)

    def get_deleted_secret(self, name: str, *, timeout: float | None = None) -> DeletedSecret:
        """Gets a deleted secret, without its value. Needs the permission to get."""
        from . import _replies

        operation = vault_operation("get_deleted_secret", self._vault_url, name, timeout=timeout)
        return _replies.deleted(self._call(operation))[0]

    def begin_recover_deleted_secret(
        self, name: str, *, polling_interval: float | None = None, timeout: float | None = None
    ) -> KeyVaultOperationPoller[SecretProperties]:
        """Recovers a deleted secret with all versions. Needs the permission to recover.

        The vault finishes some seconds later: call the poller's ``wait`` before you use the secret.

        :keyword polling_interval: seconds between two looks while waiting. Default 2
        :returns: a poller whose ``result`` is the `SecretProperties`, without waiting
        """
        from . import _replies
        from ._polling import KeyVaultOperationPoller

        operation = vault_operation("recover_deleted_secret", self._vault_url, name, timeout=timeout)
        properties = _replies.properties(self._call(operation))
        look = self._looking("recovery_finished", name, polling_interval)
        return KeyVaultOperationPoller(look, properties, False)

    def purge_deleted_secret(
        self,
        name: str,
        *,
        wait: bool = False,
        polling_interval: float | None = None,
        timeout: float | None = None,
    ) -> None:
        """Deletes a deleted secret for good. Needs the permission to purge.

        :keyword wait: whether to wait until the name can be used again, which takes the vault some seconds
        :keyword polling_interval: seconds between two looks while waiting. Default 2
        """
        op = "purge_deleted_secret"
        if wait:
            self._call(waiting_operation(op, self._vault_url, name, polling_interval, timeout))
        else:
            self._call(vault_operation(op, self._vault_url, name, timeout=timeout))

    def backup_secret(self, name: str, *, timeout: float | None = None) -> bytes:
        """Backs up all versions of a secret. Needs the permission to back up.

        :returns: an opaque blob, which only a vault of the same subscription and geography can restore
        """
        from . import _replies

        operation = vault_operation("backup_secret", self._vault_url, name, timeout=timeout)
        return _replies.blob(self._call(operation))

    def restore_secret_backup(self, backup: bytes, *, timeout: float | None = None) -> SecretProperties:
        """Brings a backup back, all versions and under its own name, which must be free. Needs the permission
        to restore.

        :raises ResourceExistsError: the name is in use
        """
        from . import _replies

        operation = vault_operation("restore_secret_backup", self._vault_url, timeout=timeout)
        return _replies.properties(self._call(operation, as_text(backup)))

    def diagnose(
        self, name: str | None = None, version: str | None = None, *, timeout: float | None = None
    ) -> Diagnosis:
        """Goes the whole way once, from this host's identity to the secret, and tells why not, and what to
        do. Troubles are not raised: they are what it tells.

        :param name: the secret; without it, listing the vault's secrets is what is tried
        :param version: one version of it
        :raises InvalidArgumentError: the name or version cannot be one
        """
        from . import doctor

        operation = vault_operation("diagnose", self._vault_url, name, timeout=timeout, version=version)
        return doctor.diagnosis(self._call(operation))

    def check(self, *names: str, timeout: float | None = None) -> Health:
        """Tells whether secrets are at hand, for a probe of start-up or readiness. What the cache holds
        costs no request. Troubles are not raised: they are what it tells.

        :param names: the secrets; without any, whether the vault lets this identity in
        :keyword timeout: seconds this may take. Default 5
        :raises InvalidArgumentError: a name cannot be one
        """
        from . import doctor

        operation = vault_operation("check", self._vault_url, timeout=timeout, names=names)
        return doctor.health(self._call(operation))

    def explain(self, *, secrets: int = 1, instances: int = 1, timeout: float | None = None) -> Forecast:
        """Tells without the network which sources of an identity would be asked and why, and what reading
        costs with this client's settings.

        :keyword secrets: how many secrets a process reads all the time
        :keyword instances: how many processes do so
        """
        from . import doctor

        operation = explain_operation(secrets, instances, timeout)
        return doctor.forecast(self._call(operation))

    def _fetch_secret(
        self,
        name: str,
        version: str | None,
        timeout: float | None,
        refresh: bool = False,
        out_content_type: str | None = None,
    ) -> KeyVaultSecret:
        """The slow way of `get_secret`, which the native base class takes when the cache cannot answer."""
        operation = secret_operation(self._vault_url, name, version, timeout, refresh, out_content_type)
        secret: KeyVaultSecret = self._call(operation)[2]
        return secret

    def _list(
        self,
        op: str,
        name: str | None,
        read: Callable[[tuple[Any, ...]], tuple[list[T], str | None]],
        max_page_size: int | None,
        timeout: float | None,
    ) -> ItemPaged[T]:
        from ._paging import ItemPaged

        def fetch(token: str | None) -> tuple[list[T], str | None]:
            paging = {"continuation": token, "max_page_size": max_page_size}
            return read(self._call(vault_operation(op, self._vault_url, name, timeout=timeout, **paging)))

        return ItemPaged(fetch)

    def _looking(self, op: str, name: str, interval: float | None) -> Callable[[bool, float | None], bool]:
        from . import _replies

        def look(wait: bool, timeout: float | None) -> bool:
            operation = (
                waiting_operation(op, self._vault_url, name, interval, timeout)
                if wait
                else vault_operation(op, self._vault_url, name, timeout=timeout)
            )
            return _replies.finished(self._call(operation))

        return look
