"""Lists that come page by page, awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Generic, TypeVar

from .._replies import Page
from ..errors import NightlatchError

T = TypeVar("T")


class AsyncPageIterator(Generic[T]):
    """The pages of a list, each an async iterator over its items. A page may be empty although others
    follow."""

    continuation_token: str | None
    """What `AsyncItemPaged.by_page` takes to go on after the last page that was fetched."""

    def __init__(
        self, fetch: Callable[[str | None], Awaitable[Page[T]]], continuation_token: str | None = None
    ) -> None:
        self._fetch = fetch
        self._begun = False
        self.continuation_token = continuation_token

    def __aiter__(self) -> AsyncPageIterator[T]:
        return self

    async def __anext__(self) -> AsyncIterator[T]:
        return _each(await self._next())

    async def _next(self) -> list[T]:
        if self._begun and self.continuation_token is None:
            raise StopAsyncIteration
        try:
            items, self.continuation_token = await self._fetch(self.continuation_token)
        except NightlatchError as error:
            error.continuation_token = self.continuation_token
            raise
        self._begun = True
        return items


class AsyncItemPaged(Generic[T]):
    """A list of the vault's, fetched page by page while it is iterated over.

    Nothing is asked before the first item is. An error ends no iteration: the next item asks for the same
    page again.
    """

    def __init__(self, fetch: Callable[[str | None], Awaitable[Page[T]]]) -> None:
        self._fetch = fetch
        self._pages = AsyncPageIterator(fetch)
        self._items: Iterator[T] = iter(())

    def by_page(self, continuation_token: str | None = None) -> AsyncPageIterator[T]:
        """The same list as pages.

        :param continuation_token: where to go on, from `AsyncPageIterator.continuation_token` or an error's
        """
        return AsyncPageIterator(self._fetch, continuation_token)

    def __aiter__(self) -> AsyncItemPaged[T]:
        return self

    async def __anext__(self) -> T:
        while True:
            for item in self._items:
                return item
            self._items = iter(await self._pages._next())


async def _each(items: list[T]) -> AsyncIterator[T]:
    for item in items:
        yield item
