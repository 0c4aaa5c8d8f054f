"""/me edit, the clock, the check-ins: what a member says of themselves and what they see of it."""

from __future__ import annotations

from datetime import timedelta
from gettext import NullTranslations

import pytest

from bot.i18n import Translator
from sandbox.people import Person
from sandbox.seen import Answer
from tests.behaviour.quests import LyceumWorld

ABOUT = {
    "goal": "Tie a bowline",
    "level": "basics",
    "hours": "5",
    "languages": "English, Deutsch",
    "feedback": "gentle",
}
SURE = {f"statement_{number}": str(number) for number in range(1, 6)}
SURER = {f"statement_{number}": "5" for number in range(1, 6)}


async def edit(world: LyceumWorld, person: Person, **answers: str) -> Answer:
    card = await world.slash(person, world.general, "me edit")
    form = await world.press(person, card, "Change")
    return await world.submit(person, form, answers)


async def test_one_form_holds_the_whole_profile_and_is_filled_in_the_next_time(world: LyceumWorld) -> None:
    empty = await world.slash(world.member, world.general, "me edit")
    assert empty.ephemeral and empty.text.count("not told yet") == 5
    card = await edit(world, world.member, **ABOUT)
    for shown in ("> Tie a bowline", "I know the basics", "Three to five hours", "English, German", "Gently"):
        assert shown in card.text
    form = await world.press(world.member, card, "Change")
    assert form.modal is not None and len(form.modal.fields) == 5
    raw = str(form.result.modal)
    assert "Tie a bowline" in raw and "English, German" in raw and raw.count("'default': True") == 3


async def test_what_somebody_else_or_another_server_knows_is_not_shared(world: LyceumWorld) -> None:
    await edit(world, world.member, **ABOUT)
    other = await world.slash(world.people["Cleo"], world.general, "me edit")
    assert "bowline" not in other.text
    core = world.bot.core
    async with core.db.read() as session:
        elsewhere = await core.profiles.get(session, 4711, world.member.id)
    assert elsewhere.goal is None


async def test_of_two_tabs_the_last_form_wins_and_both_are_answered(world: LyceumWorld) -> None:
    cards = [await world.slash(world.member, world.general, "me edit") for _ in range(2)]
    forms = [await world.press(world.member, card, "Change") for card in cards]
    first = await world.submit(world.member, forms[0], ABOUT)
    second = await world.submit(world.member, forms[1], ABOUT | {"goal": "Splice a rope"})
    assert "bowline" in first.text and "Splice a rope" in second.text
    assert "Splice a rope" in (await world.slash(world.member, world.general, "me edit")).text


@pytest.mark.parametrize(
    ("goal", "shown"),
    [
        ("🎉🎉", "> 🎉🎉"),
        ("\u202eمرحبا بكم", "> مرحبا بكم"),  # noqa: RUF001 - Arabic
        ("@everyone <@1> [a](https://x.y)", "\\[a\\]"),
        ("*" * 300, "\\*" * 300),
        ("   ", "not told yet"),
    ],
)
async def test_any_words_are_shown_as_they_were_typed_and_ping_nobody(
    world: LyceumWorld, goal: str, shown: str
) -> None:
    card = await edit(world, world.member, goal=goal)
    assert shown in card.text and card.message is not None
    assert card.message.pinged == () and not card.message.pings_everyone


async def test_an_unknown_language_keeps_the_rest_and_says_so(world: LyceumWorld) -> None:
    card = await edit(world, world.member, **(ABOUT | {"languages": "English, Elvishh"}))
    assert "do not know this language: Elvishh" in card.text
    assert "bowline" in card.text and "Languages you speak: English" in card.text


async def test_saying_the_goal_is_an_act_once_for_each_goal(world: LyceumWorld) -> None:
    await world.slash(world.member, world.general, "start")
    for goal in ("Knots", "Knots", "Sails"):
        await edit(world, world.member, goal=goal)
        await world.advance(timedelta(seconds=2))
    quest = await world.slash(world.member, world.general, "quest status")
    assert "Done: Say what you want to learn" in quest.text


class _Loud(NullTranslations):
    """A language that shouts."""

    def gettext(self, message: str) -> str:
        return message if "{" in message else message.upper()


async def test_the_bot_speaks_the_language_that_was_chosen_also_after_a_restart(world: LyceumWorld) -> None:
    def learn() -> None:
        world.bot.translations._translators["de"] = Translator("de", _Loud())

    assert (await world.slash(world.member, world.general, "me edit")).message is not None
    learn()
    card = await world.slash(world.member, world.general, "me edit")
    german = await world.choose(world.member, card, "Deutsch", menu="profiles:language.set")
    assert "WHAT YOU HAVE TOLD ME" in german.text
    await world.restart()
    learn()
    assert "WHAT YOU HAVE TOLD ME" in (await world.slash(world.member, world.general, "me edit")).text
    assert "What you have told me" in (await world.slash(world.people["Cleo"], world.general, "me edit")).text
    card = await world.slash(world.member, world.general, "me notifications")
    await world.press(world.member, card, "notify:dms.allow")
    assert "THIS IS WHERE I WILL WRITE TO YOU" in world.dms(world.member)[-1].text
    card = await world.slash(world.member, world.general, "me edit")
    back = await world.choose(world.member, card, "discord", menu="profiles:language.set")
    assert "What you have told me" in back.text


