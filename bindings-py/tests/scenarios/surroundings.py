"""The world of a scenario: the first rule that fits and is not used up answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nightlatch._host.faults import TransportError
from nightlatch._testing import Answer, Ran, Request, World

DELAY_MS = 10
"""What an answer takes where the scenario does not say."""


class Surroundings(World):
    """Answers by rules, and keeps what was asked."""

    def __init__(self, described: dict[str, Any]) -> None:
        super().__init__(
            self._by_rule,
            commands=self._by_command,
            environment=described.get("environment"),
            platform=described["platform"],
        )
        self._rules = described
        self._used: dict[int, int] = {}
        self.commands_run: list[str] = []
        self.files_read: list[str] = []
        self.complaints: list[str] = []

    def _by_rule(self, request: Request) -> Answer:
        for rule in self._rules.get("http", []):
            if _fits(rule, request) and self._take(rule):
                reply = rule.get("reply", {})
                body = json.dumps(reply["json"]) if "json" in reply else reply.get("text") or ""
                return Answer(
                    reply.get("status", 0),
                    list(reply.get("headers", {}).items()),
                    body.encode(),
                    _seconds(rule),
                    rule.get("fault"),
                )
        self.complaints.append(f"no rule answers {request.method} {request.url}")
        return Answer(fault="other")

    def _by_command(self, argv: Sequence[str]) -> Ran:
        self.commands_run.append(" ".join(argv))
        for rule in self._rules.get("commands", []):
            if list(argv[: len(rule["argv"])]) == rule["argv"] and self._take(rule):
                stdout = rule.get("stdout", "")
                text = stdout if isinstance(stdout, str) else json.dumps(stdout)
                return Ran(
                    rule.get("status", 0),
                    text.encode(),
                    rule.get("stderr", "").encode(),
                    _seconds(rule),
                    rule.get("fault"),
                )
        return Ran(fault="not_found")

    def _read(self, path: str, limit: int) -> bytes:
        self.files_read.append(path)
        rules = self._rules.get("files", {}).get(path, [])
        if isinstance(rules, str):
            return rules.encode()
        for rule in rules:
            if self._take(rule):
                if fault := rule.get("fault"):
                    raise TransportError(fault)
                return str(rule.get("text", "")).encode()
        raise TransportError("not_found")

    def _take(self, rule: dict[str, Any]) -> bool:
        used = self._used.get(id(rule), 0)
        if used >= rule.get("times", used + 1):
            return False
        self._used[id(rule)] = used + 1
        return True


def _seconds(rule: dict[str, Any]) -> float:
    return rule.get("delay", DELAY_MS) / 1000


def _fits(rule: dict[str, Any], request: Request) -> bool:
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.body.decode()
    return (
        rule.get("method", request.method) == request.method
        and rule.get("url", request.url) == request.url
        and request.url.startswith(rule.get("url_prefix", ""))
        and all(
            name in headers and value in ("*", headers[name])
            for name, value in ((n.lower(), v) for n, v in rule.get("headers", {}).items())
        )
        and not any(name.lower() in headers for name in rule.get("no_headers", []))
        and all(part in body for part in rule.get("body_contains", []))
        and not any(part in body for part in rule.get("body_lacks", []))
    )
