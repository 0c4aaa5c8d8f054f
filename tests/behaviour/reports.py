"""What people do with reports and appeals, in one line each."""

from __future__ import annotations

import re
from typing import Any

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from tests.behaviour.quests import LyceumWorld


async def report_message(world: LyceumWorld, person: Person, message: Seen, **answers: Any) -> Answer:
    """From the message's menu, through the form."""
    form = await world.menu(person, world.general, "Report message", message)
    return await world.submit(person, form, {"category": "Harassment", **answers})


async def report_member(
    world: LyceumWorld, person: Person, member: Person, words: str = "They insult people", **answers: Any
) -> Answer:
    """By /report, through the form."""
    form = await world.slash(person, world.general, "report", member=member)
    return await world.submit(person, form, {"category": "Harassment", "words": words, **answers})


def cards(world: LyceumWorld) -> list[Seen]:
    """The reports in the staff channel."""
    return [each for each in world.posted(world.staff) if re.match(r"\*\*Report \d+: ", each.text)]


def calls(world: LyceumWorld) -> list[Seen]:
    """What calls staff because nobody has taken a report."""
    return [each for each in world.posted(world.staff) if "nobody has taken it yet" in each.text]


async def own(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.general, "me reports")


async def queue(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.staff, "mod reports")
