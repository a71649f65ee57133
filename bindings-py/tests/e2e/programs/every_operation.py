# Every operation of the SDK's blocking client. test_same_operations.py plays it as it is, and with our imports.
from datetime import datetime, timezone

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import ApiVersion, ContentType, KeyVaultSecretIdentifier, SecretClient

BEGINS = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
ENDS = datetime(2031, 1, 2, 3, 4, 5)  # no zone: UTC


def main(tell, vault_url, identity, **options):
    credential = ClientSecretCredential(**identity)
    client = SecretClient(vault_url, credential, **options)
    tell("vault_url", client.vault_url)

    first = client.set_secret(
        "one", "välue 1", enabled=True, tags={"team": "shop"}, content_type="text/plain", not_before=BEGINS,
        expires_on=ENDS,
    )  # fmt: skip
    tell("set_secret", first)
    tell("set_secret again", client.set_secret("one", "value 2"))
    tell("get_secret", client.get_secret("one"))
    tell("get_secret again", client.get_secret("one"))
    tell("get_secret version", client.get_secret("one", first.properties.version))
    tell("get_secret empty version", client.get_secret("one", ""))
    identifier = KeyVaultSecretIdentifier(first.id)
    tell("identifier", identifier)
    tell("get_secret by identifier", client.get_secret(identifier.name, version=identifier.version))

    changed = client.update_secret_properties("one", tags={"team": "bank"}, content_type="x/y")
    tell("update_secret_properties", changed)
    changed = client.update_secret_properties("one", first.properties.version, enabled=False, expires_on=ENDS)
    tell("update_secret_properties version", changed)
    tell("get_secret after the update", client.get_secret("one"))
    tell("update_secret_properties nothing", client.update_secret_properties("one"))

    client.set_secret("two", "value")
    client.set_secret("three", "value", enabled=False)
    tell("list_properties_of_secrets", list(client.list_properties_of_secrets()))
    listed = client.list_properties_of_secrets(max_page_size=2).by_page()
    tell("list_properties_of_secrets by page", [list(page) for page in listed])
    tell("list_properties_of_secret_versions", list(client.list_properties_of_secret_versions("one")))
    tell("list_properties_of_secret_versions none", list(client.list_properties_of_secret_versions("none")))

    backup = client.backup_secret("two")
    tell("backup_secret", backup)
    poller = client.begin_delete_secret("two")
    tell("begin_delete_secret", poller.result())
    poller.wait()
    tell("begin_delete_secret done", [poller.done(), poller.status()])
    tell("get_deleted_secret", client.get_deleted_secret("two"))
    tell("list_deleted_secrets", list(client.list_deleted_secrets()))
    poller = client.begin_recover_deleted_secret("two")
    tell("begin_recover_deleted_secret", poller.result())
    poller.wait()
    tell("begin_recover_deleted_secret done", [poller.done(), poller.status()])
    client.begin_delete_secret("two").wait()
    tell("purge_deleted_secret", client.purge_deleted_secret("two"))
    tell("restore_secret_backup", client.restore_secret_backup(backup))
    tell("get_secret restored", client.get_secret("two"))

    def refused(step, kind, call, *arguments, **keywords):
        try:
            call(*arguments, **keywords)
        except kind as error:
            tell(step, error)
        else:
            raise AssertionError(f"{step} was not refused")

    refused("get_secret none", ResourceNotFoundError, client.get_secret, "none")
    refused("get_secret disabled", HttpResponseError, client.get_secret, "three")
    refused(
        "get_secret in another form",
        HttpResponseError,
        client.get_secret,
        "two",
        out_content_type=ContentType.PEM,
    )
    refused("get_deleted_secret none", ResourceNotFoundError, client.get_deleted_secret, "none")
    refused("begin_delete_secret none", ResourceNotFoundError, client.begin_delete_secret, "none")
    refused("begin_recover none", ResourceNotFoundError, client.begin_recover_deleted_secret, "none")
    refused("purge_deleted_secret none", ResourceNotFoundError, client.purge_deleted_secret, "none")
    refused("backup_secret none", ResourceNotFoundError, client.backup_secret, "none")
    refused(
        "update_secret_properties none",
        ResourceNotFoundError,
        client.update_secret_properties,
        "none",
        enabled=True,
    )
    refused("restore_secret_backup in use", ResourceExistsError, client.restore_secret_backup, backup)
    refused("restore_secret_backup nonsense", HttpResponseError, client.restore_secret_backup, b"nonsense")
    client.begin_delete_secret("two").wait()
    refused("get_secret deleted", ResourceNotFoundError, client.get_secret, "two")
    refused("set_secret deleted", ResourceExistsError, client.set_secret, "two", "value")

    with SecretClient(vault_url, credential, api_version=ApiVersion.V7_4, **options) as older:
        tell("get_secret by an older API", older.get_secret("one"))
    client.close()
