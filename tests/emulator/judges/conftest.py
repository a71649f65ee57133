"""Starts the emulator once, and points the official SDK at it as its users would: by environment only."""

import datetime
import json
import os
import subprocess
import time
import urllib.request
from types import SimpleNamespace

import jwt
import pytest
from azure.keyvault.keys._shared import HttpChallengeCache as ChallengesOfKeys
from azure.keyvault.secrets._shared import HttpChallengeCache as ChallengesOfSecrets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
OTHER_TENANT = "aaaaaaaa-0000-4000-8000-000000000002"
MACHINE = {
    "client_id": "bbbbbbbb-0000-4000-8000-000000000001",
    "object_id": "cccccccc-0000-4000-8000-000000000001",
}
NAMED = {
    "client_id": "bbbbbbbb-0000-4000-8000-000000000002",
    "object_id": "cccccccc-0000-4000-8000-000000000002",
}
APP = {
    "client_id": "bbbbbbbb-0000-4000-8000-000000000003",
    "object_id": "cccccccc-0000-4000-8000-000000000003",
}
STRANGER = {
    "client_id": "bbbbbbbb-0000-4000-8000-000000000004",
    "object_id": "cccccccc-0000-4000-8000-000000000004",
}
FACTORY_APP = {
    "client_id": "bbbbbbbb-0000-4000-8000-000000000005",
    "object_id": "cccccccc-0000-4000-8000-000000000005",
}
ADA = {"name": "ada@contoso.example", "object_id": "cccccccc-0000-4000-8000-00000000000a"}
ADA_PASSWORD = "open sesame"
APP_SECRET = "app-secret~1"
FACTORY_SUBJECT = "shop.contoso.example"
ISSUER = "https://cluster.example/"
SUBJECT = "system:serviceaccount:shop:basket"
AUDIENCE = "api://AzureADTokenExchange"
PIPELINES_ISSUER = "https://vstoken.dev.azure.com/88888888-8888-4888-8888-888888888888"
EMULATOR_ISSUER = "https://oidc.emulator.example/"
PKCS12 = "application/x-pkcs12"
VAULT_URL = "https://contoso.vault.azure.net"

AZURE_VARIABLES = [
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "AZURE_TOKEN_CREDENTIALS",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "IMDS_ENDPOINT",
    "IDENTITY_SERVER_THUMBPRINT",
    "SYSTEM_OIDCREQUESTURI",
    "AZURE_KUBERNETES_TOKEN_PROXY",
    "AZURE_KUBERNETES_SNI_NAME",
    "AZURE_KUBERNETES_CA_FILE",
    "AZURE_KUBERNETES_CA_DATA",
    "HTTP_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
]


@pytest.fixture(scope="session")
def cluster_key():
    """The key with which a Kubernetes cluster signs its service account tokens."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def certificates():
    return Certificates()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory, cluster_key, certificates):
    folder = tmp_path_factory.mktemp("emulator")
    config = folder / "config.json"
    config.write_text(json.dumps(configuration(cluster_key, certificates)))
    process = subprocess.Popen(
        [
            os.environ["NIGHTLATCH_EMULATOR"],
            "--config",
            config,
            "--ca",
            folder / "ca.pem",
            "--stop-with-stdin",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ready = json.loads(process.stdout.readline())
    yield SimpleNamespace(**ready)
    process.stdin.close()
    assert process.wait(timeout=10) == 0


@pytest.fixture
def azure(emulator, monkeypatch):
    """An empty world with the proxy and the trust set; tests add the variables of their platform."""
    for name in AZURE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", emulator.http)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca)
    monkeypatch.setenv("SSL_CERT_FILE", emulator.ca)
    for challenges in (ChallengesOfKeys, ChallengesOfSecrets):
        challenges.clear()  # they belong to the process, and every test is a new one
    admin = Admin(emulator.http)
    admin("DELETE", "log")
    admin("DELETE", "faults")
    return admin


class Certificates:
    """A certificate that signs itself, and one that an authority signed; with their keys for the SDK."""

    def __init__(self):
        authority_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in "ab")
        authority = certified("factory CA", authority_key, "factory CA", authority_key)
        registered = certified("app", key, "app", key)
        certified_by_factory = certified(FACTORY_SUBJECT, key, "factory CA", authority_key)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.authority = pem(authority)
        self.registered = pem(registered)
        self.registered_with_key = private + self.registered.encode()
        self.by_factory_with_key = private + pem(certified_by_factory).encode()


def certified(name, key, issuer, issuer_key):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(issuer_key, hashes.SHA256())
    )


def named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


class Admin:
    """The emulator's own interface."""

    def __init__(self, http):
        self.http = http
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.http}/_emulator/{path}", data=data, method=method)
        with self.opener.open(request, timeout=10) as response:
            text = response.read()
        return json.loads(text) if text else None


