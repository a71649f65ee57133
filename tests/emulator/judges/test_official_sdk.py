"""The official Python SDK judges the emulator: unmodified, by a proxy, with challenge verification on."""

import asyncio
import socket

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import (
    ClientSecretCredential,
    CredentialUnavailableError,
    DefaultAzureCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential
from azure.keyvault.secrets import SecretClient
from azure.keyvault.secrets.aio import SecretClient as AsyncSecretClient
from conftest import (
    APP,
    APP_SECRET,
    MACHINE,
    NAMED,
    OTHER_TENANT,
    STRANGER,
    TENANT,
    VAULT_URL,
    service_account_token,
)
from cryptography.hazmat.primitives.asymmetric import rsa


def on_app_service(emulator, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator.http}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "emulator-identity-header")


def on_virtual_machine(emulator, monkeypatch):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", emulator.http)


def system_assigned(emulator, monkeypatch):
    on_virtual_machine(emulator, monkeypatch)
    return ManagedIdentityCredential()


def secrets(credential, vault_url=VAULT_URL, **options):
    return SecretClient(vault_url, credential, **options)


@pytest.fixture(params=["app service", "virtual machine", "client secret", "workload identity"])
def credential(request, emulator, azure, monkeypatch, tmp_path, cluster_key):
    match request.param:
        case "app service":
            on_app_service(emulator, monkeypatch)
            return ManagedIdentityCredential(), MACHINE
        case "virtual machine":
            return system_assigned(emulator, monkeypatch), MACHINE
        case "client secret":
            return ClientSecretCredential(TENANT, APP["client_id"], APP_SECRET), APP
        case "workload identity":
            file = tmp_path / "token"
            file.write_text(service_account_token(cluster_key))
            return WorkloadIdentityCredential(
                tenant_id=TENANT, client_id=APP["client_id"], token_file_path=str(file)
            ), APP


def test_every_credential_reads_and_writes(credential, azure):
    credential, who = credential
    with secrets(credential) as client:
        written = client.set_secret("fresh", "first", content_type="text/plain", tags={"a": "b"})
        again = client.set_secret("fresh", "second")
        assert len(written.properties.version) == 32
        assert client.get_secret("fresh").value == "second"
        old = client.get_secret("fresh", written.properties.version)
        assert (old.value, old.properties.content_type, old.properties.tags) == (
            "first",
            "text/plain",
            {"a": "b"},
        )
        assert again.id == f"{VAULT_URL}/secrets/fresh/{again.properties.version}"
    requests = [entry for entry in azure("GET", "log")["requests"] if entry["service"] == "vault"]
    assert [entry["status"] for entry in requests] == [401, 200, 200, 200, 200]
    assert {entry["principal"] for entry in requests[1:]} == {who["object_id"]}


def test_a_user_assigned_identity_is_chosen_by_every_kind_of_id(emulator, azure, monkeypatch):
    resource_id = (
        "/subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/emulator/providers/"
        "Microsoft.ManagedIdentity/userAssignedIdentities/named"
    )
    for platform in (on_virtual_machine, on_app_service):
        platform(emulator, monkeypatch)
        for chosen in (
            {"client_id": NAMED["client_id"]},
            {"identity_config": {"object_id": NAMED["object_id"]}},
            {"identity_config": {"resource_id": resource_id}},
        ):
            azure("DELETE", "log")
            assert secrets(ManagedIdentityCredential(**chosen)).get_secret("db-password").value == "s3cr3t"
            assert azure("GET", "log")["requests"][-1]["principal"] == NAMED["object_id"]


def test_an_unknown_identity_is_unavailable(emulator, azure, monkeypatch):
    on_virtual_machine(emulator, monkeypatch)
    credential = ManagedIdentityCredential(client_id="dddddddd-0000-4000-8000-000000000001")
    with pytest.raises(CredentialUnavailableError, match=r"Identity not found|no managed identity|assigned"):
        secrets(credential).get_secret("db-password")


def test_the_default_chain_finds_the_machine(emulator, azure, monkeypatch):
    on_virtual_machine(emulator, monkeypatch)
    assert secrets(DefaultAzureCredential()).get_secret("db-password").value == "s3cr3t"


