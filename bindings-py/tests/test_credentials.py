"""Credentials: their options, foreign ones, and what clients share through them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import nightlatch
import pytest
from nightlatch import aio
from nightlatch._credentials.base import Description
from nightlatch._testing import Ran, World

from .conftest import APP, SECRET, TENANT, URL, VALUE, Cloud

SCOPE = "https://vault.azure.net/.default"


class Token:
    token = "hunter2-foreign"

    def __init__(self) -> None:
        self.expires_on = time.time() + 1e9  # a float, as some libraries give it


class Foreign:
    """As the credentials of azure-identity."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    def get_token(self, *scopes: str, **options: Any) -> Token:
        self.calls.append((scopes, options))
        if self.error:
            raise self.error
        return Token()


class ForeignWithInfo(Foreign):
    def get_token_info(self, *scopes: str, options: dict[str, Any] | None = None) -> Token:
        self.calls.append((scopes, {"options": options}))
        return Token()


class AsyncForeign:
    async def get_token(self, *scopes: str, **options: Any) -> Token:
        await asyncio.sleep(0.1)
        return Token()


class CredentialUnavailableError(Exception):
    """As azure-identity's."""


def bearer(cloud: Cloud) -> str:
    return cloud.world.requests[-1].headers["authorization"]


def test_a_foreign_credential_is_asked_as_its_own_clients_do(cloud: Cloud) -> None:
    foreign = Foreign()
    client = cloud.client(foreign)
    assert client.get_secret("db").value == VALUE
    assert foreign.calls == [((SCOPE,), {})] or foreign.calls == [((SCOPE,), {"enable_cae": True})]
    assert bearer(cloud) == "Bearer hunter2-foreign"


def test_get_token_info_is_preferred(cloud: Cloud) -> None:
    foreign = ForeignWithInfo()
    assert cloud.client(foreign).get_secret("db").value == VALUE
    assert list(foreign.calls[0][1]) == ["options"]


def test_a_foreign_refusal_is_the_cause(cloud: Cloud) -> None:
    refusal = RuntimeError("the sky is falling")
    with pytest.raises(nightlatch.ClientAuthenticationError) as caught:
        cloud.client(Foreign(refusal)).get_secret("db")
    assert not isinstance(caught.value, nightlatch.CredentialUnavailableError)
    assert caught.value.__cause__ is refusal


def test_a_foreign_absence_lets_a_chain_go_on(cloud: Cloud) -> None:
    absent = Foreign(CredentialUnavailableError("not here"))
    with pytest.raises(nightlatch.CredentialUnavailableError) as caught:
        cloud.client(absent).get_secret("db")
    assert isinstance(caught.value.__cause__, CredentialUnavailableError)
    chain = nightlatch.ChainedTokenCredential(absent, cloud.credential())
    assert cloud.client(chain).get_secret("db").value == VALUE


def test_clients_of_one_foreign_credential_share_its_engine(cloud: Cloud) -> None:
    foreign, host = Foreign(), cloud.world.host()
    first = cloud.client(foreign, _host=host)
    assert cloud.client(foreign, _host=host)._driver is first._driver
    assert cloud.client(Foreign(), _host=host)._driver is not first._driver


def test_foreign_credentials_of_both_sorts_serve_asyncio(cloud: Cloud) -> None:
    async def main() -> None:
        assert (await cloud.aio_client(AsyncForeign()).get_secret("db")).value == VALUE

    cloud.world.run(main())

    class Transport:
        def send(self, method: str, url: str, headers: Any, body: bytes, **_: Any) -> Any:
            from nightlatch._testing import Request

            answer = cloud.answer(Request(0, method, url, dict(headers), body, 1, False))
            return answer.status, answer.headers, answer.body

    async def threaded() -> None:
        for credential in (Foreign(), AsyncForeign()):
            async with aio.SecretClient(URL, credential, transport=Transport()) as client:
                assert (await client.get_secret("db")).value == VALUE

    asyncio.run(threaded())


def test_an_asyncio_credential_in_a_blocking_client_says_so(cloud: Cloud) -> None:
    with pytest.raises(nightlatch.NightlatchError, match=r"nightlatch\.aio"):
        cloud.client(AsyncForeign()).get_secret("db")


def test_both_families_serve_both_clients(cloud: Cloud) -> None:
    assert cloud.client(aio.ClientSecretCredential(TENANT, APP, SECRET)).get_secret("db").value == VALUE

    async def main() -> None:
        assert (await cloud.aio_client(cloud.credential()).get_secret("db")).value == VALUE

    cloud.world.run(main())


def test_what_is_no_credential_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="str is no credential"):
        nightlatch.SecretClient(URL, "a secret?")
    with pytest.raises(TypeError):
        nightlatch.ChainedTokenCredential(object())
    with pytest.raises(ValueError, match="at least one"):
        nightlatch.ChainedTokenCredential()


