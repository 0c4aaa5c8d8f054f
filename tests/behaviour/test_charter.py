"""The charter: what a community is for, how far it is, and what people agree to, as facilitators and members see it."""

from __future__ import annotations

from datetime import timedelta

from cogs.onboarding.model import COUNTABLE
from sandbox.people import Person
from tests.behaviour.charters import (
    HOSTILE,
    add_outcome,
    choose_channel,
    manage,
    message_of,
    pings_nobody,
    posts,
    propose_norms,
    propose_outcome,
    publish,
    show,
    write_mission,
)
from tests.behaviour.quests import LyceumWorld, finish, restart
from tests.features import unload_feature


class TestShow:
    async def test_an_empty_charter_says_so_and_shows_staff_where_to_begin(self, world: LyceumWorld) -> None:
        for_member, for_staff = await show(world, world.member), await show(world, world.facilitator)
        assert "not said yet what it is for" in for_member.text and for_member.buttons == []
        assert for_member.ephemeral
        editor = await world.press(world.facilitator, for_staff, "Edit the charter")
        assert [button.label for button in editor.buttons] == [
            "Write the mission",
            "Add an outcome",
            "Write the norms",
        ]

    async def test_a_first_quest_that_is_finished_moves_the_outcome_at_once(
        self, community: LyceumWorld
    ) -> None:
        saved = await add_outcome(community)
        assert "The outcome is saved" in saved.text
        before = await show(community, community.member)
        assert "0 of 4 (0 %), by <t:" in before.text and "On track" in before.text

        await finish(community, await community.join("Ann"))

        after = await show(community, community.member)
        assert "1 of 4 (25 %), by <t:" in after.text
        assert "▰▰▱▱▱▱▱▱▱▱" in after.text and "about 0 expected by now" in after.text

    async def test_it_says_honestly_whether_it_is_behind_reached_or_over(
        self, community: LyceumWorld
    ) -> None:
        await add_outcome(community, target="2")
        await community.advance(timedelta(days=6))
        assert "Behind: about 1 expected by now" in (await show(community, community.member)).text
        await finish(community, await community.join("Ann"))
        assert "On track" in (await show(community, community.member)).text
        await finish(community, await community.join("Ben2"))
        assert "2 of 2 (100 %)" in (await show(community, community.member)).text
        assert "Reached!" in (await show(community, community.member)).text

    async def test_the_result_is_frozen_at_its_date_and_posted_nowhere(self, community: LyceumWorld) -> None:
        await add_outcome(community)
        await finish(community, await community.join("Ann"))
        before = len(posts(community))
        async with community.while_down():
            await community.advance(timedelta(days=10, hours=20))
        late = await community.join("Late")
        await finish(community, late)
        text = (await show(community, community.member)).text
        assert "1 of 4 (25 %), ended <t:" in text and "Ended before it was reached" in text
        assert len(posts(community)) == before

    async def test_different_people_are_counted_once_each(self, community: LyceumWorld) -> None:
        await add_outcome(community, "Goals said", counted_by="By how many different people")
        await add_outcome(community, "Goals said", words="Goals in all")
        ann = await community.join("Ann")
        await finish(community, ann)
        await restart(community, ann)
        await finish(community, ann, share=None)
        text = (await show(community, community.member)).text
        assert "1 of 4" in text and "2 of 4" in text and "how many people, since <t:" in text

    async def test_an_outcome_can_count_from_a_day_before_it_was_set(self, community: LyceumWorld) -> None:
        await finish(community, await community.join("Ann"))
        await community.advance(timedelta(days=2))
        await add_outcome(community)
        await add_outcome(
            community, words="Since the start", **{"from": f"{community.now - timedelta(days=2):%Y-%m-%d}"}
        )
        text = (await show(community, community.member)).text
        assert "0 of 4" in text and "1 of 4" in text

    async def test_one_outcome_is_too_few_which_only_staff_are_told(self, community: LyceumWorld) -> None:
        await add_outcome(community)
        hint = "Two to five outcomes"
        assert hint in (await show(community, community.facilitator)).text
        assert hint not in (await show(community, community.member)).text
        await add_outcome(community)
        assert hint not in (await show(community, community.facilitator)).text

    async def test_an_outcome_whose_feature_is_gone_keeps_its_figures_and_says_so(
        self, community: LyceumWorld
    ) -> None:
        await add_outcome(community)
        await finish(community, await community.join("Ann"))
        await community.in_bot(lambda: unload_feature(community.bot, "cogs.onboarding"))
        text = (await show(community, community.member)).text
        assert "1 of 4" in text and "switched off at the moment" in text
        card = await propose_outcome(community)
        [menu] = message_of(card).selects
        labels = {label for label, _ in menu.options}
        assert "Agreements to the norms" in labels and labels.isdisjoint(COUNTABLE.values())
        await community.in_bot(lambda: community.bot.load_feature("cogs.onboarding"))


