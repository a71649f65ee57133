"""Lists that come page by page, for callers that wait in their own thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from ._replies import Page
from .errors import NightlatchError

T = TypeVar("T")


class PageIterator(Generic[T]):
    """The pages of a list, each an iterator over its items. A page may be empty although others follow."""

    continuation_token: str | None
    """What `ItemPaged.by_page` takes to go on after the last page that was fetched."""

    def __init__(self, fetch: Callable[[str | None], Page[T]], continuation_token: str | None = None) -> None:
        self._fetch = fetch
        self._begun = False
        self.continuation_token = continuation_token

    def __iter__(self) -> PageIterator[T]:
        return self

    def __next__(self) -> Iterator[T]:
        if self._begun and self.continuation_token is None:
            raise StopIteration
        try:
            items, self.continuation_token = self._fetch(self.continuation_token)
        except NightlatchError as error:
            error.continuation_token = self.continuation_token
            raise
        self._begun = True
        return iter(items)


class ItemPaged(Generic[T]):
    """A list of the vault's, fetched page by page while it is iterated over.

    Nothing is asked before the first item is. An error ends no iteration: the next item asks for the same
    page again.
    """

    def __init__(self, fetch: Callable[[str | None], Page[T]]) -> None:
        self._fetch = fetch
        self._pages = PageIterator(fetch)
        self._items: Iterator[T] = iter(())

    def by_page(self, continuation_token: str | None = None) -> PageIterator[T]:
        """The same list as pages.

        :param continuation_token: where to go on, from `PageIterator.continuation_token` or an error's
        """
        return PageIterator(self._fetch, continuation_token)

    def __iter__(self) -> ItemPaged[T]:
        return self

    def __next__(self) -> T:
        while True:
            for item in self._items:
                return item
            self._items = next(self._pages)
