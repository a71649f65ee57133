"""Every credential of the official Python SDK that can be pointed here, blocking and asynchronous."""

import asyncio
import inspect
import json
import os
import threading
import urllib.parse
import urllib.request
import webbrowser
from html.parser import HTMLParser
from pathlib import Path

import pytest
from azure import identity as blocking
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError
from azure.identity import aio as asynchronous
from azure.keyvault.secrets import SecretClient
from azure.keyvault.secrets.aio import SecretClient as AsyncSecretClient
from conftest import (
    ADA,
    ADA_PASSWORD,
    APP,
    APP_SECRET,
    FACTORY_APP,
    MACHINE,
    NAMED,
    SUBJECT,
    TENANT,
    VAULT_URL,
)

DEVELOPER = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
SCOPE = "https://vault.azure.net/.default"
TOOLS = Path(__file__).parent.parent / "tools"
ARC_FOLDER = Path("/var/opt/azcmagent/tokens")


@pytest.fixture(params=["blocking", "asynchronous"])
def identity(request):
    """The SDK's module of credentials."""
    return {"blocking": blocking, "asynchronous": asynchronous}[request.param]


def reads(credential, admin, who):
    """Reads a secret with a credential of either module, and sees that it spoke for the right one."""

    async def read():
        async with credential, AsyncSecretClient(VAULT_URL, credential) as client:
            return (await client.get_secret("db-password")).value

    if inspect.iscoroutinefunction(credential.get_token):
        value = asyncio.run(read())
    else:
        value = SecretClient(VAULT_URL, credential).get_secret("db-password").value
    entry = admin("GET", "log")["requests"][-1]
    assert (value, entry["principal"]) == ("s3cr3t", who["object_id"])


def services(admin):
    return [entry["service"] for entry in admin("GET", "log")["requests"]]


def test_a_registered_certificate(identity, azure, certificates):
    """Blocking, it signs RS256 and names SHA-1; asynchronously PS256 and SHA-256."""
    pem = certificates.registered_with_key
    reads(identity.CertificateCredential(TENANT, APP["client_id"], certificate_data=pem), azure, APP)


def test_a_certificate_at_ad_fs(azure, certificates):
    """Only the blocking credential asks at AD FS's own path."""
    options = {"certificate_data": certificates.registered_with_key, "disable_instance_discovery": True}
    reads(blocking.CertificateCredential("adfs", APP["client_id"], **options), azure, APP)


def test_a_certificate_of_a_trusted_subject(azure, certificates):
    """Only the blocking credential can send its certificate along."""
    options = {"certificate_data": certificates.by_factory_with_key, "send_certificate_chain": True}
    credential = blocking.CertificateCredential(TENANT, FACTORY_APP["client_id"], **options)
    reads(credential, azure, FACTORY_APP)


def test_a_certificate_that_is_not_registered(azure, certificates):
    pem = certificates.by_factory_with_key
    credential = blocking.CertificateCredential(TENANT, APP["client_id"], certificate_data=pem)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        credential.get_token(SCOPE)


def test_a_claims_challenge_is_answered_with_the_same_assertion(azure, certificates):
    pem = certificates.registered_with_key
    credential = blocking.CertificateCredential(TENANT, APP["client_id"], certificate_data=pem)
    client = SecretClient(VAULT_URL, credential)
    assert client.get_secret("db-password").value == "s3cr3t"
    azure("POST", "revoke")
    assert client.get_secret("db-password").value == "s3cr3t"


@pytest.fixture
def arc_folder():
    """Azure Arc's own folder, since the SDK reads no other. A machine that has it is left alone."""
    top = ARC_FOLDER.parent
    if top.exists():
        pytest.skip(f"{top} exists: this may be an Azure Arc server")
    if not os.access(top.parent, os.W_OK):
        pytest.skip(f"{top.parent} is not writable: Azure Arc's folder cannot be made")
    ARC_FOLDER.mkdir(parents=True)
    yield ARC_FOLDER
    for file in ARC_FOLDER.iterdir():
        file.unlink()
    ARC_FOLDER.rmdir()
    top.rmdir()


@pytest.fixture
def arc(emulator, azure, monkeypatch, arc_folder):
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator.http}/arc/metadata/identity/oauth2/token")
    monkeypatch.setenv("IMDS_ENDPOINT", emulator.http)
    azure("PUT", "arc", {"token_folder": str(arc_folder)})


def test_azure_arc(identity, azure, arc):
    reads(identity.ManagedIdentityCredential(), azure, MACHINE)
    reads(identity.ManagedIdentityCredential(client_id=NAMED["client_id"]), azure, NAMED)


