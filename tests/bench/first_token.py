"""From nothing to the first token, for each source of an identity: nightlatch beside azure-identity, in this
one run.

Each measurement is a process of its own: what it takes from its start to the token, and what it asked of
whom. Run by `make bench`.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))
from emulator_process import Emulator

TENANT = "11111111-1111-4111-8111-111111111111"
APP, APP_OBJECT = "44444444-4444-4444-8444-444444444444", "55555555-5555-4555-8555-555555555555"
ISSUER, SUBJECT, KEY = (
    "https://cluster.example/",
    "system:serviceaccount:shop:basket",
    "shared with the emulator",
)
PIPELINES, CONNECTION = "88888888-8888-4888-8888-888888888888", "77777777-7777-4777-8777-777777777777"
DEVELOPERS, USER = "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "ada@contoso.example"
BACK = "https://shop.example/back"
ARC_FOLDER = Path("/var/opt/azcmagent/tokens")
TOOLS = Path(__file__).parents[1] / "emulator" / "tools"
ROUNDS = 5
PROGRAM = "from {package} import {credential}\n{credential}({arguments}).get_token('https://vault.azure.net/.default')"


class Source(NamedTuple):
    """A source: the credential, its arguments, and the variables that make it this host's identity."""

    name: str
    credential: str
    arguments: str = ""
    variables: Mapping[str, str] = MappingProxyType({})
    theirs: bool = True
    """Whether azure-identity has it too."""
    prepare: Callable[[Emulator], str] | None = None
    """Gets, before each measurement, what stands for `{prepared}` in the arguments."""


def assertion() -> str:
    """A token as a cluster writes it to a file."""
    import base64
    import hashlib
    import hmac

    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": "api://AzureADTokenExchange",
        "iat": now,
        "exp": now + 3600,
    }
    text = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    signature = hmac.new(KEY.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def azure(certificate: str, arc: bool) -> dict[str, object]:
    """What the emulator knows."""
    application = {
        "client_id": APP,
        "object_id": APP_OBJECT,
        "secrets": ["app-secret"],
        "redirect_uris": [BACK],
        "certificates": [certificate],
        "federated": [
            {"issuer": ISSUER, "subject": SUBJECT, "hmac": KEY},
            {
                "issuer": "https://token.actions.githubusercontent.com",
                "subject": "repo:contoso/shop:ref:refs/heads/main",
            },
            {"issuer": f"https://vstoken.dev.azure.com/{PIPELINES}", "subject": "sc://contoso/shop/azure"},
        ],
    }
    # People are there at once, and a device need not wait for them more than the least time.
    sign_in = {"response_mode": "query", "device": {"pending": 0, "interval": 1}}
    agent = {"token_folder": str(ARC_FOLDER)} if arc else {}
    return {"app_registrations": [application], "sign_in": sign_in, "arc": agent}


def applications(emulator: Emulator, folder: Path) -> list[Source]:
    """Sources that prove an application."""
    application = f"'{TENANT}', '{APP}'"
    user = emulator.admin("POST", "token", {"principal": USER, "resource": APP})["access_token"]
    cluster = {
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": APP,
        "AZURE_FEDERATED_TOKEN_FILE": str(folder / "token"),
    }
    proxy = emulator.ready["token_proxy"]
    proxied = {
        "AZURE_KUBERNETES_TOKEN_PROXY": proxy["url"],
        "AZURE_KUBERNETES_SNI_NAME": proxy["server_name"],
        "AZURE_KUBERNETES_CA_DATA": proxy["ca_pem"],
    }
    pipelines = {"SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/contoso/oidctoken"}
    connection = (
        f"tenant_id='{TENANT}', client_id='{APP}', service_connection_id='{CONNECTION}', "
        "system_access_token='emulator-system-access-token'"
    )
    actions = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://pipelines.actions.githubusercontent.com/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "emulator-request-token",
    }
    environment = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": APP, "AZURE_CLIENT_SECRET": "app-secret"}
    return [
        Source("client secret", "ClientSecretCredential", f"{application}, 'app-secret'"),
        Source("environment", "EnvironmentCredential", "", environment),
        Source("certificate, PEM", "CertificateCredential", f"{application}, '{folder}/app.pem'"),
        Source(
            "certificate, PFX",
            "CertificateCredential",
            f"{application}, '{folder}/app.pfx', password='pfx-password'",
        ),
        Source(
            "client assertion",
            "ClientAssertionCredential",
            f"{application}, lambda: open('{folder}/token').read()",
        ),
        Source(
            "on behalf of a user",
            "OnBehalfOfCredential",
            f"{application}, client_secret='app-secret', user_assertion='{user}'",
        ),
        Source("workload identity", "WorkloadIdentityCredential", "", cluster),
        Source(
            "workload identity by the proxy",
            "WorkloadIdentityCredential",
            "enable_azure_proxy=True",
            {**cluster, **proxied},
        ),
        Source("Azure Pipelines", "AzurePipelinesCredential", connection, pipelines),
        Source(
            "GitHub Actions",
            "GitHubActionsCredential",
            f"tenant_id='{TENANT}', client_id='{APP}'",
            actions,
            theirs=False,
        ),
    ]