class TestNorms:
    async def test_members_agree_and_see_it_and_staff_see_how_many(self, world: LyceumWorld) -> None:
        await publish(world, "Be kind\nAsk before you correct")
        card = await show(world, world.member)
        assert "1. Be kind\n2. Ask before you correct" in card.text
        agreed = await world.press(world.member, card, "I have read it and agree")
        assert "You agreed on <t:" in agreed.text and "agree" not in str(agreed.buttons)
        again = await show(world, world.member)
        assert "You agreed on <t:" in again.text and again.buttons == []
        for_staff = await show(world, world.facilitator)
        accounts = len(world.env.backend.get_guild(world.guild_id).members)
        assert f"1 person agreed: {100 // accounts} % of the {accounts} accounts" in for_staff.text
        assert "person agreed" not in again.text

    async def test_a_material_change_is_announced_once_with_the_difference_and_pings_nobody(
        self, world: LyceumWorld
    ) -> None:
        await choose_channel(world)
        await publish(world, f"Be kind\nNo rush\n{HOSTILE}")
        [first] = posts(world)
        assert "Our norms" in first.text and "1. Be kind" in first.text
        proposal = await propose_norms(world, f"Be very kind\n{HOSTILE}", again=True)
        assert "Before: Be kind" in proposal.text and "Gone: No rush" in proposal.text
        assert len(posts(world)) == 1, "nothing is published before it was looked over"
        await world.press(world.facilitator, proposal, "Publish")
        await world.advance(timedelta(minutes=5))
        await world.restart()
        await world.advance(timedelta(days=1))
        [_, post] = posts(world)
        assert "Norms v2: 2 lines changed" in post.text
        assert "Before: Be kind\n  Now: Be very kind" in post.text and "Gone: No rush" in post.text
        assert pings_nobody(first, post, proposal) and first.mentions == ()
        assert all(world.pings(person) == [] for person in world.people.values())

    async def test_who_agreed_before_is_asked_by_the_card_and_never_by_a_ping(
        self, world: LyceumWorld
    ) -> None:
        await choose_channel(world)
        await publish(world, "Be kind")
        [post] = posts(world)
        thanks = await world.press(world.member, post, "I have read it and agree")
        assert "You agreed to version 1" in thanks.text and thanks.ephemeral
        assert world.read(post).text == post.text, "everybody's post stays as it is"
        twice = await world.press(world.member, post, "I have read it and agree")
        assert "You agreed already" in twice.text
        await publish(world, "Be kind\nBe brave", again=True)
        card = await show(world, world.member)
        assert "You agreed to version 1. Something that matters has changed" in card.text
        outdated = await world.press(world.member, post, "I have read it and agree")
        assert "There is a newer version" in outdated.text and "2. Be brave" in outdated.text
        assert "0 people agreed" in (await show(world, world.facilitator)).text
        done = await world.press(world.member, outdated, "I have read it and agree")
        assert "You agreed on <t:" in done.text
        assert world.pings(world.member) == []

    async def test_a_small_change_is_not_announced_and_leaves_agreements_as_they_are(
        self, world: LyceumWorld
    ) -> None:
        await choose_channel(world)
        await publish(world, "Be kind")
        await world.press(world.member, posts(world)[0], "I have read it and agree")
        saved = await publish(world, "Be kind.")
        assert "Who agreed before has agreed to this one too" in saved.text
        assert len(posts(world)) == 1
        assert "You agreed on <t:" in (await show(world, world.member)).text

    async def test_without_a_channel_publishing_says_where_to_choose_one(self, world: LyceumWorld) -> None:
        saved = await publish(world, "Be kind")
        assert "no channel is chosen" in saved.text and "/setup start" in saved.text
        assert posts(world) == []

    async def test_pressing_publish_twice_posts_once(self, world: LyceumWorld) -> None:
        await choose_channel(world)
        card = await propose_norms(world, "Be kind")
        press = "Publish"
        answers = await world.at_once(
            world.press(world.facilitator, card, press), world.press(world.facilitator, card, press)
        )
        await world.advance(timedelta(minutes=5))
        assert len(posts(world)) == 1
        assert any("saved or given up already" in answer.text for answer in answers)

    async def test_agreeing_counts_as_an_act(self, world: LyceumWorld) -> None:
        await add_outcome(world, "Agreements to the norms", target="1")
        await publish(world, "Be kind")
        card = await show(world, world.member)
        agreed = await world.press(world.member, card, "I have read it and agree")
        assert "1 of 1 (100 %)" in agreed.text and "Reached!" in agreed.text

    async def test_a_lost_channel_is_told_to_staff_and_publishing_still_works(
        self, community: LyceumWorld
    ) -> None:
        await choose_channel(community, community.weekly)
        card = await propose_norms(community, "Be kind")
        await community.delete_channel(community.weekly)
        saved = await community.press(community.facilitator, card, "Publish")
        assert "no channel is chosen" in saved.text
        assert any("Charter channel" in notice.text for notice in community.posted(community.staff))