def test_properties_arrive(emulator, azure, monkeypatch):
    secret = secrets(system_assigned(emulator, monkeypatch)).get_secret("labelled")
    properties = secret.properties
    assert (properties.content_type, properties.tags, properties.enabled) == (
        "text/plain",
        {"env": "prod"},
        True,
    )
    assert properties.expires_on.timestamp() == 1
    assert (properties.recovery_level, properties.recoverable_days) == ("Recoverable+Purgeable", 90)


def test_pages_are_followed_over_an_empty_one(emulator, azure, monkeypatch):
    client = secrets(system_assigned(emulator, monkeypatch), "https://crowded.vault.azure.net")
    names = [properties.name for properties in client.list_properties_of_secrets()]
    assert names == [f"s{n:03}" for n in range(120)]
    paths = [entry["path"] for entry in azure("GET", "log")["requests"] if entry["status"] == 200]
    assert paths.count("/secrets") == 6


def test_versions_are_listed(emulator, azure, monkeypatch):
    client = secrets(system_assigned(emulator, monkeypatch))
    versions = {client.set_secret("many", str(n)).properties.version for n in range(3)}
    assert {item.version for item in client.list_properties_of_secret_versions("many")} == versions


def test_a_missing_secret(emulator, azure, monkeypatch):
    with pytest.raises(ResourceNotFoundError) as caught:
        secrets(system_assigned(emulator, monkeypatch)).get_secret("nothing-here")
    assert caught.value.error.code == "SecretNotFound"


def test_a_disabled_secret(emulator, azure, monkeypatch):
    with pytest.raises(HttpResponseError) as caught:
        secrets(system_assigned(emulator, monkeypatch)).get_secret("old")
    assert (caught.value.status_code, inner_code(caught)) == (403, "SecretDisabled")


@pytest.mark.parametrize(
    ("vault", "inner"),
    [
        ("contoso", "ForbiddenByRbac"),
        ("policies", "ForbiddenByPolicy"),
        ("walled", "ForbiddenByFirewall"),
    ],
)
def test_a_stranger_is_forbidden(azure, vault, inner):
    credential = ClientSecretCredential(TENANT, STRANGER["client_id"], APP_SECRET)
    with pytest.raises(HttpResponseError) as caught:
        secrets(credential, f"https://{vault}.vault.azure.net").get_secret("db-password")
    assert (caught.value.status_code, inner_code(caught)) == (403, inner)
    assert STRANGER["object_id"] in caught.value.message


def test_a_bad_name(emulator, azure, monkeypatch):
    with pytest.raises(HttpResponseError) as caught:
        secrets(system_assigned(emulator, monkeypatch)).get_secret("under_score")
    assert (caught.value.status_code, caught.value.error.code) == (400, "BadParameter")


def test_a_vault_of_another_tenant(emulator, azure, monkeypatch):
    client = secrets(system_assigned(emulator, monkeypatch), "https://elsewhere.vault.azure.net")
    with pytest.raises(ClientAuthenticationError, match="AKV10032"):
        client.get_secret("db-password")


def test_a_vault_that_does_not_exist(emulator, azure, monkeypatch):
    client = secrets(
        system_assigned(emulator, monkeypatch), "https://no-such-vault.vault.azure.net", retry_total=0
    )
    with pytest.raises(Exception, match="502"):
        client.get_secret("db-password")


@pytest.mark.parametrize(
    ("tenant", "client_id", "secret", "code"),
    [
        (TENANT, APP["client_id"], "wrong", "AADSTS7000215"),
        (TENANT, "dddddddd-0000-4000-8000-000000000001", APP_SECRET, "AADSTS700016"),
        (OTHER_TENANT, APP["client_id"], APP_SECRET, "AADSTS700016"),
        (
            "dddddddd-0000-4000-8000-000000000002",
            APP["client_id"],
            APP_SECRET,
            "check your tenant name or GUID",
        ),
    ],
)
def test_entra_refuses_a_client(azure, tenant, client_id, secret, code):
    credential = ClientSecretCredential(tenant, client_id, secret)
    with pytest.raises((ClientAuthenticationError, ValueError), match=code):
        credential.get_token("https://vault.azure.net/.default")


