"""A settings source for pydantic-settings: its own for Azure Key Vault, with nightlatch as the client.

Changing over is changing the import line::

    from nightlatch.pydantic_settings import AzureKeyVaultSettingsSource

Needs pydantic-settings 2.16 or newer, and no Azure SDK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_snake
from pydantic_settings import AzureKeyVaultSettingsSource as OfficialSource
from pydantic_settings import EnvSettingsSource
from pydantic_settings.sources.types import EnvNoneType

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings

from .secrets import SecretClient

__all__ = ["AzureKeyVaultSettingsSource"]


class AzureKeyVaultSettingsSource(OfficialSource):
    """Takes settings from the secrets of a vault. Reads those that the settings ask for, through the cache;
    disabled ones do not exist. Needs the permissions to list and to get.

    Names, nesting (``sub--field``) and the keywords are those of pydantic-settings' own source.

    :param settings_cls: the settings
    :param url: the vault's URL
    :param credential: as `nightlatch.SecretClient` takes it; `DefaultAzureCredential` if not given
    :param dash_to_underscore: whether a dash in a secret's name stands for the underscore of a field's
    :param case_sensitive: whether the case of names matters
    :param snake_case_conversion: whether names in any style are those of fields, nested by ``__``
    :param env_prefix: what the names of secrets begin with
    :keyword client: a client to share, instead of `url` and `credential`

    Further keywords are the options of `nightlatch.SecretClient`.
    """

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        url: str = "",
        credential: Any = None,
        dash_to_underscore: bool = False,
        case_sensitive: bool | None = None,
        snake_case_conversion: bool = False,
        env_prefix: str | None = None,
        env_parse_none_str: str | None = None,
        env_parse_enums: bool | None = None,
        *,
        client: SecretClient | None = None,
        **options: Any,
    ) -> None:
        self._client = client or SecretClient(url, credential, **options)
        self._url = self._client.vault_url
        self._dash_to_underscore = dash_to_underscore
        self._snake_case_conversion = snake_case_conversion
        # The class between wants the SDK.
        EnvSettingsSource.__init__(
            self,
            settings_cls,
            case_sensitive=True if snake_case_conversion else case_sensitive,
            env_prefix=env_prefix,
            env_nested_delimiter="__" if snake_case_conversion else "--",
            env_ignore_empty=False,
            env_parse_none_str=env_parse_none_str,
            env_parse_enums=env_parse_enums,
        )

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return _Secrets(self._client, self._key, self.env_parse_none_str)

    def _key(self, name: str) -> str:
        """What the name of a secret and that of a field have in common if they mean the same."""
        if self._snake_case_conversion:
            prefix = self.env_prefix if name.startswith(self.env_prefix) else ""
            return prefix + to_snake(name[len(prefix) :])
        return name if self.case_sensitive else name.lower()


class _Secrets(Mapping[str, "str | None"]):
    """The enabled secrets of a vault by the keys of their names; a value is read when it is asked for."""

    def __init__(self, client: SecretClient, key: Any, none: str | None) -> None:
        self._client, self._key, self._none = client, key, none
        listed = client.list_properties_of_secrets()
        self._names = {key(secret.name): secret.name for secret in listed if secret.enabled}

    def __getitem__(self, name: str) -> str | None:
        value = self._client.get_secret(self._names[self._key(name)]).value
        return EnvNoneType(value) if value is not None and value == self._none else value

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)
