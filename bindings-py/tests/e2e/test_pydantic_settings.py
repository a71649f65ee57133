"""Settings out of a vault: the cases that pydantic-settings documents for its source, by that source and by ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import nightlatch
import pytest
from nightlatch.pydantic_settings import AzureKeyVaultSettingsSource
from pydantic import AliasChoices, BaseModel, Field, ValidationError
from pydantic_settings import AzureKeyVaultSettingsSource as OfficialSource
from pydantic_settings import BaseSettings

from .conftest import APP, TENANT, Emulator
from .vaults import emulator_with

pytestmark = pytest.mark.e2e
identity = pytest.importorskip("azure.identity", reason="pip install azure-identity")

SECRETS = {
    "foo": "a", "bar": "1", "sub--a": "b", "MySetting": "d", "my-password": "e",
    "NestedModel--InnerValue": "f", "with-dashes--inner-name": "g", "nothing": "null", "shop-port": "80",
    "alias-one": "h", "off": {"value": "gone", "enabled": False}, "document": '{"a": "i"}',
}  # fmt: skip


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator_with(tmp_path_factory.mktemp("vault"), secrets=SECRETS) as running:
        yield running


class Inner(BaseModel):
    a: str


class Dashed(BaseModel):
    inner_name: str


class Snake(BaseModel):
    inner_value: str


def settings(source: type[Any], url: str, credential: Any, fields: dict[str, Any], **options: Any) -> Any:
    """An instance of settings with these fields out of the vault alone."""

    class Settings(BaseSettings):
        @classmethod
        def settings_customise_sources(cls, settings_cls: Any, **_: Any) -> Any:
            return (source(settings_cls, url, credential, **options),)

    annotations = {name: kind if isinstance(kind, type) else kind[0] for name, kind in fields.items()}
    values = {name: kind[1] for name, kind in fields.items() if not isinstance(kind, type)}
    return type("Named", (Settings,), {"__annotations__": annotations, **values})()


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "fields and a nested model": ({"foo": str, "bar": int, "sub": Inner}, {}),
    "whatever case": ({"FOO": str, "mysetting": str}, {}),
    "case that matters": ({"MySetting": str}, {"case_sensitive": True}),
    "case that is another": ({"mysetting": str}, {"case_sensitive": True}),
    "dashes for underscores": ({"my_password": str}, {"dash_to_underscore": True}),
    "dashes for underscores in a nested model": ({"with_dashes": Dashed}, {"dash_to_underscore": True}),
    "dashes without the option": ({"my_password": (str, "default")}, {}),
    "snake case": ({"my_setting": str, "nested_model": Snake}, {"snake_case_conversion": True}),
    "snake case of dashes": ({"my_password": str}, {"snake_case_conversion": True}),
    "an alias": ({"x": (str, Field(alias="alias-one"))}, {}),
    "one of several aliases": ({"x": (str, Field(validation_alias=AliasChoices("none", "my-password")))}, {}),
    "an alias in snake case": ({"x": (str, Field(alias="MySetting"))}, {"snake_case_conversion": True}),
    "a prefix": ({"port": int}, {"env_prefix": "shop-"}),
    "a prefix in snake case": ({"port": int}, {"env_prefix": "shop-", "snake_case_conversion": True}),
    "a model in JSON": ({"document": Inner}, {}),
    "nothing": ({"nothing": (Any, "default")}, {"env_parse_none_str": "null"}),
    "a missing secret": ({"missing": str}, {}),
    "a missing secret with a default": ({"missing": (str, "default")}, {}),
    "a disabled secret": ({"off": str}, {}),
}


def outcome(*arguments: Any, **options: Any) -> Any:
    try:
        return settings(*arguments, **options).model_dump()
    except ValidationError as why:
        return [(error["loc"], error["type"]) for error in why.errors()]


@pytest.mark.parametrize("case", CASES)
def test_it_reads_as_the_official_source(
    case: str,
    vault: Emulator,
    emulator: Emulator,
    variables: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variables(vault.network, vault.principal)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", vault.ca)
    fields, options = CASES[case]
    theirs = outcome(
        OfficialSource,
        vault.url,
        identity.ClientSecretCredential(TENANT, APP, "app-secret"),
        fields,
        **options,
    )
    ours = outcome(AzureKeyVaultSettingsSource, vault.url, None, fields, **options)
    assert ours == theirs
    assert bool(theirs) is True


def test_settings_made_again_read_no_value_again(vault: Emulator, variables: Callable[..., None]) -> None:
    variables(vault.network, vault.principal)
    vault.ask("DELETE", "/_emulator/log")
    client = nightlatch.SecretClient(vault.url)
    fields = {"foo": str, "bar": int}
    for _ in range(3):
        made = settings(AzureKeyVaultSettingsSource, "", None, fields, client=client)
        assert (made.foo, made.bar) == ("a", 1)
    asked = [each["path"] for each in vault.log() if each["path"].startswith("/secrets")]
    assert sorted(asked) == ["/secrets", "/secrets", "/secrets", "/secrets/bar/", "/secrets/foo/"]
