"""With every text translated into full-width letters, any plain letter that people see was forgotten."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from gettext import NullTranslations

import pytest

from bot.catalogues import extract
from bot.i18n import Translator
from sandbox.furnish import set_up
from sandbox.people import Person
from sandbox.seen import Answer, Seen
from storage.database import Database
from tests.shell import LyceumWorld, lyceum_world

WIDE = {
    ord(letter): ord(letter) + 0xFEE0 for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
}
FIELD = re.compile(r"(\{[^{}]*\})")
# Mentions and times, commands, addresses, zones and codes for the maintainer are nobody's language.
NOBODYS = re.compile(r"<[^>]*>|`[^`]*`|/[a-z]+( [a-z]+)*|https?://\S+|[A-Z]\w+/\w+|UTC|[0-9A-F]{6}")


def widened(text: str) -> str:
    return "".join(part if FIELD.fullmatch(part) else part.translate(WIDE) for part in FIELD.split(text))


class Pseudo(NullTranslations):
    """Knows the texts of the catalogue and no others."""

    def __init__(self) -> None:
        super().__init__()
        self._known = {
            text
            for message in extract()
            if message.id
            for text in ((message.id,) if isinstance(message.id, str) else message.id)
        }

    def gettext(self, message: str) -> str:
        return widened(message) if message in self._known else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with lyceum_world(sqlite_database) as opened:
        await set_up(opened)
        translate(opened)
        yield opened


def translate(world: LyceumWorld) -> None:
    world.bot.translations._translators["en"] = Translator("en", PSEUDO)


PSEUDO = Pseudo()


def texts(*shown: Answer | Seen) -> Iterator[str]:
    for each in shown:
        if isinstance(each, Answer):
            if each.modal is not None:
                yield each.modal.title
                for field in each.modal.fields:
                    yield from (field.label, field.description)
            yield from texts(*each.shown)
            continue
        yield each.text
        yield from each.labels
        for select in each.selects:
            yield select.placeholder
            yield from (label for label, _ in select.options)


def forgotten(*shown: Answer | Seen) -> list[str]:
    return [text for text in texts(*shown) if re.search(r"[A-Za-z]{2,}", NOBODYS.sub("", text))]


async def test_the_setup_card_its_form_and_its_refusals(world: LyceumWorld) -> None:
    card = await world.slash(world.facilitator, world.staff, "setup start")
    page = await world.choose(world.facilitator, card, "1", menu="setup:page.open")
    community = await world.choose(world.facilitator, card, "0", menu="setup:page.open")
    form = await world.press(world.facilitator, community, "setup:zone.ask")
    shown = [card, page, community, form]
    assert forgotten(*shown) == []
    wrong = await world.submit(world.facilitator, form, {"zone": "Europe/Lisboa"})
    form = await world.press(world.facilitator, community, "setup:zone.ask")
    hopeless = await world.submit(world.facilitator, form, {"zone": "qqqqqq"})
    assert forgotten(wrong, hopeless) == []


async def test_help_refusals_old_cards_and_apologies(world: LyceumWorld) -> None:
    from bot.cards import Button, Buttons, Card, Text
    from tests.shell import post_card

    shown = [await world.slash(person, world.general, "help") for person in (world.member, world.facilitator)]
    shown += [await world.choose(world.facilitator, shown[1], each) for each in ("learn", "facilitate")]
    for control in ("outbox:effect.retry:1", "test:thing.gone", "notify:why.show:9", "test:thing.broken"):
        card = await post_card(world, world.general, Card((Text("x"), Buttons((Button("Go", control),)))))
        shown.append(await world.press(world.member, card, "Go"))
    assert forgotten(*shown) == []


async def test_jobs_in_every_state_and_the_notices_to_staff(world: LyceumWorld) -> None:
    await world.slash(
        world.facilitator, world.staff, "manage rituals add", ritual="monday-goals", channel=world.weekly
    )
    shown = [await world.slash(world.facilitator, world.staff, "manage jobs")]
    world.faults.forbidden("POST", f"/channels/{world.weekly.id}/messages")
    await world.advance(timedelta(days=6))
    shown.append(await world.slash(world.facilitator, world.staff, "manage jobs"))
    shown.append(await world.press(world.facilitator, shown[-1], "outbox:effect.retry"))
    async with world.while_down():
        await world.advance(timedelta(days=50))
    translate(world)
    shown.append(await world.slash(world.facilitator, world.staff, "manage jobs"))
    shown.append(await world.press(world.facilitator, shown[-1], "schedules:held.go_on"))
    await world.delete_channel(world.welcome)
    assert forgotten(*shown, *world.posted(world.staff)[:1]) == []
    assert forgotten(world.posted(world.staff)[-1]) == []


async def test_the_reasons_why_a_run_was_left_out(world: LyceumWorld) -> None:
    await world.slash(
        world.facilitator, world.staff, "manage rituals add", ritual="monday-goals", channel=world.weekly
    )
    async with world.while_down():
        await world.advance(timedelta(days=16))
    translate(world)
    assert forgotten(await world.slash(world.facilitator, world.staff, "manage jobs")) == []


async def test_why_am_i_seeing_this_and_the_newcomers_first_cards(world: LyceumWorld) -> None:
    ann = await world.join("Ann")
    [greeting] = world.posted(world.welcome)
    why = await world.press(ann, greeting, "notify:why.show")
    saved = await world.choose(ann, why, "off", menu="notify:choice.set:1")
    quest = await world.press(ann, greeting, "onboarding:quest.start")
    form = await world.press(ann, quest, "onboarding:goal.ask")
    assert forgotten(greeting, why, saved, quest, form) == []


async def test_help_and_the_ways_to_say_that_something_is_wrong(world: LyceumWorld) -> None:
    help_card = await world.slash(world.member, world.general, "help")
    wrong = await world.press(world.member, help_card, "support:report.ask")
    form = await world.press(world.member, wrong, "support:report.write")
    sent = await world.submit(world.member, form, {"words": "123"})
    assert forgotten(help_card, wrong, form, sent, world.posted(world.staff)[-1]) == []


async def test_the_profile_its_form_and_the_check_ins(world: LyceumWorld) -> None:
    card = await world.slash(world.member, world.general, "me edit")
    form = await world.press(world.member, card, "profiles:me.ask")
    answers = {"goal": "1", "level": "new", "hours": "2", "languages": "", "feedback": "gentle"}
    saved = await world.submit(world.member, form, answers)
    skills = await world.press(world.member, saved, "profiles:skills.show")
    asked = await world.press(world.member, skills, "profiles:skills.ask")
    grades = {f"statement_{number}": "3" for number in range(1, 6)}
    done = await world.submit(world.member, asked, grades)
    staff = await world.slash(world.facilitator, world.staff, "manage members skills")
    chosen = await world.submit(world.facilitator, staff, {"statement_1": "1"})
    assert forgotten(card, form, saved, skills, asked, done, staff, chosen) == []


async def test_the_clock(world: LyceumWorld) -> None:
    card = await world.slash(world.member, world.general, "me edit")
    ask = await world.press(world.member, card, "zone:clock.ask")
    assert ask.message is not None
    form = await world.press(world.member, ask, "zone:city.ask")
    assert forgotten(card, ask, form) == []
    # Cities come from the CLDR, in every language there is.
    [first] = [label for label, value in ask.message.selects[0].options if value == "-660"]
    places = await world.choose(world.member, ask, first, menu="zone:clock.choose:0")
    assert places.message is not None
    assert forgotten_but_cities(places) == []
    assert forgotten(await world.choose(world.member, places, "Pacific/Pago_Pago")) == []


def forgotten_but_cities(answer: Answer) -> list[str]:
    assert answer.message is not None
    cities = {label for select in answer.message.selects for label, _ in select.options}
    return [text for text in forgotten(answer) if text not in cities]


async def test_the_notification_centre_and_a_pause(world: LyceumWorld) -> None:
    card = await world.slash(world.member, world.general, "me notifications")
    quiet = await world.choose(world.member, card, "7", menu="notify:quiet_from.set")
    kind = await world.choose(world.member, quiet, "kudos.received", menu="notify:kind.open")
    dms = await world.press(world.member, kind, "notify:dms.allow")
    [test] = world.dms(world.member)
    pause = await world.press(world.member, dms, "notify:pause.show")
    form = await world.press(world.member, pause, "notify:pause.ask")
    confirm = await world.choose(world.member, pause, "in one week")
    paused = await world.press(world.member, confirm, "notify:pause.confirm")
    back = await world.press(world.member, paused, "notify:pause.end")
    world.close_dms(world.member)
    again = await world.slash(world.member, world.general, "me notifications")
    again = await world.press(world.member, again, "notify:dms.refuse")
    closed = await world.press(world.member, again, "notify:dms.allow")
    shown = [card, quiet, kind, dms, pause, form, confirm, paused, back, again, closed]
    server = "Quay Street"  # the name of the server is nobody's language
    assert forgotten(*shown) == []
    assert [text for text in forgotten(test) if server not in text] == []


class Reader:
    """Reads each card as it comes, for a press may draw it anew."""

    def __init__(self, world: LyceumWorld) -> None:
        self.world = world
        self.forgotten: list[str] = []

    def read(self, shown: Answer) -> Answer:
        self.forgotten += forgotten(shown)
        return shown

    async def slash(self, person: Person, command: str) -> Answer:
        return self.read(await self.world.slash(person, self.world.staff, command))

    async def press(self, person: Person, card: Answer | Seen, control: str) -> Answer:
        return self.read(await self.world.press(person, card, control))

    async def submit(self, person: Person, form: Answer, answers: Mapping[str, object]) -> Answer:
        return self.read(await self.world.submit(person, form, answers))


async def test_challenges_for_facilitators(world: LyceumWorld) -> None:
    boss, reader = world.facilitator, Reader(world)
    translate(world)
    page = await world.slash(boss, world.staff, "setup start")
    page = reader.read(await world.choose(boss, page, "6", menu="setup:page.open"))
    assert page.message is not None
    await world.choose(boss, page, world.weekly, menu=page.message.selects[0].custom_id)
    for command in ("list", "new"):
        await reader.slash(boss, f"manage challenges {command}")
    rhythm = await reader.slash(boss, "manage challenges schedule")
    for control in ("rhythm.ask", "policy.ask"):
        await reader.press(boss, rhythm, f"challenges:{control}")
    card = await reader.slash(boss, "manage challenges library")
    card = reader.read(await world.choose(boss, card, "3", menu="challenges:library.programming"))
    card = await reader.press(boss, card, "challenges:library.take")
    await reader.press(boss, card, "challenges:manage.tracks")
    for control in ("queue", "remove", "show", "open", "open_sure"):
        card = await reader.press(boss, card, f"challenges:manage.{control}")
    form = await reader.press(boss, card, "challenges:manage.extend")
    plan = await reader.submit(boss, form, {"until": "2026-02-01"})
    card = await reader.press(boss, plan, "challenges:manage.extend_sure")
    card = await reader.press(boss, card, "challenges:manage.close")
    card = await reader.press(boss, card, "challenges:manage.close_sure")
    await reader.press(boss, card, "challenges:manage.list")
    assert reader.forgotten == []


async def test_challenges_for_members(world: LyceumWorld) -> None:
    boss, ann, reader = world.facilitator, world.member, Reader(world)
    translate(world)
    page = await world.slash(boss, world.staff, "setup start")
    page = await world.choose(boss, page, "6", menu="setup:page.open")
    assert page.message is not None
    await world.choose(boss, page, world.weekly, menu=page.message.selects[0].custom_id)
    card = await world.slash(boss, world.staff, "manage challenges library")
    card = await world.choose(boss, card, "3", menu="challenges:library.programming")
    for control in ("library.take", "manage.open", "manage.open_sure"):
        card = await world.press(boss, card, f"challenges:{control}")
    [post] = world.posted(world.weekly)
    assert forgotten(post) == []
    await reader.press(ann, post, "challenges:thread.find")
    form = await reader.press(ann, post, "challenges:entry.join")
    joined = await reader.submit(ann, form, {"track": "core", "remind": True})
    leaving = await reader.press(ann, joined, "challenges:entry.leave")
    await reader.press(ann, leaving, "challenges:challenge.show")
    for answers in ({"work": ""}, {"work": "1", "later": True}, {"work": "1", "shown": True}):
        form = await reader.press(ann, post, "challenges:work.ask")
        card = await reader.submit(ann, form, answers)
    card = await reader.press(ann, card, "challenges:mine.show")
    await world.advance(timedelta(days=9))
    for message in world.posted(world.weekly):
        reader.forgotten += forgotten(message)
    [result] = [each for each in world.posted(world.weekly) if "challenges:idea.ask" in str(each.buttons)]
    await reader.press(ann, result, "challenges:idea.ask")
    past = await reader.press(ann, result, "challenges:gallery.show")
    await reader.press(ann, past, "challenges:gallery.show")
    assert reader.forgotten == []


async def test_badges(world: LyceumWorld) -> None:
    boss, ben = world.facilitator, world.member
    reader = Reader(world)
    card = await reader.slash(boss, "manage badges list")
    form = await reader.press(boss, card, "badges:staff.add")
    words = {"title": "1", "how": "2", "tier": "deep", "traits": ["repeatable", "hidden"]}
    card = await reader.submit(boss, form, words)
    number = next(each for each in card.buttons if "staff.end" in str(each.custom_id)).custom_id
    number = str(number).rpartition(":")[2]
    menu = f"badges:staff.count:{number}"
    card = reader.read(await world.choose(boss, card, "micro.done", menu=menu))
    form = await reader.press(boss, card, "badges:staff.numbers")
    numbers = {"at_least": "3", "people": "2", "subjects": "2", "days": "9"}
    card = await reader.submit(boss, form, numbers)
    tested = await reader.press(boss, card, "badges:staff.test")
    card = await reader.press(boss, tested, f"badges:staff.on:{number}")
    reader.read(
        await world.slash(boss, world.staff, "manage badges give", member=ben, badge=number, reason="3")
    )
    card = await reader.press(boss, card, "badges:staff.off")
    await reader.press(boss, card, "badges:staff.desk")
    card = await reader.slash(boss, "manage badges list")
    plan = await reader.press(boss, card, "badges:staff.starter")
    card = await reader.press(boss, plan, "badges:staff.starter_on")
    await reader.press(boss, card, "badges:staff.check")
    card = reader.read(await world.slash(ben, world.general, "badge catalog"))
    for _ in range(5):
        card = await reader.press(ben, card, widened("Next page"))
    card = reader.read(await world.slash(ben, world.general, "badge mine"))
    await reader.press(ben, card, "badges:mine.share")
    reader.read(
        await world.slash(boss, world.staff, "manage badges revoke", member=ben, badge=number, reason="4")
    )
    reader.read(await world.slash(ben, world.general, "badge mine"))
    assert reader.forgotten == []