def service_account_token(key, **changed):
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "iat": now, "nbf": now, "exp": now + 3600}
    return jwt.encode({**claims, **changed}, key, algorithm="RS256", headers={"kid": "cluster"})


def configuration(cluster_key, certificates):
    public_key = cluster_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private_pem = cluster_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    everything = ["get", "list", "set"]
    return {
        "tenants": [{"id": TENANT, "domain": "contoso.example"}, {"id": OTHER_TENANT}],
        "identities": [
            {"name": "machine", "kind": "system", **MACHINE},
            {"name": "named", "kind": "user", **NAMED},
        ],
        "app_registrations": [
            {
                **APP,
                "secrets": [APP_SECRET],
                "certificates": [certificates.registered],
                "federated": [
                    {"issuer": ISSUER, "subject": SUBJECT, "pem": public_key.decode()},
                    {"issuer": PIPELINES_ISSUER, "subject": "sc://contoso/shop/azure"},
                    {"issuer": EMULATOR_ISSUER, "subject": SUBJECT},
                ],
            },
            {
                **FACTORY_APP,
                "trusted_subjects": [{"name": FACTORY_SUBJECT, "issuer": certificates.authority}],
            },
            {**STRANGER, "secrets": [APP_SECRET]},
        ],
        "users": [{**ADA, "password": ADA_PASSWORD}],
        "vaults": [
            {
                "name": "contoso",
                "secrets": {
                    "db-password": "s3cr3t",
                    "old": {"value": "gone", "enabled": False},
                    "labelled": {
                        "value": "v",
                        "content_type": "text/plain",
                        "tags": {"env": "prod"},
                        "expires": 1,
                    },
                },
                "access": [
                    {"principal": who["object_id"], "secrets": everything}
                    for who in (MACHINE, NAMED, APP, FACTORY_APP, ADA)
                ],
            },
            {
                "name": "crowded",
                "secrets": {f"s{n:03}": "x" for n in range(120)},
                "access": [{"principal": MACHINE["object_id"], "secrets": everything}],
            },
            {
                "name": "workshop",
                "access": [{"principal": MACHINE["object_id"], "roles": ["Key Vault Secrets Officer"]}],
                "secrets": {"served": {"value": "PFX", "content_type": PKCS12, "certificate": True}},
                "soft_delete": {step: {"polls": 1} for step in ("delete", "recover", "purge")},
            },
            {
                "name": "strict",
                "access": [{"principal": MACHINE["object_id"], "roles": ["Key Vault Administrator"]}],
                "location": "australiaeast",
                "soft_delete": {"retention_days": 7, "purge_protection": True},
            },
            {
                "name": "legacy",
                "access": [{"principal": MACHINE["object_id"], "roles": ["Key Vault Secrets Officer"]}],
                "soft_delete": {"retention_days": None},
            },
            {
                "name": "safe",
                "keys": {"given": {"pem": private_pem.decode()}},
                "access": [
                    {"principal": MACHINE["object_id"], "roles": ["Key Vault Crypto Officer"]},
                    # It cannot read public keys, so that its client can do nothing by itself.
                    {
                        "principal": NAMED["object_id"],
                        "keys": ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
                    },
                ],
                "soft_delete": {step: {"polls": 1} for step in ("delete", "recover", "purge")},
            },
            {"name": "policies", "rbac": False, "secrets": {"db-password": "s3cr3t"}},
            {"name": "walled", "network": {"firewall": []}, "secrets": {"db-password": "s3cr3t"}},
            {"name": "elsewhere", "tenant": OTHER_TENANT, "secrets": {"db-password": "s3cr3t"}},
        ],
    }
