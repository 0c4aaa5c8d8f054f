"""What people do with streaks, in one line each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.people import Person
from sandbox.seen import Answer
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.rituals import fill_in
from tests.behaviour.setups import step

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
SWITCH = "setup:feature.switch"


def wall(zone: str, *parts: int) -> datetime:
    """A moment on somebody's wall clock."""
    year, month, day, hour, minute = (*parts, 0)[:5]
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


async def ask_for_wins(world: LyceumWorld) -> None:
    """Friday wins, answered with a button; one more is posted whenever a facilitator wants."""
    await world.slash(
        world.facilitator, world.general, "manage rituals add", ritual="friday-wins", channel=world.weekly
    )


async def contribute(world: LyceumWorld, person: Person) -> Answer:
    """Something new to answer is posted, and answered at once."""
    await world.slash(world.facilitator, world.general, "manage rituals run", ritual="friday-wins")
    prompt = world.posted(world.weekly)[-1]
    return await fill_in(world, prompt, "Answer", by=person, text="I tied a knot")


async def streak(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.general, "me streak")


async def why(world: LyceumWorld, person: Person) -> list[str]:
    """The weeks with their reasons, the newest first."""
    card = await world.press(person, await streak(world, person), "Why")
    return [line for line in card.text.splitlines() if line.startswith("- ")]


async def staff_card(world: LyceumWorld, person: Person, *, by: Person | None = None) -> Answer:
    return await world.slash(by or world.facilitator, world.staff, "manage streaks", member=person)


async def set_zone(world: LyceumWorld, person: Person, city: str) -> None:
    """By the name of a city, as a person would."""
    asked = await world.press(person, await world.slash(person, world.general, "me edit"), "Set my clock")
    form = await world.press(person, asked, "Type a city instead")
    await world.submit(person, form, {form.modal.fields[0].custom_id if form.modal else "": city})


async def pause(world: LyceumWorld, person: Person, until: str) -> None:
    card = await world.slash(person, world.general, "me pause", until=until)
    await world.press(person, card, "Yes, pause")


async def switch(world: LyceumWorld, *, on: bool) -> None:
    """A facilitator switches streaks on or off."""
    card = await step(world, "What is on")
    await world.choose(world.facilitator, card, f"{'on' if on else 'off'}:streaks", menu=SWITCH)
