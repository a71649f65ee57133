"""Our client assertions, judged by an OpenID-certified provider that we did not write (`tests/oidc`)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nightlatch
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .conftest import REPOSITORY

pytestmark = pytest.mark.e2e

PASSWORD = "correct horse"
SCOPE = "https://vault.azure.net/.default"
VERIFIER = REPOSITORY / "tests" / "oidc"


class Verifier:
    """A running provider, and the files of its client."""

    def __init__(self, folder: Path, ready: dict[str, str]) -> None:
        self.folder = folder
        self.authority = ready["authority"]
        self.tenant = ready["tenant"]
        self.pem, self.pfx = folder / "app.pem", folder / "app.pfx"

    def credential(self, client_id: str, family: Any = nightlatch, **options: Any) -> Any:
        return family.CertificateCredential(
            self.tenant, client_id, authority=self.authority,
            connection_verify=str(self.folder / "tls.crt"), retry_total=0, **options,
        )  # fmt: skip

    def signer(self) -> Callable[[bytes, str], bytes]:
        """A key that nightlatch never sees."""
        loaded = serialization.load_pem_private_key((self.folder / "app.key").read_bytes(), None)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        key = loaded

        def sign(message: bytes, algorithm: str) -> bytes:
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
            way = {"PS256": pss, "RS256": padding.PKCS1v15()}[algorithm]
            return key.sign(message, way, hashes.SHA256())

        return sign


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verifier]:
    if not (VERIFIER / "node_modules").exists():
        pytest.skip("no verifier: run `npm ci` in tests/oidc, as `make test` does")
    folder = tmp_path_factory.mktemp("oidc")
    for name, more in (("app", ()), ("tls", ("-addext", "subjectAltName=DNS:localhost"))):
        openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/CN=localhost", *more,
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt",
        )  # fmt: skip
        both = [(folder / f"{name}.{ending}").read_text() for ending in ("key", "crt")]
        (folder / f"{name}.pem").write_text("".join(both))
    openssl(
        "pkcs12", "-export", "-in", folder / "app.pem", "-out", folder / "app.pfx",
        "-passout", f"pass:{PASSWORD}",
    )  # fmt: skip
    process = subprocess.Popen(
        ["node", VERIFIER / "provider.mjs", folder / "app.crt", folder / "tls.pem"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Verifier(folder, json.loads(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
@pytest.mark.parametrize("form", ["pem", "two files", "pfx", "signing function"])
def test_assertions_are_accepted(verifier: Verifier, form: str, algorithm: str) -> None:
    given: dict[str, dict[str, Any]] = {
        "pem": {"certificate_path": str(verifier.pem)},
        "two files": {
            "certificate_path": str(verifier.folder / "app.crt"),
            "key_path": str(verifier.folder / "app.key"),
        },
        "pfx": {"certificate_data": verifier.pfx.read_bytes(), "password": PASSWORD},
        "signing function": {
            "certificate_path": str(verifier.folder / "app.crt"),
            "signing_key": verifier.signer(),
        },
    }
    credential = verifier.credential(algorithm.lower(), algorithm=algorithm, **given[form])
    assert credential.get_token(SCOPE).token


def test_the_verifier_can_say_no(verifier: Verifier) -> None:
    def forged(message: bytes, algorithm: str) -> bytes:
        signature = bytearray(verifier.signer()(message, algorithm))
        signature[0] ^= 1
        return bytes(signature)

    wrong = {"certificate_path": str(verifier.folder / "app.crt"), "signing_key": forged}
    with pytest.raises(nightlatch.ClientAuthenticationError):
        verifier.credential("ps256", algorithm="PS256", **wrong).get_token(SCOPE)
    with pytest.raises(nightlatch.ClientAuthenticationError):
        verifier.credential("ps256", certificate_path=str(verifier.pem), algorithm="RS256").get_token(SCOPE)
