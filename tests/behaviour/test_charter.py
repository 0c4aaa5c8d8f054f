"""The charter: what a community is for, how far it is, and what people agree to, as facilitators and members see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.cards import Card
from bot.i18n import Translations
from bot.outbox import Effect, EffectKind
from sandbox.people import Person
from sandbox.seen import Answer, Seen
from sandbox.server import Channel
from storage.audit import list_audit
from tests.behaviour.quests import LyceumWorld, finish

CHARTER_PAGE = "3"
HOSTILE = "@everyone @here <@1> <@&2> [free gift](https://evil.example) **loud** `code`"
QUESTS = "First quests finished"


async def show(world: LyceumWorld, person: Person) -> Answer:
    return await world.slash(person, world.general, "charter show")


async def manage(world: LyceumWorld, person: Person | None = None) -> Answer:
    return await world.slash(person or world.facilitator, world.general, "manage charter edit")


async def write_mission(world: LyceumWorld, mission: str = "We teach each other knots.") -> Answer:
    form = await world.press(world.facilitator, await manage(world), "Write the mission")
    return await world.submit(world.facilitator, form, {"mission": mission})


async def propose_outcome(world: LyceumWorld, **typed: Any) -> Answer:
    """Fill in the form of an outcome; the answer asks what is counted."""
    form = await world.press(world.facilitator, await manage(world), "Add an outcome")
    answers = {
        "words": "Forty people finish their first quest",
        "counted_by": "How many in all",
        "target": "4",
        "until": "in 10 days",
        "from": "",
    }
    return await world.submit(world.facilitator, form, answers | typed)


async def add_outcome(world: LyceumWorld, metric: str = QUESTS, **typed: Any) -> Answer:
    card = await propose_outcome(world, **typed)
    card = await world.choose(world.facilitator, card, metric)
    return await world.press(world.facilitator, card, "Save")


async def propose_norms(
    world: LyceumWorld, norms: str, *, again: bool = False, person: Person | None = None
) -> Answer:
    person = person or world.facilitator
    form = await world.press(person, await manage(world, person), "Write the norms")
    return await world.submit(person, form, {"norms": norms, "reread": again})


async def publish(world: LyceumWorld, norms: str, *, again: bool = False) -> Answer:
    return await world.press(world.facilitator, await propose_norms(world, norms, again=again), "Publish")


async def choose_channel(world: LyceumWorld, channel: Channel | None = None) -> None:
    """Norms are announced in #general, or elsewhere."""
    card = await world.slash(world.facilitator, world.staff, "setup start")
    card = await world.choose(world.facilitator, card, CHARTER_PAGE, menu="setup:page.open")
    [menu] = [each for each in _message(card).selects if each.custom_id.startswith("setup:choice")]
    await world.choose(world.facilitator, card, channel or world.general, menu=menu.custom_id)


def _message(card: Answer) -> Seen:
    assert card.message is not None
    return card.message


def posts(world: LyceumWorld) -> list[Seen]:
    return [post for post in world.posted(world.general) if not post.ephemeral]


def pings_nobody(*shown: Seen | Answer) -> bool:
    seen = [each for item in shown for each in (item.shown if isinstance(item, Answer) else [item])]
    return all(not each.pinged and not each.pinged_roles and not each.pings_everyone for each in seen)


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
        await community.slash(ann, community.general, "quest restart")
        await finish(community, ann)
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
        await community.in_bot(lambda: community.bot.unload_extension("cogs.onboarding"))
        text = (await show(community, community.member)).text
        assert "1 of 4" in text and "switched off at the moment" in text
        card = await propose_outcome(community)
        [menu] = _message(card).selects
        assert [label for label, _ in menu.options] == ["Agreements to the norms"]
        await community.in_bot(lambda: community.bot.load_extension("cogs.onboarding"))


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