class TestTwoFacilitators:
    async def second(self, world: LyceumWorld) -> Person:
        return world.people["Olive"]

    async def test_the_second_save_of_the_mission_is_shown_both_and_nothing_is_lost(
        self, world: LyceumWorld
    ) -> None:
        olive = await self.second(world)
        form = await world.press(olive, await manage(world, olive), "Write the mission")
        await write_mission(world, "We tie knots.")
        card = await world.submit(olive, form, {"mission": "We bake bread."})
        assert "Somebody else saved" in card.text
        assert "We tie knots." in card.text and "We bake bread." in card.text
        assert "We tie knots." in (await show(world, world.member)).text
        await world.press(olive, card, "Save mine")
        assert "We bake bread." in (await show(world, world.member)).text

    async def test_norms_published_meanwhile_are_compared_again(self, world: LyceumWorld) -> None:
        olive = await self.second(world)
        await choose_channel(world)
        await publish(world, "Be kind")
        card = await propose_norms(world, "Be kind\nBe brave", person=olive)
        await publish(world, "Be kind\nBe calm")
        stale = await world.press(olive, card, "Publish")
        assert "Somebody else saved" in stale.text and "version 2, which stands now" in stale.text
        assert "Before: Be calm" in stale.text and "Now: Be brave" in stale.text
        assert "2. Be calm" in (await show(world, world.member)).text
        done = await world.press(olive, stale, "Publish mine")
        assert "Version 3 of the norms is published" in done.text

    async def test_an_outcome_changed_or_removed_meanwhile_is_told(self, world: LyceumWorld) -> None:
        olive = await self.second(world)
        await add_outcome(world)
        editor = await manage(world, olive)
        first = await world.choose(
            olive, editor, "Forty people finish their first quest", menu="charter:outcome.open"
        )
        form = await world.press(olive, first, "Change it")
        other = await manage(world)
        other = await world.choose(
            world.facilitator, other, "Forty people finish their first quest", menu="charter:outcome.open"
        )
        await world.press(world.facilitator, other, "Remove it")
        card = await world.submit(
            olive, form, {"words": "Fifty", "counted_by": "acts", "target": "50", "until": "in 5 days"}
        )
        assert "The outcome was removed" in card.text
        await world.press(olive, card, "Save mine")
        assert "0 of 50" in (await show(world, world.member)).text
