"""A world in memory for tests: scripted HTTP, files and programs, and a clock that is a variable. Private.

A `World` answers whatever the engine asks, by functions that a test supplies. Time is virtual: for callers
in threads a delay moves the clock on; on a `VirtualLoop` everybody sleeps as usual, and when nobody has
anything to do the clock jumps to the next wake-up. An hour of back-off takes no time, and many callers may
be under way at once.

::

    world = World(lambda request: Answer(200, body=b"{}", delay=0.1))
    client = nightlatch.SecretClient(url, credential, _host=world.host())
    asyncio_client = nightlatch.aio.SecretClient(url, credential, _host=world.async_host())
    world.run(main(asyncio_client))
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ._host.environment import Host
from ._host.faults import TransportError
from ._host.refresher import Term
from ._native import ManualClock

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Answer", "Content", "ManualClock", "Page", "Ran", "Request", "VirtualLoop", "World"]

T = TypeVar("T")
BEGINNING_MS = 1_793_000_000_000
"""Civil time at the beginning of a world: October 2026."""


class Request(NamedTuple):
    """An HTTP request that the engine asked for."""

    at_ms: int
    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    timeout: float
    direct: bool
    trust: tuple[bytes | None, str | None, str | None] | None = None
    """What its server is trusted for, if not what the network's configuration says."""


class Content(NamedTuple):
    """A file's content."""

    data: bytes
    shared: bool = False
    """Whether others than its owner may read it."""
    link: bool = False
    """Whether it is a symbolic link."""


class Page(NamedTuple):
    """What the browser brings after `delay` seconds: the form, in which ``$state`` stands for the state that
    it was sent out with, or the fault of that name."""

    form: str = ""
    delay: float = 0.0
    fault: str | None = None


@dataclass
class Answer:
    """The answer to a request: after `delay` seconds, a response or the fault of that name."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    delay: float = 0.0
    fault: str | None = None


@dataclass
class Ran:
    """The end of a program: after `delay` seconds, its status and outputs or the fault of that name."""

    status: int | None = 0
    stdout: bytes = b""
    stderr: bytes = b""
    delay: float = 0.0
    fault: str | None = None


class World:
    """Everything that surrounds an engine.

    :param http: answers a request, perhaps with a fault
    :param files: contents by path, ``None`` for a file that may not be read; others do not exist
    :param commands: answers an argument list; without it no program exists
    :param browser: answers a page's URL; without it there is no browser
    :param environment: the variables
    :param platform: ``linux``, ``windows``, ``macos`` or ``other``
    """

    def __init__(
        self,
        http: Callable[[Request], Answer] | None = None,
        *,
        files: Mapping[str, bytes | Content | None] | None = None,
        commands: Callable[[Sequence[str]], Ran] | None = None,
        browser: Callable[[str], Page] | None = None,
        environment: Mapping[str, str] | None = None,
        platform: str = "linux",
    ) -> None:
        self.clock = ManualClock(0, BEGINNING_MS)
        self.requests: list[Request] = []
        self.http = http
        self.files = dict(files or {})
        self.commands = commands
        self.browser = browser
        self.told: list[str] = []
        self.drawn = 0
        """Random bytes given so far: 0, 1, 2, … and 0 again after 255."""
        self.environment = dict(environment or {})
        self.platform = platform
        self._sleepers: dict[Term, float] = {}
        self._came = threading.Condition()

    def advance(self, seconds: float) -> None:
        """Moves the clock on, and waits until every thread in the background has done what was due."""
        self.clock.advance(round(seconds * 1000))
        with self._came:
            due = [term for term, end in self._sleepers.items() if end <= self.clock.monotonic_ms]
            for term in due:
                del self._sleepers[term]
                with term.changed:
                    term.changed.notify_all()
            self._came_to(lambda: all(term in self._sleepers for term in due))

    def asleep(self) -> None:
        """Waits until a thread in the background sleeps."""
        with self._came:
            self._came_to(lambda: bool(self._sleepers))

    def _came_to(self, true: Callable[[], bool]) -> None:
        if not self._came.wait_for(true, 10):
            raise RuntimeError("a thread in the background does not come back")

    def _sleep(self, term: Term, seconds: float) -> None:
        with self._came:
            self._sleepers[term] = self.clock.monotonic_ms + seconds * 1000
            self._came.notify_all()
        with term.changed:
            term.changed.wait_for(lambda: term.is_over or term not in self._sleepers)
        with self._came:
            self._sleepers.pop(term, None)

    def host(self) -> Host:
        """For callers in threads; a delay moves the clock on."""
        return self._host(_Blocking(self))

    def async_host(self) -> Host:
        """For callers on a `VirtualLoop`."""
        return self._host(_Awaiting(self))

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on a `VirtualLoop` of this world's clock."""
        loop = VirtualLoop(self.clock)
        try:
            return loop.run_until_complete(main)
        finally:
            loop.close()

    def _host(self, means: Any) -> Host:
        return _Host(
            self,
            environment=self.environment,
            platform=self.platform,
            clock=self.clock,
            transport=means,
            files=means,
            commands=means,
            people=means,
            trusting=means,
        )

    def _ask(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        timeout: float,
        direct: bool,
        trust: Any,
    ) -> Answer:
        request = Request(self.clock.monotonic_ms, method, url, dict(headers), body, timeout, direct, trust)
        self.requests.append(request)
        return Answer(fault="connect") if self.http is None else self.http(request)

    def _content(self, path: str) -> Content:
        if path not in self.files:
            raise TransportError("not_found")
        content = self.files[path]
        if content is None:
            raise TransportError("permission_denied")
        return content if isinstance(content, Content) else Content(content)

    def _read(self, path: str, limit: int, plain: bool) -> tuple[bytes, bool]:
        content = self._content(path)
        if plain and content.link:
            raise TransportError("not_plain")
        if len(content.data) > limit:
            raise TransportError("too_large")
        return content.data, content.shared

    def _browse(self, url: str) -> Page:
        return Page(fault="unavailable") if self.browser is None else self.browser(url)

    def _run(self, argv: Sequence[str]) -> Ran:
        return Ran(fault="not_found") if self.commands is None else self.commands(argv)


