"""People in front of this machine: the line they read, and the browser that comes back."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import nightlatch
import pytest
from nightlatch._host.people import People

PAGE = "https://login.example/authorize?redirect_uri={redirect_uri}&state=right"


def visiting(visit: Callable[[str], Any]) -> tuple[People, Callable[[], Any]]:
    """People whose browser does `visit` with the address that it is to come back to; and what came of that."""
    seen: Future[Any] = Future()

    def browser(url: str) -> bool:
        back = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["redirect_uri"][0]

        def run() -> None:
            seen.set_result(visit(back.replace("localhost", "127.0.0.1")))

        threading.Thread(target=run, daemon=True).start()
        return True

    return People(browser), lambda: seen.result(10)


def ask(url: str, form: bytes | None = None) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, form, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as why:
        return why.code, why.read().decode()


def kind(call: Callable[[], object]) -> str:
    with pytest.raises(nightlatch.TransportError) as caught:
        call()
    return caught.value.kind


def test_a_line_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    People().tell("open the page")
    assert capsys.readouterr().out == "open the page\n"


@pytest.mark.parametrize("posted", [True, False])
def test_the_browser_comes_back(posted: bool, capfd: pytest.CaptureFixture[str]) -> None:
    def visit(back: str) -> list[tuple[int, str]]:
        # What browsers and neighbours send besides: none of it is the answer.
        besides = [
            ask(f"{back}/favicon.ico"),
            ask(f"{back}/?code=theirs&state=wrong"),
            ask(back, b"state=wrong"),
        ]
        answer = b"code=hunter2&state=right"
        last = ask(back, answer) if posted else ask(f"{back}/?{answer.decode()}")
        return [*besides, last]

    people, seen = visiting(visit)
    redirect_uri, answer = people.browse(1, PAGE, None, "right", 10)
    assert redirect_uri.startswith("http://localhost:")
    assert answer == "code=hunter2&state=right"
    pages = seen()
    assert [status for status, _ in pages] == [400, 400, 400, 200]
    assert "Signed in" in pages[-1][1]
    assert "hunter2" not in pages[-1][1] + "".join(capfd.readouterr())


def test_a_refusal_is_an_answer_too() -> None:
    people, seen = visiting(lambda back: ask(f"{back}/?error=access_denied&state=right"))
    assert people.browse(1, PAGE, None, "right", 10)[1] == "error=access_denied&state=right"
    assert "failed" in seen()[1]


def test_waits_end() -> None:
    assert kind(lambda: People(lambda _: True).browse(1, PAGE, None, "s", 0.02)) == "timeout"
    assert kind(lambda: People(lambda _: False).browse(1, PAGE, None, "s", 5)) == "unavailable"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert kind(lambda: People(lambda _: True).browse(1, PAGE, port, "s", 5)) == "connect"


def test_a_browser_that_nobody_waits_for_is_given_up() -> None:
    people = People(lambda _: bool(people.abandon(1) or True))
    assert kind(lambda: people.browse(1, PAGE, None, "s", 60)) == "interrupted"
    people.abandon(1)


def test_a_form_has_a_limit() -> None:
    def visit(back: str) -> tuple[int, str]:
        large = ask(back, b"state=right&code=" + b"a" * 100_000)
        ask(f"{back}/?code=1&state=right")
        return large

    people, seen = visiting(visit)
    assert people.browse(1, PAGE, None, "right", 10)[1] == "code=1&state=right"
    assert seen()[0] == 413
