"""Bad input to the charter, who may change it, and its buttons on cards of others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.cards import Card
from bot.i18n import Translations
from bot.outbox import Effect, EffectKind
from sandbox.seen import Seen
from storage.audit import list_audit
from tests.behaviour.charters import (
    HOSTILE,
    QUESTS,
    add_outcome,
    choose_channel,
    manage,
    pings_nobody,
    posts,
    propose_norms,
    propose_outcome,
    publish,
    show,
    write_mission,
)
from tests.behaviour.quests import LyceumWorld


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
