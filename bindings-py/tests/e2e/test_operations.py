"""Every operation on secrets through the emulator, blocking and awaited: what it does, and each way in which it is
refused."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import nightlatch
import pytest
from nightlatch import aio

from .conftest import APP, APP_OBJECT, TENANT, Emulator
from .vaults import EVERYTHING, emulator_with

pytestmark = pytest.mark.e2e
UTC = datetime.timezone.utc
SOON = 0.1


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    secrets = {"off": {"value": "gone", "enabled": False}, "certified": {"value": "x", "certificate": True}}
    with emulator_with(tmp_path_factory.mktemp("emulator"), secrets=secrets) as emulator:
        yield emulator


@pytest.fixture
def vault(shared: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    shared.ask("DELETE", "/_emulator/faults")
    shared.ask("PUT", "/_emulator/soft-delete/contoso", {})
    _allow(shared, EVERYTHING)
    for name, value in shared.network.items():
        monkeypatch.setenv(name, value)
    return shared


def _allow(vault: Emulator, permissions: list[str]) -> None:
    vault.ask("PUT", "/_emulator/access/contoso", [{"principal": APP_OBJECT, "secrets": permissions}])


class Both:
    """A client whose methods block, made of one of either family: pollers and pagers are played to their end."""

    def __init__(self, awaited: bool, **options: Any) -> None:
        # Our own limit of five a second for a secret would make the tests wait.
        options = {"secret_requests_per_second": 0, **options}
        family: Any = aio if awaited else nightlatch
        credential = family.ClientSecretCredential(TENANT, APP, "app-secret")
        self.client = family.SecretClient(Emulator.url, credential, **options)
        self.awaited = awaited

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            if self.awaited:
                return asyncio.run(self._await(name, *arguments, **keywords))
            if name in ("delete_secret", "recover_deleted_secret"):
                begin = getattr(self.client, f"begin_{name}")
                poller = begin(*arguments, polling_interval=SOON, **keywords)
                poller.wait()
                assert poller.done()
                return poller.result()
            result = getattr(self.client, name)(*arguments, **keywords)
            return list(result) if name.startswith("list_") else result

        return call

    async def _await(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        if name in ("delete_secret", "recover_deleted_secret"):
            keywords["polling_interval"] = SOON
        result = getattr(self.client, name)(*arguments, **keywords)
        if name.startswith("list_"):
            return [item async for item in result]
        return await result


@pytest.fixture(params=[False, True], ids=["blocking", "asyncio"])
def both(request: pytest.FixtureRequest, vault: Emulator) -> Both:
    return Both(request.param)


def test_a_secret_is_set_with_everything_and_changed(both: Both) -> None:
    name = f"everything-{both.awaited}"
    begin = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    end = datetime.datetime(2031, 1, 2, 3, 4, 5)  # no zone: UTC
    secret = both.set_secret(
        name,
        "välue",
        enabled=True,
        tags={"team": "shop"},
        content_type="text/plain",
        not_before=begin,
        expires_on=end,
    )
    for found in (secret, both.get_secret(name)):
        properties = found.properties
        assert (found.name, found.value, properties.enabled) == (name, "välue", True)
        assert (properties.tags, properties.content_type) == ({"team": "shop"}, "text/plain")
        assert (properties.not_before, properties.expires_on) == (begin, end.replace(tzinfo=UTC))
        assert properties.recovery_level
    later = datetime.datetime(2032, 1, 1, tzinfo=UTC)
    changed = both.update_secret_properties(name, tags={"team": "bank"}, expires_on=later, content_type="x/y")
    assert (changed.tags, changed.expires_on, changed.content_type) == ({"team": "bank"}, later, "x/y")
    assert (changed.not_before, changed.version) == (begin, secret.properties.version)
    assert both.get_secret(name).properties.tags == {"team": "bank"}
    both.update_secret_properties(name, secret.properties.version, enabled=False)
    with pytest.raises(nightlatch.SecretDisabledError):
        both.get_secret(name)


def test_what_we_set_our_readers_see_at_once(both: Both) -> None:
    name = f"seen-{both.awaited}"
    first = both.set_secret(name, "one")
    assert both.get_secret(name).value == "one"
    both.set_secret(name, "two")
    assert both.get_secret(name).value == "two"
    assert both.get_secret(name, first.properties.version).value == "one"
    both.delete_secret(name)
    with pytest.raises(nightlatch.ResourceNotFoundError):
        both.get_secret(name)


def test_the_life_of_a_deleted_secret(both: Both, vault: Emulator) -> None:
    slow = {"polls": 2}
    vault.ask("PUT", "/_emulator/soft-delete/contoso", {"delete": slow, "recover": slow})
    name = f"life-{both.awaited}"
    version = both.set_secret(name, "one").properties.version
    deleted = both.delete_secret(name)
    assert (deleted.name, deleted.properties.version) == (name, version)
    assert deleted.recovery_id == f"{Emulator.url}/deletedsecrets/{name}"
    days = deleted.scheduled_purge_date - deleted.deleted_date
    assert days == datetime.timedelta(days=90)
    assert "one" not in repr(deleted)
    assert both.get_deleted_secret(name).recovery_id == deleted.recovery_id
    assert name in {other.name for other in both.list_deleted_secrets()}
    with pytest.raises(nightlatch.ResourceExistsError) as caught:
        both.set_secret(name, "two")
    assert caught.value.inner_code == "ObjectIsDeletedButRecoverable"
    recovered = both.recover_deleted_secret(name)
    assert (recovered.name, recovered.version) == (name, version)
    assert both.get_secret(name).value == "one"
    both.delete_secret(name)
    assert both.set_secret(name, "three", recover_if_deleted=True).value == "three"
    assert len(both.list_properties_of_secret_versions(name)) == 2
    both.delete_secret(name)
    assert both.purge_deleted_secret(name, wait=True, polling_interval=SOON) is None
    with pytest.raises(nightlatch.ResourceNotFoundError):
        both.get_deleted_secret(name)
    assert both.set_secret(name, "anew").value == "anew"


def test_a_backup_comes_back_with_all_versions(both: Both) -> None:
    name = f"backup-{both.awaited}"
    for value in ("one", "two"):
        both.set_secret(name, value)
    backup = both.backup_secret(name)
    assert isinstance(backup, bytes)
    with pytest.raises(nightlatch.ResourceExistsError):
        both.restore_secret_backup(backup)
    both.delete_secret(name)
    both.purge_deleted_secret(name)
    assert both.restore_secret_backup(backup).name == name
    assert both.get_secret(name).value == "two"
    assert len(both.list_properties_of_secret_versions(name)) == 2
    with pytest.raises(nightlatch.HttpResponseError):
        both.restore_secret_backup(b"no backup at all")


def test_backups_are_those_of_the_official_sdk(
    both: Both, vault: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk = pytest.importorskip("azure.keyvault.secrets", reason="pip install azure-keyvault-secrets")
    identity = pytest.importorskip("azure.identity", reason="pip install azure-identity")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", vault.ca)
    name = f"official-{both.awaited}"
    both.set_secret(name, "one")
    with sdk.SecretClient(vault.url, identity.ClientSecretCredential(TENANT, APP, "app-secret")) as official:
        ours, theirs = both.backup_secret(name), official.backup_secret(name)
        for backup, restore in [(ours, official.restore_secret_backup), (theirs, both.restore_secret_backup)]:
            both.delete_secret(name)
            both.purge_deleted_secret(name)
            assert restore(backup).name == name


def test_a_change_can_be_made_conditional(both: Both) -> None:
    name = f"safe-{both.awaited}"
    first = both.set_secret(name, "one").properties
    both.update_secret_properties(name, if_version=first.version, tags={"a": "b"})
    both.update_secret_properties(name, if_unchanged_since=first.updated_on, tags={"a": "c"})
    both.set_secret(name, "two")
    with pytest.raises(nightlatch.ResourceExistsError):
        both.update_secret_properties(name, if_version=first.version, tags={"a": "d"})
    before = first.updated_on - datetime.timedelta(days=1)
    with pytest.raises(nightlatch.ResourceExistsError):
        both.update_secret_properties(name, if_unchanged_since=before, tags={"a": "d"})


def test_many_secrets_at_once(both: Both) -> None:
    names = [f"many-{both.awaited}-{i}" for i in range(5)]
    for name in names:
        both.set_secret(name, f"value of {name}")
    both.client.invalidate()
    kept = both.get_secret(names[2])
    found = both.get_secrets([*names, names[0]])
    assert {name: secret.value for name, secret in found.items()} == {
        name: f"value of {name}" for name in names
    }
    assert list(found) == names
    assert found[names[2]] is kept
    mixed = both.get_secrets([names[0], "missing", "off"], return_exceptions=True)
    assert mixed[names[0]] is both.get_secret(names[0])
    assert isinstance(mixed["missing"], nightlatch.ResourceNotFoundError)
    assert isinstance(mixed["off"], nightlatch.SecretDisabledError)
    with pytest.raises(nightlatch.ResourceNotFoundError):
        both.get_secrets([names[0], "missing"])
    with pytest.raises(TypeError):
        both.get_secrets("name")


# Every operation, how to call it, and what it needs.
OPERATIONS: dict[str, tuple[Callable[[Both, str], Any], str]] = {
    "get_secret": (lambda client, name: client.get_secret(name), "get"),
    "get_secrets": (lambda client, name: client.get_secrets([name]), "get"),
    "set_secret": (lambda client, name: client.set_secret(name, "value"), "set"),
    "update": (lambda client, name: client.update_secret_properties(name, enabled=True), "set"),
    "list": (lambda client, name: client.list_properties_of_secrets(), "list"),
    "list versions": (lambda client, name: client.list_properties_of_secret_versions(name), "list"),
    "list deleted": (lambda client, name: client.list_deleted_secrets(), "list"),
    "delete": (lambda client, name: client.delete_secret(name), "delete"),
    "get deleted": (lambda client, name: client.get_deleted_secret(name), "get"),
    "recover": (lambda client, name: client.recover_deleted_secret(name), "recover"),
    "purge": (lambda client, name: client.purge_deleted_secret(name), "purge"),
    "backup": (lambda client, name: client.backup_secret(name), "backup"),
    "restore": (lambda client, name: client.restore_secret_backup(b"a backup"), "restore"),
}
NAMES_NOTHING = {"set_secret", "list", "list versions", "list deleted", "restore"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_without_its_permission(both: Both, vault: Emulator, operation: str) -> None:
    call, needed = OPERATIONS[operation]
    _allow(vault, [permission for permission in EVERYTHING if permission != needed])
    with pytest.raises(nightlatch.ForbiddenError) as caught:
        call(both, "nothing")
    assert (caught.value.status_code, caught.value.kind) == (403, "FORBIDDEN")
    assert caught.value.advice
    assert caught.value.request_id


@pytest.mark.parametrize("operation", OPERATIONS.keys() - NAMES_NOTHING)
def test_of_a_secret_that_is_not_there(both: Both, operation: str) -> None:
    with pytest.raises(nightlatch.ResourceNotFoundError) as caught:
        OPERATIONS[operation][0](both, "nothing")
    assert (caught.value.status_code, caught.value.error_code) == (404, "SecretNotFound")


@pytest.mark.parametrize("operation", OPERATIONS.keys() - {"list", "list deleted", "restore"})
def test_of_a_name_that_is_none(both: Both, vault: Emulator, operation: str) -> None:
    asked = len(vault.log())
    with pytest.raises(nightlatch.InvalidArgumentError):
        OPERATIONS[operation][0](both, "no_name")
    assert len(vault.log()) == asked


ANSWERS = {
    "unauthorized": ({"status": 401}, nightlatch.ClientAuthenticationError),
    "throttled": ({"status": 429, "headers": {"retry-after": "0"}}, nightlatch.ThrottledError),
    "failing": ({"status": 503}, nightlatch.ServiceFailureError),
    "refused": ({"status": 400}, nightlatch.HttpResponseError),
    "nonsense": ({"action": "html"}, nightlatch.ServiceResponseError),
    "broken": ({"action": "malformed_json"}, nightlatch.ServiceResponseError),
    "lost": ({"action": "drop"}, nightlatch.ServiceRequestError),
}


# A purge is answered by a status alone, so there is nothing to misunderstand.
MEETINGS = [(o, a) for o in OPERATIONS for a in ANSWERS if o != "purge" or a not in ("nonsense", "broken")]


@pytest.mark.parametrize(("operation", "answer"), MEETINGS)
def test_when_the_vault_is(both: Both, vault: Emulator, operation: str, answer: str) -> None:
    fault, error = ANSWERS[answer]
    vault.fault(service="vault", times=None, **fault)
    client = Both(both.awaited, retry_total=0)
    with pytest.raises(error) as caught:
        OPERATIONS[operation][0](client, "nothing")
    assert "app-secret" not in str(caught.value)


def test_a_certificates_secret_is_left_to_the_certificate(both: Both) -> None:
    assert both.get_secret("certified").properties.managed is True
    assert both.get_secret("certified").properties.key_id
    for operation in ("set_secret", "update", "delete", "backup"):
        with pytest.raises(nightlatch.HttpResponseError):
            OPERATIONS[operation][0](both, "certified")


def test_values_are_text_and_dates_are_dates(both: Both) -> None:
    with pytest.raises(TypeError):
        both.set_secret("a", b"bytes")
    with pytest.raises(TypeError):
        both.set_secret("a", None)
    with pytest.raises(TypeError):
        both.set_secret("a", "b", expires_on=1_800_000_000)
    with pytest.raises(TypeError):
        both.restore_secret_backup("text")
    with pytest.raises(TypeError):
        both.set_secret("a", "b", no_such_keyword=1)
    with pytest.raises(nightlatch.InvalidArgumentError):
        both.set_secret("a", "b", tags={f"t{i}": "" for i in range(16)})


def test_a_poller_tells_how_far_it_is(vault: Emulator) -> None:
    vault.ask("PUT", "/_emulator/soft-delete/contoso", {"delete": {"delay_ms": 3_600_000}})
    client = Both(False).client
    client.set_secret("slow", "value")
    poller = client.begin_delete_secret("slow", polling_interval=SOON)
    assert poller.result().name == "slow"
    assert (poller.done(), poller.status()) == (False, "polling")
    poller.wait(timeout=0.3)
    assert not poller.done()
    vault.ask("POST", "/_emulator/advance/contoso", {"seconds": 3_601})
    poller.wait()
    assert (poller.done(), poller.status()) == (True, "finished")
    asked = len(vault.log())
    poller.wait()
    assert poller.done()
    assert len(vault.log()) == asked


def test_without_soft_delete_nothing_is_waited_for(vault: Emulator) -> None:
    vault.ask("PUT", "/_emulator/soft-delete/contoso", {"retention_days": None})
    client = Both(False).client
    client.set_secret("for-good", "value")
    poller = client.begin_delete_secret("for-good")
    assert poller.done()
    assert poller.result().recovery_id is None


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    secrets = {f"secret-{i:04}": "value" for i in range(1_100)}
    with emulator_with(tmp_path_factory.mktemp("crowded"), secrets=secrets) as emulator:
        yield emulator


@pytest.mark.parametrize("awaited", [False, True])
def test_a_list_of_more_than_a_thousand(
    crowded: Emulator, awaited: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in crowded.network.items():
        monkeypatch.setenv(name, value)
    crowded.ask("DELETE", "/_emulator/log")
    both = Both(awaited)
    names = [item.name for item in both.list_properties_of_secrets()]
    assert sorted(names) == [f"secret-{i:04}" for i in range(1_100)]
    # 25 a page and no more; the second page is empty, as happens in Azure, and no end.
    assert crowded.counts()["vault"] == 45

    async def pages_of(pages: Any) -> AsyncIterator[list[str]]:
        if awaited:
            async for page in pages:
                yield [item.name async for item in page]
        else:
            for page in pages:
                yield [item.name for item in page]

    async def half() -> tuple[list[list[str]], Any]:
        listed = both.client.list_properties_of_secrets(max_page_size=10)
        pages, found = listed.by_page(), []
        async for page in pages_of(pages):
            found.append(page)
            if len(found) == 3:
                break
        return found, pages.continuation_token

    async def rest(token: str) -> list[list[str]]:
        listed = both.client.list_properties_of_secrets(max_page_size=10)
        return [page async for page in pages_of(listed.by_page(continuation_token=token))]

    first, token = asyncio.run(half())
    assert [len(page) for page in first] == [10, 0, 10]
    others = asyncio.run(rest(token))
    assert sorted(name for page in first + others for name in page) == sorted(names)


def test_a_list_goes_on_after_an_error(crowded: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in crowded.network.items():
        monkeypatch.setenv(name, value)
    listed = Both(False, retry_total=0).client.list_properties_of_secrets()
    found = [next(listed).name for _ in range(25)]
    crowded.fault(service="vault", times=1, status=503)
    with pytest.raises(nightlatch.ServiceFailureError) as caught:
        next(listed)
    assert caught.value.continuation_token
    found += [item.name for item in listed]
    assert len(found) == len(set(found)) == 1_100


def test_a_continuation_of_another_vault_is_refused(both: Both, vault: Emulator) -> None:
    foreign = "https://evil.vault.azure.net/secrets?api-version=7.4&$skiptoken=x"
    with pytest.raises(nightlatch.NightlatchError):
        next(Both(False).client.list_properties_of_secrets().by_page(foreign))
