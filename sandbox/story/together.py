"""What people do with each other: pairs, the rota, kudos, promises, show-and-tell, breaks."""

from __future__ import annotations

from datetime import date

from sandbox.seen import Seen
from sandbox.server import Channel
from sandbox.story.cast import everybody
from sandbox.story.doing import listed
from sandbox.story.plan import is_awake
from sandbox.story.tale import Tale

MET = ("We met", "Didn't work")


# ---------------------------------------------------------------------------------------------- pairs


async def want_pairs(tale: Tale, name: str) -> str:
    """/pair join, with what they teach and would like to learn."""
    each = tale.character(name)
    options = {"teach": each.teaches, "learn": each.learns}
    joined = await tale.world.slash(
        tale.who(name), tale.channel("pairs"), "pair join", **{k: v for k, v in options.items() if v}
    )
    tale.read(joined, "The next round", name)
    return f"{name} takes part in pairings."


async def a_round_of_pairs(tale: Tale, _: str) -> str:
    """What stands in #pairs' threads since noon."""
    today = [card for card in _rooms(tale) if card.at.date() == tale.world.now.date()]
    pairs = [listed(sorted({tale.name_of(each) for each in card.mentions})) for card in today]
    return f"Lyceum brings people together: {'; '.join(pairs)}." if pairs else ""


async def say_that_we_met(tale: Tale, name: str) -> str:
    """One press on the card of the pair."""
    card = _my_room(tale, name)
    await tale.world.press(tale.who(name), card, "We met")
    return f"{name} and {_partner(tale, name, card)} have met."


def _rooms(tale: Tale) -> list[Seen]:
    """The cards of the open pairs, the oldest first."""
    threads = tale.world.env.backend.active_threads(tale.world.guild_id)
    rooms = sorted(
        (each.id for each in threads if each.parent_id == tale.channel("pairs").id), key=lambda each: each
    )
    posted = [card for room in rooms for card in tale.world.posted(tale.world.channel_of(room))]
    return [each for each in posted if MET[0] in each.labels]


def _my_room(tale: Tale, name: str) -> Seen:
    mine = [each for each in _rooms(tale) if tale.world.people[name].id in each.mentions]
    if not mine:
        raise LookupError(f"{name} sees no thread of a pair at {tale.world.now:%a %d %b %H:%M} UTC")
    return mine[-1]


def _partner(tale: Tale, name: str, card: Seen) -> str:
    return listed(sorted({tale.name_of(each) for each in card.mentions} - {name}))


# ---------------------------------------------------------------------------------------------- the rota


async def volunteer(tale: Tale, name: str) -> str:
    """/rota join."""
    await tale.world.slash(tale.who(name), tale.channel("weekly"), "rota join")
    return f"{name} volunteers as mentor of the week."


async def whoever_was_asked_is_in(tale: Tale, _: str) -> str:
    """Whoever was asked for the next turn says yes if they are awake; the story does not know who it is."""
    found = [
        (name, each)
        for name in tale.world.people
        if name in everybody()
        for each in tale.told(name, "weekly", label="I'm in")
    ]
    awake = [each for each in found if is_awake(everybody()[each[0]], tale.world.now)]
    if not awake:
        return ""
    name, card = awake[-1]
    await tale.world.press(tale.who(name), card, "I'm in")
    return f"{name} was asked two days ahead and says: I'm in."


# ---------------------------------------------------------------------------------------------- thanks, promises


async def thank(tale: Tale, name: str, whom: str, words: str, tags: str = "") -> str:
    """/kudos give, with a reason."""
    options = {"member": tale.world.people[whom], "what-for": words} | ({"tags": tags} if tags else {})
    receipt = await tale.world.slash(tale.who(name), tale.channel("kudos"), "kudos give", **options)
    tale.read(receipt, "Your kudos are given", name)
    tale.expect(
        f"kudos of {name} for {whom}", tale.channel("kudos"), [f"<@{tale.world.people[whom].id}>", words]
    )
    return f"{name} thanks {whom}: “{words}”"


async def thank_for_help(tale: Tale, name: str, whom: str, words: str, tag: str) -> str:
    """Kudos from the menu of what somebody said in the help hour."""
    post = tale.newest(name, tale.channel("help"), "It is help hour")
    return await _thank_for(tale, name, tale.world.channel_of(post.id), whom, words, tag)


