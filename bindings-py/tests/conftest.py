"""A vault and an identity provider in memory, whose clock is a variable."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import nightlatch
import pytest
from nightlatch import aio
from nightlatch._testing import Answer, Request, World

URL = "https://contoso.vault.azure.net"
TENANT = "11111111-1111-4111-8111-111111111111"
APP = "44444444-4444-4444-8444-444444444444"
VALUE = "hunter2-value"
SECRET = "hunter2-client-secret"


class Cloud:
    """Answers token and secret requests; `hook` may answer a request first, or hold it up."""

    def __init__(self) -> None:
        self.world = World(self.answer)
        self.versions: Counter[str] = Counter()
        self.value = VALUE
        self.hook: Callable[[Request], Answer | None] = lambda _: None
        self.lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        if answer := self.hook(request):
            return answer
        if "/oauth2/" in request.url:
            return reply({"token_type": "Bearer", "expires_in": 86_400, "access_token": "hunter2-token"})
        name = request.url.split("/secrets/")[1].split("/")[0].split("?")[0]
        version = f"{self.versions[name]:032x}"
        return reply({
            "value": self.value,
            "id": f"{URL}/secrets/{name}/{version}",
            "contentType": "text/plain",
            "tags": {"team": "shop"},
            "attributes": {
                "enabled": True, "created": 1_700_000_000, "updated": 1_700_000_001, "exp": 1_900_000_000,
                "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90,
            },
        })  # fmt: skip

    def asked(self, part: str) -> int:
        """How many requests had this in their URL."""
        return sum(part in request.url for request in self.world.requests)

    def credential(self, **options: Any) -> nightlatch.ClientSecretCredential:
        return nightlatch.ClientSecretCredential(TENANT, APP, SECRET, **options)

    def client(self, credential: Any = None, **options: Any) -> nightlatch.SecretClient:
        options.setdefault("_host", self.world.host())
        return nightlatch.SecretClient(URL, credential or self.credential(), **options)

    def aio_client(self, credential: Any = None, **options: Any) -> aio.SecretClient:
        options.setdefault("_host", self.world.async_host())
        credential = credential or aio.ClientSecretCredential(TENANT, APP, SECRET)
        return aio.SecretClient(URL, credential, **options)

    def advance(self, seconds: float) -> None:
        self.world.advance(seconds)


def reply(body: Any, status: int = 200) -> Answer:
    return Answer(status, [("content-type", "application/json")], json.dumps(body).encode())


def refusal(status: int, code: str, inner: str | None = None, message: str = "No.") -> Answer:
    error: dict[str, Any] = {"code": code, "message": message}
    if inner:
        error["innererror"] = {"code": inner}
    return reply({"error": error}, status)


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()
