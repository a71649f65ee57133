"""Every scenario of the index, by blocking callers and by asyncio."""

from __future__ import annotations

from typing import Any

import nightlatch
import pytest
from nightlatch import aio

from .check import differences
from .player import Player, index, load


def cases(family: str) -> list[str]:
    """What this family can play: blocking callers play one after the other, and renew by themselves."""
    renewal = "detached" if family == "aio" else "caller"
    return [
        path
        for path in index()
        if (scenario := load(path)).get("renewal", renewal) == renewal
        and (family == "aio" or scenario["sequential"])
    ]


@pytest.mark.parametrize("path", cases("blocking"))
def test_blocking(path: str) -> None:
    play(path, nightlatch)


@pytest.mark.parametrize("path", cases("aio"))
def test_asyncio(path: str) -> None:
    play(path, aio)


def test_no_case_is_left_out() -> None:
    assert set(cases("blocking")) | set(cases("aio")) == set(index())


def play(path: str, family: Any) -> None:
    player = Player(load(path), family)
    player.play()
    found = differences(player)
    assert not found, "\n".join([player.scenario["name"], *found])
