"""Reaches the person in front of this machine: a line on the terminal, a page in the browser."""

from __future__ import annotations

import http.server
import sys
import threading
import time
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from .faults import TransportError

FORM_LIMIT = 64 * 1024
"""Bytes read of what a browser brings."""
_LOOK_SECONDS = 0.5
_PAGE = """<!doctype html><meta charset="utf-8"><title>{0}</title>
<body style="font:1.2em sans-serif;margin:4em"><h1>{0}</h1><p>{1}</p>"""


class People:
    """Replaceable: anything with these methods will do.

    :param open_page: opens a URL and says whether it could; the standard library's `webbrowser` by default
    """

    def __init__(self, open_page: Any = None) -> None:
        self._open = open_page
        self._waits: dict[int, threading.Event] = {}

    def tell(self, message: str) -> None:
        """Shows a line to whoever runs the program."""
        print(message, file=sys.stdout, flush=True)

    def browse(self, number: int, url: str, port: int | None, state: str, timeout: float) -> tuple[str, str]:
        """Opens a page and waits until the browser comes back to a listener on the loopback address.

        :param number: names this wait for `abandon`
        :param url: the page; ``{redirect_uri}`` in it stands for the listener's address
        :param port: the listener's port; any if ``None``
        :param state: what the coming back must carry; anything else is refused and not waited for
        :param timeout: seconds to wait
        :returns: the listener's address, and the query or form that the browser brought
        :raises TransportError: ``timeout``, ``connect`` (the port is taken), ``unavailable`` (no browser), or
            ``interrupted``
        """
        try:
            server = _Listener(("127.0.0.1", port or 0), state)
        except OSError as why:
            raise TransportError("connect", f"port {port}: {why.strerror}") from why
        unwanted = self._waits[number] = threading.Event()
        try:
            return self._wait(server, url, timeout, unwanted)
        finally:
            server.server_close()
            del self._waits[number]

    def abandon(self, number: int) -> None:
        """Nobody waits for that browser any more."""
        if unwanted := self._waits.get(number):
            unwanted.set()

    def _wait(
        self, server: _Listener, url: str, timeout: float, unwanted: threading.Event
    ) -> tuple[str, str]:
        redirect_uri = f"http://localhost:{server.server_port}"
        if not self._open_page(url.replace("{redirect_uri}", quote(redirect_uri, safe=""))):
            raise TransportError("unavailable", "no browser could be opened")
        end = time.monotonic() + timeout
        while server.answer is None:
            left = end - time.monotonic()
            if left <= 0:
                raise TransportError("timeout")
            if unwanted.is_set():
                raise TransportError("interrupted")
            server.timeout = min(left, _LOOK_SECONDS)
            server.handle_request()
        return redirect_uri, server.answer

    def _open_page(self, url: str) -> bool:
        if self._open is not None:
            return bool(self._open(url))
        import webbrowser

        return webbrowser.open(url)


class _Listener(http.server.HTTPServer):
    def __init__(self, address: tuple[str, int], state: str) -> None:
        self.state = state
        self.answer: str | None = None
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Listener
    timeout = 5.0
    server_version = "nightlatch"
    sys_version = ""

    def do_GET(self) -> None:
        """The browser comes back with a query."""
        self._take(urlsplit(self.path).query)

    def do_POST(self) -> None:
        """The browser comes back with a form."""
        length = int(self.headers.get("content-length") or 0)
        if length > FORM_LIMIT:
            self.send_error(413)
            return
        self._take(self.rfile.read(length).decode("ascii", "replace"))

    def _take(self, answer: str) -> None:
        given = parse_qs(answer)
        if given.get("state") != [self.server.state]:
            # A favicon, or another program on this machine that guesses.
            self.send_error(400, "Not the answer that is waited for")
            return
        self.server.answer = answer
        page = _PAGE.format(
            *(
                ("Sign-in failed", "Go back to the program to see why.")
                if "error" in given
                else ("Signed in", "You may close this page.")
            )
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(page)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:
        """What a browser brings is a secret: nothing is written."""
