"""Keys by the official Python SDK: what it sees of them, what it does itself, and what the vault does."""

import asyncio
import datetime
import os

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import ManagedIdentityCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential
from azure.keyvault.keys import JsonWebKey, KeyClient, KeyOperation
from azure.keyvault.keys.aio import KeyClient as AsyncKeyClient
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, KeyWrapAlgorithm
from azure.keyvault.keys.crypto.aio import CryptographyClient as AsyncCryptographyClient
from conftest import NAMED
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SAFE = "https://safe.vault.azure.net"
# The SDK's own option; by default it asks every two seconds.
OFTEN = {"_polling_interval": 0.01}
DATA_KEY = os.urandom(32)


def oaep(digest):
    return padding.OAEP(mgf=padding.MGF1(digest), algorithm=digest, label=None)


PADDINGS = {
    "RSA-OAEP-256": oaep(hashes.SHA256()),
    "RSA-OAEP": oaep(hashes.SHA1()),
    "RSA1_5": padding.PKCS1v15(),
}


class Blocking:
    """The client as it is, with one name for what differs."""

    def __init__(self):
        self.client = KeyClient(SAFE, ManagedIdentityCredential())

    def __getattr__(self, operation):
        return getattr(self.client, operation)

    def delete(self, name):
        poller = self.client.begin_delete_key(name, **OFTEN)
        deleted = poller.result()
        poller.wait()
        return deleted

    def recover(self, name):
        poller = self.client.begin_recover_deleted_key(name, **OFTEN)
        poller.wait()
        return poller.result()

    def listed(self, operation, *arguments):
        return list(getattr(self.client, operation)(*arguments))

    def use(self, key, operation, *arguments, **identity):
        with CryptographyClient(key, ManagedIdentityCredential(**identity)) as client:
            return getattr(client, operation)(*arguments)


