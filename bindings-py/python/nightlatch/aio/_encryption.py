"""Values that are stored encrypted, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

from .._encryption import BaseEncryption, Question
from .._host.asyncio import LoopDriver
from ._awaited import Awaited
from ._credentials import DefaultAzureCredential

__all__ = ["FieldEncryption"]

T = TypeVar("T")


class FieldEncryption(Awaited, BaseEncryption[LoopDriver]):
    """Encrypts values, and fields of documents, with an RSA key of a vault, on any number of event loops.

    Takes what `nightlatch.FieldEncryption` takes, but for ``refresh_in_background``. The methods are
    explained there, too.
    """

    def __init__(
        self,
        vault_url: str,
        key_name: str,
        credential: Any = None,
        *,
        key_version: str | None = None,
        data_key_uses: int | None = None,
        data_key_ttl: float | None = None,
        **options: Any,
    ) -> None:
        self._begin(
            LoopDriver,
            credential,
            DefaultAzureCredential,
            options,
            vault_url,
            key_name,
            version=key_version,
            data_key_uses=data_key_uses,
            data_key_ttl=data_key_ttl,
        )

    async def encrypt(
        self,
        value: str | bytes,
        *,
        document: str | None = None,
        field: str | None = None,
        timeout: float | None = None,
    ) -> str:
        """Encrypts a value. A `str` is encrypted as UTF-8.

        :keyword document: to what record or file the value belongs, by a name that never changes. It is
            bound to the value, and stands in the open
        :keyword field: in what field of it, likewise
        """
        answer: str = await self._answer(self._of("encrypt", value, document, field, timeout, bytes.decode))
        return answer

    async def decrypt(
        self,
        value: str,
        *,
        document: str | None = None,
        field: str | None = None,
        timeout: float | None = None,
    ) -> bytes:
        """Decrypts a value.

        :keyword document: what was said when it was encrypted; likewise `field`
        :raises DecryptionError: it was altered, belongs elsewhere, or was encrypted for another key
        """
        answer: bytes = await self._answer(self._of("decrypt", value, document, field, timeout, bytes))
        return answer

    async def decrypt_text(
        self,
        value: str,
        *,
        document: str | None = None,
        field: str | None = None,
        timeout: float | None = None,
    ) -> str:
        """As `decrypt`, for values that were encrypted as a `str`.

        :raises UnicodeDecodeError: it is no UTF-8
        """
        return (await self.decrypt(value, document=document, field=field, timeout=timeout)).decode()

    async def rewrap(
        self,
        value: str,
        *,
        document: str | None = None,
        field: str | None = None,
        timeout: float | None = None,
    ) -> str:
        """Encrypts a value anew that an older version of the key encrypted; one of the latest comes back as
        it is.
        """
        answer: str = await self._answer(self._of("rewrap", value, document, field, timeout, bytes.decode))
        return answer

    async def encrypt_fields(
        self, document: T, fields: Iterable[str], *, name: str | None = None, timeout: float | None = None
    ) -> T:
        """Encrypts fields of a document, whatever they hold; the rest of it stays as it is.

        :param document: JSON text, which stays to the byte but for the fields; or a tree of mappings and
            lists, such as a parser of YAML gives it. A tree is copied, with all that its parser put into it
        :param fields: JSON Pointers (RFC 6901), such as ``/card/number``; ``*`` in them stands for every item
            or member. Each is bound to its place
        :keyword name: the document's own name, which never changes; it is bound to each value, and stands in
            the open
        :raises InvalidArgumentError: a field is not there, or two are parts of each other
        :raises TypeError: a field of a tree holds something that JSON has not, such as a date
        """
        asked = self._of_fields("encrypt", document, fields, name, timeout)
        answer: T = await self._answer(asked)
        return answer

    async def decrypt_fields(
        self,
        document: T,
        fields: Iterable[str] | None = None,
        *,
        name: str | None = None,
        timeout: float | None = None,
    ) -> T:
        """Decrypts fields of a document.

        :param fields: which; if not given, all that were encrypted as fields
        :raises DecryptionError: one was altered, belongs elsewhere, or was encrypted for another key
        """
        asked = self._of_fields("decrypt", document, fields, name, timeout)
        answer: T = await self._answer(asked)
        return answer

    async def rewrap_fields(
        self,
        document: T,
        fields: Iterable[str] | None = None,
        *,
        name: str | None = None,
        timeout: float | None = None,
    ) -> T:
        """Encrypts fields of a document anew that an older version of the key encrypted.

        :param fields: which; if not given, all that were encrypted as fields
        """
        asked = self._of_fields("rewrap", document, fields, name, timeout)
        answer: T = await self._answer(asked)
        return answer

    async def _answer(self, asked: Question) -> Any:
        return asked.answer((await self._call(asked.operation, asked.text))[2])
