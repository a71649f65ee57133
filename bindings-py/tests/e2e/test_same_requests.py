"""The official SDK's credentials and ours, side by side: the same tokens from the emulator, and the same requests for
them, field by field. What differs on purpose stands in `INTENDED`; anything else fails.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import nightlatch
import pytest
from nightlatch._host.http_transport import HttpTransport

from .conftest import APP, REPOSITORY, TENANT, USER_ASSIGNED, Emulator
from .test_credentials import assertion

pytestmark = pytest.mark.e2e
identity = pytest.importorskip("azure.identity", reason="pip install azure-identity")
SCOPE = "https://vault.azure.net/.default"

# Fields of a request, as `place name`, that one side has and the other has not, or whose values differ.
INTENDED = {
    # Ours tell who asks in `User-Agent` alone; MSAL tells its name, version and telemetry besides.
    "header user-agent": "each names itself",
    "header x-ms-lib-capability": "MSAL's telemetry",
    "header x-client-sku": "MSAL's telemetry",
    "header x-client-ver": "MSAL's telemetry",
    "header x-client-os": "MSAL's telemetry",
    "header x-client-current-telemetry": "MSAL's telemetry",
    "header x-client-last-telemetry": "MSAL's telemetry",
    "header client-request-id": "MSAL's own id of the request",
    "header x-ms-client-request-id": "an id of the request; another one each time",
    "header accept": "ours ask for JSON where their transport says */*",
    "form client_info": "MSAL asks for an account description that nobody reads here",
    "assertion claims.jti": "another one each time",
    "assertion claims.iat": "the time",
    "assertion claims.exp": "the time",
    "assertion claims.nbf": "MSAL for Python leaves it out; MSAL for JavaScript and Go write it, and so do we",
    "assertion header.alg": "the SDK's blocking credential signs by RS256 and SHA-1; its other ones, and ours, by PS256",
    "assertion header.x5t": "the SHA-1 thumbprint, see above",
    "assertion header.x5t#S256": "the SHA-256 thumbprint, see above",
    "form client_assertion": "compared by its parts",
}
SEEN: set[str] = set()
# Requests that only the SDK makes.
THEIR_OWN = ("/common/discovery/instance", "/.well-known/openid-configuration")


class Sent(NamedTuple):
    """A request for a token, as its fields by place and name."""

    what: str
    fields: dict[str, str]


class Case(NamedTuple):
    """A credential that both libraries have, and the variables that make it this host's."""

    name: str
    credential: str
    settings: Callable[[Emulator], dict[str, Any]]
    variables: Callable[[Emulator], dict[str, str]] = lambda _: {}


def app_service(emulator: Emulator) -> dict[str, str]:
    return emulator.app_service


def machine(emulator: Emulator) -> dict[str, str]:
    return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": emulator.http}


def pod(emulator: Emulator) -> dict[str, str]:
    token = emulator.pem.with_name("token")
    token.write_text(assertion())
    return {
        "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": APP, "AZURE_FEDERATED_TOKEN_FILE": str(token),
    }  # fmt: skip


APPLICATION = {"tenant_id": TENANT, "client_id": APP}
CASES = [
    Case("client secret", "ClientSecretCredential", lambda _: {**APPLICATION, "client_secret": "app-secret"}),
    Case("certificate", "CertificateCredential", lambda e: {**APPLICATION, "certificate_path": str(e.pem)}),
    Case("workload identity", "WorkloadIdentityCredential", lambda _: {}, pod),
    Case("App Service", "ManagedIdentityCredential", lambda _: {}, app_service),
    Case("App Service, one of several", "ManagedIdentityCredential",
         lambda _: {"client_id": USER_ASSIGNED}, app_service),
    Case("virtual machine", "ManagedIdentityCredential", lambda _: {}, machine),
    Case("virtual machine, one of several", "ManagedIdentityCredential",
         lambda _: {"client_id": USER_ASSIGNED}, machine),
]  # fmt: skip


