"""The first morning: what the facilitator chooses, by the bot's own cards and commands."""

from __future__ import annotations

from sandbox.furnish import set_up
from sandbox.seen import Answer
from sandbox.story.tale import Tale

MORE_CHANNELS = ("challenges", "gallery", "reviews", "pairs", "kudos", "help")
CHALLENGES = (
    "Count something for a week",
    "One chart, one sentence",
    "When the average hides the story",
    "From a vague question to one you can answer",
    "Clean a messy table",
)
MISSION = "We help each other draw honest charts and maps of the places where we live."
NORMS = """\
Say what works first, then one thing to try, and how.
Talk about the chart, never about the person.
“I don't know” is a good answer. So is “not this week”."""
MENTOR = {
    "name": "Mentor of the week",
    "kind": "Mentor",
    "shift": "One week",
    "when": "Monday 09:00 Europe/Lisbon",
    "holders": "1",
}


async def make_room(tale: Tale, _: str) -> str:
    """The channels that this community has beside those of any other."""
    for name in MORE_CHANNELS:
        await tale.world.create_channel(name)
    await tale.world.create_role("Mentor")
    return "Farah makes channels for challenges, the gallery, reviews, pairs, kudos and help."


async def set_the_community_up(tale: Tale, name: str) -> str:
    """/setup start from its first card to its report, in the community's own time zone."""
    world, farah = tale.world, tale.who(name)
    page = await _page(tale, "Community")
    form = await world.press(farah, page, "Change the time zone")
    tale.read(await world.submit(farah, form, {"zone": "Europe/Lisbon"}), "Europe/Lisbon", name)
    await set_up(world)
    return "Farah goes through `/setup start`: channels, roles, the time zone, the week."


async def say_what_for(tale: Tale, name: str) -> str:
    """Mission, an outcome and norms."""
    world, farah = tale.world, tale.who(name)
    card = await world.slash(farah, tale.channel("staff"), "manage charter edit")
    form = await world.press(farah, card, "Write the mission")
    await world.submit(farah, form, {"mission": MISSION})
    card = await world.slash(farah, tale.channel("staff"), "manage charter edit")
    form = await world.press(farah, card, "Add an outcome")
    card = await world.submit(
        farah,
        form,
        {
            "words": "Thirty works have had a review by the end of November",
            "counted_by": "How many in all",
            "target": "30",
            "until": "2026-11-30",
            "from": "",
        },
    )
    card = await world.choose(farah, card, "Reviews given")
    await world.press(farah, card, "Save")
    card = await world.slash(farah, tale.channel("staff"), "manage charter edit")
    form = await world.press(farah, card, "Write the norms")
    card = await world.submit(farah, form, {"norms": NORMS, "reread": False})
    await world.press(farah, card, "Publish")
    return "Farah writes down what Quay Street is for, and what people ask of each other."


async def begin_the_rhythm(tale: Tale, name: str) -> str:
    """The rituals of the week."""
    world, farah, staff = tale.world, tale.who(name), tale.channel("staff")
    for ritual in ("monday-goals", "help-hour", "friday-wins", "retrospective"):
        place = tale.channel("help" if ritual == "help-hour" else "weekly")
        answer = await world.slash(farah, staff, "manage rituals add", ritual=ritual, channel=place)
        tale.read(answer, "next", name)
    return "Farah begins four rituals: Monday goals, help hour, Friday wins, a retrospective."


async def choose_places(tale: Tale, name: str) -> str:
    """Where challenges, reviews, pairs, kudos and show-and-tell have their place."""
    world, farah, staff = tale.world, tale.who(name), tale.channel("staff")
    await _put(tale, "Challenges", "challenges", "gallery")
    await _put(tale, "Peer reviews", "reviews")
    desk = await world.slash(farah, staff, "manage pairs")
    await world.choose(farah, desk, tale.channel("pairs"), menu="pairs:desk.place")
    desk = await world.slash(farah, staff, "manage pairs")
    form = await world.press(farah, desk, "When")
    await world.submit(farah, form, {"days": ["Thursday"], "at": "12:00", "weeks": "Every week"})
    desk = await world.slash(farah, staff, "manage kudos")
    await world.choose(farah, desk, tale.channel("kudos"), menu="kudos:staff.place")
    card = await world.slash(farah, staff, "manage showcase")
    await world.choose(farah, card, tale.channel("gallery"))
    return "Farah chooses where challenges, reviews, pairs, kudos and show-and-tell live."


async def fill_the_queue(tale: Tale, name: str) -> str:
    """Five challenges of the library, one a week, from Monday at nine to Sunday at eight in the evening."""
    world, farah, staff = tale.world, tale.who(name), tale.channel("staff")
    for title in CHALLENGES:
        library = await world.slash(farah, staff, "manage challenges library")
        card = await world.choose(farah, library, title, menu="challenges:library.data")
        card = await world.press(farah, card, "Add it to the drafts")
        await world.press(farah, card, "Put it in the queue")
    card = await world.slash(farah, staff, "manage challenges schedule")
    form = await world.press(farah, card, "Change the rhythm")
    rhythm = {
        "opens": "Monday",
        "opens_time": "09:00",
        "closes": "Sunday",
        "closes_time": "20:00",
        "results": "18:00",
    }
    await world.submit(farah, form, rhythm)
    return "Farah takes five challenges from the library, one for each week."


async def make_the_rota(tale: Tale, name: str) -> str:
    """A mentor of the week, a role that goes round among volunteers."""
    world, farah = tale.world, tale.who(name)
    desk = await world.slash(farah, tale.channel("staff"), "manage rota desk")
    form = await world.press(farah, desk, "New rota")
    card = await world.submit(farah, form, MENTOR)
    card = await world.choose(farah, card, tale.channel("weekly"), menu="rota:desk.channel:1")
    await world.choose(farah, card, world.roles["Mentor"], menu="rota:desk.role:1")
    return "Farah makes a rota: a mentor of the week, each Monday somebody else."


async def switch_badges_on(tale: Tale, name: str) -> str:
    """The starter set, from now, after a look at whom it would have been for."""
    world, farah = tale.world, tale.who(name)
    desk = await world.slash(farah, tale.channel("staff"), "manage badges list")
    plan = await world.press(farah, desk, "Look at the starter set")
    await world.press(farah, plan, "Switch them on from now")
    desk = await world.slash(farah, tale.channel("staff"), "manage badges list")
    await world.choose(farah, desk, tale.channel("gallery"), menu="badges:staff.place")
    return "Farah looks at the starter set of badges and switches it on."


async def _page(tale: Tale, title: str) -> Answer:
    start = await tale.world.slash(tale.world.facilitator, tale.channel("staff"), "setup start")
    return await tale.world.choose(tale.world.facilitator, start, title, menu="setup:page.open")


async def _put(tale: Tale, title: str, *places: str) -> None:
    """Choose the channels of a page of /setup, from its first menu on."""
    page = await _page(tale, title)
    message = page.message
    if message is None:
        raise LookupError(f"/setup has no page {title!r}: {page.text!r}")
    menus = [select.custom_id for select in message.selects if not select.options]
    for menu, place in zip(menus, places, strict=False):
        await tale.world.choose(tale.world.facilitator, page, tale.channel(place), menu=menu)
