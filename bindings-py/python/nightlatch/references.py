"""Key Vault references in configuration, for callers that wait in their own thread."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from .live import LiveSettings
    from .resolution import Resolution

from ._blocking import Blocking
from ._host.blocking import BlockingDriver
from ._references import BaseResolver, Question
from .credentials import DefaultAzureCredential

__all__ = ["ReferenceResolver"]

T = TypeVar("T")
K = TypeVar("K")


class ReferenceResolver(Blocking, BaseResolver[BlockingDriver]):
    """Gives texts of a configuration with the secrets in place of Key Vault references, as App Service
    and App Configuration write them. Safe to share between threads.

    ::

        settings = ReferenceResolver().resolve({
            "host": "db.example.net",
            "password": "@Microsoft.KeyVault(VaultName=contoso;SecretName=db-password)",
        })

    A reference is a whole text, never a part of one, and names its vault. Each secret is asked for once,
    however often it is named, and is kept as a `SecretClient` keeps it: with the same credential and
    options both share one cache. If one cannot be had there is no result, but an error whose ``attempts``
    name each place. A reference is never handed through, and a secret that is a reference itself is
    refused.

    :param credential: as `SecretClient` takes it
    :keyword vault_domain: where the vaults lie that references tell by their name alone, such as
        ``vault.azure.cn``; if not given, that of the cloud which ``AZURE_AUTHORITY_HOST`` names, else the
        public one
    :keyword max_age: seconds that a kept copy may have at most to serve, also while a vault is away; if
        not given, the rules of the cache hold. Each call may say otherwise
    :raises InvalidConfigurationError: an option has an impossible value, or the environment contradicts
        itself
    :raises TypeError: an option is unknown

    Further keywords are the options of `SecretClient`.
    """

    def __init__(
        self,
        credential: Any = None,
        *,
        vault_domain: str | None = None,
        max_age: float | None = None,
        **options: Any,
    ) -> None:
        self._begin(BlockingDriver, credential, DefaultAzureCredential, vault_domain, max_age, options)

    @overload
    def resolve(
        self,
        value: str,
        *,
        content_type: str | None = ...,
        max_age: float | None = ...,
        timeout: float | None = ...,
    ) -> str: ...
    @overload
    def resolve(
        self, value: Mapping[K, T], *, max_age: float | None = ..., timeout: float | None = ...
    ) -> dict[K, T]: ...
    @overload
    def resolve(self, value: T, *, max_age: float | None = ..., timeout: float | None = ...) -> T: ...
    def resolve(
        self,
        value: Any,
        *,
        content_type: str | None = None,
        max_age: float | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Resolves a value, or all values of a tree: what ``json.load``, ``tomllib.load`` or
        ``yaml.safe_load`` gave.

        :param value: a ``str``, or mappings and lists of them in any depth. Everything else in the tree
            stays as it is
        :keyword content_type: the content type of a value of App Configuration, which says whether it is a
            reference in that form
        :keyword max_age: seconds that a kept copy may have at most
        :keyword timeout: seconds that this may take in all
        :returns: the value, or a copy of the tree, with the secrets
        :raises InvalidConfigurationError: a text means to be a reference and is none
        :raises NightlatchError: a secret could not be had; ``attempts`` names each place, a JSON Pointer
            (RFC 6901) in a tree
        """
        return self._answer(self._of(value, content_type, max_age, timeout))

    def resolve_environ(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        max_age: float | None = None,
        timeout: float | None = None,
    ) -> dict[str, str]:
        """Resolves the variables of an environment, and gives all of them.

        :param environ: ``os.environ`` if not given, which is not changed
        """
        return self.resolve(os.environ if environ is None else environ, max_age=max_age, timeout=timeout)

    def resolve_json(self, text: str, *, max_age: float | None = None, timeout: float | None = None) -> str:
        """Resolves the values of a JSON text. Everything else in it stays to the byte, its layout too.

        :raises InvalidConfigurationError: it is no JSON
        """
        answer: str = self._answer(self._of_text("json", text, max_age, timeout))
        return answer

    def resolve_yaml(self, text: str, *, max_age: float | None = None, timeout: float | None = None) -> str:
        """Resolves the values of a YAML text, where references stand in quotes. Everything else stays to
        the byte, comments and anchors too.

        :raises InvalidConfigurationError: it is no YAML, or a reference stands in a block
        """
        answer: str = self._answer(self._of_text("yaml", text, max_age, timeout))
        return answer

    def resolve_toml(self, text: str, *, max_age: float | None = None, timeout: float | None = None) -> str:
        """Resolves the values of a TOML text. Everything else in it stays to the byte, comments too.

        :raises InvalidConfigurationError: it is no TOML
        """
        answer: str = self._answer(self._of_text("toml", text, max_age, timeout))
        return answer

    def resolve_dotenv(
        self, text: str, *, max_age: float | None = None, timeout: float | None = None
    ) -> dict[str, str]:
        """Resolves the values of an ``.env`` file, and gives its variables.

        :raises InvalidConfigurationError: a line is not understood
        """
        answer: dict[str, str] = self._answer(self._of_text("env", text, max_age, timeout))
        return answer

    def live(
        self,
        values: Mapping[K, T],
        *,
        on_change: Callable[[list[K]], object] | None = None,
        interval: float = 60.0,
        max_age: float | None = None,
        timeout: float | None = None,
    ) -> LiveSettings[K, T]:
        """Resolves a mapping as `resolve` does, into one that follows rotation.

        :keyword on_change: called with the keys whose values changed. What it raises is logged
        :keyword interval: seconds after which whoever reads the mapping renews it first, which the cache
            serves as far as its rules allow; ``refresh`` does so at any time
        :raises NightlatchError: a secret could not be had
        """
        from .live import LiveSettings

        max_age = self._max_age if max_age is None else max_age

        def again(given: Mapping[K, T]) -> dict[K, T]:
            return self.resolve(given, max_age=max_age, timeout=timeout)

        return LiveSettings(values, self._driver.host.now, on_change, max_age, interval, again)

    def status(
        self,
        value: Any,
        *,
        content_type: str | None = None,
        form: str | None = None,
        max_age: float | None = None,
        timeout: float | None = None,
    ) -> Resolution:
        """Tells how each reference of a value, a tree or a text fares, without its secret. Troubles are
        not raised: they are what it tells.

        :keyword form: what a text is: ``"value"`` (default), ``"json"`` or ``"env"``
        :raises InvalidConfigurationError: the text is not of that form
        """
        from . import resolution

        asked = self._of_status(value, content_type, form, max_age, timeout)
        return resolution.resolution(self._call(asked.operation, asked.text))

    def _answer(self, asked: Question) -> Any:
        return asked.answer(self._call(asked.operation, asked.text)[2])
