"""A member's card: all of it for its owner, for others what the owner shows, line by line."""

from __future__ import annotations

from sandbox.people import Person
from sandbox.seen import Answer
from tests.behaviour.kudos import give, meet
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.test_privacy import deleted


async def mine(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.general, "me card")


async def view(world: LyceumWorld, reader: Person, person: Person) -> Answer:
    return await world.menu(reader, world.general, "View card", person)


async def choose(
    world: LyceumWorld, person: Person, *, members: tuple[str, ...] = (), everywhere: tuple[str, ...] = ()
) -> Answer:
    form = await world.press(person, await mine(world, person), "Choose who sees what")
    return await world.submit(person, form, {"members_0": list(members), "everywhere_0": list(everywhere)})


async def test_a_card_is_private_until_its_owner_shows_it_line_by_line(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await meet(world, ben, cleo)
    await give(world, ben, cleo, "You explained bowlines")
    own = await mine(world, cleo)
    assert own.ephemeral and "1 received, from 1 person" in own.text and "Seen by: only you" in own.text
    assert "Show it here" not in [each.label for each in own.buttons]
    seen = await view(world, ben, cleo)
    assert seen.ephemeral and "keeps their card to themselves" in seen.text and "received" not in seen.text
    saved = await choose(world, cleo, members=("Kudos",))
    assert "Saved" in saved.text and "Seen by: members who open your card" in saved.text
    assert "1 received, from 1 person" in (await view(world, ben, cleo)).text
    preview = await world.press(cleo, saved, "See it as others do")
    assert preview.text.count("received") == 1 and "Streak" not in preview.text
    assert "Your card" in (await view(world, cleo, cleo)).text
    await choose(world, cleo)
    assert "keeps their card to themselves" in (await view(world, ben, cleo)).text


async def test_shown_in_a_channel_it_goes_with_a_new_choice_and_with_its_owner(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await meet(world, ben, cleo)
    await give(world, ben, cleo)
    before = len(world.posted(world.general))
    saved = await choose(world, cleo, members=("Reviews",), everywhere=("Kudos",))
    await world.press(cleo, saved, "Show it here")
    card = world.posted(world.general)[-1]
    assert len(world.posted(world.general)) == before + 1 and "The card of" in card.text and card.pinged == ()
    old = await mine(world, cleo)
    await choose(world, cleo)
    assert len(world.posted(world.general)) == before
    again = await world.press(cleo, old, "Show it here")
    assert "Nothing of your card may stand in a channel" in again.text
    await world.press(cleo, await choose(world, cleo, everywhere=("Kudos",)), "Show it here")
    assert len(world.posted(world.general)) == before + 1
    await deleted(world, cleo)
    assert [each for each in world.posted(world.general) if "The card of" in each.text] == []
    assert "keeps their card to themselves" in (await view(world, ben, cleo)).text
