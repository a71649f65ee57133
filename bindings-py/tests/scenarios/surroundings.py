"""The world of a scenario: the first rule that fits and is not used up answers."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from nightlatch._host.faults import TransportError
from nightlatch._testing import Answer, Content, Page, Ran, Request, World

DELAY_MS = 10
"""What an answer takes where the scenario does not say."""


class StepError(Exception):
    """What a function of the user's raises."""


class Surroundings(World):
    """Answers by rules, and keeps what was asked."""

    def __init__(self, described: dict[str, Any]) -> None:
        super().__init__(
            self._by_rule,
            commands=self._by_command,
            browser=self._by_page,
            environment=described.get("environment"),
            platform=described["platform"],
        )
        self._rules = described
        self._used: dict[int, int] = {}
        self.commands_run: list[str] = []
        self.files_read: list[str] = []
        self.complaints: list[str] = []
        self.signatures: list[str] = []
        self.prompts: list[str] = []
        self.pages: list[str] = []
        self.steps: list[str] = []

    def hands(self, awaited: bool) -> dict[str, Callable[..., Any]]:
        """The user's functions, by the settings that take them; for asyncio they are awaited."""

        def of(kind: str, note: Callable[..., None], read: Callable[[str], Any]) -> Callable[..., Any]:
            def blocking(*arguments: Any) -> Any:
                note(*arguments)
                rule = self._by_hand(kind)
                self.clock.advance(rule.get("delay", DELAY_MS))
                return read(_answer(rule))

            async def waiting(*arguments: Any) -> Any:
                note(*arguments)
                rule = self._by_hand(kind)
                await asyncio.sleep(_seconds(rule))
                return read(_answer(rule))

            return waiting if awaited else blocking

        return {
            "signing_key": of("signatures", lambda _, name: self.signatures.append(name), str.encode),
            "assertion": of("assertions", lambda: None, str),
            "prompt": of("prompts", lambda page, code, _: self.prompts.append(f"{code} at {page}"), str),
        }

    def functions(self, awaited: bool, slots: bool) -> dict[str, Callable[..., Any]]:
        """What rotates a secret; for asyncio they are awaited."""

        def of(step: str) -> Callable[..., Any]:
            def begin(arguments: tuple[str, ...]) -> dict[str, Any]:
                slot = arguments[-1] if slots else None
                value = None if step == "make" else arguments[0]
                assert len(arguments) == slots + (step != "make")
                self.steps.append(f"{step} {slot}" if slot else step)
                for rule in self._rules.get("steps", []):
                    fits = rule["step"] == step and rule.get("value", value) == value
                    if fits and rule.get("slot", slot) == slot and self._take(rule):
                        return dict(rule)
                self.complaints.append(f"no rule answers {self.steps[-1]} with {value}")
                return {"fault": "other"}

            def end(rule: dict[str, Any]) -> Any:
                if rule.get("fault", "refused") != "refused":
                    raise StepError("as the scenario says")
                return rule["text"] if step == "make" else "fault" not in rule

            def blocking(*arguments: str) -> Any:
                rule = begin(arguments)
                self.clock.advance(rule.get("delay", DELAY_MS))
                return end(rule)

            async def waiting(*arguments: str) -> Any:
                rule = begin(arguments)
                await asyncio.sleep(_seconds(rule))
                return end(rule)

            return waiting if awaited else blocking

        return {step: of(step) for step in ("make", "apply", "verify")}

    def _by_hand(self, kind: str) -> dict[str, Any]:
        for rule in self._rules.get(kind, []):
            if self._take(rule):
                return dict(rule)
        if kind != "prompts":
            self.complaints.append(f"no rule answers for {kind}")
        return {}

    def _by_page(self, url: str) -> Page:
        self.pages.append(url)
        for rule in self._rules.get("browser", []):
            if self._take(rule):
                return Page(rule.get("text", ""), _seconds(rule), rule.get("fault"))
        self.complaints.append(f"no rule answers the page {url}")
        return Page(fault="other")

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

    def _content(self, path: str) -> Content:
        self.files_read.append(path)
        rules = self._rules.get("files", {}).get(path, [])
        if isinstance(rules, str):
            return Content(rules.encode())
        for rule in rules:
            if self._take(rule):
                if fault := rule.get("fault"):
                    raise TransportError(fault)
                coded = rule.get("base64")
                data = base64.b64decode(coded) if coded else rule.get("text", "").encode()
                return Content(data, rule.get("shared", False), rule.get("link", False))
        raise TransportError("not_found")

    def _take(self, rule: dict[str, Any]) -> bool:
        used = self._used.get(id(rule), 0)
        if used >= rule.get("times", used + 1):
            return False
        self._used[id(rule)] = used + 1
        return True


def _seconds(rule: dict[str, Any]) -> float:
    return rule.get("delay", DELAY_MS) / 1000


def _answer(rule: dict[str, Any]) -> str:
    if fault := rule.get("fault"):
        raise TransportError(fault, "as the scenario says")
    return str(rule.get("text", ""))


def _fits(rule: dict[str, Any], request: Request) -> bool:
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.body.decode()
    sha1, roots, server_name = request.trust or (None, None, None)
    way = "pinned" if sha1 else "private" if roots else "direct" if request.direct else "ordinary"
    trust = sha1.hex() if sha1 else roots
    return (
        rule.get("route", way) == way
        and rule.get("trust", trust) == trust
        and rule.get("server_name", server_name) == server_name
        and rule.get("method", request.method) == request.method
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