def hosts(emulator: Emulator, arc: bool) -> list[Source]:
    """Hosts that have an identity, and those among them that the default chain finds without asking."""
    header = "emulator-identity-header"
    fabric = emulator.ready["service_fabric"]
    app_service = {"IDENTITY_ENDPOINT": f"{emulator.http}/msi/token", "IDENTITY_HEADER": header}
    variables = {
        "App Service": app_service,
        "virtual machine": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": emulator.http},
        "Service Fabric": {
            "IDENTITY_ENDPOINT": fabric["url"],
            "IDENTITY_HEADER": header,
            "IDENTITY_SERVER_THUMBPRINT": fabric["thumbprint"],
        },
        "Azure ML": {"MSI_ENDPOINT": f"{emulator.http}/azure_ml/token", "MSI_SECRET": header},
        "Cloud Shell": {"MSI_ENDPOINT": f"{emulator.http}/cloud_shell/token"},
    }
    if arc:
        endpoint = f"{emulator.http}/arc/metadata/identity/oauth2/token"
        variables["Azure Arc"] = {"IDENTITY_ENDPOINT": endpoint, "IMDS_ENDPOINT": emulator.http}
    return [
        *(Source(name, "ManagedIdentityCredential", "", host) for name, host in variables.items()),
        Source("default chain, App Service", "DefaultAzureCredential", "", app_service),
    ]


def tools(folder: Path) -> list[Source]:
    """Developer tools, whose stand-ins need most of the time."""
    providers = folder / ".IdentityService" / "AzureServiceAuth" / "tokenprovider.json"
    providers.parent.mkdir(parents=True)
    provider = {"Path": str(TOOLS / "visual-studio-token-provider"), "Arguments": [], "Preference": 1}
    providers.write_text(json.dumps({"TokenProviders": [provider]}))
    return [
        Source("Azure CLI", "AzureCliCredential"),
        Source("Azure Developer CLI", "AzureDeveloperCliCredential"),
        Source("Azure PowerShell", "AzurePowerShellCredential"),
        Source("Visual Studio", "VisualStudioCredential", "", {"HOME": str(folder)}, theirs=False),
    ]


def people() -> list[Source]:
    """People, who are quick here: the browser is curl, if it is installed, and goes where a page leads."""
    browser = {"BROWSER": "curl --silent --location --output /dev/null %s &"}
    password = f"'{DEVELOPERS}', '{USER}', 'emulator-password', tenant_id='{TENANT}'"
    code = f"'{TENANT}', '{APP}', '{{prepared}}', '{BACK}', client_secret='app-secret'"
    return [
        Source("name and password", "UsernamePasswordCredential", password),
        # Ours waits before it asks, since nobody types a code at once; azure-identity asks first.
        Source("device code, asked every 1 s", "DeviceCodeCredential", "prompt_callback=lambda *_: None"),
        *([Source("browser", "InteractiveBrowserCredential", "", browser)] if shutil.which("curl") else []),
        Source("authorization code", "AuthorizationCodeCredential", code, prepare=authorization_code),
    ]


