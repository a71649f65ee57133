"""Starts the local Azure for Python programs of this repository, and stops it with them."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any


class Emulator:
    """The emulator as a child process. `NIGHTLATCH_EMULATOR` names its binary."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name)
        (path / "config.json").write_text(json.dumps(config))
        command = [os.environ["NIGHTLATCH_EMULATOR"], "--stop-with-stdin"]
        command += ["--config", str(path / "config.json"), "--ca", str(path / "ca.pem")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.ready: dict[str, Any] = json.loads(self._process.stdout.readline())
        """All that it says of itself."""
        self.http: str = self.ready["http"]
        self.ca: str = self.ready["ca"]

    def environment(self) -> dict[str, str]:
        """What a program needs to reach the emulator by the real names of hosts, as on App Service."""
        return {
            "HTTPS_PROXY": self.http,
            "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": self.ca,
            "IDENTITY_ENDPOINT": f"{self.http}/msi/token",
            "IDENTITY_HEADER": "emulator-identity-header",
        }

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Calls an administration endpoint and reads its answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.http}/_emulator/{path}", data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def __enter__(self) -> Emulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()
        self._folder.cleanup()
