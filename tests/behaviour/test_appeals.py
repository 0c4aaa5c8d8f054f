"""One's own record, and appeals: by who is concerned, judged by another, and undone where they were right."""

from __future__ import annotations

from datetime import timedelta

from sandbox.seen import Seen
from tests.behaviour.moderation import is_banned, mod, moderated, timeout_of
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.behaviour.steps import HOSTILE, switch

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WHY = "Why should it be looked at again?"
ANSWER = "Your answer"


def appeals(world: LyceumWorld) -> list[Seen]:
    """The appeals in the staff channel."""
    return [each for each in world.posted(world.staff) if each.text.startswith("**Appeal of ")]


async def test_a_timeout_is_on_the_record_appealed_and_taken_back_by_another(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        ben, cleo, milo, olive = (world.people[name] for name in ("Ben", "Cleo", "Milo", "Olive"))
        nora = await world.join("Nora")
        world.env.backend.get_member(world.guild_id, nora.id).role_ids.append(world.roles["Moderator"].id)
        world.env.backend.announce_member_update(world.guild_id, nora.id)
        await world.settle()
        assert "Your record here is empty" in (await world.slash(ben, world.general, "standing")).text
        await mod(world, "note", member=ben, text="Keep an eye on him")
        await mod(world, "warn", member=ben, reason="Called people names")
        record = await world.slash(ben, world.general, "standing")
        assert record.ephemeral and "Called people names" in record.text and "1 point counts" in record.text
        assert "Keep an eye" not in record.text and f"<@{milo.id}>" not in record.text
        assert "Your record here is empty" in (await world.slash(cleo, world.general, "standing")).text
        form = await world.choose(ben, record, "#2: Warning", menu="appeals:case.pick")
        assert form.modal is not None and form.modal.title == "Appeal case #2"
        await mod(world, "timeout", member=ben, reason="Called people names", length="7d")
        assert timeout_of(world, ben) is not None
        # Discord lets nobody use commands in a timeout, so the way is on the DM that told of it.
        form = await world.press(ben, world.dms(ben)[-1], "Appeal this")
        sent = await world.submit(ben, form, {WHY: f"It was a joke {HOSTILE}"})
        assert "Your appeal is with staff" in sent.text
        [card] = appeals(world)
        assert "It was a joke" in card.text and f"<@{milo.id}>, so somebody else decides" in card.text
        assert not card.pings_everyone and card.pinged == ()
        assert "You decided this case" in (await world.press(milo, card, "Overturn")).text
        async with world.while_down(crash=True):
            await world.jump(4 * DAY)
        await world.advance(MINUTE)
        assert any("An appeal waits" in each.text for each in world.posted(world.staff))
        one, two = await world.at_once(
            world.press(nora, card, "Overturn"), world.press(olive, card, "Uphold")
        )
        done = await world.submit(nora, one, {ANSWER: "You were right, we misread it"})
        assert "Overturned by" in done.text and timeout_of(world, ben) is None
        late = await world.submit(olive, two, {ANSWER: "It stays"})
        assert "decided this appeal already" in late.text
        told = world.dms(ben)[-1]
        assert "The decision was taken back" in told.text and "we misread it" in told.text
        [card] = appeals(world)
        assert "Overturned by" in card.text and "joke" not in card.text and card.labels == []
        record = await world.slash(ben, world.general, "standing")
        assert (
            "does not count" in record.text
            and "In force" not in record.text
            and "1 point counts" in record.text
        )


async def test_who_was_banned_appeals_on_the_dm_and_hears_there(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        ben, cleo, olive = world.people["Ben"], world.people["Cleo"], world.people["Olive"]
        await mod(world, "ban", user=ben, reason="Sold things")
        assert is_banned(world, ben)
        [notice] = world.dms(ben)
        form = await world.press(ben, notice, "Appeal this")
        sent = await world.submit(ben, form, {WHY: "It was my brother"})
        assert "Your appeal is with staff" in sent.text
        again = await world.press(ben, notice, "Appeal this")
        assert "with staff already" in again.text
        await switch(world, "appeals", on=False)
        assert "switched this off" in (await world.press(ben, notice, "Appeal this")).text
        await switch(world, "appeals", on=True)
        form = await world.press(olive, appeals(world)[0], "Shorten")
        refused = await world.submit(olive, form, {"How long from now?": "2y", ANSWER: "A week is enough"})
        assert "12h, 3d or 2w" in refused.text and "A week is enough" in refused.text
        form = await world.press(olive, appeals(world)[0], "Shorten")
        await world.submit(olive, form, {"How long from now?": "1w", ANSWER: "A week is enough"})
        looked = await world.press(ben, sent, "Is there an answer?")
        assert "What was decided ends sooner" in looked.text and "A week is enough" in looked.text
        await world.advance(7 * DAY + MINUTE)
        assert not is_banned(world, ben)
        await mod(world, "warn", member=cleo, reason="Loud")
        world.close_dms(cleo)
        record = await world.slash(cleo, world.general, "standing")
        form = await world.choose(cleo, record, "#2: Warning", menu="appeals:case.pick")
        await world.submit(cleo, form, {WHY: "I was not"})
        form = await world.press(olive, appeals(world)[-1], "Uphold")
        await world.submit(olive, form, {ANSWER: "Several people heard it"})
        record = await world.slash(cleo, world.general, "standing")
        assert "Several people heard it" in record.text
        assert any("news of your appeal" in each.text for each in record.followups)
