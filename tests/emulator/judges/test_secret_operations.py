"""Every operation on secrets by the official Python SDK, by its blocking and by its asynchronous client."""

import asyncio

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import ManagedIdentityCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential
from azure.keyvault.secrets import SecretClient
from azure.keyvault.secrets.aio import SecretClient as AsyncSecretClient
from conftest import MACHINE, PKCS12

# The SDK's own option; by default it asks every two seconds.
OFTEN = {"_polling_interval": 0.01}


class Blocking:
    """The client as it is, with one name for what differs."""

    def __init__(self, vault):
        self.client = SecretClient(f"https://{vault}.vault.azure.net", ManagedIdentityCredential())

    def __getattr__(self, operation):
        return getattr(self.client, operation)

    def delete(self, name):
        poller = self.client.begin_delete_secret(name, **OFTEN)
        deleted = poller.result()
        poller.wait()
        return deleted

    def recover(self, name):
        poller = self.client.begin_recover_deleted_secret(name, **OFTEN)
        poller.wait()
        return poller.result()

    def pages(self, operation, *arguments, continuation_token=None, **options):
        pages = getattr(self.client, operation)(*arguments, **options).by_page(continuation_token)
        return [list(page) for page in pages]

    def first_page(self, operation, **options):
        pages = getattr(self.client, operation)(**options).by_page()
        return list(next(pages)), pages.continuation_token