def test_tokens_and_their_drop_in_forms(cloud: Cloud) -> None:
    credential = cloud.credential(_host=cloud.world.host())
    with credential:
        token = credential.get_token(SCOPE, claims=None, tenant_id=None, enable_cae=False)
        info = credential.get_token_info(SCOPE, options={"enable_cae": False})
    text, expires_on = token
    assert text == info.token == "hunter2-token"
    assert isinstance(expires_on, int)
    assert info.refresh_on is not None
    assert info.token_type == "Bearer"
    assert "hunter2" not in repr(token) + str(token) + repr(info) + repr(credential) + repr(
        vars(info.__class__)
    )
    assert cloud.asked("/oauth2/") == 1


def test_a_client_secret_never_stands_in_the_json() -> None:
    described = Description(nightlatch.ChainedTokenCredential(
        nightlatch.ClientSecretCredential(TENANT, APP, "one"), nightlatch.ClientSecretCredential(TENANT, APP, "two")
    ))  # fmt: skip
    assert described.secrets == ["one", "two"]
    assert [source["client_secret"] for source in described.tree["sources"]] == [0, 1]


def test_options_of_the_default_credential() -> None:
    def tree(**options: Any) -> dict[str, Any]:
        return Description(nightlatch.DefaultAzureCredential(**options)).tree

    assert "managed_identity_client_id" not in tree()
    assert tree(managed_identity_client_id=None)["managed_identity_client_id"] is None
    assert tree(exclude_cli_credential=True)["exclude_cli_credential"] is True
    assert tree(exclude_shared_token_cache_credential=True, exclude_broker_credential=True) == tree()
    assert (
        tree(exclude_interactive_browser_credential=False)["exclude_interactive_browser_credential"] is False
    )
    assert tree(authority="login.example.org")["authority"]["authority"] == "login.example.org"
    with pytest.raises(TypeError, match="exclude_cli_credential"):
        tree(exclude_cli_credentials=True)


def test_options_of_managed_identity() -> None:
    def tree(**options: Any) -> dict[str, Any]:
        return Description(nightlatch.ManagedIdentityCredential(**options)).tree

    assert tree(client_id="c")["client_id"] == "c"
    assert tree(identity_config={"object_id": "o"})["object_id"] == "o"
    with pytest.raises(ValueError, match="one of"):
        tree(client_id="c", identity_config={"object_id": "o"})
    with pytest.raises(ValueError, match="none of"):
        tree(identity_config={"name": "x"})


def test_every_credential_is_understood_by_the_engine(cloud: Cloud) -> None:
    for credential in (
        nightlatch.DefaultAzureCredential(process_timeout=3, require_envvar=False),
        nightlatch.EnvironmentCredential(authority="https://login.example.org"),
        nightlatch.WorkloadIdentityCredential(tenant_id=TENANT, client_id=APP, token_file_path="/token"),
        nightlatch.ManagedIdentityCredential(),
        nightlatch.AzureCliCredential(tenant_id=TENANT, process_timeout=5),
        nightlatch.AzureCliCredential(subscription="s"),
        nightlatch.ClientSecretCredential(TENANT, APP, SECRET, additionally_allowed_tenants=["*"]),
    ):
        cloud.client(credential)


def test_unknown_options_name_their_neighbours(cloud: Cloud) -> None:
    with pytest.raises(TypeError, match="cache_ttl"):
        cloud.client(cache_tll=3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        cloud.client(colour="blue")
    with pytest.raises(TypeError, match="time_out"):
        cloud.client().get_secret("db", time_out=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="claims"):
        cloud.credential().get_token(SCOPE, claim="x")
    with pytest.raises(nightlatch.InvalidConfigurationError):
        cloud.client(cache_ttl=-1)
    with pytest.raises(nightlatch.InvalidArgumentError):
        nightlatch.SecretClient("contoso", cloud.credential())
    with pytest.raises(ValueError, match="certificates"):
        cloud.client(connection_verify=False)


def test_a_developer_tool_is_run_by_the_host() -> None:
    runs: list[list[str]] = []

    def az(argv: Any) -> Ran:
        runs.append(list(argv))
        return Ran(1, b"", b"ERROR: Please run 'az login' to setup account.")

    world = World(commands=az)
    client = nightlatch.SecretClient(URL, nightlatch.AzureCliCredential(), _host=world.host())
    with pytest.raises(nightlatch.ClientAuthenticationError) as caught:
        client.get_secret("db")
    assert runs[0][0] == "az"
    assert "az login" in str(caught.value)


def test_the_chain_says_what_each_source_said() -> None:
    client = nightlatch.SecretClient(URL, nightlatch.DefaultAzureCredential(), _host=World().host())
    with pytest.raises(nightlatch.CredentialUnavailableError) as caught:
        client.get_secret("db")
    assert "DefaultAzureCredential failed to retrieve a token" in str(caught.value)
    assert [attempt.source for attempt in caught.value.attempts][:2] == [
        "EnvironmentCredential",
        "WorkloadIdentityCredential",
    ]