class Waiting:
    """The asynchronous client, waited for."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.credential = AsyncManagedIdentityCredential()
        self.client = AsyncKeyClient(SAFE, self.credential)

    def __getattr__(self, operation):
        return lambda *arguments, **options: self.wait(getattr(self.client, operation)(*arguments, **options))

    def delete(self, name):
        return self.wait(self.client.delete_key(name, **OFTEN))

    def recover(self, name):
        return self.wait(self.client.recover_deleted_key(name, **OFTEN))

    def listed(self, operation, *arguments):
        async def everything():
            return [item async for item in getattr(self.client, operation)(*arguments)]

        return self.wait(everything())

    def use(self, key, operation, *arguments, **identity):
        async def once():
            async with (
                AsyncManagedIdentityCredential(**identity) as credential,
                AsyncCryptographyClient(key, credential) as client,
            ):
                return await getattr(client, operation)(*arguments)

        return self.wait(once())

    def wait(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    def close(self):
        self.wait(self.client.close())
        self.wait(self.credential.close())
        self.loop.close()


@pytest.fixture(params=[Blocking, Waiting])
def keys(request, emulator, azure, monkeypatch):
    """A client of a vault in which everything takes a little while, and no key is left but the given one."""
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", emulator.http)
    client = request.param()
    for key in client.listed("list_properties_of_keys"):
        if key.name != "given":
            client.delete(key.name)
    for key in client.listed("list_deleted_keys"):
        client.purge_deleted_key(key.name)
        with pytest.raises(ResourceNotFoundError):
            client.get_deleted_key(key.name)
    yield client
    client.close()


def by_the_vault(keys, key, operation, *arguments):
    """For somebody who has no public key to work with."""
    return keys.use(key, operation, *arguments, client_id=NAMED["client_id"])


def asked(azure, operation):
    return [
        entry["status"]
        for entry in azure("GET", "log")["requests"]
        if entry["path"].endswith(f"/{operation}")
    ]


def codes(caught):
    error = caught.value.error
    return caught.value.status_code, error.code, (error.innererror or {}).get("code")


def test_a_key_is_made_and_read(keys):
    expires = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=9)
    operations = [KeyOperation.wrap_key, KeyOperation.unwrap_key]
    made = keys.create_rsa_key(
        "kek", size=3072, key_operations=operations, expires_on=expires, tags={"a": "b"}
    )
    assert made.id == f"{SAFE}/keys/kek/{made.properties.version}"
    assert (made.key_type, made.key_operations, len(made.key.n)) == ("RSA", operations, 384)
    assert (made.properties.expires_on, made.properties.tags) == (expires, {"a": "b"})
    assert (made.properties.enabled, made.properties.exportable, made.properties.recoverable_days) == (
        True,
        False,
        90,
    )
    for got in (keys.get_key("kek"), keys.get_key("kek", made.properties.version)):
        assert (got.id, got.key.n, got.key.e) == (made.id, made.key.n, made.key.e)
        assert got.key.d is None
    with pytest.raises(ResourceNotFoundError) as caught:
        keys.get_key("nothing")
    assert caught.value.error.code == "KeyNotFound"


def test_a_rotation_makes_a_version_and_keeps_the_older_one(keys):
    first = keys.create_rsa_key("kek", size=2048)
    wrapped = keys.use(first.id, "wrap_key", KeyWrapAlgorithm.rsa_oaep_256, DATA_KEY)
    second = keys.rotate_key("kek")
    assert second.key.n != first.key.n
    assert len(second.key.n) == len(first.key.n)
    assert keys.get_key("kek").id == second.id
    versions = keys.listed("list_properties_of_key_versions", "kek")
    assert {version.id for version in versions} == {first.id, second.id}
    unwrapped = keys.use(wrapped.key_id, "unwrap_key", wrapped.algorithm, wrapped.encrypted_key)
    assert unwrapped.key == DATA_KEY
    with pytest.raises(HttpResponseError) as caught:
        keys.use(second.id, "unwrap_key", wrapped.algorithm, wrapped.encrypted_key)
    assert codes(caught) == (400, "BadParameter", None)


def test_what_the_sdk_wraps_itself_the_vault_unwraps(keys, azure):
    for algorithm in (KeyWrapAlgorithm.rsa_oaep_256, KeyWrapAlgorithm.rsa_oaep, KeyWrapAlgorithm.rsa1_5):
        wrapped = keys.use(keys.get_key("given"), "wrap_key", algorithm, DATA_KEY)
        assert keys.use(wrapped.key_id, "unwrap_key", algorithm, wrapped.encrypted_key).key == DATA_KEY
    assert (asked(azure, "wrapkey"), asked(azure, "unwrapkey")) == ([], [200] * 3)


def test_what_the_vault_wraps_the_private_key_opens(keys, azure, cluster_key):
    key = keys.get_key("given").id
    for algorithm in (KeyWrapAlgorithm.rsa_oaep_256, KeyWrapAlgorithm.rsa_oaep, KeyWrapAlgorithm.rsa1_5):
        wrapped = by_the_vault(keys, key, "wrap_key", algorithm, DATA_KEY)
        assert wrapped.key_id == key
        assert cluster_key.decrypt(wrapped.encrypted_key, PADDINGS[algorithm.value]) == DATA_KEY
        foreign = cluster_key.public_key().encrypt(DATA_KEY, PADDINGS[algorithm.value])
        assert by_the_vault(keys, key, "unwrap_key", algorithm, foreign).key == DATA_KEY
    assert (asked(azure, "wrapkey"), asked(azure, "unwrapkey")) == ([200] * 3, [200] * 3)


def test_the_vault_encrypts_and_decrypts(keys, azure, cluster_key):
    key = keys.get_key("given").id
    for algorithm in (
        EncryptionAlgorithm.rsa_oaep_256,
        EncryptionAlgorithm.rsa_oaep,
        EncryptionAlgorithm.rsa1_5,
    ):
        encrypted = by_the_vault(keys, key, "encrypt", algorithm, b"text")
        assert cluster_key.decrypt(encrypted.ciphertext, PADDINGS[algorithm.value]) == b"text"
        assert by_the_vault(keys, key, "decrypt", algorithm, encrypted.ciphertext).plaintext == b"text"
    assert (asked(azure, "encrypt"), asked(azure, "decrypt")) == ([200] * 3, [200] * 3)


def test_a_key_in_a_bad_state_is_refused(keys):
    hour = datetime.timedelta(hours=1)
    now = datetime.datetime.now(datetime.timezone.utc)
    algorithm = KeyWrapAlgorithm.rsa_oaep_256
    key = keys.create_rsa_key("kek", size=2048).id
    wrapped = by_the_vault(keys, key, "wrap_key", algorithm, DATA_KEY).encrypted_key

    for changes, code in (
        ({"expires_on": now - hour}, "KeyExpired"),
        ({"expires_on": now + 9 * hour, "not_before": now + hour}, "KeyNotYetValid"),
        ({"not_before": now - hour, "key_operations": [KeyOperation.unwrap_key]}, "KeyOperationForbidden"),
    ):
        changed = keys.update_key_properties("kek", **changes)
        with pytest.raises(HttpResponseError) as caught:
            by_the_vault(keys, key, "wrap_key", algorithm, DATA_KEY)
        assert codes(caught) == (403, "Forbidden", code)
        if code != "KeyOperationForbidden":
            with pytest.raises(ValueError, match="This client's key"):  # the SDK is of the same opinion
                keys.use(changed, "wrap_key", algorithm, DATA_KEY)
        assert by_the_vault(keys, key, "unwrap_key", algorithm, wrapped).key == DATA_KEY
    keys.update_key_properties("kek", enabled=False)
    with pytest.raises(HttpResponseError) as caught:
        by_the_vault(keys, key, "unwrap_key", algorithm, wrapped)
    assert codes(caught) == (403, "Forbidden", "KeyDisabled")
    keys.update_key_properties("kek", enabled=True, key_operations=[KeyOperation.wrap_key])
    with pytest.raises(HttpResponseError) as caught:
        by_the_vault(keys, key, "wrap_key", KeyWrapAlgorithm.aes_256, DATA_KEY)
    assert codes(caught) == (400, "BadParameter", None)


def test_a_key_is_deleted_recovered_and_purged(keys):
    made = keys.create_rsa_key("kek", size=2048)
    deleted = keys.delete("kek")
    assert (deleted.id, deleted.recovery_id) == (made.id, f"{SAFE}/deletedkeys/kek")
    assert (deleted.scheduled_purge_date - deleted.deleted_date).days == 90
    assert [key.name for key in keys.listed("list_deleted_keys")] == ["kek"]
    with pytest.raises(ResourceExistsError) as caught:
        keys.create_rsa_key("kek", size=2048)
    assert codes(caught)[2] == "ObjectIsDeletedButRecoverable"
    assert keys.recover("kek").id == made.id
    assert keys.get_key("kek").key.n == made.key.n
    keys.delete("kek")
    assert keys.purge_deleted_key("kek") is None
    with pytest.raises(ResourceNotFoundError):  # a look that the purge takes
        keys.get_deleted_key("kek")


def test_keys_are_imported_and_restored(keys):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = private.private_numbers()
    members = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    material = {
        name: number.to_bytes((number.bit_length() + 7) // 8, "big") for name, number in members.items()
    }
    imported = keys.import_key("mine", JsonWebKey(kty="RSA", key_ops=["wrapKey", "unwrapKey"], **material))
    assert (imported.key.n, imported.key_operations) == (material["n"], ["wrapKey", "unwrapKey"])
    wrapped = private.public_key().encrypt(DATA_KEY, PADDINGS["RSA-OAEP-256"])
    backup = keys.backup_key("mine")
    keys.delete("mine")
    keys.purge_deleted_key("mine")
    with pytest.raises(ResourceExistsError):
        keys.restore_key_backup(backup)
    assert keys.restore_key_backup(backup).id == imported.id
    assert keys.use(imported.id, "unwrap_key", KeyWrapAlgorithm.rsa_oaep_256, wrapped).key == DATA_KEY
