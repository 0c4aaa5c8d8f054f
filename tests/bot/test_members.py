"""Lists of everybody are as patient as they are long, and no longer than a page hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import discord
import pytest

from bot import members
from bot.rosters import Roster

PAGES = 5


class Listed:
    """A member as far as a roster asks."""

    _roles = ()
    bot = pending = False
    joined_at = None

    def __init__(self, number: int) -> None:
        self.id = number


class SlowGuild:
    """Takes `seconds` on the loop's clock for each page of one member."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self._now, self._seconds = 1000.0, seconds
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: self._now)

    async def fetch_members(self, *, limit: int | None) -> AsyncIterator[Listed]:
        assert limit is None
        for number in range(1, PAGES + 1):
            self._now += self._seconds
            for _ in range(3):  # in which a timer that has come rings
                await asyncio.sleep(0)
            yield Listed(number)


@pytest.fixture
def roster(monkeypatch: pytest.MonkeyPatch) -> Roster:
    roster = Roster()
    monkeypatch.setattr(members, "roster_of", lambda _guild: roster)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - any guild
    return roster


async def ids(guild: Any) -> list[int]:
    return [each.id async for each in members.list_members(cast(discord.Guild, guild))]


async def test_a_long_list_may_take_as_long_as_it_has_pages(
    roster: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred thousand members are a hundred pages: at Discord's pace more than a minute in all."""
    assert await ids(SlowGuild(monkeypatch, members.PAGE_PATIENCE - 1)) == list(range(1, PAGES + 1))
    assert roster.is_complete and len(roster) == PAGES


async def test_a_page_that_hangs_is_waited_for_a_minute(
    roster: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TimeoutError):
        await ids(SlowGuild(monkeypatch, members.PAGE_PATIENCE + 1))
    assert not roster.is_complete and roster.listings == ()
