# Every operation of the SDK's client for asyncio. test_same_operations.py plays it as it is, and with our imports.
from datetime import datetime, timezone

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity.aio import ClientSecretCredential
from azure.keyvault.secrets import ApiVersion, ContentType, KeyVaultSecretIdentifier
from azure.keyvault.secrets.aio import SecretClient

BEGINS = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
ENDS = datetime(2031, 1, 2, 3, 4, 5)  # no zone: UTC


async def main(tell, vault_url, identity, **options):
    credential = ClientSecretCredential(**identity)
    client = SecretClient(vault_url, credential, **options)
    tell("vault_url", client.vault_url)

    first = await client.set_secret(
        "one", "välue 1", enabled=True, tags={"team": "shop"}, content_type="text/plain", not_before=BEGINS,
        expires_on=ENDS,
    )  # fmt: skip
    tell("set_secret", first)
    tell("set_secret again", await client.set_secret("one", "value 2"))
    tell("get_secret", await client.get_secret("one"))
    tell("get_secret again", await client.get_secret("one"))
    tell("get_secret version", await client.get_secret("one", first.properties.version))
    tell("get_secret empty version", await client.get_secret("one", ""))
    identifier = KeyVaultSecretIdentifier(first.id)
    tell("identifier", identifier)
    tell("get_secret by identifier", await client.get_secret(identifier.name, version=identifier.version))

    changed = await client.update_secret_properties("one", tags={"team": "bank"}, content_type="x/y")
    tell("update_secret_properties", changed)
    changed = await client.update_secret_properties(
        "one", first.properties.version, enabled=False, expires_on=ENDS
    )
    tell("update_secret_properties version", changed)
    tell("get_secret after the update", await client.get_secret("one"))
    tell("update_secret_properties nothing", await client.update_secret_properties("one"))

    await client.set_secret("two", "value")
    await client.set_secret("three", "value", enabled=False)
    tell("list_properties_of_secrets", [item async for item in client.list_properties_of_secrets()])
    listed = client.list_properties_of_secrets(max_page_size=2).by_page()
    tell("list_properties_of_secrets by page", [[item async for item in page] async for page in listed])
    tell(
        "list_properties_of_secret_versions",
        [item async for item in client.list_properties_of_secret_versions("one")],
    )
    tell(
        "list_properties_of_secret_versions none",
        [item async for item in client.list_properties_of_secret_versions("none")],
    )

    backup = await client.backup_secret("two")
    tell("backup_secret", backup)
    tell("delete_secret", await client.delete_secret("two"))
    tell("get_deleted_secret", await client.get_deleted_secret("two"))
    tell("list_deleted_secrets", [item async for item in client.list_deleted_secrets()])
    tell("recover_deleted_secret", await client.recover_deleted_secret("two"))
    await client.delete_secret("two")
    tell("purge_deleted_secret", await client.purge_deleted_secret("two"))
    tell("restore_secret_backup", await client.restore_secret_backup(backup))
    tell("get_secret restored", await client.get_secret("two"))

    async def refused(step, kind, call, *arguments, **keywords):
        try:
            await call(*arguments, **keywords)
        except kind as error:
            tell(step, error)
        else:
            raise AssertionError(f"{step} was not refused")

    await refused("get_secret none", ResourceNotFoundError, client.get_secret, "none")
    await refused("get_secret disabled", HttpResponseError, client.get_secret, "three")
    await refused(
        "get_secret in another form",
        HttpResponseError,
        client.get_secret,
        "two",
        out_content_type=ContentType.PEM,
    )
    await refused("get_deleted_secret none", ResourceNotFoundError, client.get_deleted_secret, "none")
    await refused("delete_secret none", ResourceNotFoundError, client.delete_secret, "none")
    await refused("recover none", ResourceNotFoundError, client.recover_deleted_secret, "none")
    await refused("purge_deleted_secret none", ResourceNotFoundError, client.purge_deleted_secret, "none")
    await refused("backup_secret none", ResourceNotFoundError, client.backup_secret, "none")
    await refused(
        "update_secret_properties none",
        ResourceNotFoundError,
        client.update_secret_properties,
        "none",
        enabled=True,
    )
    await refused("restore_secret_backup in use", ResourceExistsError, client.restore_secret_backup, backup)
    await refused(
        "restore_secret_backup nonsense", HttpResponseError, client.restore_secret_backup, b"nonsense"
    )
    await client.delete_secret("two")
    await refused("get_secret deleted", ResourceNotFoundError, client.get_secret, "two")
    await refused("set_secret deleted", ResourceExistsError, client.set_secret, "two", "value")

    async with SecretClient(vault_url, credential, api_version=ApiVersion.V7_4, **options) as older:
        tell("get_secret by an older API", await older.get_secret("one"))
    await client.close()
    await credential.close()