def authorization_code(emulator: Emulator) -> str:
    """What a browser brings back to a web application."""
    query = {
        "client_id": APP,
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": "https://vault.azure.net/.default offline_access",
        "state": "state",
    }
    trust = ssl.create_default_context(cafile=emulator.ca)
    port = urlsplit(emulator.ready["https"]).port
    page = http.client.HTTPSConnection("localhost", port, context=trust)
    page.request("GET", f"/{TENANT}/oauth2/v2.0/authorize?{urlencode(query)}")
    back = page.getresponse().headers["Location"]
    page.close()
    return parse_qs(urlsplit(back).query)["code"][0]


@contextmanager
def arc_folder() -> Iterator[bool]:
    """Lends the folder of an Azure Arc agent to the emulator, if it can: neither library reads another, and a
    real agent's is left alone."""
    top = ARC_FOLDER.parent
    lent = not top.exists() and os.access(top.parent, os.W_OK)
    if lent:
        ARC_FOLDER.mkdir(parents=True)
    else:
        print(f"Azure Arc is not measured: {top} exists, or cannot be made.")
    try:
        yield lent
    finally:
        if lent:
            shutil.rmtree(top)


def measure(emulator: Emulator, package: str, source: Source) -> tuple[float, int]:
    """Milliseconds from the process's start to the token, and how many requests reached any service."""
    network = {
        "HTTPS_PROXY": emulator.http,
        "NO_PROXY": "127.0.0.1,localhost",
        "SSL_CERT_FILE": emulator.ca,
        "REQUESTS_CA_BUNDLE": emulator.ca,
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "NIGHTLATCH_TOOL_EMULATOR": emulator.http,
        "HOME": os.environ.get("HOME", "/"),
    }
    prepared = source.prepare(emulator) if source.prepare else ""
    arguments = source.arguments.replace("{prepared}", prepared)
    program = PROGRAM.format(package=package, credential=source.credential, arguments=arguments)
    emulator.admin("DELETE", "log")
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], check=True, env={**network, **source.variables}
    )
    took = (time.perf_counter() - began) * 1000
    return took, len(emulator.admin("GET", "log")["requests"])


def certificate(folder: Path) -> str:
    """Makes a certificate with its key, as PEM and as PFX; the certificate alone."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=app"
    files = ["-keyout", f"{folder}/app.key", "-out", f"{folder}/app.crt"]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    text = (folder / "app.crt").read_text()
    (folder / "app.pem").write_text((folder / "app.key").read_text() + text)
    command = "openssl pkcs12 -export -passout pass:pfx-password"
    files = ["-in", f"{folder}/app.pem", "-out", f"{folder}/app.pfx"]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    for name in ("app.pem", "app.pfx"):
        (folder / name).chmod(0o600)
    return text


def row(emulator: Emulator, source: Source) -> str:
    """Both libraries' median, in turn, so that what the machine does besides troubles both."""
    packages = ["nightlatch", "azure.identity"] if source.theirs else ["nightlatch"]
    results = [[measure(emulator, package, source) for package in packages] for _ in range(ROUNDS)]
    shown = [(median(took for took, _ in of_one), of_one[-1][1]) for of_one in zip(*results, strict=True)]
    ours, asked = shown[0]
    text = f"{source.name:<32}{ours:9.0f} ms, {asked} req"
    if not source.theirs:
        return f"{text}{'no counterpart':>20}"
    theirs, also = shown[1]
    return f"{text}{theirs:12.0f} ms, {also} req{ours / theirs:8.2f}"


def main() -> None:
    with tempfile.TemporaryDirectory() as name, arc_folder() as arc:
        folder = Path(name)
        known = azure(certificate(folder), arc)
        (folder / "token").write_text(assertion())
        print(f"{'from nothing to the first token':<32}{'nightlatch':>19}{'azure-identity':>20}{'ratio':>8}")
        with Emulator(known) as emulator:
            here = [*applications(emulator, folder), *hosts(emulator, arc), *tools(folder), *people()]
            for source in here:
                print(row(emulator, source), flush=True)


if __name__ == "__main__":
    main()
