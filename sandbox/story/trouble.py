"""What goes wrong: sharp words, a raid, a power cut; and who deals with it."""

from __future__ import annotations

from datetime import timedelta

from sandbox.server import Person
from sandbox.story.tale import Tale

RAIDERS = 48
_WAVE = ("Nitro Drop", "Free Nitro", "Gift Card", "Steam Gift")


async def report(tale: Tale, name: str, whom: str, channel: str, words: str) -> str:
    """From the menu of the newest message of somebody: Report message."""
    world, person = tale.world, tale.who(name)
    theirs = [
        each for each in world.messages(tale.channel(channel)) if each.author_id == world.people[whom].id
    ]
    if not theirs:
        raise LookupError(f"{name} sees nothing of {whom} in #{channel}")
    form = await world.menu(person, tale.channel(channel), "Report message", theirs[-1])
    receipt = await world.submit(person, form, {"category": "Harassment", "words": words})
    tale.read(receipt, "Staff have it now", name)
    return f"{name} reports a message. Nobody but staff sees that."


async def take_report(tale: Tale, name: str) -> str:
    """Take it, on the card in the staff channel."""
    card = tale.newest(name, tale.channel("staff"), "Report ", label="Take it")
    await tale.world.press(tale.who(name), card, "Take it")
    return f"{name} takes the report."


async def warn(tale: Tale, name: str, whom: str, reason: str) -> str:
    """Act, on the card of the report, and Warn; that closes the report."""
    world, person = tale.world, tale.who(name)
    card = tale.newest(name, tale.channel("staff"), "Report ", label="Act")
    panel = await world.press(person, card, "Act")
    form = await world.press(person, panel, "Warn")
    tale.expect(f"warning to {whom}", world.people[whom].user.dm_channel, ["given you a warning"])
    tale.read(await world.submit(person, form, {"reason": reason}), "Warning", name)
    return f"{name} warns {whom}: “{reason}”"


async def time_out(tale: Tale, name: str, whom: str, reason: str, length: str) -> str:
    """/mod timeout."""
    answer = await tale.world.slash(
        tale.who(name),
        tale.channel("staff"),
        "mod timeout",
        member=tale.world.people[whom],
        reason=reason,
        length=length,
    )
    tale.read(answer, "Timeout", name)
    return f"{name} gives {whom} a timeout: “{reason}”"


async def look_at_record(tale: Tale, name: str) -> str:
    """/standing, by whoever it is about."""
    answer = await tale.world.slash(tale.who(name), tale.channel("general"), "standing")
    tale.read(answer, "point", name)
    return f"{name} looks at their own record."


# ---------------------------------------------------------------------------------------------- the raid


async def raid(tale: Tale, _: str) -> str:
    """Dozens of fresh accounts come within seconds."""
    world = tale.world
    before = set(world.people)
    names = [f"{_WAVE[number % len(_WAVE)]} {number + 1:02}" for number in range(RAIDERS)]
    await world.at_once(*(world.join(name) for name in names))
    tale.raiders = [world.people[each] for each in world.people if each not in before]
    tale.expect("card of the raid", tale.channel("staff"), ["since it began"])
    return f"{RAIDERS} accounts, all made today, join within a few seconds. Lyceum closes the door."


async def look_at_raid(tale: Tale, name: str) -> str:
    """The card in the staff channel: one step further."""
    card = tale.newest(name, tale.channel("staff"), "since it began")
    step = next(each for each in card.labels if each.startswith("One step up"))
    await tale.world.press(tale.who(name), card, step)
    return f"{name} sees the card and goes one step up: {step.split(': ', 1)[1].lower()}."


async def propose_bans(tale: Tale, name: str) -> str:
    """Review who came, and propose to ban all of them."""
    world, milo = tale.world, tale.who(name)
    card = tale.newest(name, tale.channel("staff"), "since it began")
    review = await world.press(milo, card, "Review who came")
    preview = await world.press(milo, review, "Ban …")
    ban = next(each.label for each in preview.buttons if each.label.startswith("Ban "))
    await world.press(milo, preview, ban)
    return f"{name} looks through who came and proposes: {ban.lower()}. A second person has to agree."


async def agree(tale: Tale, name: str) -> str:
    """Another one of staff confirms the proposal."""
    world = tale.world
    proposal = next(
        each
        for each in reversed(world.messages(tale.channel("staff"), viewer=tale.who(name)))
        if any((button.custom_id or "").startswith("guards:proposal.confirm") for button in each.buttons)
    )
    await world.press(tale.who(name), proposal, "guards:proposal.confirm")
    await world.advance(timedelta(minutes=1))
    left = sum(world.is_member(each) for each in tale.raiders)
    if left:
        raise LookupError(f"{left} raiders are still here after {name} agreed")
    return f"{name} agrees, and a minute later all {len(tale.raiders)} are gone."


async def all_clear(tale: Tale, name: str) -> str:
    """The lockdown is over."""
    card = tale.newest(name, tale.channel("staff"), "since it began")
    await tale.world.press(tale.who(name), card, "All clear")
    _forget(tale, tale.raiders)
    return f"{name} gives the all clear; everything is as it was before."


def _forget(tale: Tale, raiders: list[Person]) -> None:
    """Banned accounts are nobody's people any more."""
    gone = {each.id for each in raiders}
    for name in [name for name, each in tale.world.people.items() if each.id in gone]:
        del tale.world.people[name]


# ---------------------------------------------------------------------------------------------- the power cut


async def power_cut(tale: Tale, _: str, span: timedelta) -> str:
    """The computer that the bot runs on goes dark, in the middle of everything, and comes back."""
    async with tale.world.while_down(crash=True):
        await tale.world.jump(span)
    minutes = round(span.total_seconds() / 60)
    return f"A power cut: Lyceum is gone without a warning, for {minutes} minutes, and then starts again."