@pytest.mark.parametrize(
    "settings",
    [
        {"challenge": "outside_folder"},
        {"challenge": "traversal"},
        {"challenge": "subfolder"},
        {"challenge": "too_large"},
        {"challenge": "wrong_extension"},
        {"challenge": "no_realm"},
        {"user_assigned": "ignored"},
        {"user_assigned": "mismatched"},
    ],
    ids=lambda settings: next(iter(settings.values())),
)
def test_azure_arc_misbehaves(identity, azure, arc, arc_folder, settings):
    azure("PUT", "arc", settings)
    chosen = {"client_id": NAMED["client_id"]} if "user_assigned" in settings else {}
    credential = identity.ManagedIdentityCredential(**chosen)
    try:
        # Blocking, the SDK looks for the name in Azure's folder, whatever the path, and finds no file.
        with pytest.raises((ClientAuthenticationError, FileNotFoundError)):
            reads(credential, azure, NAMED)
    finally:
        for file in (*arc_folder.parent.glob("*.key"), *arc_folder.glob("*/*.key")):
            file.unlink()
        if (arc_folder / "below").exists():
            (arc_folder / "below").rmdir()


def test_service_fabric(identity, emulator, azure, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", emulator.service_fabric["url"])
    monkeypatch.setenv("IDENTITY_HEADER", "emulator-identity-header")
    monkeypatch.setenv("IDENTITY_SERVER_THUMBPRINT", emulator.service_fabric["thumbprint"])
    reads(identity.ManagedIdentityCredential(), azure, MACHINE)
    assert "service_fabric" in services(azure)


def test_service_fabric_under_another_thumbprint(emulator, azure, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", emulator.service_fabric["url"])
    monkeypatch.setenv("IDENTITY_HEADER", "emulator-identity-header")
    monkeypatch.setenv("IDENTITY_SERVER_THUMBPRINT", "00" * 20)
    with pytest.raises(Exception, match="thumbprint"):
        blocking.ManagedIdentityCredential().get_token(SCOPE)
    assert services(azure) == []


def test_azure_ml(identity, emulator, azure, monkeypatch):
    monkeypatch.setenv("MSI_ENDPOINT", f"{emulator.http}/azure_ml/token")
    monkeypatch.setenv("MSI_SECRET", "emulator-identity-header")
    reads(identity.ManagedIdentityCredential(), azure, MACHINE)
    reads(identity.ManagedIdentityCredential(client_id=NAMED["client_id"]), azure, NAMED)


def test_cloud_shell(identity, emulator, azure, monkeypatch):
    monkeypatch.setenv("MSI_ENDPOINT", f"{emulator.http}/cloud_shell/token")
    reads(identity.ManagedIdentityCredential(), azure, ADA)


def test_azure_pipelines(identity, emulator, azure, monkeypatch):
    monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", f"{emulator.http}/azure_pipelines/oidctoken")
    options = {
        "tenant_id": TENANT,
        "client_id": APP["client_id"],
        "service_connection_id": "77777777-7777-4777-8777-777777777777",
    }
    token = "emulator-system-access-token"
    reads(identity.AzurePipelinesCredential(system_access_token=token, **options), azure, APP)
    wrong = blocking.AzurePipelinesCredential(system_access_token="wrong", **options)
    with pytest.raises(ClientAuthenticationError, match="The access token is missing, wrong or expired"):
        wrong.get_token(SCOPE)


@pytest.mark.parametrize("trust", ["CA_FILE", "CA_DATA"])
def test_the_token_proxy_of_aks(identity, emulator, azure, monkeypatch, tmp_path, trust):
    proxy = emulator.token_proxy
    authority = tmp_path / "ca.pem"
    authority.write_text(proxy["ca_pem"])
    monkeypatch.setenv("AZURE_KUBERNETES_TOKEN_PROXY", proxy["url"])
    monkeypatch.setenv("AZURE_KUBERNETES_SNI_NAME", proxy["server_name"])
    value = {"CA_FILE": str(authority), "CA_DATA": proxy["ca_pem"]}[trust]
    monkeypatch.setenv(f"AZURE_KUBERNETES_{trust}", value)
    file = tmp_path / "token"
    file.write_text(azure("POST", "federated-token", {"subject": SUBJECT})["token"])
    options = {"tenant_id": TENANT, "client_id": APP["client_id"], "token_file_path": str(file)}
    reads(identity.WorkloadIdentityCredential(enable_azure_proxy=True, **options), azure, APP)
    assert "token_proxy" in services(azure)
    assert "entra" not in services(azure)


def test_device_code(azure):
    azure("PUT", "sign-in", {"device": {"pending": 1, "interval": 1}})
    shown = []
    credential = blocking.DeviceCodeCredential(prompt_callback=lambda *prompt: shown.append(prompt))
    reads(credential, azure, ADA)
    assert shown[0][0] == "https://microsoft.com/devicelogin"
    azure("POST", "expire-tokens")
    record = credential.authenticate(scopes=[SCOPE])
    assert (record.username, record.tenant_id) == (ADA["name"], TENANT)


def test_device_code_declined(azure):
    azure("PUT", "sign-in", {"outcome": "declined", "device": {"pending": 0, "interval": 1}})
    credential = blocking.DeviceCodeCredential(prompt_callback=lambda *_: None)
    with pytest.raises(ClientAuthenticationError, match="AADSTS65004"):
        credential.get_token(SCOPE)


class Form(HTMLParser):
    """The form of a page."""

    def __init__(self, page):
        super().__init__()
        self.fields = {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.target = attributes["action"]
        elif tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes["value"]


class Browser:
    """Opens a page as a browser would, and sends the form that is on it."""

    def __init__(self):
        self.pages = []

    def open(self, url):
        threading.Thread(target=self.visit, args=(url,), daemon=True).start()
        return True

    def visit(self, url):
        with urllib.request.urlopen(url, timeout=10) as page:
            text = page.read().decode()
        self.pages.append(text)
        if "<form" in text:
            form = Form(text)
            data = urllib.parse.urlencode(form.fields).encode()
            urllib.request.urlopen(form.target, data, timeout=10).close()


@pytest.mark.parametrize("mode", ["form_post", "query"])
def test_a_browser(azure, monkeypatch, mode):
    browser = Browser()
    monkeypatch.setattr(webbrowser, "open", browser.open)
    azure("PUT", "sign-in", {"response_mode": mode})
    credential = blocking.InteractiveBrowserCredential(timeout=20)
    reads(credential, azure, ADA)
    assert ("hiddenform" in browser.pages[0]) == (mode == "form_post")
    # Without asking again: the refresh token serves.
    azure("POST", "revoke")
    reads(credential, azure, ADA)
    assert len(browser.pages) == 1


def test_a_browser_in_which_the_user_says_no(azure, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", Browser().open)
    azure("PUT", "sign-in", {"outcome": "declined"})
    with pytest.raises(ClientAuthenticationError, match="AADSTS65004"):
        blocking.InteractiveBrowserCredential(timeout=20).get_token(SCOPE)


def test_on_behalf_of(identity, azure, certificates):
    wish = {"principal": ADA["name"], "resource": APP["client_id"]}
    assertion = azure("POST", "token", wish)["access_token"]
    for proof in (
        {"client_secret": APP_SECRET},
        {"client_certificate": certificates.registered_with_key},
    ):
        options = {"user_assertion": assertion, **proof}
        reads(identity.OnBehalfOfCredential(TENANT, APP["client_id"], **options), azure, ADA)


@pytest.mark.filterwarnings("ignore:UsernamePasswordCredential is deprecated:DeprecationWarning")
def test_user_name_and_password(azure):
    credential = blocking.UsernamePasswordCredential(DEVELOPER, ADA["name"], ADA_PASSWORD, tenant_id=TENANT)
    reads(credential, azure, ADA)
    wrong = blocking.UsernamePasswordCredential(DEVELOPER, ADA["name"], "wrong", tenant_id=TENANT)
    with pytest.raises(ClientAuthenticationError, match="AADSTS50126"):
        wrong.get_token(SCOPE)


@pytest.fixture(params=["AzureCliCredential", "AzureDeveloperCliCredential", "AzurePowerShellCredential"])
def tool(request, emulator, azure, monkeypatch, tmp_path):
    """A credential that runs a program, with the stand-ins in front of the path."""
    monkeypatch.setenv("PATH", f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("NIGHTLATCH_TOOL_EMULATOR", emulator.http)
    monkeypatch.setenv("NIGHTLATCH_TOOL_LOG", str(tmp_path / "log"))
    return request.param


def test_a_tool_gives_its_token(identity, tool, azure, tmp_path):
    reads(getattr(identity, tool)(), azure, ADA)
    entry = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert (entry["cwd"], entry["stdin"]) == (os.path.realpath("/bin"), "null")


@pytest.mark.parametrize("outcome", ["not_logged_in", "aadsts", "malformed"])
def test_a_tool_gives_none(identity, tool, azure, monkeypatch, outcome):
    monkeypatch.setenv("NIGHTLATCH_TOOL_OUTCOME", outcome)
    # A line of PowerShell that stops in the middle is more than the SDK expects.
    kinds = {
        "not_logged_in": CredentialUnavailableError,
        "malformed": (ClientAuthenticationError, ValueError),
    }
    with pytest.raises(kinds.get(outcome, ClientAuthenticationError)):
        reads(getattr(identity, tool)(), azure, ADA)


def test_a_tool_takes_too_long(tool, azure, monkeypatch):
    monkeypatch.setenv("NIGHTLATCH_TOOL_OUTCOME", "hang")
    with pytest.raises(CredentialUnavailableError):
        getattr(blocking, tool)(process_timeout=1).get_token(SCOPE)
