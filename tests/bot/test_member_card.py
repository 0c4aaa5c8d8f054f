"""The lines of a member's card: whose they are, and who gets to see them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.i18n import Translations, Translator
from bot.member_card import CardLine, Line, Load, ShownTo
from storage import footprint
from storage.database import Database
from tests.clocks import FixedClock

GUILD, OTHER_GUILD = 1, 2
BEN, CLEO = 12, 13
T = Translations().for_locale("en")


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    core = Core.build(database, clock)
    core.member_cards.register(CardLine("turns", "Roles served", says("two turns"), rank=20))
    core.member_cards.register(CardLine("badges", "Badges", says("one badge"), rank=10))
    core.member_cards.register(CardLine("streak", "Streak", says(None), rank=30))
    return core


def says(text: str | None) -> Load:
    """A line with always the same text."""

    async def load(session: AsyncSession, guild_id: int, member_id: int, t: Translator) -> str | None:
        del session, guild_id, t
        return f"{text} of {member_id}" if text is not None else None

    return load


async def choose(core: Core, guild_id: int = GUILD, **choices: ShownTo) -> None:
    async with core.db.begin() as session:
        await core.member_cards.choose(session, guild_id, BEN, choices)


async def shown(
    core: Core, *, in_channel: bool = False, guild_id: int = GUILD
) -> list[tuple[str, str | None]]:
    async with core.db.read() as session:
        lines = await core.member_cards.read_shown(session, guild_id, BEN, T, in_channel=in_channel)
    return [(line.key, line.text) for line in lines]


async def own(core: Core) -> tuple[Line, ...]:
    async with core.db.read() as session:
        return await core.member_cards.read_own(session, GUILD, BEN, T)


async def test_nothing_is_shown_to_others_until_the_member_says_so(core: Core) -> None:
    assert await shown(core) == []
    lines = await own(core)
    assert [(line.key, line.text) for line in lines] == [
        ("badges", "one badge of 12"),
        ("turns", "two turns of 12"),
        ("streak", None),
    ]
    assert {line.shown_to for line in lines} == {ShownTo.NOBODY}


async def test_each_line_is_shown_as_far_as_it_was_chosen_and_only_in_that_server(core: Core) -> None:
    await choose(core, turns=ShownTo.MEMBERS, badges=ShownTo.ALL, streak=ShownTo.ALL)
    assert await shown(core) == [("badges", "one badge of 12"), ("turns", "two turns of 12")]
    assert await shown(core, in_channel=True) == [("badges", "one badge of 12")]
    assert await shown(core, guild_id=OTHER_GUILD) == []
    async with core.db.read() as session:
        assert await core.member_cards.shown_to(session, GUILD, BEN, "turns") is ShownTo.MEMBERS
        assert await core.member_cards.shown_to(session, GUILD, CLEO, "turns") is ShownTo.NOBODY
    await choose(core, turns=ShownTo.NOBODY)
    assert await shown(core) == [("badges", "one badge of 12")]


async def test_a_line_goes_with_its_feature_and_comes_back_as_it_was_chosen(core: Core) -> None:
    await choose(core, badges=ShownTo.MEMBERS, unheard_of=ShownTo.ALL)
    core.member_cards.unregister("badges")
    assert await shown(core) == []
    core.member_cards.register(CardLine("badges", "Badges", says("one badge")))
    core.member_cards.register(CardLine("unheard_of", "A line that came later", says("one badge")))
    assert await shown(core) == [("badges", "one badge of 12")]
    with pytest.raises(ValueError, match="badges"):
        core.member_cards.register(CardLine("badges", "Badges", says("one badge")))


async def test_of_two_forms_sent_at_once_one_is_kept_whole(core: Core) -> None:
    one, other = ShownTo.MEMBERS, ShownTo.ALL
    await asyncio.gather(choose(core, turns=one, badges=one), choose(core, turns=other, badges=other))
    kept = {line.shown_to for line in await own(core) if line.key != "streak"}
    assert kept in ({one}, {other})


async def test_the_choices_go_with_the_member(core: Core, clock: FixedClock) -> None:
    await choose(core, badges=ShownTo.ALL)
    async with core.db.begin() as session:
        await footprint.erase(session, GUILD, BEN, limit=100, now=clock.now() + timedelta(days=1))
    assert await shown(core) == []