async def thank_for_message(tale: Tale, name: str, channel: str, whom: str, words: str, tag: str) -> str:
    """Kudos from the menu of the newest message of somebody."""
    return await _thank_for(tale, name, tale.channel(channel), whom, words, tag)


async def _thank_for(tale: Tale, name: str, place: Channel, whom: str, words: str, tag: str) -> str:
    receiver = tale.world.people[whom]
    theirs = [each for each in tale.world.messages(place) if each.author_id == receiver.id]
    if not theirs:
        raise LookupError(f"{name} sees nothing of {whom} in #{place.name}")
    form = await tale.world.menu(tale.who(name), place, "Give kudos", theirs[-1])
    receipt = await tale.world.submit(tale.who(name), form, {"words": words, "tags": [tag]})
    tale.read(receipt, "Your kudos are given", name)
    tale.expect(f"kudos of {name} for {whom}", tale.channel("kudos"), [f"<@{receiver.id}>", words])
    return f"{name} thanks {whom}: “{words}”"


async def promise(tale: Tale, name: str, what: str, by: str) -> str:
    """/commit, for all to see."""
    await tale.world.slash(tale.who(name), tale.channel("general"), "commit", what=what, by=by)
    tale.expect(f"promise of {name}", tale.channel("general"), ["has set out to do this", what])
    return f"{name} promises to {what} by {by.capitalize()}."


async def cheer_on(tale: Tale, name: str, what: str) -> str:
    """I'm cheering, on the card of somebody's promise."""
    card = tale.newest(name, tale.channel("general"), what, label="I'm cheering")
    await tale.world.press(tale.who(name), card, "I'm cheering")
    return f"{name} cheers on a promise."


async def keep_promise(tale: Tale, name: str, label: str = "Done") -> str:
    """The answer to the one question."""
    asked = tale.told(name, "general", label=label)
    if not asked:
        raise LookupError(f"{name} was not asked about a promise")
    await tale.world.press(tale.who(name), asked[-1], label)
    return f"{name} is asked how it went: {label.lower()}."


async def show(tale: Tale, name: str, channel: str, words: str, title: str) -> str:
    """A message of one's own, put into show-and-tell from its menu."""
    person = tale.who(name)
    message = await tale.world.say(person, tale.channel(channel), words)
    form = await tale.world.menu(person, tale.channel(channel), "Add to show-and-tell", message)
    await tale.world.submit(person, form, {"title": title})
    return f"{name} puts “{title}” into show-and-tell."


async def small_task(tale: Tale, name: str, note: str) -> str:
    """/micro: the first of the three that are offered, begun and done."""
    person, place = tale.who(name), tale.channel("general")
    card = await tale.world.slash(person, place, "micro")
    start = next((each.custom_id for each in card.buttons if each.label == "Start"), None)
    if start is None:
        raise LookupError(f"{name} is offered no small task: {card.text!r}")
    card = await tale.world.press(person, card, start)
    form = await tale.world.press(person, card, "Done")
    await tale.world.submit(person, form, {"note": note, "share": False})
    return f"{name} does a five-minute task: “{note}”"


# ---------------------------------------------------------------------------------------------- away


async def pause(tale: Tale, name: str, until: str) -> str:
    """/me pause: everything waits."""
    card = await tale.world.slash(tale.who(name), tale.channel("general"), "me pause", until=until)
    await tale.world.press(tale.who(name), card, "Yes, pause")
    tale.is_away(name, away=True)
    return f"{name} takes a break until {date.fromisoformat(until):%d %B}."


async def come_back(tale: Tale, name: str) -> str:
    """/me pause once more, and Come back now."""
    card = await tale.world.slash(tale.who(name), tale.channel("general"), "me pause")
    await tale.world.press(tale.who(name), card, "Come back now")
    tale.is_away(name, away=False)
    return f"{name} is back."


async def leave(tale: Tale, name: str) -> str:
    """Somebody leaves the server for good."""
    await tale.world.leave(tale.who(name))
    tale.is_away(name, away=True)
    return f"{name} leaves the server."