class TestBadInput:
    async def test_hostile_text_is_shown_as_typed_and_pings_nobody(self, world: LyceumWorld) -> None:
        await choose_channel(world)
        saved = await write_mission(world, HOSTILE)
        await publish(world, f"{HOSTILE}\n# Heading\n1. Numbered\n> quote")
        await add_outcome(world, words=HOSTILE)
        card = await show(world, world.member)
        assert pings_nobody(saved, card, *posts(world))
        assert "@everyone" not in card.text.replace("\\@\u200beveryone", "")
        assert r"\[free gift\](https://evil.example)" in card.text and r"\*\*loud\*\*" in card.text
        assert "2. \\# Heading\n3. Numbered" in card.text

    @pytest.mark.parametrize("mission", ["   ", "🎉🎉", "\u200b\u200b", "1234"])
    async def test_a_mission_without_words_is_asked_for_again(self, world: LyceumWorld, mission: str) -> None:
        card = await write_mission(world, mission)
        assert "Please say in words" in card.text and "What you wrote is kept" in card.text
        form = await world.press(world.facilitator, card, "Go on editing")
        saved = await world.submit(world.facilitator, form, {"mission": "مهمتنا أن نتعلم معا"})
        assert "The mission is saved" in saved.text
        assert "مهمتنا أن نتعلم معا" in (await show(world, world.member)).text

    @pytest.mark.parametrize("target", ["0", "-3", "1e12", "forty", "1000000000000", "1.5", "\u0660", "½"])
    async def test_a_target_that_is_no_number_is_asked_for_again(
        self, world: LyceumWorld, target: str
    ) -> None:
        card = await propose_outcome(world, target=target)
        assert "whole number from 1 to 1000000" in card.text and "Save" not in str(card.buttons)
        form = await world.press(world.facilitator, card, "Go on editing")
        assert form.modal is not None and form.modal.field("words").label == "What should be reached?"

    @pytest.mark.parametrize(
        ("until", "said"),
        [
            ("yesterday", "has passed already"),
            ("2020-01-01", "has passed"),
            ("soonish", "could not read"),
            ("😀", "could not read"),
            ("<@1>", "could not read"),
            ("2055-01-01", "more than two years"),
        ],
    )
    async def test_a_date_that_cannot_be_is_asked_for_again(
        self, world: LyceumWorld, until: str, said: str
    ) -> None:
        card = await propose_outcome(world, until=until)
        assert said in card.text and pings_nobody(card)
        assert [button.label for button in card.buttons] == ["Go on editing", "Give it up"]

    @pytest.mark.parametrize("day", ["2026-01-08", "2001-01-01", "Monday", "2026-13-01"])
    async def test_a_start_that_cannot_be_is_asked_for_again(self, world: LyceumWorld, day: str) -> None:
        card = await propose_outcome(world, **{"from": day})
        assert "count from" in card.text and "Save" not in [button.label for button in card.buttons]

    async def test_the_time_is_said_back_before_it_is_saved(self, world: LyceumWorld) -> None:
        card = await propose_outcome(world, until="2026-03-01")
        end = 1772409540  # 2026-03-01 23:59 UTC
        assert f"By: <t:{end}:F> (<t:{end}:R>)" in card.text
        assert "Save" not in [button.label for button in card.buttons], "what is counted is not chosen yet"
        card = await world.choose(world.facilitator, card, QUESTS)
        assert f"{QUESTS}, since <t:" in card.text
        await world.press(world.facilitator, card, "Save")
        assert f"by <t:{end}:D>" in (await show(world, world.member)).text

    async def test_a_sixth_outcome_is_refused_before_anything_is_typed(self, world: LyceumWorld) -> None:
        for number in range(4):
            await add_outcome(world, words=f"Number {number}")
        late = await propose_outcome(world, words="One too many")
        late = await world.choose(world.facilitator, late, QUESTS)
        await add_outcome(world, words="Number 4")
        assert (
            "five" in (await world.press(world.facilitator, late, "Save")).text
            or "There are 5 outcomes" in late.text
        )
        refused = await world.press(world.facilitator, await manage(world), "Add an outcome")
        assert refused.modal is None and "There are 5 outcomes already" in refused.text
        assert "One too many" not in (await show(world, world.member)).text

    @pytest.mark.parametrize(
        ("norms", "said"),
        [
            ("\n \n", "at least one norm"),
            ("\n".join(f"Norm {n}" for n in range(13)), "These are 13 norms"),
            ("Fine\n" + "x" * 141, "Norm 2 has 141 characters"),
            ("x" * 4000, "Norm 1 has 4000 characters"),
            ("❤️", "Norm 1 has no words"),
            ("Be kind\nBe kind", "twice"),
        ],
    )
    async def test_norms_that_do_not_fit_are_kept_and_explained(
        self, world: LyceumWorld, norms: str, said: str
    ) -> None:
        card = await propose_norms(world, norms)
        assert said in card.text and "What you wrote is kept" in card.text
        assert "not said yet" in (await show(world, world.member)).text

    async def test_publishing_what_stands_already_is_answered(self, world: LyceumWorld) -> None:
        await publish(world, "Be kind")
        assert "nothing to publish" in (await propose_norms(world, "1. Be kind\n\n", again=True)).text

    async def test_the_longest_charter_still_fits_on_the_card(self, world: LyceumWorld) -> None:
        await write_mission(world, "M" * 200)
        for number in range(5):
            await add_outcome(world, words=f"{number}" + "w" * 99)
        await publish(world, "\n".join(f"{number:02}" + "n" * 138 for number in range(12)))
        card = await show(world, world.facilitator)
        assert "M" * 200 in card.text and "12. 11" + "n" * 138 in card.text and "people agreed" in card.text
        assert "I have read it and agree" in [button.label for button in card.buttons]

    async def test_buttons_of_what_is_gone_are_answered_politely(self, world: LyceumWorld) -> None:
        await add_outcome(world)
        editor = await manage(world)
        words = "Forty people finish their first quest"
        one = await world.choose(world.facilitator, editor, words, menu="charter:outcome.open")
        await world.press(world.facilitator, one, "Remove it")
        other = await manage(world)
        assert words not in other.text
        card = await propose_norms(world, "Be kind")
        await world.press(world.facilitator, card, "Give it up")
        assert "not said yet" in (await show(world, world.member)).text


