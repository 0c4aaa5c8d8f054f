"""What the pictures show: moments of the four-week story, looked at with one person's eyes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sandbox.people import Shown
from sandbox.seen import Answer
from sandbox.server import Channel, Person
from sandbox.story.play import Moment, play
from sandbox.story.tale import Tale

NEWCOMER = "Nadia"
GOAL = "Read the map of my city's bus lines, and draw a better one"
HELLO = "Hello, I am Nadia. I take three buses to work and would like to show somebody why it takes so long."
WEEKS = 2  # of the story; everything in the pictures happens in these


@dataclass(frozen=True, slots=True)
class View:
    """Some messages of one channel as one person sees them."""

    viewer: Person
    channel: Channel
    shown: Sequence[Shown]


Scene = Callable[[Tale], Awaitable[View]]


async def views(tale: Tale) -> AsyncGenerator[tuple[str, View]]:
    """Play the story as far as it is needed, and stop at each picture, with its name.

    Raises LookupError when a moment did not come.
    """
    to_come = dict(SCENES)
    async for moment in play(tale.world, WEEKS, tale):
        for name, scene in due(moment, to_come):
            view = await scene(tale)
            yield name, view
            tale.world.dismiss_answers(view.viewer, view.channel)
        if not to_come:
            return
    raise LookupError(f"the story does not come to: {', '.join(to_come)}")


def due(moment: Moment, to_come: dict[str, tuple[str, Scene]]) -> list[tuple[str, Scene]]:
    """The scenes whose moment this is, by name; they are taken out of ``to_come``."""
    said = f"week {moment.week}: {moment.told}"
    now = [(name, scene) for name, (when, scene) in to_come.items() if said.startswith(when)]
    for name, _ in now:
        del to_come[name]
    return now


async def setup_report(tale: Tale) -> View:
    """The facilitator asks whether everything works."""
    farah, staff = tale.who("Farah"), tale.channel("staff")
    tale.world.dismiss_answers(farah, staff)
    return View(farah, staff, [await tale.world.slash(farah, staff, "setup doctor")])


async def challenge(tale: Tale) -> View:
    """The challenge of the week, some days after it opened."""
    place = tale.channel("challenges")
    post = tale.newest("Cleo", place, "The challenge of the week")
    return View(tale.world.people["Cleo"], place, [post])


async def report(tale: Tale) -> View:
    """A report that two people sent, before anybody took it."""
    staff = tale.channel("staff")
    return View(tale.world.people["Milo"], staff, [tale.newest("Milo", staff, "Report 1")])


async def review(tale: Tale) -> View:
    """An author reads a review that has all its parts, the newest that was told of in a channel."""
    world, place = tale.world, tale.channel("reviews")
    people = {person.id: person for person in world.people.values()}
    for note in reversed(world.posted(place)):
        if "Read it" not in note.labels:
            continue
        author = people[note.mentions[0]]
        read = await world.press(author, note, "Read it")
        if "A question" in read.text and "Rate it" in [each.label for each in read.buttons]:
            return View(author, place, [read])
    raise LookupError("nobody has an unread review with a question")


async def member_card(tale: Tale) -> View:
    """Somebody shows some lines of their card, and another looks at it."""
    world, place = tale.world, tale.channel("general")
    ananya, ben = world.people["Ananya"], world.people["Ben"]
    own = await world.slash(ananya, place, "me card")
    form = await world.press(ananya, own, "Choose who sees what")
    assert form.modal is not None
    lines = {
        field.custom_id: [value for _, value in field.options]
        for field in form.modal.fields
        if field.custom_id.startswith("members")
    }
    await world.submit(ananya, form, lines)
    world.dismiss_answers(ananya, place)
    return View(ben, place, [await world.menu(ben, place, "View card", ananya)])


async def first_quest(tale: Tale) -> View:
    """A newcomer on the way to the first small win, among people who said hello before."""
    world, place = tale.world, tale.channel("introductions")
    nadia = await world.join(NEWCOMER, pending=True)
    await world.accept_rules(nadia)
    await world.advance(timedelta(minutes=2))
    greeting = tale.newest(NEWCOMER, world.welcome, "", label="Start", meant=True)
    form = await world.press(nadia, await world.press(nadia, greeting, "Start"), "onboarding:goal.ask")
    await world.submit(nadia, form, {"goal": GOAL, "share": True})
    said = await world.say(nadia, place, HELLO)
    await world.advance(timedelta(minutes=1))
    card: Answer = await world.slash(nadia, place, "quest status")
    return View(nadia, place, [said, card])


SCENES: Mapping[str, tuple[str, Scene]] = {
    "setup-report": ("week 1: Farah goes through `/setup start`", setup_report),
    "report": ("week 2: Milo takes the report", report),
    "review": ("week 2: Cleo reviews", review),
    "challenge": ("week 2: Amara hands in", challenge),
    "member-card": ("week 2: Amara reads a review", member_card),
    "first-quest": ("week 2: Emily joins", first_quest),
}
"""The pictures by their names: with which words the story comes to them, and what is seen then."""