def sent(method: str, url: str, headers: Any, body: Any) -> Sent:
    parts = urlsplit(url)
    text = body.decode() if isinstance(body, bytes) else body or ""
    fields = {f"header {name.lower()}": value for name, value in headers}
    fields |= {f"query {name}": value for name, value in parse_qsl(parts.query)}
    given = parse_qsl(text) if isinstance(text, str) else dict(text).items()
    form = {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in given}
    fields |= {f"form {name}": value for name, value in form.items()}
    if assertion := form.get("client_assertion"):
        for what, coded in zip(("header", "claims"), assertion.split("."), strict=False):
            decoded = json.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
            fields |= {f"assertion {what}.{name}": str(value) for name, value in decoded.items()}
    return Sent(f"{method} {parts.scheme}://{parts.netloc}{parts.path}", fields)


class OurWire(HttpTransport):
    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Sent] = []

    def send(self, method: str, url: str, headers: Any, body: bytes, **options: Any) -> Any:
        self.requests.append(sent(method, url, headers, body))
        return super().send(method, url, headers, body, **options)


def their_wire() -> Any:
    from azure.core.pipeline.transport import RequestsTransport

    class TheirWire(RequestsTransport):
        requests: list[Sent] = []  # noqa: RUF012

        def send(self, request: Any, **options: Any) -> Any:
            self.requests.append(sent(request.method, request.url, request.headers.items(), request.data))
            return super().send(request, **options)

    wire = TheirWire()
    wire.requests = []
    return wire


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_same_requests(
    emulator: Emulator, variables: Callable[..., None], monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    variables(case.variables(emulator))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca)
    ours, theirs = OurWire(), their_wire()
    for package, wire in ((nightlatch, ours), (identity, theirs)):
        credential = getattr(package, case.credential)(**case.settings(emulator), transport=wire)
        assert credential.get_token(SCOPE).token
    theirs_for_tokens = [one for one in theirs.requests if not one.what.endswith(THEIR_OWN)]
    assert [one.what for one in ours.requests] == [one.what for one in theirs_for_tokens]
    for mine, other in zip(ours.requests, theirs_for_tokens, strict=True):
        names = mine.fields.keys() | other.fields.keys()
        different = {
            name: (mine.fields.get(name), other.fields.get(name))
            for name in sorted(names - INTENDED.keys())
            if mine.fields.get(name) != other.fields.get(name)
        }
        assert not different, mine.what
        SEEN.update(name for name in names if mine.fields.get(name) != other.fields.get(name))


def test_no_difference_is_intended_in_vain() -> None:
    """The last of the module: what is listed above still differs somewhere; times may be equal by chance."""
    assert INTENDED.keys() - SEEN <= {"assertion claims.iat", "assertion claims.exp"}


@pytest.mark.parametrize("outcome", ["token", "not_logged_in"])
def test_the_same_command(
    emulator: Emulator, variables: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    outcome: str,
) -> None:  # fmt: skip
    """The Azure CLI is run with the same arguments, and not logged in it is the same kind of error."""
    log = tmp_path / "log"
    variables({
        "NIGHTLATCH_TOOL_EMULATOR": emulator.http, "NIGHTLATCH_TOOL_LOG": str(log),
        "NIGHTLATCH_TOOL_OUTCOME": outcome,
    })  # fmt: skip
    monkeypatch.setenv("PATH", f"{REPOSITORY / 'tests/emulator/tools'}{os.pathsep}{os.environ['PATH']}")
    for package in (nightlatch, identity):
        credential = package.AzureCliCredential()
        if outcome == "token":
            assert credential.get_token(SCOPE).token
        else:
            with pytest.raises(Exception, match="az login") as caught:
                credential.get_token(SCOPE)
            assert type(caught.value).__name__ == "CredentialUnavailableError"
    mine, other = [json.loads(line) for line in log.read_text().splitlines()]
    assert mine["argv"] == other["argv"]
    assert mine["stdin"] == "null"
    assert mine["cwd"] == "/bin" or mine["cwd"] == os.path.realpath("/bin")
