"""The use cases of members' cards on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.core import Core
from bot.i18n import Translator
from bot.member_card import CardLine
from bot.outbox import Posted
from cogs.card.service import CardService
from storage.database import Database
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, GENERAL = 1, 101
BEN = Actor(GUILD, 12)


async def load(session: AsyncSession, guild_id: int, member_id: int, t: Translator) -> str | None:
    del session, guild_id, member_id, t
    return "3 received"


@pytest.mark.parametrize("chosen", [[], ["kudos"]])
async def test_a_card_on_its_way_to_a_channel_goes_if_a_line_of_it_was_hidden_meanwhile(
    database: Database, clock: FixedClock, chosen: list[str]
) -> None:
    core = Core.build(database, clock)
    core.member_cards.register(CardLine("kudos", "Kudos", load))
    service = CardService(core)
    await service.choose(BEN, [], ["kudos"], ["kudos"])
    await service.choose(BEN, ["kudos"], chosen, ["kudos"])  # while the post was sent
    await service.note_shown(BEN, Posted(GENERAL, 555, "https://example.org"), ["kudos"])
    async with core.db.read() as session:
        kinds = [each.kind for each in await session.scalars(select(OutboxRow).order_by(OutboxRow.id))]
    assert kinds == (["post"] if chosen else ["post", "delete"])
    await service.choose(BEN, [], [], ["kudos"])
    async with core.db.read() as session:
        kinds = [each.kind for each in await session.scalars(select(OutboxRow).order_by(OutboxRow.id))]
    assert kinds == ["post", "delete"]
