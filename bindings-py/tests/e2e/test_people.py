"""People sign in: with a code on another device, with the browser here, by name and password, and through a service."""

from __future__ import annotations

import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import nightlatch
import pytest

from .conftest import APP, TENANT, Emulator

pytestmark = pytest.mark.e2e

SCOPE = "https://vault.azure.net/.default"
ADA = "ada@contoso.example"


@pytest.fixture(autouse=True)
def sign_in(emulator: Emulator, variables: Callable[..., None]) -> Iterator[Callable[..., None]]:
    """How people behave."""

    def behave(**sign_in: Any) -> None:
        emulator.ask("PUT", "/_emulator/sign-in", sign_in)

    behave(device={"pending": 0, "interval": 1})
    yield behave
    behave()


class Form(HTMLParser):
    """Where a page's form goes, and its fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"] or ""
        elif tag == "input" and given.get("name"):
            self.fields[given["name"] or ""] = given.get("value") or ""


@pytest.fixture
def browser(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A browser that trusts the emulator and does as the page says; returns the pages that were opened."""
    import ssl
    import webbrowser

    opened: list[str] = []
    context = ssl.create_default_context(cafile=emulator.ca)
    proxies = urllib.request.ProxyHandler({"https": emulator.http})
    opener = urllib.request.build_opener(proxies, urllib.request.HTTPSHandler(context=context))

    def visit(url: str) -> None:
        with opener.open(url, timeout=10) as answer:
            page = answer.read().decode()
        form = Form(page)
        if form.action:
            back = form.action.replace("localhost", "127.0.0.1")
            with opener.open(back, urllib.parse.urlencode(form.fields).encode(), timeout=10) as answer:
                answer.read()

    def open_page(url: str) -> bool:
        opened.append(url)
        threading.Thread(target=visit, args=(url,), daemon=True).start()
        return True

    monkeypatch.setattr(webbrowser, "open", open_page)
    return opened


def read(emulator: Emulator, credential: Any) -> str | None:
    with nightlatch.SecretClient(emulator.url, credential, cache_ttl=0) as client:
        return client.get_secret("db-password").value


def test_a_code_on_another_device(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[str, str]] = []
    credential = nightlatch.DeviceCodeCredential(
        prompt_callback=lambda page, code, _: told.append((page, code))
    )
    assert read(emulator, credential) == "s3cr3t"
    assert told[0][0] == "https://microsoft.com/devicelogin"
    assert capsys.readouterr().out == ""
    # The refresh token serves: nobody is asked again.
    emulator.ask("POST", "/_emulator/expire-tokens")
    assert read(emulator, credential) == "s3cr3t"
    assert len(told) == 1
    # Without a function of the user's, the service's sentence is shown.
    assert read(emulator, nightlatch.DeviceCodeCredential()) == "s3cr3t"
    assert "https://microsoft.com/devicelogin" in capsys.readouterr().out


def test_a_person_who_says_no(emulator: Emulator, sign_in: Callable[..., None], browser: list[str]) -> None:
    sign_in(outcome="declined", device={"pending": 0, "interval": 1})
    quiet = nightlatch.DeviceCodeCredential(prompt_callback=lambda *_: None)
    for credential in (quiet, nightlatch.InteractiveBrowserCredential(timeout=20)):
        with pytest.raises(nightlatch.ClientAuthenticationError) as caught:
            credential.get_token(SCOPE)
        assert not isinstance(caught.value, nightlatch.CredentialUnavailableError)


def test_the_browser(emulator: Emulator, browser: list[str]) -> None:
    credential = nightlatch.InteractiveBrowserCredential(timeout=20)
    assert read(emulator, credential) == "s3cr3t"
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(browser[0]).query)
    assert query["code_challenge_method"] == ["S256"]
    emulator.ask("POST", "/_emulator/expire-tokens")
    assert read(emulator, credential) == "s3cr3t"
    assert len(browser) == 1
    emulator.ask("POST", "/_emulator/expire-tokens")
    emulator.ask("POST", "/_emulator/revoke-refresh-tokens")
    assert read(emulator, credential) == "s3cr3t"
    assert len(browser) == 2


def test_nobody_is_asked_unawares(emulator: Emulator, browser: list[str]) -> None:
    credential = nightlatch.InteractiveBrowserCredential(disable_automatic_authentication=True, timeout=20)
    with pytest.raises(nightlatch.AuthenticationRequiredError):
        credential.get_token(SCOPE)
    assert not browser
    record = credential.authenticate(scopes=[SCOPE])
    assert record.tenant_id == TENANT
    assert nightlatch.AuthenticationRecord.deserialize(record.serialize()).username == record.username
    assert credential.get_token(SCOPE).token
    assert len(browser) == 1


def test_name_and_password(emulator: Emulator) -> None:
    client_id = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
    right = nightlatch.UsernamePasswordCredential(client_id, ADA, "emulator-password", tenant_id=TENANT)
    assert read(emulator, right) == "s3cr3t"
    wrong = nightlatch.UsernamePasswordCredential(client_id, ADA, "hunter2", tenant_id=TENANT)
    with pytest.raises(nightlatch.ClientAuthenticationError) as caught:
        read(emulator, wrong)
    assert caught.value.error_code == "AADSTS50126"
    assert "hunter2" not in str(caught.value) + repr(caught.value) + repr(wrong)


def test_on_behalf_of(emulator: Emulator) -> None:
    wish = {"principal": ADA, "resource": APP}
    user = emulator.ask("POST", "/_emulator/token", wish)["access_token"]
    proofs: list[dict[str, Any]] = [
        {"client_secret": "app-secret"},
        {"client_certificate": emulator.pem.read_bytes()},
        {"certificate_path": str(emulator.pem)},
    ]
    for proof in proofs:
        credential = nightlatch.OnBehalfOfCredential(TENANT, APP, user_assertion=user, **proof)
        assert read(emulator, credential) == "s3cr3t"
    with pytest.raises(ValueError, match="one of"):
        nightlatch.OnBehalfOfCredential(TENANT, APP, user_assertion=user)