class TestMembers:
    async def test_members_cannot_change_anything(self, world: LyceumWorld) -> None:
        with pytest.raises(Exception, match="ermission"):
            await manage(world, world.member)
        await publish(world, "Be kind")
        card = await show(world, world.member)
        assert [button.label for button in card.buttons] == ["I have read it and agree"]

    async def test_what_was_changed_stands_in_the_audit(self, world: LyceumWorld) -> None:
        await write_mission(world)
        await add_outcome(world)
        await publish(world, "Be kind")
        async with world.database.read() as session:
            rows = await list_audit(session, world.guild_id, area="charter")
        assert [row.what for row in rows] == [
            "published version {version} of the norms",
            "added the outcome “{outcome}”",
            "changed the mission",
        ]
        assert rows[2].before == {"mission": None} and rows[2].after == {
            "mission": "We teach each other knots."
        }
        assert {row.actor_id for row in rows} == {world.facilitator.id}


class TestOnAnotherCard:
    async def test_its_part_of_the_set_up_works_from_any_card_and_leaves_that_as_it_is(
        self, world: LyceumWorld
    ) -> None:
        async def draw(_: object) -> Card:
            cog: Any = world.bot.get_cog("CharterCog")
            return Card(await cog.setup_items(world.guild_id, Translations().for_locale("en")))

        async def plan(key: str) -> None:
            core = world.bot.core
            async with core.db.begin() as session:
                effect = Effect(
                    kind=EffectKind.POST,
                    key=key,
                    guild_id=world.guild_id,
                    channel_id=world.general.id,
                    renderer="test.card",
                )
                await core.outbox.plan(session, effect)

        async def post(key: str) -> Seen:
            await world.in_bot(lambda: plan(key))
            await world.advance(timedelta(minutes=1))
            return world.posted(world.general)[-1]

        world.bot.renderers.register("test.card", draw, what="a test")
        card = await post("first")
        assert "Not said yet." in card.text and "0 outcomes are running." in card.text
        form = await world.press(world.facilitator, card, "charter:mission.ask")
        saved = await world.submit(world.facilitator, form, {"mission": "We tie knots."})
        assert "The mission is saved" in saved.text and saved.ephemeral
        for control in ("charter:outcome.ask", "charter:norms.ask"):
            assert (await world.press(world.facilitator, card, control)).modal is not None
        refused = await world.press(world.member, card, "charter:mission.ask")
        assert refused.modal is None and "Only facilitators" in refused.text
        assert world.read(card).text == card.text
        assert "The outcome is saved" in (await add_outcome(world, "Agreements to the norms")).text
        anew = await post("second")
        assert "We tie knots." in anew.text and "1 outcome is running." in anew.text
