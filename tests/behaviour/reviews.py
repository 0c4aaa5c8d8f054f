"""What people do with reviews, in one line each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel, Role
from tests.behaviour.challenges import choose_channels, hand_in, open_now
from tests.behaviour.challenges import write as write_challenge
from tests.behaviour.quests import LyceumWorld

GOOD = {
    "strength": "The opening pulls the reader straight into the harbour, which is a fine place to begin.",
    "question": "Who is the text for, somebody who has never tied a knot?",
    "next_step": "In the second paragraph, try the short sentence first and read it aloud once more.",
}
MORE = (  # of who writes several, no two are alike
    (
        "A bowline is drawn on every page, and each drawing is better than the last one.",
        "Number the drawings.",
    ),
    (
        "You say at once what a beginner gets wrong, so nobody has to be ashamed of it.",
        "Cut the long preface.",
    ),
    (
        "Short verses, and a rhyme that comes where one does not wait for it. Lovely.",
        "Read verse four backwards.",
    ),
    (
        "The table of ropes answers what I have wondered about for years of sailing.",
        "Sort it by thickness, say.",
    ),
)
JUDGED = {"aim": "2", "clear": "3"}  # by the rubric that a new community has
_written: WeakKeyDictionary[LyceumWorld, Counter[int]] = WeakKeyDictionary()


async def ask(
    world: LyceumWorld, person: Person | None = None, content: str = "https://example.org/knots", **more: str
) -> Answer:
    """Ask for a review in #general."""
    who = person or world.member
    form = await world.slash(who, world.general, "review request")
    return await world.submit(who, form, {"content": content, "minutes": "10", **more})


def works(world: LyceumWorld, channel: Channel | None = None) -> list[Seen]:
    """The cards of works in a channel."""
    marks = ("would like a review:", "A work to review")
    return [
        each
        for each in world.posted(channel or world.general)
        if any(mark in each.text for mark in marks) and "minutes" in each.text
    ]


async def claim(world: LyceumWorld, person: Person, card: Seen | None = None) -> Answer:
    return await world.press(person, card or works(world)[-1], "I'll review this")


async def write(
    world: LyceumWorld, person: Person, hand: Answer | Seen, answers: dict[str, Any] | None = None
) -> Answer:
    """Fill in the form of one page."""
    if answers is None:
        answers = {**JUDGED, **_words(world, person)}
    labels = [each.label for each in hand.buttons]
    form = await world.press(
        person, hand, "Go on writing" if "Go on writing" in labels else "Write the review"
    )
    return await world.submit(person, form, answers)


def _words(world: LyceumWorld, person: Person) -> dict[str, str]:
    """A good review, and another each time."""
    count = _written.setdefault(world, Counter())
    count[person.id] += 1
    if count[person.id] == 1:
        return GOOD
    strength, next_step = MORE[count[person.id] % len(MORE)]
    return {**GOOD, "strength": strength, "next_step": f"{next_step} {strength[::-1]}"}


async def review(world: LyceumWorld, person: Person, card: Seen | None = None) -> Answer:
    """Take a work and review it well."""
    return await write(world, person, await claim(world, person, card))


def told(world: LyceumWorld, person: Person, what: str) -> list[Seen]:
    """What notified somebody and says this."""
    return [each for each in world.pings(person) if what in each.text]


async def leaf_through(world: LyceumWorld, person: Person, card: Answer) -> str:
    """All that stands on a card and on those behind its *Next*."""
    text = card.text
    while "Next" in [each.label for each in card.buttons]:
        card = await world.press(person, card, "Next")
        text += card.text
    return text


async def rate(world: LyceumWorld, person: Person, card: Answer, why: str = "") -> Answer:
    form = await world.press(person, card, "Rate it")
    return await world.submit(person, form, {"helpful": "2", "specific": "1", "kind": "2", "why": why})


async def choose_places(world: LyceumWorld, channel: Channel, duty: Role | None = None) -> None:
    """A facilitator chooses where works are shown, and who is on duty."""
    start = await world.slash(world.facilitator, world.general, "setup start")
    page = await world.choose(world.facilitator, start, "Peer reviews", menu="setup:page.open")
    assert page.message is not None
    menus = [select.custom_id for select in page.message.selects if not select.options]
    await world.choose(world.facilitator, page, channel, menu=menus[0])
    if duty is not None:
        await world.choose(world.facilitator, page, duty, menu=menus[1])


async def set_how(world: LyceumWorld, **changes: str | bool) -> Answer:
    """Change who sees whom, the rubric, when a round begins by itself, or who may review."""
    card = await world.slash(world.facilitator, world.general, "manage reviews settings")
    form = await world.press(world.facilitator, card, "Change the rest")
    wanted: dict[str, str | bool] = {"mode": "open", "rubric": "any-work", "confirm_hours": "0"}
    wanted |= changes
    return await world.submit(world.facilitator, form, wanted)


async def set_numbers(world: LyceumWorld, **changes: str) -> Answer:
    """Change how many reviews a work gets, or the hours."""
    card = await world.slash(world.facilitator, world.general, "manage reviews settings")
    form = await world.press(world.facilitator, card, "Change numbers")
    hours = {"first_nudge_hours": "24", "second_nudge_hours": "48", "release_hours": "72", "duty_hours": "48"}
    return await world.submit(world.facilitator, form, {"per_work": "2"} | hours | changes)


async def hold_challenge(world: LyceumWorld, *people: Person) -> None:
    """A challenge of a week runs, these people hand something in, and the time of grace is over."""
    await choose_channels(world, world.weekly)
    await write_challenge(world)
    await open_now(world, "Knots")
    for person in people:
        await hand_in(world, person, f"https://example.org/{person.name}")
    await world.advance(timedelta(days=5))


async def open_round(world: LyceumWorld) -> Answer:
    """A facilitator opens the newest round."""
    card = await world.slash(world.facilitator, world.general, "manage reviews rounds")
    return await world.choose(world.facilitator, card, "Knots", menu="reviews:rounds.pick")


async def confirm_round(world: LyceumWorld) -> Answer:
    card = await world.press(world.facilitator, await open_round(world), "Draw")
    return await world.press(world.facilitator, card, "Confirm")


async def hands(world: LyceumWorld, people: Sequence[Person]) -> dict[int, list[int]]:
    """Who reviews whom, as the reviewers see it by the link that `hold_challenge` handed in: author to reviewers."""
    found: dict[int, list[int]] = {each.id: [] for each in people}
    for person in people:
        inbox = await world.slash(person, world.general, "review inbox")
        for button in inbox.buttons:
            if button.label != "Open" or button.custom_id is None:
                continue
            hand = await world.press(person, inbox, button.custom_id)
            author = next(each for each in people if f"https://example.org/{each.name}" in hand.text)
            found[author.id].append(person.id)
    return found


def pairs(card: Answer) -> dict[int, list[int]]:
    """Who reviews whom, as the card of a round says it: author to reviewers."""
    found: dict[int, list[int]] = {}
    author = 0
    for line in card.text.splitlines():
        ids = [int(each) for each in re.findall(r"<@(\d+)>", line)]
        if "is reviewed by" in line:
            author = ids[0]
            found[author] = []
        elif line.startswith("- <@"):
            found[author].append(ids[0])
    return found
