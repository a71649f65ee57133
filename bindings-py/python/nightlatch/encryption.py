"""Values that are stored encrypted, for callers that wait in their own thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

from ._blocking import Blocking
from ._encryption import BaseEncryption, Question
from ._host.blocking import BlockingDriver
from .credentials import DefaultAzureCredential

__all__ = ["FieldEncryption"]

T = TypeVar("T")


class FieldEncryption(Blocking, BaseEncryption[BlockingDriver]):
    """Encrypts values, and fields of documents, that a program stores itself, with an RSA key of a vault that
    never leaves it. Safe to share between threads.

    ::

        encryption = FieldEncryption("https://contoso.vault.azure.net", "app")
        stored = encryption.encrypt("DE02 1203 0000", document="customer-17", field="iban")
        iban = encryption.decrypt_text(stored, document="customer-17", field="iban")

    What comes out is JWE (RFC 7516) in its compact form: AES-256-GCM, by a data key that the vault's key
    encrypts (RSA-OAEP-256). Any JOSE library can read it that has the key. A data key serves many values, so
    that the vault is asked seldom.

    :param vault_url: the vault's URL
    :param key_name: the RSA key
    :param credential: as `SecretClient` takes it
    :keyword key_version: the version that encrypts; if not given, the latest. What decrypts is the
        version that a value names
    :keyword data_key_uses: how many values a data key encrypts. Default 1,048,576; at most 2**32 - 1
    :keyword data_key_ttl: for how many seconds, and for how long one that was decrypted is kept. Default 300
    :raises InvalidArgumentError: the URL is no vault's
    :raises InvalidConfigurationError: an option has an impossible value, or the environment contradicts
        itself
    :raises TypeError: an option is unknown

    Further keywords are the options of `SecretClient`. Each call takes a `timeout` in seconds.
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
            BlockingDriver,
            credential,
            DefaultAzureCredential,
            options,
            vault_url,
            key_name,
            version=key_version,
            data_key_uses=data_key_uses,
            data_key_ttl=data_key_ttl,
        )

    def encrypt(
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
        answer: str = self._answer(self._of("encrypt", value, document, field, timeout, bytes.decode))
        return answer

    def decrypt(
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
        answer: bytes = self._answer(self._of("decrypt", value, document, field, timeout, bytes))
        return answer

    def decrypt_text(
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
        return self.decrypt(value, document=document, field=field, timeout=timeout).decode()

    def rewrap(
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
        answer: str = self._answer(self._of("rewrap", value, document, field, timeout, bytes.decode))
        return answer

    def encrypt_fields(
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
        answer: T = self._answer(asked)
        return answer

    def decrypt_fields(
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
        answer: T = self._answer(asked)
        return answer

    def rewrap_fields(
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
        answer: T = self._answer(asked)
        return answer

    def _answer(self, asked: Question) -> Any:
        return asked.answer(self._call(asked.operation, asked.text)[2])
