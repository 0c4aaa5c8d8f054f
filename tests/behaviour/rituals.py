"""What facilitators do with rituals, in one line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from tests.behaviour.quests import LyceumWorld


def local(month: int, day: int, hour: int) -> datetime:
    """A moment of 2026 on some wall clock."""
    return datetime(2026, month, day, hour)  # noqa: DTZ001 - a nominal time has no zone


async def add(world: LyceumWorld, **options: object) -> Answer:
    """A facilitator begins the Monday goals in #weekly."""
    chosen = {"ritual": "monday-goals", "channel": world.weekly, **options}
    return await world.slash(world.facilitator, world.general, "manage rituals add", **chosen)


async def opened(world: LyceumWorld, title: str = "Monday goals") -> Answer:
    """The card of a ritual, from the list."""
    card = await world.slash(world.facilitator, world.general, "manage rituals list")
    assert card.message is not None
    [menu] = card.message.selects
    return await world.choose(world.facilitator, card, dict(reversed(menu.options))[title])


async def end(world: LyceumWorld, title: str = "Monday goals") -> Answer:
    """End a ritual, and say yes to the question."""
    question = await world.press(world.facilitator, await opened(world, title), "End it")
    assert "Nothing more is posted" in question.text
    return await world.press(world.facilitator, question, "Yes, end it")


async def choose_zone(world: LyceumWorld, zone: str) -> None:
    start = await world.slash(world.facilitator, world.general, "setup start")
    card = await world.choose(world.facilitator, start, "Community", menu="setup:page.open")
    form = await world.press(world.facilitator, card, "Change the time zone")
    await world.submit(world.facilitator, form, {"zone": zone})


def posted_at(world: LyceumWorld, zone: str = "UTC") -> list[datetime]:
    """When the prompts were posted, on the wall clock of the zone."""
    return [
        message.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for message in world.posted(world.weekly)
    ]


async def fill_in(
    world: LyceumWorld, card: Answer | Seen, button: str, *, by: Person | None = None, **answers: object
) -> Answer:
    """Open a form, change some of what stands in it, and send it."""
    person = by or world.facilitator
    form = await world.press(person, card, button)
    return await world.submit(person, form, {**dict(_standing(form.result.modal or {})), **answers})


def _standing(part: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """What the questions of a form already hold, as somebody sees it who opens it."""
    for each in part.get("components") or [part.get("component") or {}]:
        chosen = [option["value"] for option in each.get("options") or () if option.get("default")]
        if chosen:
            yield each["custom_id"], chosen[0]
        elif each.get("value"):
            yield each["custom_id"], each["value"]
        elif each.get("components") or each.get("component"):
            yield from _standing(each)