class Waiting:
    """The asynchronous client, waited for."""

    def __init__(self, vault):
        self.loop = asyncio.new_event_loop()
        self.credential = AsyncManagedIdentityCredential()
        self.client = AsyncSecretClient(f"https://{vault}.vault.azure.net", self.credential)

    def __getattr__(self, operation):
        return lambda *arguments, **options: self.wait(getattr(self.client, operation)(*arguments, **options))

    def delete(self, name):
        return self.wait(self.client.delete_secret(name, **OFTEN))

    def recover(self, name):
        return self.wait(self.client.recover_deleted_secret(name, **OFTEN))

    def pages(self, operation, *arguments, continuation_token=None, **options):
        async def all_pages():
            pages = getattr(self.client, operation)(*arguments, **options).by_page(continuation_token)
            return [[item async for item in page] async for page in pages]

        return self.wait(all_pages())

    def first_page(self, operation, **options):
        async def one_page():
            pages = getattr(self.client, operation)(**options).by_page()
            page = [item async for item in await anext(pages)]
            return page, pages.continuation_token

        return self.wait(one_page())

    def wait(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    def close(self):
        self.wait(self.client.close())
        self.wait(self.credential.close())
        self.loop.close()


@pytest.fixture(params=[Blocking, Waiting])
def connect(request, emulator, azure, monkeypatch):
    """Gives clients of vaults, and closes them."""
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", emulator.http)
    clients = []

    def client_of(vault):
        clients.append(request.param(vault))
        return clients[-1]

    yield client_of
    for client in clients:
        client.close()


@pytest.fixture
def client(connect):
    """A client of a vault in which everything takes a little while, and nothing is left from other tests."""
    client = connect("workshop")
    for name in names(client.pages("list_properties_of_secrets")):
        if name != "served":
            client.delete(name)
    for name in names(client.pages("list_deleted_secrets")):
        client.purge_deleted_secret(name)
        with pytest.raises(ResourceNotFoundError):
            client.get_deleted_secret(name)
    return client


def names(pages):
    return [item.name for page in pages for item in page]


def inner_code(caught):
    return (caught.value.error.innererror or {}).get("code")


def test_properties_are_updated_and_tags_replaced(client):
    written = client.set_secret("item", "v", tags={"a": "b"}, content_type="text/plain")
    updated = client.update_secret_properties("item", enabled=False, tags={"c": "d"})
    assert (updated.version, updated.enabled, updated.tags, updated.content_type) == (
        written.properties.version,
        False,
        {"c": "d"},
        "text/plain",
    )
    with pytest.raises(HttpResponseError) as caught:
        client.get_secret("item")
    assert (caught.value.status_code, inner_code(caught)) == (403, "SecretDisabled")
    client.update_secret_properties("item", written.properties.version, enabled=True)
    assert client.get_secret("item").value == "v"
    with pytest.raises(ResourceNotFoundError):
        client.update_secret_properties("item", "0" * 32, enabled=True)


def test_a_secret_is_deleted_and_recovered(client, azure):
    client.set_secret("item", "first")
    latest = client.set_secret("item", "second")
    deleted = client.delete("item")
    assert deleted.name == "item"
    assert deleted.recovery_id == "https://workshop.vault.azure.net/deletedsecrets/item"
    assert (deleted.scheduled_purge_date - deleted.deleted_date).days == 90
    assert client.get_deleted_secret("item").deleted_date == deleted.deleted_date
    assert names(client.pages("list_deleted_secrets")) == ["item"]
    with pytest.raises(ResourceNotFoundError) as missing:
        client.get_secret("item")
    assert missing.value.error.code == "SecretNotFound"
    with pytest.raises(ResourceExistsError) as caught:
        client.set_secret("item", "third")
    assert inner_code(caught) == "ObjectIsDeletedButRecoverable"
    recovered = client.recover("item")
    assert recovered.version == latest.properties.version
    assert client.get_secret("item").value == "second"
    statuses = [
        (entry["path"], entry["status"])
        for entry in azure("GET", "log")["requests"]
        if entry["path"] == "/deletedsecrets/item" and entry["method"] == "GET"
    ]
    assert statuses[:2] == [("/deletedsecrets/item", 404), ("/deletedsecrets/item", 200)]


def test_a_name_is_used_again_after_a_purge(client):
    client.set_secret("item", "old")
    client.delete("item")
    assert client.purge_deleted_secret("item") is None
    with pytest.raises(ResourceExistsError) as caught:
        client.set_secret("item", "new")
    assert inner_code(caught) == "ObjectIsBeingDeleted"
    client.set_secret("item", "new")
    (versions,) = client.pages("list_properties_of_secret_versions", "item")
    assert len(versions) == 1
    with pytest.raises(ResourceNotFoundError):
        client.purge_deleted_secret("item")


def test_more_than_a_hundred_secrets_are_listed_by_page(connect):
    client = connect("crowded")
    pages = client.pages("list_properties_of_secrets")
    assert [len(page) for page in pages] == [25, 0, 25, 25, 25, 20]
    assert names(pages) == [f"s{n:03}" for n in range(120)]
    assert all(item.version is None for page in pages for item in page)
    first, token = client.first_page("list_properties_of_secrets", max_page_size=10)
    assert token.startswith("https://crowded.vault.azure.net:443/secrets?")
    rest = client.pages("list_properties_of_secrets", continuation_token=token)
    assert names([first]) + names(rest) == names(pages)
    with pytest.raises(HttpResponseError) as caught:
        client.first_page("list_properties_of_secrets", max_page_size=26)
    assert (caught.value.status_code, caught.value.error.code) == (400, "BadParameter")


def test_versions_are_listed_and_an_unknown_name_has_none(client):
    versions = {client.set_secret("item", str(n)).properties.version for n in range(30)}
    listed = client.pages("list_properties_of_secret_versions", "item")
    assert {item.version for page in listed for item in page} == versions
    assert client.pages("list_properties_of_secret_versions", "nothing") == [[]]


def test_a_backup_is_restored_with_all_versions(client, connect):
    first = client.set_secret("item", "first", tags={"a": "b"})
    client.set_secret("item", "second")
    backup = client.backup_secret("item")
    assert isinstance(backup, bytes)
    with pytest.raises(ResourceExistsError):
        client.restore_secret_backup(backup)
    client.delete("item")
    client.purge_deleted_secret("item")
    with pytest.raises(ResourceExistsError):
        client.restore_secret_backup(backup)
    assert client.restore_secret_backup(backup).name == "item"
    assert client.get_secret("item").value == "second"
    assert client.get_secret("item", first.properties.version).properties.tags == {"a": "b"}
    with pytest.raises(HttpResponseError, match="Cannot decrypt backup blob") as caught:
        connect("strict").restore_secret_backup(backup)
    assert caught.value.status_code == 400
    with pytest.raises(HttpResponseError, match="invalid or corrupt version"):
        client.restore_secret_backup(bytes(4728))


def test_a_certificates_secret_is_read_only(client):
    secret = client.get_secret("served")
    assert (secret.value, secret.properties.content_type) == ("PFX", PKCS12)
    version = secret.properties.version
    assert secret.properties.key_id == f"https://workshop.vault.azure.net/keys/served/{version}"
    for change in (
        lambda: client.set_secret("served", "x"),
        lambda: client.update_secret_properties("served", enabled=False),
        lambda: client.delete("served"),
        lambda: client.backup_secret("served"),
    ):
        with pytest.raises(HttpResponseError) as caught:
            change()
        assert (caught.value.status_code, inner_code(caught)) == (403, "SecretManagedByKeyVault")


def test_a_protected_vault_is_not_purged_before_its_time(connect, azure):
    client = connect("strict")
    client.set_secret("item", "v")
    deleted = client.delete("item")
    assert (deleted.properties.recovery_level, deleted.properties.recoverable_days) == (
        "CustomizedRecoverable",
        7,
    )
    with pytest.raises(HttpResponseError, match="purge protection is enabled") as caught:
        client.purge_deleted_secret("item")
    assert caught.value.status_code == 403
    azure("POST", "advance/strict", {"seconds": 7 * 86_400})
    assert names(client.pages("list_deleted_secrets")) == []


def test_an_old_vault_deletes_for_good(connect):
    client = connect("legacy")
    client.set_secret("item", "v")
    assert client.delete("item").recovery_id is None
    with pytest.raises(ResourceNotFoundError):
        client.get_secret("item")
    with pytest.raises(HttpResponseError) as caught:
        client.get_deleted_secret("item")
    assert (caught.value.status_code, caught.value.error.code) == (400, "NotSupported")


def test_without_permission_to_look_a_delete_counts_as_done(client, azure):
    client.set_secret("item", "v")
    azure("PUT", "access/workshop", [{"principal": MACHINE["object_id"], "secrets": ["delete"]}])
    try:
        assert client.delete("item").name == "item"
        with pytest.raises(HttpResponseError) as caught:
            client.get_deleted_secret("item")
        assert inner_code(caught) == "ForbiddenByRbac"
    finally:
        officer = {"principal": MACHINE["object_id"], "roles": ["Key Vault Secrets Officer"]}
        azure("PUT", "access/workshop", [officer])
    # The deletion itself took one look more.
    with pytest.raises(ResourceNotFoundError):
        client.get_deleted_secret("item")
    assert client.get_deleted_secret("item").name == "item"