class TestTheClock:
    async def test_it_is_found_by_what_it_shows_and_where_that_is(self, world: LyceumWorld) -> None:
        card = await world.slash(world.member, world.general, "me edit")
        ask = await world.press(world.member, card, "Set my clock")
        assert ask.message is not None and len(ask.message.selects) == 2
        labels = [label for select in ask.message.selects for label, _ in select.options]
        assert "Wednesday 09:00" in labels and "Wednesday 14:45" in labels and "Wednesday 12:30" in labels
        places = await world.choose(world.member, ask, "Wednesday 14:45", menu="zone:clock.choose:1")
        saved = await world.choose(world.member, places, "Kathmandu")
        assert "Asia/Kathmandu, where it is 14:45 now" in saved.text
        assert "Asia/Kathmandu, 14:45 now" in (await world.slash(world.member, world.general, "me edit")).text

    async def test_a_city_can_be_typed_and_a_mistake_is_answered_with_what_is_near(
        self, world: LyceumWorld
    ) -> None:
        card = await world.slash(world.member, world.general, "me edit")
        ask = await world.press(world.member, card, "Set my clock")
        form = await world.press(world.member, ask, "Type a city instead")
        wrong = await world.submit(world.member, form, {"city": "Lisboa"})
        assert "Europe/Lisbon" in wrong.text
        form = await world.press(world.member, ask, "Type a city instead")
        saved = await world.submit(world.member, form, {"city": "lisbon"})
        assert "Europe/Lisbon, where it is 09:00 now" in saved.text

    async def test_a_card_from_before_the_clocks_changed_asks_anew(self, world: LyceumWorld) -> None:
        card = await world.slash(world.member, world.general, "me edit")
        ask = await world.press(world.member, card, "Set my clock")
        async with world.while_down():
            await world.advance(
                timedelta(days=100)
            )  # by April nobody lives 13 h 45 min ahead, as Chatham did
        again = await world.choose(world.member, ask, "825", menu="zone:clock.choose:1")
        assert "What time is it for you right now?" in again.text


class TestCheckins:
    async def take(self, world: LyceumWorld, answers: dict[str, str]) -> Answer:
        card = await world.slash(world.member, world.general, "me edit")
        skills = await world.press(world.member, card, "How sure I feel")
        form = await world.press(world.member, skills, "profiles:skills.ask")
        return await world.submit(world.member, form, answers)

    async def test_the_first_answers_stay_and_stand_beside_those_after_four_weeks(
        self, world: LyceumWorld
    ) -> None:
        first = await self.take(world, SURE)
        assert first.ephemeral and "beginner: **I could teach it**" in first.text
        assert "You can answer again" in first.text and [each.label for each in first.buttons] == ["Back"]
        await world.advance(timedelta(weeks=4, days=1))
        then_and_now = await self.take(world, SURER)
        assert "next: then **Not yet**, now **I could teach it**" in then_and_now.text
        again = await world.slash(world.member, world.general, "me edit")
        assert "then **Not yet**" in (await world.press(world.member, again, "How sure I feel")).text
        other = await world.slash(world.people["Cleo"], world.general, "me edit")
        assert "no test" in (await world.press(world.people["Cleo"], other, "How sure I feel")).text

    async def test_a_second_form_sent_at_once_changes_nothing(self, world: LyceumWorld) -> None:
        cards = [await world.slash(world.member, world.general, "me edit") for _ in range(2)]
        skills = [await world.press(world.member, card, "How sure I feel") for card in cards]
        forms = [await world.press(world.member, each, "profiles:skills.ask") for each in skills]
        one, two = await world.at_once(
            world.submit(world.member, forms[0], SURE), world.submit(world.member, forms[1], SURER)
        )
        assert sorted("You have answered already" in each.text for each in (one, two)) == [False, True]

    async def test_after_four_weeks_it_is_told_once_in_the_news_of_the_day(self, world: LyceumWorld) -> None:
        await self.take(world, SURE)
        await world.advance(timedelta(weeks=3, days=6))
        assert world.pings(world.member) == []
        await world.advance(timedelta(weeks=2))
        [ping] = world.pings(world.member)
        assert "Four weeks ago you said how sure you feel" in ping.text and ping.at.hour == 18

    @pytest.mark.parametrize("days", [1, 28.2], ids=["before it is due", "before the news"])
    async def test_who_has_left_is_not_told(self, world: LyceumWorld, days: float) -> None:
        await self.take(world, SURE)
        await world.advance(timedelta(days=days))
        await world.leave(world.member)
        await world.advance(timedelta(weeks=5))
        assert world.pings(world.member) == []

    async def test_a_facilitator_chooses_the_statements_and_who_has_answered_keeps_theirs(
        self, world: LyceumWorld
    ) -> None:
        await self.take(world, SURE)
        form = await world.slash(world.facilitator, world.staff, "manage members skills")
        saved = await world.submit(
            world.facilitator, form, {"statement_1": "Tie a bowline", "statement_2": ""}
        )
        assert "- Tie a bowline" in saved.text and "- Find time for it every week" in saved.text
        cleo = world.people["Cleo"]
        card = await world.slash(cleo, world.general, "me edit")
        asked = await world.press(cleo, await world.press(cleo, card, "How sure I feel"), "Answer them")
        assert asked.modal is not None and asked.modal.fields[0].label == "Tie a bowline"
        await world.advance(timedelta(weeks=4))
        card = await world.slash(world.member, world.general, "me edit")
        skills = await world.press(world.member, card, "How sure I feel")
        asked = await world.press(world.member, skills, "How is it now?")
        assert asked.modal is not None and asked.modal.fields[0].label == "Say what I want to learn next"
