"""/me avoid: said once, known to nobody else, taken back with one choice."""

from __future__ import annotations

from tests.behaviour.quests import LyceumWorld


async def test_what_one_avoids_only_they_see(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    assert "nobody you avoid" in (await world.slash(ben, world.general, "me avoid")).text
    before = [len(world.messages(each)) for each in (world.general, world.staff)]
    said = await world.slash(ben, world.general, "me avoid", member=cleo)
    assert said.ephemeral and f"<@{cleo.id}>" in said.text and "Nobody is told" in said.text
    assert world.pings(cleo) == [] and world.dms(cleo) == []
    assert before == [len(world.messages(each)) for each in (world.general, world.staff)]
    # Neither what is stored about her nor her copy of it says so.
    shown = await world.slash(cleo, world.general, "privacy show")
    assert "put together" not in shown.text
    mine = await world.slash(ben, world.general, "privacy show")
    assert "Whom you would rather not be put together with" in mine.text
    audit = await world.slash(world.facilitator, world.staff, "manage audit")
    assert "avoid" not in audit.text


async def test_it_is_taken_back_with_one_choice(world: LyceumWorld) -> None:
    ben, cleo = world.people["Ben"], world.people["Cleo"]
    await world.slash(ben, world.general, "me avoid", member=cleo)
    older, listed = [await world.slash(ben, world.general, "me avoid") for _ in range(2)]
    assert f"<@{cleo.id}>" in listed.text
    assert listed.message is not None
    [menu] = listed.message.selects
    [(_, option)] = menu.options
    gone = await world.choose(ben, listed, option, menu="avoid:one.take_back")
    assert "nobody you avoid" in gone.text
    again = await world.choose(ben, older, option, menu="avoid:one.take_back")
    assert "nobody you avoid" in again.text


async def test_oneself_is_refused_kindly(world: LyceumWorld) -> None:
    ben = world.people["Ben"]
    assert "That is you" in (await world.slash(ben, world.general, "me avoid", member=ben)).text
