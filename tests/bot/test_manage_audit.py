"""/manage audit: what staff changed, by whom, from what to what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.authority import MANAGE_GUILD, Actor
from bot.card_views import to_view
from bot.errors import NotAllowed, NotFound
from bot.i18n import Translations
from bot.manage_audit import ENTRIES_A_PAGE, AuditPage, AuditService, Entry, audit_card
from bot.text import V2_TEXT_LIMIT
from sandbox.furnish import add_monday_goals, set_up
from sandbox.seen import Answer
from storage.database import Database
from tests.behaviour.setups import step
from tests.shell import LyceumWorld, lyceum_world

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
T = Translations().for_locale("en")


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with lyceum_world(sqlite_database) as opened:
        yield opened
        opened.check_interactions()


async def audit(world: LyceumWorld, **options: object) -> Answer:
    return await world.slash(world.facilitator, world.staff, "manage audit", **options)


async def test_before_anything_was_changed_it_says_what_will_be_here(world: LyceumWorld) -> None:
    answer = await audit(world)
    assert "Nothing here yet" in answer.text and answer.ephemeral


async def test_a_choice_in_setup_is_shown_by_its_name_with_before_and_after(world: LyceumWorld) -> None:
    await set_up(world)
    answer = await audit(world, area="setup")
    entries = [line for line in answer.text.splitlines() if line.startswith("- ")]
    assert len(entries) == 8 and all(
        f"<@{world.facilitator.id}> changed the set-up" in each for each in entries
    )
    assert f"  - Welcome channel: nothing → <#{world.welcome.id}>" in answer.text.splitlines()
    assert "- <t:" in entries[0] and not answer.buttons


async def test_a_channel_of_a_ritual_is_not_called_by_the_name_of_a_choice_in_setup(
    world: LyceumWorld,
) -> None:
    await set_up(world)
    await add_monday_goals(world)
    lines = (await audit(world, area="rituals")).text.splitlines()
    assert f"  - Channel: nothing → <#{world.channels['weekly'].id}>" in lines
    assert "  - When: nothing → Monday 09:00 UTC" in lines


async def test_long_records_go_on_page_by_page_with_the_same_filter(world: LyceumWorld) -> None:
    await set_up(world)
    await add_monday_goals(world)
    shown = await audit(world)
    assert "rituals" in shown.text and "added the ritual Monday goals" in shown.text
    await set_up(world)  # the same choices: nothing changed, so nothing is written down
    for channel in (world.welcome, world.staff) * 4:
        card = await step(world, "Channels")
        await world.choose(world.facilitator, card, channel, menu="setup:choice.set:0")
    first = await audit(world, area="setup", person=world.facilitator)
    second = await world.press(world.facilitator, first, "Older")
    seen = [line for page in (first, second) for line in page.text.splitlines() if line.startswith("- ")]
    assert len(seen) == 8 + 8 == 2 * ENTRIES_A_PAGE and not second.buttons
    assert not any("rituals" in line for line in seen)


async def test_a_member_may_not_read_it(world: LyceumWorld) -> None:
    ann = await world.join("Ann")
    service = AuditService(world.bot.core)
    with pytest.raises(NotAllowed):
        await service.first_page(Actor(world.guild_id, ann.id))
    with pytest.raises(NotAllowed):
        await service.areas(Actor(world.guild_id, ann.id))
    with pytest.raises(NotAllowed):
        await service.older_page(Actor(world.guild_id, ann.id), "all", 4711)  # whether it is there or not


async def test_another_community_sees_nothing_of_it(world: LyceumWorld) -> None:
    await set_up(world)
    service, stranger = AuditService(world.bot.core), Actor(4711, 1, permissions=MANAGE_GUILD)
    assert (await service.first_page(stranger)).entries == ()
    with pytest.raises(NotFound):
        await service.older_page(stranger, "all", 3)


def test_people_and_roles_are_shown_by_their_mention_and_what_somebody_wrote_as_written() -> None:
    fields = {"member": "<@55>", "giver": "@everyone <@56>", "name": "<@57>"}
    entry = Entry(
        1,
        2,
        AT,
        "x",
        "{giver} {member} {name}",
        fields,
        {"role": "<@&58>", "in": None},
        {"in": "<@59>"},
        None,
    )
    text = str(audit_card(AuditPage((entry,), has_older=False, filter="all"), {}, T).items[0])
    assert "<@55>" in text and "<@&58> → nothing" in text and "nothing → <@59>" in text
    assert "<@56>" not in text and "<@57>" not in text


def test_when_a_challenge_closes_is_shown_by_each_readers_clock() -> None:
    change = {"closes_at": AT.isoformat()}
    entry = Entry(
        1, 2, AT, "challenges", "extended the challenge {title}", {"title": "One"}, {}, change, None
    )
    text = str(audit_card(AuditPage((entry,), has_older=False, filter="all"), {}, T).items[0])
    assert f"Closes: nothing → <t:{int(AT.timestamp())}:f>" in text


values = st.none() | st.booleans() | st.integers() | st.text(max_size=5000) | st.lists(st.text(max_size=300))
changes = st.dictionaries(st.text(max_size=200), values, max_size=8)


@settings(max_examples=100, deadline=None)
@given(changes, changes, st.none() | st.text(max_size=4000))
def test_whatever_was_changed_a_page_is_shown_whole(
    before: dict[str, object], after: dict[str, object], why: str | None
) -> None:
    entry = Entry(1, 2, AT, "quests", "published {quest}", {"quest": "x" * 500}, before, after, why)
    card = audit_card(AuditPage((entry,) * ENTRIES_A_PAGE, has_older=True, filter="all"), {}, T)
    view = to_view(card)
    assert view.content_length() < V2_TEXT_LIMIT
    assert view.total_children_count == 4  # container, text, row, button
