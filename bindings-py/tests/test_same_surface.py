"""Every public name, attribute, parameter and documented keyword of azure.keyvault.secrets is here as well, and does
as much. What differs on purpose stands in `INTENDED`; a difference listed there that is none fails, too.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from types import ModuleType
from typing import Any

import nightlatch
import pytest
from nightlatch import aio

pytest.importorskip("azure.keyvault.secrets", reason="pip install azure-keyvault-secrets")
pytest.importorskip("aiohttp", reason="pip install aiohttp")
FAMILIES = {"azure.keyvault.secrets": nightlatch, "azure.keyvault.secrets.aio": aio}

INTENDED = {
    "SecretClient.send_request": "a request that is not known cannot be kept from showing values, nor be counted",
    "aio.SecretClient.send_request": "the same",
    "SecretProperties(): args": "properties are made by clients",
}


def differences() -> Iterator[str]:
    for home, ours in FAMILIES.items():
        theirs = importlib.import_module(home)
        prefix = "aio." if ours is aio else ""
        for name in theirs.__all__:
            if not hasattr(ours, name):
                yield prefix + name
            else:
                yield from _of_class(prefix + name, getattr(theirs, name), getattr(ours, name))


def _of_class(where: str, theirs: Any, ours: Any) -> Iterator[str]:
    if issubclass(theirs, Enum):
        yield from (f"{where}.{one.name}" for one in theirs if ours.__members__.get(one.name) != one.value)
        return
    yield from _of_parameters(f"{where}()", theirs.__init__, ours.__init__)
    for name in (name for name in dir(theirs) if not name.startswith("_")):
        if not hasattr(ours, name):
            yield f"{where}.{name}"
            continue
        one, other = getattr(theirs, name), getattr(ours, name)
        if inspect.isfunction(one):
            if inspect.iscoroutinefunction(one) != inspect.iscoroutinefunction(other):
                yield f"{where}.{name}: awaited"
            yield from _of_parameters(f"{where}.{name}", one, other)
        elif callable(other):
            yield f"{where}.{name}: a method"


def _of_parameters(where: str, theirs: Any, ours: Any) -> Iterator[str]:
    """Parameters that ours does not take, or not at that place; keywords that only the documentation names."""
    mine = inspect.signature(ours).parameters
    takes_all = any(one.kind is one.VAR_KEYWORD for one in mine.values())
    place = list(mine)
    for number, (name, one) in enumerate(inspect.signature(theirs).parameters.items()):
        if one.kind is one.VAR_KEYWORD or (number == 0 and name == "self"):
            continue
        by_place = one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        if name not in mine or (by_place and place[number : number + 1] != [name]):
            yield f"{where}: {name}"
        elif one.default is not one.empty and mine[name].default is one.empty:
            yield f"{where}: {name} by itself"
    for keyword in re.findall(r":keyword (?:\S+ )?(\w+):", inspect.getdoc(theirs) or ""):
        if keyword not in mine and not takes_all:
            yield f"{where}: {keyword}"


def test_nothing_is_missing_unawares() -> None:
    assert set(differences()) == set(INTENDED)


def test_a_poller_has_the_methods_of_theirs() -> None:
    from azure.keyvault.secrets._shared._polling import KeyVaultOperationPoller

    for name in (name for name in vars(KeyVaultOperationPoller) if not name.startswith("_")):
        ours = getattr(nightlatch.KeyVaultOperationPoller, name)
        assert not list(_of_parameters(name, getattr(KeyVaultOperationPoller, name), ours)), name


@pytest.mark.parametrize("pages", ["ItemPaged", "AsyncItemPaged"])
def test_a_pager_has_the_methods_of_theirs(pages: str) -> None:
    home: ModuleType = importlib.import_module(
        "azure.core.paging" if pages == "ItemPaged" else "azure.core.async_paging"
    )
    ours = nightlatch.ItemPaged if pages == "ItemPaged" else aio.AsyncItemPaged
    theirs = getattr(home, pages)
    for name in ("by_page", "__iter__", "__next__", "__aiter__", "__anext__"):
        assert hasattr(ours, name) == hasattr(theirs, name), name
    assert not list(_of_parameters("by_page", theirs.by_page, ours.by_page))


@pytest.mark.parametrize("family", [nightlatch, aio])
def test_documented_options_of_a_client_are_taken(family: Any) -> None:
    from azure.keyvault.secrets import SecretClient

    keywords = set(re.findall(r":keyword (?:\S+ )?(\w+):", inspect.getdoc(SecretClient) or ""))
    assert {"api_version", "verify_challenge_resource"} <= keywords
    given = {"api_version": nightlatch.ApiVersion.V7_6, "verify_challenge_resource": False}
    assert keywords <= given.keys()
    family.SecretClient("https://contoso.vault.azure.net", **given)


def test_the_names_of_a_version_and_a_form() -> None:
    assert nightlatch.ApiVersion("7.4") is nightlatch.ApiVersion.V7_4
    assert nightlatch.ContentType.PEM == "application/x-pem-file"
