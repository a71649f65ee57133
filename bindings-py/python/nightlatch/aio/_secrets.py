"""The client of a vault's secrets, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import datetime

    from ..configuration import LoadedSecrets
    from ..doctor import Diagnosis, Forecast, Health
    from ..models import DeletedSecret, KeyVaultSecret, SecretProperties
    from ..rotation import RotationResult
    from ._paging import AsyncItemPaged

from .._client import AuthError, BaseClient, is_auth_error
from .._host.asyncio import LoopDriver
from .._requests import (
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
from ..errors import NightlatchError
from ._awaited import Awaited
from ._credentials import DefaultAzureCredential

__all__ = ["SecretClient"]

T = TypeVar("T")


class SecretClient(Awaited, BaseClient[LoopDriver]):
    """Reads and manages the secrets of one vault, on any number of event loops.

    Takes the options of `nightlatch.SecretClient`, but for ``refresh_in_background``: here renewals are
    always made in the background. The operations are explained there, too. `transport` may also be an
    ``httpx.AsyncClient`` or an ``aiohttp.ClientSession``; `credential` may also be one made for asyncio.
    `on_event` may be called in any thread.
    """

    def __init__(self, vault_url: str, credential: Any = None, **options: Any) -> None:
        self._connect_to(vault_url, LoopDriver, credential, DefaultAzureCredential, options)

    async def get_secret(  # type: ignore[override]
        self,
        name: str,
        version: str | None = None,
        timeout: float | None = None,
        out_content_type: str | None = None,
    ) -> KeyVaultSecret:
        """Gets a secret: from the cache if a fresh copy is there, else from the vault.

        :param name: the secret's name
        :param version: one version of it; the latest if not given
        :keyword out_content_type: the form in which the secret behind a certificate is wanted, such as
            ``ContentType.PEM``. The service converts, and the answer is not cached
        :keyword timeout: seconds this call may take in all; the client's `operation_timeout` if not given
        :returns: the same object for as long as the cached copy lives
        :raises ResourceNotFoundError: there is no such secret or version
        :raises ClientAuthenticationError: no identity was found here, or it was refused
        :raises ForbiddenError: the identity may not read this secret, or the network is not allowed
        :raises NightlatchError: the base of these and all other errors
        """
        # The hot path. Keyword-only arguments would cost it a tenth, a method instead of the subscript too.
        if (
            secret := self._latest[name] if version is None else self._cached(name, version)
        ) is not None and out_content_type is None:
            return secret
        operation = secret_operation(self._vault_url, name, version, timeout, False, out_content_type)
        found: KeyVaultSecret = (await self._call(operation))[2]
        return found

    async def refresh(
        self, name: str, version: str | None = None, *, timeout: float | None = None
    ) -> KeyVaultSecret:
        """Gets a secret from the vault, cached or not. Calls within a second share one fetch."""
        operation = secret_operation(self._vault_url, name, version, timeout, True)
        found: KeyVaultSecret = (await self._call(operation))[2]
        return found

    @overload
    async def get_secrets(
        self, names: Iterable[str], *, refresh: bool = ..., timeout: float | None = ...
    ) -> dict[str, KeyVaultSecret]: ...
    @overload
    async def get_secrets(
        self,
        names: Iterable[str],
        *,
        return_exceptions: bool,
        refresh: bool = ...,
        timeout: float | None = ...,
    ) -> dict[str, KeyVaultSecret | Exception]: ...
    async def get_secrets(
        self,
        names: Iterable[str],
        *,
        return_exceptions: bool = False,
        refresh: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """Gets the latest versions of many secrets at once, side by side and within the limits.

        :keyword return_exceptions: whether the error of a secret takes its place in the result; else the
            first one is raised
        :returns: the secrets by their names, in the order of the names
        """
        from .. import _replies

        names, kept, asked = self._sort_out(names, refresh)
        found: Any = ()
        if asked:
            found = (await self._call(many_operation(self._vault_url, asked, refresh, timeout)))[2]
        return _replies.secrets(names, kept, asked, found, return_exceptions)

    async def load_secrets(
        self,
        names: Iterable[str] | None = None,
        *,
        prefix: str = "",
        separator: str | None = None,
        timeout: float | None = None,
    ) -> LoadedSecrets:
        """Loads secrets as a configuration: see `nightlatch.SecretClient.load_secrets`."""
        from ..configuration import loaded

        return loaded(await self._call(load_operation(self._vault_url, names, prefix, separator, timeout)))

    @overload
    async def with_secret(
        self,
        name: str,
        use: Callable[[KeyVaultSecret], Awaitable[T]],
        *,
        auth_error: AuthError,
        timeout: float | None = ...,
    ) -> T: ...
    @overload
    async def with_secret(
        self,
        name: str,
        use: Callable[[KeyVaultSecret], T],
        *,
        auth_error: AuthError,
        timeout: float | None = ...,
    ) -> T: ...
    async def with_secret(
        self,
        name: str,
        use: Callable[[KeyVaultSecret], Any],
        *,
        auth_error: AuthError,
        timeout: float | None = None,
    ) -> Any:
        """Calls `use`, a function or a coroutine function, with a secret, and once more with its latest
        version if the value is no longer accepted and there is another version.

        :keyword auth_error: the exceptions that mean "not accepted": a class, a tuple of classes, or a
            function that is given the exception and tells
        """
        secret = await self.get_secret(name, timeout=timeout)
        try:
            return await _result_of(use(secret))
        except Exception as why:
            if not is_auth_error(auth_error, why):
                raise
            newer = self._other_than(secret)
            if newer is None:
                try:
                    newer = await self.refresh(name, timeout=timeout)
                except NightlatchError as failure:
                    raise why from failure
            if newer.properties.version == secret.properties.version:
                raise
        return await _result_of(use(newer))

    async def set_secret(
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
        """Sets a secret: a new version if the name is in use, else a new secret.

        :keyword recover_if_deleted: if the name belongs to a deleted secret, recover that one first and set
            the new version on top
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
        secret: KeyVaultSecret = (await self._call(operation, value))[2]
        return secret

    async def update_secret_properties(
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
        """Changes properties of one version, the latest if none is named. What is not given stays.

        :keyword if_version: only if this is the latest version
        :keyword if_unchanged_since: only if it was not changed after this moment
        """
        from .. import _replies

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
        return _replies.properties(await self._call(operation))

    @overload
    async def rotate_secret(
        self,
        name: str,
        make: Callable[[], str | Awaitable[str]],
        apply: Callable[[str], object] | None = ...,
        verify: Callable[[str], bool | Awaitable[bool | None] | None] | None = ...,
        *,
        slots: None = ...,
        content_type: str | None = ...,
        expires_on: datetime | None = ...,
        tags: dict[str, str] | None = ...,
        timeout: float | None = ...,
    ) -> RotationResult: ...
    @overload
    async def rotate_secret(
        self,
        name: str,
        make: Callable[[str], str | Awaitable[str]],
        apply: Callable[[str, str], object] | None = ...,
        verify: Callable[[str, str], bool | Awaitable[bool | None] | None] | None = ...,
        *,
        slots: tuple[str, str],
        content_type: str | None = ...,
        expires_on: datetime | None = ...,
        tags: dict[str, str] | None = ...,
        timeout: float | None = ...,
    ) -> RotationResult: ...
    async def rotate_secret(
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

            await client.rotate_secret("db-password", new_password, apply=alter_user, verify=log_in)

        The value is in the vault before it is applied. If `apply` or `verify` fails, the old value becomes
        the latest version once more and is applied again. A call that was cut off, by the end of the process
        say, is finished by the next one: the tags of the version tell. Run one rotation of a secret at a
        time.

        With `slots`, such as two users of a database, values are made for one and the other in turn, and
        become the latest version once they are verified: readers never get one that does not work.

        Functions that are no coroutine functions run in a thread of their own; one that runs when the task is
        cancelled is not waited for.

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
        from .._host.rotating import Rotating
        from ..rotation import rotated

        operation = rotate_operation(
            self._vault_url,
            name,
            slots,
            timeout,
            content_type=content_type,
            expires_on=expires_on,
            tags=tags,
        )
        with self._driver.lent(operation, Rotating(make, apply, verify, awaited=True)) as rotating:
            return rotated(await self._driver.call(rotating))

    def list_properties_of_secrets(
        self, *, max_page_size: int | None = None, timeout: float | None = None
    ) -> AsyncItemPaged[SecretProperties]:
        """Lists the vault's secrets without values, disabled and expired ones too."""
        from .. import _replies

        return self._list(
            "list_properties_of_secrets", None, _replies.properties_page, max_page_size, timeout
        )

    def list_properties_of_secret_versions(
        self, name: str, *, max_page_size: int | None = None, timeout: float | None = None
    ) -> AsyncItemPaged[SecretProperties]:
        """Lists the versions of a secret without values."""
        from .. import _replies

        op = "list_properties_of_secret_versions"
        return self._list(op, name, _replies.properties_page, max_page_size, timeout)

    def list_deleted_secrets(
        self, *, max_page_size: int | None = None, timeout: float | None = None
    ) -> AsyncItemPaged[DeletedSecret]:
        """Lists the deleted secrets that can still be recovered."""
        from .. import _replies

        return self._list("list_deleted_secrets", None, _replies.deleted_page, max_page_size, timeout)

    async def delete_secret(
        self, name: str, *, polling_interval: float | None = None, timeout: float | None = None
    ) -> DeletedSecret:
        """Deletes a secret with all versions, and waits until the vault has finished.

        :keyword timeout: seconds this may take; without it, as long as the vault takes
        """
        from .. import _replies

        operation = waiting_operation("delete_secret", self._vault_url, name, polling_interval, timeout)
        return _replies.deleted(await self._call(operation))[0]

    async def get_deleted_secret(self, name: str, *, timeout: float | None = None) -> DeletedSecret:
        """Gets a deleted secret, without its value."""
        from .. import _replies

        operation = vault_operation("get_deleted_secret", self._vault_url, name, timeout=timeout)
        return _replies.deleted(await self._call(operation))[0]

    async def recover_deleted_secret(
        self, name: str, *, polling_interval: float | None = None, timeout: float | None = None
    ) -> SecretProperties:
        """Recovers a deleted secret with all versions, and waits until the vault has finished.

        :keyword timeout: seconds this may take; without it, as long as the vault takes
        """
        from .. import _replies

        op = "recover_deleted_secret"
        operation = waiting_operation(op, self._vault_url, name, polling_interval, timeout)
        return _replies.properties(await self._call(operation))

    async def purge_deleted_secret(
        self,
        name: str,
        *,
        wait: bool = False,
        polling_interval: float | None = None,
        timeout: float | None = None,
    ) -> None:
        """Deletes a deleted secret for good.

        :keyword wait: whether to wait until the name can be used again, which takes the vault some seconds
        """
        op = "purge_deleted_secret"
        if wait:
            await self._call(waiting_operation(op, self._vault_url, name, polling_interval, timeout))
        else:
            await self._call(vault_operation(op, self._vault_url, name, timeout=timeout))

    async def backup_secret(self, name: str, *, timeout: float | None = None) -> bytes:
        """Backs up all versions of a secret as an opaque blob."""
        from .. import _replies

        operation = vault_operation("backup_secret", self._vault_url, name, timeout=timeout)
        return _replies.blob(await self._call(operation))

    async def restore_secret_backup(self, backup: bytes, *, timeout: float | None = None) -> SecretProperties:
        """Brings a backup back, all versions and under its own name, which must be free."""
        from .. import _replies

        operation = vault_operation("restore_secret_backup", self._vault_url, timeout=timeout)
        return _replies.properties(await self._call(operation, as_text(backup)))

    async def diagnose(
        self, name: str | None = None, version: str | None = None, *, timeout: float | None = None
    ) -> Diagnosis:
        """Goes the whole way once, from this host's identity to the secret, and tells why not, and what to
        do. Troubles are not raised: they are what it tells.

        :param name: the secret; without it, listing the vault's secrets is what is tried
        :param version: one version of it
        :raises InvalidArgumentError: the name or version cannot be one
        """
        from .. import doctor

        operation = vault_operation("diagnose", self._vault_url, name, timeout=timeout, version=version)
        return doctor.diagnosis(await self._call(operation))

    async def check(self, *names: str, timeout: float | None = None) -> Health:
        """Tells whether secrets are at hand, for a probe of start-up or readiness. What the cache holds
        costs no request. Troubles are not raised: they are what it tells.

        :param names: the secrets; without any, whether the vault lets this identity in
        :keyword timeout: seconds this may take. Default 5
        :raises InvalidArgumentError: a name cannot be one
        """
        from .. import doctor

        operation = vault_operation("check", self._vault_url, timeout=timeout, names=names)
        return doctor.health(await self._call(operation))

    async def explain(
        self, *, secrets: int = 1, instances: int = 1, timeout: float | None = None
    ) -> Forecast:
        """Tells without the network which sources of an identity would be asked and why, and what reading
        costs with this client's settings.

        :keyword secrets: how many secrets a process reads all the time
        :keyword instances: how many processes do so
        """
        from .. import doctor

        operation = explain_operation(secrets, instances, timeout)
        return doctor.forecast(await self._call(operation))

    def _list(
        self,
        op: str,
        name: str | None,
        read: Callable[[tuple[Any, ...]], tuple[list[T], str | None]],
        max_page_size: int | None,
        timeout: float | None,
    ) -> AsyncItemPaged[T]:
        from ._paging import AsyncItemPaged

        async def fetch(token: str | None) -> tuple[list[T], str | None]:
            paging = {"continuation": token, "max_page_size": max_page_size}
            operation = vault_operation(op, self._vault_url, name, timeout=timeout, **paging)
            return read(await self._call(operation))

        return AsyncItemPaged(fetch)


async def _result_of(result: Any) -> Any:
    return await result if hasattr(result, "__await__") else result
