"""Staff hear of what needs a hand: once a day and cause, with the remedy, and never about a notice itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.card_views import allowed_mentions
from bot.cards import Buttons, Card, Text
from bot.core import Core
from bot.dispatcher import OUTCOME_UNKNOWN, PlannedEffect
from bot.guild_config import GuildConfig
from bot.i18n import Translations
from bot.jobs import REASON_FAILING, Job
from bot.languages import Languages
from bot.outbox import Effect, EffectKind, Lane
from bot.renderers import Renderers
from bot.staff_notices import ACTIONS, CAUSES, LACKS, RENDERER, StaffNotices, effect_notice, hold_notice
from storage.database import Database
from storage.members import change_member, find_member
from storage.outbox import OutboxRow
from tests.bot.outbox_stand import CHANNEL, GUILD, MEMBER, ROLE, Stand, post, role
from tests.clocks import FixedClock

STAFF = 99


class Office(Stand):
    """A process that reports its failures in a staff channel."""

    def __init__(self, db: Database, clock: FixedClock, *_: Any) -> None:
        super().__init__(db, clock)
        self.core = Core.build(db, clock)
        translations = Translations()
        self.renderers = Renderers(Languages(self.core.db, self.core.configs, translations))
        self.renderers.register("any", self._draw, what="posting a ritual")
        self.dispatcher._render = self.renderers.render
        self.told = StaffNotices(self.core, self.renderers, translations)
        self.dispatcher.report_failure = self.told.effect_failed
        self.t = translations.for_locale("en")

    async def _draw(self, effect: PlannedEffect) -> Card:
        return await self._render(effect)

    async def choose_staff_channel(self, channel: int | None) -> None:
        async with self.db.begin() as session:
            await self.core.configs.change(session, GUILD, GuildConfig, staff_channel_id=channel)

    def notices(self) -> list[str]:
        cards: list[Card] = [each.text for each in self.discord.messages if each.place == STAFF]
        return [_text(card) for card in cards]

    async def outcomes(self) -> dict[str, str | None]:
        async with self.db.read() as session:
            return {row.key: row.outcome for row in await session.scalars(select(OutboxRow))}


def _text(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


@pytest.fixture
async def office(database: Database, clock: FixedClock) -> Office:
    office = Office(database, clock)
    await office.choose_staff_channel(STAFF)
    office.dispatcher.start()
    await office.dispatcher.drain()
    return office


def refuse(office: Office, code: str, *keys: str) -> None:
    office.discord.refused.update(dict.fromkeys(keys, code))


async def test_twenty_failures_of_one_cause_are_one_notice(office: Office) -> None:
    keys = [f"{each}" for each in range(20)]
    refuse(office, "no_access", *keys)
    await office.deliver(*(post(key) for key in keys))
    [notice] = office.notices()
    assert "posting a ritual" in notice and f"<#{CHANNEL}>" in notice
    assert len(office.discord.requests) == 21


async def test_another_day_another_cause_or_another_place_is_another_notice(office: Office) -> None:
    refuse(office, "no_access", "a", "b", "c")
    refuse(office, "no_permission", "d")
    await office.deliver(post("a"), post("c", channel=11), post("d"))
    assert len(office.notices()) == 3
    office.clock.advance(timedelta(days=1))
    await office.deliver(post("b"))
    assert len(office.notices()) == 4


async def test_a_notice_that_cannot_be_posted_is_not_reported(office: Office) -> None:
    office.discord.refused = _Everything("no_access")
    await office.deliver(post("a"))
    assert sorted((await office.outcomes()).values(), key=str) == ["failed", "failed"]
    assert len(office.discord.requests) == 2


class _Everything(dict[str, str]):
    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> str:
        return self._code


async def test_without_a_staff_channel_nothing_is_posted_and_the_failure_stands(office: Office) -> None:
    await office.choose_staff_channel(None)
    refuse(office, "no_access", "a")
    await office.deliver(post("a"))
    assert await office.outcomes() == {"a": "failed"}


@pytest.mark.parametrize("code", ["member_gone", "message_gone", "dms_closed"])
async def test_what_nobody_can_mend_is_no_news(office: Office, code: str) -> None:
    refuse(office, code, "a")
    await office.deliver(post("a"))
    assert office.notices() == []


async def test_closed_dms_fall_back_to_the_channel_and_are_not_tried_again(office: Office) -> None:
    async with office.db.begin() as session:
        await change_member(session, GUILD, MEMBER, dm_allowed=True)
    refuse(office, "dms_closed", "hello")
    expires_at = office.clock.now() + timedelta(hours=1)
    await office.deliver(
        Effect(
            kind=EffectKind.DIRECT_MESSAGE,
            key="hello",
            guild_id=GUILD,
            channel_id=CHANNEL,
            member_id=MEMBER,
            renderer="any",
            lane=Lane.SAFETY,
            expires_at=expires_at,
        )
    )
    [message] = office.discord.messages
    assert (message.key, message.place) == ("hello:channel", CHANNEL)
    assert await office.outcomes() == {"hello": "failed", "hello:channel": "sent"}
    row = await office.row("hello:channel")
    assert (row.lane, row.expires_at) == (Lane.SAFETY, expires_at)
    async with office.db.read() as session:
        member = await find_member(session, GUILD, MEMBER)
        assert member is not None and not member.dm_allowed
    assert office.notices() == []


async def test_closed_dms_without_a_channel_end_quietly(office: Office) -> None:
    refuse(office, "dms_closed", "hello")
    await office.deliver(
        Effect(kind=EffectKind.DIRECT_MESSAGE, key="hello", guild_id=GUILD, member_id=MEMBER, renderer="any")
    )
    assert await office.outcomes() == {"hello": "failed"}
    assert office.discord.messages == []


def _facts(kind: EffectKind, code: str, **ids: int) -> dict[str, Any]:
    known = {"channel_id": None, "member_id": None, "role_id": None, **ids}
    return {"code": code, "row_id": 1, "kind": kind.value, "renderer": "any", **known}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (_facts(EffectKind.ADD_ROLE, "no_permission", role_id=ROLE, member_id=5), "Manage Roles"),
        (_facts(EffectKind.ADD_ROLE, "role_above_bot", role_id=ROLE, member_id=5), f"<@&{ROLE}>"),
        (_facts(EffectKind.TIMEOUT, "no_permission", member_id=5), "Time Out Members"),
        (_facts(EffectKind.CREATE_EVENT, "no_permission"), "Create Events"),
        (_facts(EffectKind.POST, "no_permission", channel_id=CHANNEL), f"<#{CHANNEL}>"),
        (_facts(EffectKind.POST, OUTCOME_UNKNOWN, channel_id=CHANNEL), f"<#{CHANNEL}>"),
        (_facts(EffectKind.POST, "bug: KeyError", channel_id=CHANNEL), "mistake of my own"),
        (_facts(EffectKind.POST, "discord_400_50035", channel_id=CHANNEL), "Discord refused it"),
    ],
)
async def test_each_notice_names_the_cause_and_what_to_do(
    office: Office, facts: dict[str, Any], said: str
) -> None:
    text, buttons = effect_notice(facts, office.renderers, office.t)
    assert isinstance(text, Text) and isinstance(buttons, Buttons)
    assert said in text.content
    assert "?" not in text.content, "something that is not known here is spoken of"
    assert buttons.buttons[0].custom_id == "outbox:effect.retry:1"


async def test_every_kind_and_cause_can_be_said(office: Office) -> None:
    for kind in EffectKind:
        for code in (*CAUSES, "no_permission", "bug: X", "discord_403_0"):
            text, *controls = effect_notice(_facts(kind, code), office.renderers, office.t)
            assert isinstance(text, Text)
            assert "{" not in text.content, (kind, code)
            # A deleted channel never comes back, so trying again would be an empty promise.
            assert bool(controls) is (code != "channel_gone")


async def test_a_deleted_channel_is_mended_where_it_was_chosen(office: Office) -> None:
    async def draw(_: PlannedEffect) -> Card:
        return Card((Text("prompt"),))

    office.renderers.register("a.prompt", draw, what="posting a prompt", if_channel_gone="Choose in /here.")
    facts = _facts(EffectKind.POST, "channel_gone")
    [ours] = effect_notice(facts | {"renderer": "a.prompt"}, office.renderers, office.t)
    [other] = effect_notice(facts | {"renderer": "b.prompt"}, office.renderers, office.t)
    assert isinstance(ours, Text) and "Choose in /here." in ours.content
    assert isinstance(other, Text) and "/setup start" in other.content


async def test_a_notice_pings_nobody_it_names(office: Office) -> None:
    refuse(office, "role_above_bot", "a")
    await office.deliver(role(EffectKind.ADD_ROLE, "a"))
    [card] = [each.text for each in office.discord.messages]
    assert f"<@{MEMBER}>" in _text(card) and f"<@&{ROLE}>" in _text(card)
    assert allowed_mentions(card).to_dict() == {"parse": [], "users": []}


def test_every_action_without_a_renderer_has_words() -> None:
    from bot.outbox import _NEEDED_FIELDS

    silent = {kind for kind, needed in _NEEDED_FIELDS.items() if "renderer" not in needed}
    assert silent <= ACTIONS.keys()
    assert RENDERER == "staff.notice"
    assert EffectKind.POST not in LACKS


async def test_work_that_was_given_up_is_told_with_whom_to_ask(office: Office) -> None:
    job = Job(1, "rituals.post", GUILD, "k", {}, office.clock.now(), attempts=8)
    async with office.db.begin() as session:
        await office.told.job_failed(session, job, f"{REASON_FAILING}: ValueError")
    await office.dispatcher.drain()
    [notice] = office.notices()
    assert "rituals.post" in notice and "ValueError" in notice and "Tell whoever runs this bot" in notice


def test_what_a_facilitator_named_a_schedule_is_shown_as_it_was_typed(office: Office) -> None:
    held = Card(hold_notice({"row_id": 1, "title": "**Loud** <@&7>"}, office.t))
    assert r"\*\*Loud\*\*" in _text(held) and "<@&7>" not in _text(held)