class _Host(Host):
    def __init__(self, world: World, **means: Any) -> None:
        super().__init__(**means)
        self._world = world

    def pause(self, term: Term, seconds: float) -> None:
        """Sleeps on the world's clock."""
        self._world._sleep(term, seconds)

    def random(self, length: int) -> bytes:
        """Bytes that are known beforehand."""
        drawn, self._world.drawn = self._world.drawn, self._world.drawn + length
        return bytes(at % 256 for at in range(drawn, drawn + length))


class _Means:
    """All that a host is made of. `by` gives the same, for a server that is trusted for one thing only."""

    def __init__(self, world: World, trust: Any = None) -> None:
        self._world = world
        self._trust = trust

    def by(self, trust: Any) -> Self:
        return type(self)(self._world, trust)

    def tell(self, message: str) -> None:
        self._world.told.append(message)

    def abandon(self, number: int) -> None:
        """What nobody waits for ends by itself."""


class _Blocking(_Means):
    def send(
        self, method: str, url: str, headers: Any, body: bytes, *, timeout: float, direct: bool
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        answer = self._world._ask(method, url, headers, body, timeout, direct, self._trust)
        self._pass(answer.delay, timeout)
        return _response(answer)

    def read(self, path: str, limit: int, plain: bool) -> tuple[bytes, bool]:
        return self._world._read(path, limit, plain)

    def run(self, argv: Sequence[str], env: Any, timeout: float) -> tuple[int | None, bytes, bytes]:
        ran = self._world._run(argv)
        self._pass(ran.delay, timeout)
        return _ran(ran)

    def browse(self, number: int, url: str, port: int | None, state: str, timeout: float) -> tuple[str, str]:
        page = self._world._browse(url)
        self._pass(page.delay, timeout)
        return _came_back(page, port, state)

    def _pass(self, delay: float, timeout: float) -> None:
        self._world.clock.advance(round(min(delay, timeout) * 1000))
        if delay > timeout:
            raise TransportError("timeout")


class _Awaiting(_Means):
    async def send(
        self, method: str, url: str, headers: Any, body: bytes, *, timeout: float, direct: bool
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        answer = self._world._ask(method, url, headers, body, timeout, direct, self._trust)
        await self._pass(answer.delay, timeout)
        return _response(answer)

    async def read(self, path: str, limit: int, plain: bool) -> tuple[bytes, bool]:
        return self._world._read(path, limit, plain)

    async def run(self, argv: Sequence[str], env: Any, timeout: float) -> tuple[int | None, bytes, bytes]:
        ran = self._world._run(argv)
        await self._pass(ran.delay, timeout)
        return _ran(ran)

    async def browse(
        self, number: int, url: str, port: int | None, state: str, timeout: float
    ) -> tuple[str, str]:
        page = self._world._browse(url)
        await self._pass(page.delay, timeout)
        return _came_back(page, port, state)

    async def _pass(self, delay: float, timeout: float) -> None:
        if delay or timeout <= 0:
            await asyncio.sleep(min(delay, timeout))
        if delay > timeout:
            raise TransportError("timeout")


def _response(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    if answer.fault:
        raise TransportError(answer.fault)
    return answer.status, answer.headers, answer.body


def _ran(ran: Ran) -> tuple[int | None, bytes, bytes]:
    if ran.fault:
        raise TransportError(ran.fault)
    return ran.status, ran.stdout, ran.stderr


def _came_back(page: Page, port: int | None, state: str) -> tuple[str, str]:
    if page.fault:
        raise TransportError(page.fault)
    return f"http://localhost:{port or 8400}", page.form.replace("$state", state)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is a `ManualClock`: instead of sleeping, it moves the clock on.

    Whatever it waits for must be on the loop itself; a thread at work would find time jumping.
    """

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(_JumpingSelector(clock))
        self._clock = clock
        self._clock_resolution = 0.0005

    def time(self) -> float:
        """Seconds of the virtual clock."""
        return self._clock.monotonic_ms / 1000


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            # Only a thread could still wake this loop.
            ready = super().select(5.0)
            if not ready:
                raise RuntimeError("everybody waits, and nothing will ever happen")
            return ready
        ready = super().select(0)
        if not ready and timeout > 0:
            self._clock.advance(max(1, round(timeout * 1000)))
        return ready