def test_entra_refuses_a_scope(azure):
    credential = ClientSecretCredential(TENANT, APP["client_id"], APP_SECRET)
    with pytest.raises(ClientAuthenticationError, match="AADSTS1002012"):
        credential.get_token("https://vault.azure.net/everything")
    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        credential.get_token("https://nobody.example/.default")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"iss": "https://cluster.example"}, "AADSTS700211"),
        ({"aud": "https://kubernetes.default.svc"}, "AADSTS700212"),
        ({"sub": "system:serviceaccount:shop:other"}, "AADSTS700213"),
        ({"exp": 1_700_000_000}, "AADSTS700024"),
    ],
)
def test_entra_refuses_an_assertion(azure, tmp_path, cluster_key, changed, code):
    refused(tmp_path, service_account_token(cluster_key, **changed), code)


def test_entra_refuses_the_signature_of_another_cluster(azure, tmp_path):
    foreign_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refused(tmp_path, service_account_token(foreign_key), "AADSTS700027")
    refused(tmp_path, "not.a.token", "AADSTS50027")


def test_a_challenge_of_another_domain_is_not_believed(emulator, azure, monkeypatch):
    azure("POST", "faults", {"service": "vault", "action": "challenge_other_domain"})
    with pytest.raises(ValueError, match="does not match the requested domain"):
        secrets(system_assigned(emulator, monkeypatch)).get_secret("db-password")


def test_a_claims_challenge_is_answered(emulator, azure, monkeypatch):
    client = secrets(ClientSecretCredential(TENANT, APP["client_id"], APP_SECRET))
    assert client.get_secret("db-password").value == "s3cr3t"
    azure("POST", "revoke")
    assert client.get_secret("db-password").value == "s3cr3t"
    statuses = [entry["status"] for entry in azure("GET", "log")["requests"] if entry["service"] == "vault"]
    assert statuses == [401, 200, 401, 200]


def test_throttling_is_retried(emulator, azure, monkeypatch):
    azure("POST", "faults", {"service": "vault", "path_contains": "/secrets/", "status": 429, "times": 1})
    assert secrets(system_assigned(emulator, monkeypatch)).get_secret("db-password").value == "s3cr3t"
    assert azure("GET", "counts")["vault_by_status"] == {"200": 1, "401": 1, "429": 1}


def test_imds_is_asked_again_while_it_updates(emulator, azure, monkeypatch):
    azure("POST", "faults", {"service": "imds", "status": 404, "times": 2})
    assert secrets(system_assigned(emulator, monkeypatch)).get_secret("db-password").value == "s3cr3t"
    requests = azure("GET", "log")["requests"]
    assert [entry["status"] for entry in requests if entry["service"] == "imds"] == [404, 404, 200]


def test_rotation_is_seen(emulator, azure, monkeypatch):
    client = secrets(system_assigned(emulator, monkeypatch))
    azure("PUT", "vaults/contoso/secrets/rotating", {"value": "before"})
    assert client.get_secret("rotating").value == "before"
    azure("PUT", "vaults/contoso/secrets/rotating", {"value": "after"})
    assert client.get_secret("rotating").value == "after"


def test_local_names_pass_verification_too(emulator, azure, monkeypatch):
    """Without a proxy: the resolver maps names, the vault and its authority carry the port."""
    monkeypatch.delenv("HTTPS_PROXY")
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **options: resolve(
            "127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **options
        ),
    )
    port = emulator.https.rsplit(":", 1)[1]
    credential = ClientSecretCredential(
        TENANT,
        APP["client_id"],
        APP_SECRET,
        authority=f"https://localhost:{port}",
        disable_instance_discovery=True,
    )
    client = secrets(credential, f"https://contoso.vault.localhost:{port}")
    secret = client.get_secret("db-password")
    assert (secret.value, secret.properties.vault_url) == (
        "s3cr3t",
        f"https://contoso.vault.localhost:{port}",
    )


def test_the_asynchronous_client_agrees(emulator, azure, monkeypatch):
    on_app_service(emulator, monkeypatch)

    async def read():
        async with (
            AsyncManagedIdentityCredential() as credential,
            AsyncSecretClient(VAULT_URL, credential) as client,
        ):
            return (await client.get_secret("db-password")).value

    assert asyncio.run(read()) == "s3cr3t"


def inner_code(caught):
    inner = caught.value.error.innererror or {}
    return inner.get("code")


def refused(folder, assertion, code):
    file = folder / "token"
    file.write_text(assertion)
    credential = WorkloadIdentityCredential(
        tenant_id=TENANT, client_id=APP["client_id"], token_file_path=str(file)
    )
    with pytest.raises(ClientAuthenticationError, match=code):
        credential.get_token("https://vault.azure.net/.default")
