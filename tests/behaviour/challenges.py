"""What people do with challenges, in one line each."""

from __future__ import annotations

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel
from tests.behaviour.quests import LyceumWorld

KNOTS = {
    "title": "Knots",
    "purpose": "A rope is only as good as its knot.",
    "done": "It holds when somebody else pulls.",
    "hint": "Begin with the bowline.",
    "minutes": "30",
}
TRACKS = {"core": "Tie three knots.", "warm_up": "Tie one knot.", "stretch": "Teach a knot.", "theme": "rope"}


async def choose_channels(world: LyceumWorld, channel: Channel, gallery: Channel | None = None) -> None:
    """Choose where challenges and their results are posted."""
    start = await world.slash(world.facilitator, world.general, "setup start")
    page = await world.choose(world.facilitator, start, "Challenges", menu="setup:page.open")
    assert page.message is not None
    menus = [select.custom_id for select in page.message.selects if not select.options]
    await world.choose(world.facilitator, page, channel, menu=menus[0])
    if gallery is not None:
        await world.choose(world.facilitator, page, gallery, menu=menus[1])


async def write(world: LyceumWorld, title: str = "Knots", *, queue: bool = True) -> Answer:
    """A facilitator writes a challenge with all its tracks, and puts it at the end of the queue."""
    boss = world.facilitator
    form = await world.slash(boss, world.general, "manage challenges new")
    card = await world.submit(boss, form, KNOTS | {"title": title})
    form = await world.press(boss, card, "Edit tracks")
    card = await world.submit(boss, form, TRACKS)
    return await world.press(boss, card, "Put it in the queue") if queue else card


async def every_week(world: LyceumWorld, **changes: str) -> Answer:
    """One opens every Monday at nine and closes on Sunday at eight in the evening."""
    card = await world.slash(world.facilitator, world.general, "manage challenges schedule")
    form = await world.press(world.facilitator, card, "Change the rhythm")
    rhythm = {
        "opens": "Monday",
        "opens_time": "09:00",
        "closes": "Sunday",
        "closes_time": "20:00",
        "results": "18:00",
    }
    return await world.submit(world.facilitator, form, rhythm | changes)


async def set_policy(
    world: LyceumWorld, *, grace: str = "12", after: str = "accept", ranking: bool = False
) -> Answer:
    card = await world.slash(world.facilitator, world.general, "manage challenges schedule")
    form = await world.press(world.facilitator, card, "Change the policy")
    return await world.submit(world.facilitator, form, {"grace": grace, "after": after, "ranking": ranking})


async def look(world: LyceumWorld, title: str, by: Person | None = None) -> Answer:
    """A facilitator looks at one challenge."""
    person = by or world.facilitator
    card = await world.slash(person, world.general, "manage challenges list")
    return await world.choose(person, card, title, menu="challenges:manage.look")


async def open_now(world: LyceumWorld, title: str) -> Answer:
    """A facilitator opens one by hand, after having been told what that does."""
    card = await world.press(world.facilitator, await look(world, title), "Open now")
    return await world.press(world.facilitator, card, "Open it")


async def join(
    world: LyceumWorld, person: Person, post: Seen | Answer, track: str = "core", *, remind: bool = False
) -> Answer:
    form = await world.press(person, post, "challenges:entry.join")
    return await world.submit(person, form, {"track": track, "remind": remind})


async def hand_in(
    world: LyceumWorld,
    person: Person,
    work: str = "https://example.org/knot",
    *,
    learned: str = "Pull slowly",
    confidence: str | None = "4",
    shown: bool = False,
    later: bool = False,
) -> Answer:
    form = await world.slash(person, world.general, "challenge submit")
    if form.modal is None:
        return form
    answers: dict[str, object] = {"work": work, "learned": learned, "shown": shown, "later": later}
    if confidence is not None:
        answers["confidence"] = confidence
    return await world.submit(person, form, answers)


def posts(world: LyceumWorld, channel: Channel) -> list[Seen]:
    """The posts of challenges in a channel."""
    return [card for card in world.posted(channel) if "The challenge of the week" in card.text]


def results(world: LyceumWorld, channel: Channel) -> list[Seen]:
    return [card for card in world.posted(channel) if card.text.startswith("**Results: ")]
