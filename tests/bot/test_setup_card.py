"""/setup start as facilitators and others meet it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.authority import Actor
from bot.card_views import to_view
from bot.cards import Button, Buttons, Card, Text
from bot.errors import InvalidInput, NotAllowed
from bot.guild_config import GuildConfig
from bot.i18n import Translations
from bot.setup_card import COMMUNITY, Choice, Page, SetupService
from bot.setup_pages import CHANNELS, CHOICES_A_CARD, MOST_PAGES, choices_of, places_of
from bot.setup_render import Shown, choice_items, page_card, step_card
from bot.text import V2_COMPONENTS
from bot.zone_input import find_zone
from sandbox.furnish import add_monday_goals, set_up
from sandbox.people import Person
from sandbox.seen import Answer
from sandbox.server import Channel, Role
from storage.database import Database
from tests.shell import LyceumWorld, lyceum_world, post_card, show_commands_to

STAFF, FACILITATOR_ROLE, MODERATOR_ROLE = "setup:choice.set:0", "setup:choice.set:1", "setup:choice.set:2"
NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
FINISHED_ROLE = "setup:choice.set:13"


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with lyceum_world(sqlite_database) as opened:
        yield opened
        opened.check_interactions()


async def config(world: LyceumWorld) -> GuildConfig:
    return await world.bot.core.configs.guild(world.guild_id)


async def open_page(world: LyceumWorld, person: Person, name: str = "Community") -> Answer:
    card = await world.slash(person, world.general, "setup start")
    if card.message is None or not card.message.selects:
        return card  # refused
    return await world.choose(person, card, name, menu="setup:page.open")


async def choose(world: LyceumWorld, person: Person, menu: str, *places: Channel | Role | str) -> Answer:
    card = await open_page(world, person, "Newcomers" if menu == FINISHED_ROLE else "Community")
    return await world.choose(person, card, *places, menu=menu)


async def test_a_facilitator_chooses_everything_and_it_is_there_after_a_restart(world: LyceumWorld) -> None:
    await set_up(world)
    await world.restart()
    chosen = await config(world)
    assert chosen.staff_channel_id == world.staff.id
    assert chosen.facilitator_role_id == world.roles["Facilitator"].id
    assert chosen.moderator_role_id == world.roles["Moderator"].id
    pages = [page for page in world.bot.setup_card.pages if page.section is not None and page.in_steps]
    assert len(pages) >= 2
    for page in pages:
        assert page.section is not None
        section = await world.bot.core.configs.get(world.guild_id, page.section)
        assert all(getattr(section, choice.field) is not None for choice in page.choices)


@pytest.mark.parametrize(("name", "role"), [("Ben", "Member"), ("Milo", "Moderator")])
async def test_a_member_and_a_moderator_do_not_see_it_and_are_refused_if_they_do(
    world: LyceumWorld, name: str, role: str
) -> None:
    assert not {"setup start", "manage jobs", "setup", "manage"} & set(
        world.commands(world.people[name], world.general)
    )
    await show_commands_to(world, world.roles[role], "setup")
    answer = await world.slash(world.people[name], world.general, "setup start")
    assert answer.text.startswith("Only facilitators") and answer.ephemeral


@pytest.mark.parametrize(
    "control", [STAFF, "setup:zone.ask", "setup:page.open", "outbox:effect.retry:1", "schedules:held.go_on:1"]
)
async def test_a_member_who_gets_hold_of_a_control_is_refused(world: LyceumWorld, control: str) -> None:
    card = await post_card(world, world.general, Card((Text("x"), Buttons((Button("Go", control),)))))
    answer = await world.press(world.member, card, "Go")
    assert answer.text.startswith("Only facilitators") and answer.ephemeral and answer.modal is None
    assert await config(world) == GuildConfig(world.guild_id)


async def test_who_is_no_facilitator_any_more_is_refused_on_the_card_that_is_still_open(
    world: LyceumWorld,
) -> None:
    card = await open_page(world, world.facilitator)
    form = await world.press(world.facilitator, card, "setup:zone.ask")
    backend = world.env.backend
    backend.remove_member_role(world.guild_id, world.facilitator.id, world.roles["Facilitator"].id)
    assert (await world.choose(world.facilitator, card, world.general, menu=STAFF)).text.startswith(
        "Only facil"
    )
    assert (await world.submit(world.facilitator, form, {"zone": "Asia/Tokyo"})).text.startswith("Only facil")
    assert await config(world) == GuildConfig(world.guild_id)


async def test_a_choice_can_be_taken_back(world: LyceumWorld) -> None:
    await choose(world, world.facilitator, STAFF, world.staff)
    assert (await config(world)).staff_channel_id == world.staff.id
    await choose(world, world.facilitator, STAFF)
    assert (await config(world)).staff_channel_id is None


async def test_the_chosen_role_opens_setup_to_those_who_have_it(world: LyceumWorld) -> None:
    role = await world.create_role("Crew")
    await world.give_role(world.member, role)
    await show_commands_to(world, role, "setup")
    await choose(world, world.facilitator, FACILITATOR_ROLE, role)
    answer = await choose(world, world.member, STAFF, world.general)
    assert "Set up your community" in answer.text
    assert (await config(world)).staff_channel_id == world.general.id


async def test_nobody_can_hand_out_a_role_that_can_do_more_than_they_can(world: LyceumWorld) -> None:
    crew = await world.create_role("Crew")
    await world.give_role(world.member, crew)
    await show_commands_to(world, crew, "setup")
    await choose(world, world.facilitator, FACILITATOR_ROLE, crew)
    answer = await choose(world, world.member, FINISHED_ROLE, world.roles["Moderator"])
    assert "more than you can" in answer.text
    assert "more than you can" not in (await choose(world, world.member, FINISHED_ROLE, crew)).text
    allowed = await choose(world, world.people["Olive"], FINISHED_ROLE, world.roles["Moderator"])
    assert "more than you can" not in allowed.text


async def test_a_role_that_gives_staff_powers_is_never_handed_out_whichever_was_chosen_first(
    world: LyceumWorld,
) -> None:
    crew, member = await world.create_role("Crew"), world.roles["Member"]
    await choose(world, world.facilitator, FACILITATOR_ROLE, crew)
    answer = await choose(world, world.facilitator, FINISHED_ROLE, crew)
    assert "cannot both" in answer.text
    await choose(world, world.facilitator, FINISHED_ROLE, member)
    answer = await choose(world, world.facilitator, FACILITATOR_ROLE, member)
    assert "cannot both" in answer.text
    assert (await config(world)).facilitator_role_id == crew.id


async def test_everybody_is_no_role_to_choose(database: Database) -> None:
    from bot.core import Core
    from tests.clocks import FixedClock

    core = Core.build(database, FixedClock())
    owner = Actor(77, 1, is_owner=True)
    for choice in COMMUNITY.choices[1:]:
        with pytest.raises(InvalidInput, match="everybody"):
            await SetupService(core, lambda: [COMMUNITY]).choose(owner, GuildConfig, choice, 77)
    with pytest.raises(NotAllowed):
        await SetupService(core, lambda: [COMMUNITY]).choose(
            Actor(77, 2), GuildConfig, COMMUNITY.choices[0], 5
        )
    assert await core.configs.guild(77) == GuildConfig(77)


async def test_a_role_that_two_choose_at_once_for_powers_and_for_members_is_taken_once(
    database: Database,
) -> None:
    from bot.core import Core
    from tests.clocks import FixedClock

    core = Core.build(database, FixedClock())
    powers, given = (
        Choice("facilitator_role_id", "role", "Facilitators", "", staff=True),
        Choice("moderator_role_id", "role", "Finished", ""),
    )
    service = SetupService(core, lambda: [Page(9, "Roles", GuildConfig, (powers, given))])
    owner = Actor(77, 1, is_owner=True)
    outcomes = await asyncio.gather(
        *(service.choose(owner, GuildConfig, each, 500) for each in (powers, given)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["InvalidInput", "NoneType"]
    config = await core.configs.guild(77)
    assert {config.facilitator_role_id, config.moderator_role_id} == {500, None}


async def test_two_who_choose_at_once_both_get_their_card_and_the_last_choice_holds(
    world: LyceumWorld,
) -> None:
    owner = world.people["Olive"]
    one = await open_page(world, world.facilitator)
    other = await open_page(world, owner)
    answers = await world.at_once(
        world.choose(world.facilitator, one, world.staff, menu=STAFF),
        world.choose(owner, other, world.general, menu=STAFF),
        world.choose(owner, other, world.roles["Moderator"], menu=MODERATOR_ROLE),
    )
    assert all("Set up your community" in answer.text for answer in answers)
    chosen = await config(world)
    assert chosen.staff_channel_id in (world.staff.id, world.general.id)
    assert chosen.moderator_role_id == world.roles["Moderator"].id


async def next_goals(world: LyceumWorld) -> datetime:
    """When the Monday goals are asked for next, as /manage rituals list says."""
    shown = await world.slash(world.facilitator, world.general, "manage rituals list")
    return datetime.fromtimestamp(int(shown.text.split("<t:")[1].split(":")[0]), UTC)


async def test_a_zone_is_chosen_by_city_and_moves_the_schedules(world: LyceumWorld) -> None:
    await add_monday_goals(world)
    card = await open_page(world, world.facilitator)
    before = await next_goals(world)
    form = await world.press(world.facilitator, card, "setup:zone.ask")
    again = await world.submit(world.facilitator, form, {"zone": "tokyo"})
    assert "Asia/Tokyo, where it is now 18:00" in again.text
    after = await next_goals(world)
    assert (before - after).total_seconds() == 9 * 3600


async def test_a_zone_typed_wrongly_gives_suggestions_and_changes_nothing(world: LyceumWorld) -> None:
    card = await open_page(world, world.facilitator)
    form = await world.press(world.facilitator, card, "setup:zone.ask")
    answer = await world.submit(world.facilitator, form, {"zone": "Europe/Lisboa"})
    assert "Europe/Lisbon" in answer.text and answer.followups == []
    assert (await config(world)).zone == "UTC"


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Lisbon", "Europe/Lisbon"),
        (" europe/LISBON ", "Europe/Lisbon"),
        ("new york", "America/New_York"),
        ("Lisbon", "Europe/Lisbon"),
        ("utc", "UTC"),
    ],
)
def test_a_zone_is_found_as_people_type_it(typed: str, zone: str) -> None:
    assert find_zone(typed, NOW) == zone


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "Atlantis",
        "localtime",
        "Factory",
        "posixrules",
        "../etc/passwd",
        "x" * 5000,
        "München",
    ],
)
def test_what_is_no_zone_is_refused_and_never_guessed(typed: str) -> None:
    with pytest.raises(InvalidInput, match="do not know that time zone"):
        find_zone(typed, NOW)


@pytest.mark.parametrize(
    ("typed", "named", "not_named"),
    [
        ("GMT+5", "Asia/Karachi", "America"),
        ("utc +2", "Europe/Athens", "Etc"),
        ("+02:00", "Africa/Cairo", "Europe/London"),
        ("UTC-5", "America/New_York", "Asia"),
        ("+5:45", "Asia/Kathmandu", "Asia/Kolkata"),
        ("18:01", "Asia/Tokyo", "Europe"),
        ("2 pm", "Asia/Karachi", "Europe"),
        ("6:05am", "America/Sao_Paulo", "Asia"),
    ],
)
def test_an_offset_or_a_clock_time_gives_places_to_choose_from(
    typed: str, named: str, not_named: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        find_zone(typed, NOW)
    assert named in str(refused.value) and not_named not in str(refused.value)


@pytest.mark.parametrize("typed", ["UTC+20", "+5:17", "25:00", "13 pm", "12:75"])
def test_an_offset_or_time_that_no_clock_shows_gives_the_plain_hint(typed: str) -> None:
    with pytest.raises(InvalidInput, match="do not know that time zone"):
        find_zone(typed, NOW)


def test_an_example_is_what_the_clocks_show_at_that_time_of_the_year() -> None:
    for now, expected in ((NOW, "Europe/Paris"), (NOW.replace(month=7), "Europe/London")):
        with pytest.raises(InvalidInput, match=expected):
            find_zone("UTC+1", now)


def full_page(number: int) -> Page:
    choices = tuple(
        Choice("staff_channel_id", "channel", "x" * 200, "y" * 400) for _ in range(CHOICES_A_CARD)
    )
    return Page(number, f"Page {number}", GuildConfig, choices)


@pytest.mark.parametrize("may", [True, False], ids=["may create", "may not create"])
@pytest.mark.parametrize("kind", ["step", "page"])
def test_a_card_of_the_most_pages_and_choices_still_fits_and_every_page_can_be_reached(
    kind: str, may: bool
) -> None:
    pages = [full_page(number) for number in range(1, MOST_PAGES + 1)]
    t = Translations().for_locale("en")
    shown = [Shown(each, None, offered="some-name") for each in choices_of(pages[-1])]
    items = choice_items(shown, t, may_create={"channel": may})
    places = places_of(pages)
    if kind == "step":
        card = step_card(next(each for each in places if each.part == 1), places, items, pages, t)
    else:
        card = page_card(pages[-1], items, pages, places, t)
    view = to_view(card)
    sent: list[Any] = view.to_components()[0]["components"]  # type: ignore[typeddict-item]
    menus = [
        part["components"][0] for part in sent if part["type"] == 1 and part["components"][0]["type"] != 2
    ]
    reachable = {option["value"] for menu in menus for option in menu.get("options", [])}
    assert reachable == {str(page.number) for page in pages}
    assert view.total_children_count <= V2_COMPONENTS
    buttons = [each for part in sent if part["type"] == 1 for each in part["components"] if each["type"] == 2]
    ids = [each["custom_id"] for each in [*menus, *buttons]]
    assert len(set(ids)) == len(ids) and len(menus) == CHOICES_A_CARD + 2
    assert sum(each["label"].startswith("Create") for each in buttons) == (CHOICES_A_CARD if may else 0)


def test_every_choice_is_in_exactly_one_part_of_one_step() -> None:
    pages = [full_page(number) for number in range(1, 8)]
    places = places_of(pages)
    assert [each.part for each in places if each.step is CHANNELS] == list(range(7))
    assert len({each.id for each in places}) == len(places)


async def test_a_page_too_many_or_of_a_taken_number_is_refused(world: LyceumWorld) -> None:
    card = world.bot.setup_card
    with pytest.raises(ValueError, match="taken"):
        card.add(full_page(0))
    for number in range(100, 100 + MOST_PAGES - len(card.pages)):
        card.add(full_page(number))
    with pytest.raises(ValueError, match="no room"):
        card.add(full_page(999))
