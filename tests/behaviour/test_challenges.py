"""Weekly challenges as people live them: three weeks of a community, and each of their cards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.people import Person
from tests.behaviour import challenges as c
from tests.behaviour.quests import LyceumWorld, notices
from tests.behaviour.test_privacy import deleted

MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)
SUNDAY = datetime(2026, 1, 18, 20, tzinfo=UTC)
RESULTS = datetime(2026, 1, 19, 18, tzinfo=UTC)
WEEK = timedelta(weeks=1)
GOOD_FILE = b"""
[[challenges]]
title = "Nets"
purpose = "To catch"
done = "It catches"
core = "Make one"
minutes = 20
[[challenges]]
title = "Sails"
purpose = "To move"
done = "It moves"
core = "Make one"
"""
SHAMING = re.compile(
    r"\b(fail|failed|failure|loser|lazy|missed|behind|should have|disappoint|overdue|penalty|worst|inactive|only \d+ of)\b",
    re.IGNORECASE,
)


@pytest.fixture
async def world(community: LyceumWorld) -> LyceumWorld:
    """A community with channels for challenges and three of them in the queue, on Wednesday the 7th of January."""
    await c.choose_channels(community, community.weekly, community.first_wins)
    for title in ("Knots", "Splices", "Whippings"):
        await c.write(community, title)
    return community


@pytest.fixture
async def opened(world: LyceumWorld) -> LyceumWorld:
    """The same on Monday after the first one opened."""
    await c.every_week(world)
    await world.advance_to(MONDAY + timedelta(minutes=1))
    return world


SHOWN = "https://example.org/by/{}"


@dataclass
class Cast:
    """Who plays: some every week and in the rankings, one who keeps to herself, many who join, one who does not."""

    never: Person
    quiet: Person
    steady: list[Person]
    rest: list[Person]

    def late(self, week: int) -> Person:
        return self.rest[10 + week]

    def asked(self, week: int) -> list[Person]:
        """Those who ask to be reminded and hand nothing in."""
        return self.rest[: 5 + week]


async def play(world: LyceumWorld, cast: Cast, week: int) -> None:
    """One week, up to its results."""
    closes = SUNDAY + week * WEEK
    post = c.posts(world, world.weekly)[-1]
    for number, person in enumerate(cast.steady):
        await c.join(world, person, post, ("warm_up", "core", "stretch")[number % 3])
    for person in cast.asked(week):
        await c.join(world, person, post, remind=True)
    await world.advance_to(closes - timedelta(days=2))
    for person in cast.steady:
        receipt = await c.hand_in(world, person, SHOWN.format(person.id), shown=True)
        assert "Receipt" in receipt.text and receipt.ephemeral and "version 1" in receipt.text
    await c.hand_in(world, cast.quiet, "My own words", confidence=None, learned="")
    await world.advance_to(closes + timedelta(hours=3))
    receipt = await c.hand_in(world, cast.late(week), "A little later")
    assert "Accepted after the deadline (3 hours)" in receipt.text
    await world.advance_to(RESULTS + week * WEEK + timedelta(minutes=1))


def check_results(world: LyceumWorld, cast: Cast, week: int) -> None:
    """Everyone who finished stands in them, what people made first and the ranking last, and nobody is pinged."""
    told = c.results(world, world.first_wins)
    assert len(told) == week + 1
    result, steady, late = told[-1], cast.steady, cast.late(week)
    assert set(result.mentions) == {*(each.id for each in steady), cast.quiet.id, late.id}
    assert "8 people finished it" in result.text and f"<@{late.id}> (took a little longer)" in result.text
    assert result.pinged == () and not result.pings_everyone
    order = [result.text.index(words) for words in ("What people made", "Everyone who finished", "Ranking")]
    assert order == sorted(order)
    assert SHOWN.format(steady[0].id) in result.text and "My own words" not in result.text
    warm_up = next(line for line in result.text.splitlines() if line.startswith("Warm-up:"))
    assert str(steady[0].id) in warm_up and str(steady[1].id) not in warm_up
    ranking = result.text[result.text.index("**Ranking**") :]
    for person in (steady[0], steady[3]):  # both in the warm-up: equal counts share a place
        assert f"1. <@{person.id}>, {week + 1} on time" in ranking
    assert str(cast.quiet.id) not in ranking and str(late.id) not in ranking


async def check_what_each_sees(world: LyceumWorld, cast: Cast) -> None:
    """Whoever played sees their own, and whoever did not has not been bothered."""
    for person in cast.steady:
        mine = (await world.slash(person, world.general, "challenge mine")).text
        assert mine.count("receipt") == 3 and "You are in the rankings" in mine
        assert [ping for ping in world.pings(person) if "closes" in ping.text] == []
    assert [ping for ping in world.pings(cast.never) if "challenge" in ping.text.lower()] == []
    assert (await world.slash(cast.never, world.general, "challenge mine")).text.count("receipt") == 0
    gallery = await world.slash(cast.never, world.general, "challenge gallery")
    assert "**Past challenges**: 3" in gallery.text
    past = await world.choose(cast.never, gallery, "Splices")
    assert SHOWN.format(cast.steady[5].id) not in past.text
    page = await world.press(cast.never, past, "Next")
    assert SHOWN.format(cast.steady[5].id) in page.text


async def test_thirty_people_play_three_weeks_and_each_sees_what_is_true(world: LyceumWorld) -> None:
    await c.every_week(world)
    await c.set_policy(world, ranking=True)
    people = [await world.join(f"Person{number}") for number in range(30)]
    cast = Cast(people[0], people[1], people[2:8], people[8:])
    for person in cast.steady:
        mine = await world.slash(person, world.general, "challenge mine")
        await world.press(person, mine, "Put me in the rankings")
    for week, title in enumerate(("Knots", "Splices", "Whippings")):
        await world.advance_to(MONDAY + week * WEEK + timedelta(minutes=1))
        posts = c.posts(world, world.weekly)
        assert len(posts) == week + 1 and f"**{title}**" in posts[-1].text
        assert f"<t:{int((SUNDAY + week * WEEK).timestamp())}:R>" in posts[-1].text
        await play(world, cast, week)
        check_results(world, cast, week)
        for person in cast.asked(week):
            assert len([ping for ping in world.pings(person) if title in ping.text]) == 1
    await check_what_each_sees(world, cast)
    places = (world.weekly, world.first_wins, world.staff)
    texts = [card.text for channel in places for card in world.posted(channel)]
    assert [text for text in texts if SHAMING.search(text)] == []
    assert any("No challenge is left in the queue" in notice for notice in notices(world))


class TestMembers:
    async def test_the_post_has_all_one_needs_and_pings_nobody(self, opened: LyceumWorld) -> None:
        [post] = c.posts(opened, opened.weekly)
        for words in (
            "**Knots**",
            "Tie one knot.",
            "Tie three knots.",
            "Teach a knot.",
            "bowline",
            "30 minutes",
        ):
            assert words in post.text
        assert post.labels == ["Join", "Submit", "Ask"] and post.pinged == () and not post.pings_everyone
        assert opened.env.backend.get_channel(post.id).name == "Questions: Knots"
        ask = await opened.press(opened.member, post, "Ask")
        assert ask.ephemeral and ask.buttons[0].url is not None and ask.buttons[0].url.endswith(str(post.id))

    async def test_nothing_is_open_yet(self, world: LyceumWorld) -> None:
        card = await world.slash(world.member, world.general, "challenge current")
        assert "No challenge is open" in card.text and "Suggest a challenge" in [
            each.label for each in card.buttons
        ]
        refused = await world.slash(world.member, world.general, "challenge submit")
        assert refused.modal is None and "no such challenge" in refused.text

    async def test_joining_changing_and_leaving(self, opened: LyceumWorld) -> None:
        ann, [post] = opened.member, c.posts(opened, opened.weekly)
        card = await c.join(opened, ann, post, "warm_up", remind=True)
        reminder = int((SUNDAY - timedelta(days=1)).timestamp())
        assert "You are in: Warm-up" in card.text and f"<t:{reminder}:F>" in card.text and card.ephemeral
        card = await c.join(opened, ann, card, "stretch")
        assert "You are in: Stretch" in card.text and f"<t:{reminder}:F>" not in card.text
        sure = await opened.press(ann, card, "Leave")
        assert "Nobody is told" in sure.text
        left = await opened.press(ann, sure, "Leave it")
        again = await opened.press(ann, left, "Look at it again")
        assert "You are not in yet" in again.text
        await opened.advance_to(SUNDAY)
        assert [ping for ping in opened.pings(ann) if "Knots" in ping.text] == []

    async def test_drafts_versions_and_a_look_back(self, opened: LyceumWorld) -> None:
        ann = opened.member
        kept = await c.hand_in(opened, ann, "", learned="Much")
        assert "Not submitted yet" in kept.text and "kept as a draft" in kept.text
        kept = await c.hand_in(opened, ann, "half of it", later=True)
        assert "Kept as a draft" in kept.text
        assert "Draft: Knots" in (await opened.slash(ann, opened.general, "challenge mine")).text
        form = await opened.press(ann, kept, "Go on writing")
        receipt = await opened.submit(ann, form, {"work": "all of it", "learned": ""})
        assert "version 1" in receipt.text and "what did you learn" in receipt.text
        receipt = await c.hand_in(opened, ann, "more than all")
        assert "version 2" in receipt.text and "what did you learn" not in receipt.text
        mine = (await opened.slash(ann, opened.general, "challenge mine")).text
        assert "Draft" not in mine and "version 2" in mine and mine.count("receipt") == 1

    @pytest.mark.parametrize(
        ("work", "says"),
        [
            ("https://docs.google.com/document/d/1", "I do not open links"),
            ("http://localhost:3000", "I do not open links"),
            (
                "https://discord.com/channels/999999999999999999/999999999999999998/999999999999999997",
                "another server",
            ),
        ],
    )
    async def test_links_are_taken_with_a_kind_word_and_never_opened(
        self, opened: LyceumWorld, work: str, says: str
    ) -> None:
        receipt = await c.hand_in(opened, opened.member, work)
        assert "Submitted" in receipt.text and says in receipt.text

    async def test_a_file_is_posted_where_others_can_open_it(self, opened: LyceumWorld) -> None:
        ann = opened.member
        form = await opened.slash(
            ann, opened.general, "challenge submit", file=("my knot.pdf", b"%PDF knots")
        )
        assert opened.posted(opened.general) == [] and form.modal is not None
        said = [str(each.description) for each in form.modal.fields]
        assert any("posted in this channel" in each for each in said), "before anything is handed in"
        assert any("posted here all the same" in each for each in said)
        receipt = await opened.submit(ann, form, {"work": "", "learned": "Glue helps", "shown": True})
        assert "Submitted" in receipt.text and receipt.message is not None and receipt.message.ephemeral
        [posted] = opened.posted(opened.general)
        assert posted.attachments == ("my-knot.pdf",) and posted.pinged == ()
        await opened.advance_to(RESULTS + timedelta(minutes=1))
        [result] = c.results(opened, opened.first_wins)
        assert f"/{opened.general.id}/{posted.id}" in result.text and "my knot.pdf" in result.text

    async def test_a_file_goes_with_whoever_is_deleted(self, opened: LyceumWorld) -> None:
        ann = opened.member
        form = await opened.slash(ann, opened.general, "challenge submit", file=("knot.pdf", b"%PDF knots"))
        await opened.submit(ann, form, {"work": "", "learned": "Glue helps", "shown": True})
        await deleted(opened, ann)
        assert opened.posted(opened.general) == []

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("virus.exe", b"MZ", "files of that type"),
            ("empty.pdf", b"", "file is empty"),
            ("big.pdf", b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
        ],
        ids=["type", "empty", "size"],
    )
    async def test_a_file_that_cannot_be_taken_is_told_before_anything_is_typed(
        self, opened: LyceumWorld, name: str, content: bytes, says: str
    ) -> None:
        refused = await opened.slash(opened.member, opened.general, "challenge submit", file=(name, content))
        assert refused.modal is None and says in refused.text and refused.ephemeral

    async def test_a_file_that_discord_has_let_go_is_asked_for_as_a_link(self, opened: LyceumWorld) -> None:
        form = await opened.slash(
            opened.member, opened.general, "challenge submit", file=("knot.pdf", b"knot")
        )
        opened.env.backend.cdn._blobs.clear()
        answer = await opened.submit(opened.member, form, {"work": ""})
        assert "Submitted" in answer.text and "could not be posted" in answer.text
        assert opened.posted(opened.general) == []

    async def test_hostile_words_are_shown_as_they_were_typed(self, opened: LyceumWorld) -> None:
        nasty = "@everyone **bold** [free](https://evil.example) <@1> `x` ||spoiler||\n# heading"
        await c.hand_in(opened, opened.member, nasty, learned=nasty, shown=True)
        await opened.advance_to(RESULTS + timedelta(minutes=1))
        [result] = c.results(opened, opened.first_wins)
        assert not result.pings_everyone and result.pinged == ()
        assert "**bold**" not in result.text and "||spoiler||" not in result.text
        past = await opened.press(opened.member, result, "All that people made")
        assert "\\*\\*bold" in past.text

    async def test_four_thousand_characters(self, opened: LyceumWorld) -> None:
        receipt = await c.hand_in(opened, opened.member, "*" * 4000, learned="_" * 1000, shown=True)
        assert "Submitted" in receipt.text
        await opened.advance_to(RESULTS + timedelta(minutes=1))
        assert "Everyone who finished" in c.results(opened, opened.first_wins)[0].text

    async def test_after_the_archive_it_is_over_kindly(self, opened: LyceumWorld) -> None:
        await opened.advance_to(RESULTS + timedelta(days=15))
        [first, *_] = c.posts(opened, opened.weekly)
        assert first.labels == ["What people made", "Ask"]
        past = await opened.press(opened.member, first, "What people made")
        assert past.ephemeral and "Submit late" not in [each.label for each in past.buttons]

    async def test_an_old_card_says_before_anything_is_typed_that_it_has_closed(
        self, opened: LyceumWorld
    ) -> None:
        card = await opened.slash(opened.member, opened.general, "challenge current")
        form = await opened.press(opened.member, card, "Join")
        await opened.advance_to(RESULTS)
        for answer in (
            await opened.press(opened.member, card, "Join"),
            await opened.submit(opened.member, form, {"track": "core"}),
        ):
            assert answer.modal is None and "This challenge has closed" in answer.text

    async def test_a_late_one_joins_the_results_that_are_out(self, opened: LyceumWorld) -> None:
        await opened.advance_to(RESULTS + timedelta(hours=1))
        [result] = c.results(opened, opened.first_wins)
        assert "There is nothing to show this time" in result.text
        [post] = [each for each in c.posts(opened, opened.weekly) if "Knots" in each.text]
        form = await opened.press(opened.member, post, "Submit late")
        await opened.submit(opened.member, form, {"work": "better late"})
        assert f"<@{opened.member.id}> (took a little longer)" in c.results(opened, opened.first_wins)[0].text
        gallery = await opened.slash(opened.people["Cleo"], opened.general, "challenge gallery")
        past = await opened.choose(opened.people["Cleo"], gallery, "Knots")
        form = await opened.press(opened.people["Cleo"], past, "Submit late")
        await opened.submit(opened.people["Cleo"], form, {"work": "better late too"})
        [result] = c.results(opened, opened.first_wins)
        assert "2 people finished it" in result.text

    async def test_a_suggestion_is_credited_as_wished(self, opened: LyceumWorld) -> None:
        boss = opened.facilitator
        for title, credit in (("Nets", True), ("Sails", False)):
            form = await opened.slash(opened.member, opened.general, "challenge suggest")
            thanks = await opened.submit(
                opened.member, form, {"title": title, "idea": "Make one", "credit": credit}
            )
            assert "Thank you" in thanks.text
            listed = await opened.slash(boss, opened.staff, "manage challenges list")
            idea = await opened.choose(boss, listed, title, menu="challenges:idea.look")
            assert ("They like to be named" in idea.text) is credit
            draft = await opened.press(boss, idea, "Make a draft of it")
            assert ("Suggested by" in draft.text) is credit


class TestFacilitators:
    async def test_the_list_says_what_there_is_and_what_comes(self, world: LyceumWorld) -> None:
        card = await world.slash(world.facilitator, world.staff, "manage challenges list")
        assert "None is open." in card.text and "1. Knots\n2. Splices\n3. Whippings" in card.text
        assert "by hand only" in card.text
        await c.every_week(world)
        card = await world.slash(world.facilitator, world.staff, "manage challenges list")
        assert f"<t:{int(MONDAY.timestamp())}:F>" in card.text

    async def test_the_queue_can_be_put_in_another_order(self, world: LyceumWorld) -> None:
        card = await world.press(world.facilitator, await c.look(world, "Whippings"), "Earlier")
        assert "1. Knots\n2. Whippings\n3. Splices" in card.text
        card = await world.press(world.facilitator, await c.look(world, "Knots"), "Take it out")
        assert "State: draft" in card.text

    async def test_opening_by_hand_says_first_what_it_does(self, world: LyceumWorld) -> None:
        card = await world.press(world.facilitator, await c.look(world, "Splices"), "Open now")
        closes = datetime(2026, 1, 11, 20, tzinfo=UTC)
        assert f"<#{world.weekly.id}>" in card.text and f"<t:{int(closes.timestamp())}:F>" in card.text
        assert c.posts(world, world.weekly) == []
        back = await world.press(world.facilitator, card, "Leave it as it is")
        assert "State: queued" in back.text
        await c.open_now(world, "Splices")
        assert len(c.posts(world, world.weekly)) == 1
        refused = await world.press(world.facilitator, await c.look(world, "Knots"), "Open now")
        assert "Another challenge is open" in refused.text

    async def test_extending_says_first_what_it_does_and_the_post_follows(self, opened: LyceumWorld) -> None:
        form = await opened.press(opened.facilitator, await c.look(opened, "Knots"), "Extend for everybody")
        card = await opened.submit(opened.facilitator, form, {"until": "2026-01-20 20:00"})
        until = datetime(2026, 1, 20, 20, tzinfo=UTC)
        assert f"<t:{int(until.timestamp())}:F>" in card.text and "none opens by itself then" in card.text
        [post] = c.posts(opened, opened.weekly)
        assert f"<t:{int(SUNDAY.timestamp())}:F>" in post.text
        await opened.press(opened.facilitator, card, "Extend it")
        [post] = c.posts(opened, opened.weekly)
        assert f"<t:{int(until.timestamp())}:F>" in post.text
        wrong = await opened.press(opened.facilitator, await c.look(opened, "Knots"), "Extend for everybody")
        refused = await opened.submit(opened.facilitator, wrong, {"until": "tomorrow"})
        assert "not later than the deadline" in refused.text
        await opened.advance_to(SUNDAY + timedelta(days=1))
        assert len(c.posts(opened, opened.weekly)) == 1 and post.labels == ["Join", "Submit", "Ask"]

    async def test_closing_by_hand(self, opened: LyceumWorld) -> None:
        await c.join(opened, opened.member, c.posts(opened, opened.weekly)[0])
        card = await opened.press(opened.facilitator, await c.look(opened, "Knots"), "Close now")
        assert "1 person is in it" in card.text
        await opened.press(opened.facilitator, card, "Close it")
        [post] = c.posts(opened, opened.weekly)
        assert "The deadline was" in post.text and post.labels == ["Submit", "Ask"]
        await opened.advance(timedelta(days=2))
        assert len(c.results(opened, opened.first_wins)) == 1

    async def test_editing_while_it_is_open_changes_the_post(self, opened: LyceumWorld) -> None:
        form = await opened.press(opened.facilitator, await c.look(opened, "Knots"), "Edit")
        await opened.submit(opened.facilitator, form, c.KNOTS | {"title": "Better knots"})
        assert "**Better knots**" in c.posts(opened, opened.weekly)[0].text

    async def test_of_two_who_edit_at_once_the_second_is_told_and_loses_nothing(
        self, opened: LyceumWorld
    ) -> None:
        boss, owner = opened.facilitator, opened.people["Olive"]
        first, second, tracks = [
            await opened.press(person, await c.look(opened, "Knots", by=person), label)
            for person, label in ((boss, "Edit"), (owner, "Edit"), (owner, "Edit tracks"))
        ]
        await opened.submit(boss, first, c.KNOTS | {"title": "Better knots"})
        told = await opened.submit(owner, second, c.KNOTS | {"title": "My knots", "hint": "With *gloves*"})
        assert "Somebody changed it while you were writing" in told.text
        assert "My knots" in told.text and "With \\*gloves\\*" in told.text
        assert "**Better knots**" in c.posts(opened, opened.weekly)[0].text
        again = await opened.press(owner, told, "Edit it again")
        assert "Better knots" in str(again.result.modal)
        assert "Saved." in (await opened.submit(owner, again, c.KNOTS | {"title": "My knots"})).text
        assert "**My knots**" in c.posts(opened, opened.weekly)[0].text
        saved = await opened.submit(owner, tracks, c.TRACKS | {"core": "Tie four knots."})
        assert "Saved." in saved.text, "the other form was not touched meanwhile"

    async def test_removing_asks_first(self, world: LyceumWorld) -> None:
        sure = await world.press(world.facilitator, await c.look(world, "Knots"), "Remove")
        kept = await world.press(world.facilitator, sure, "Keep it")
        sure = await world.press(world.facilitator, kept, "Remove")
        gone = await world.press(world.facilitator, sure, "Remove it")
        assert "Knots" not in gone.text and "Splices" in gone.text

    async def test_the_library_is_a_menu_away_from_the_queue(self, world: LyceumWorld) -> None:
        boss = world.facilitator
        library = await world.slash(boss, world.staff, "manage challenges library")
        assert library.message is not None and [len(each.options) for each in library.message.selects] == [
            8,
            8,
            8,
        ]
        card = await world.choose(boss, library, "Cut a third", menu="challenges:library.writing")
        assert "Read it aloud" in card.text
        draft = await world.press(boss, card, "Add it to the drafts")
        queued = await world.press(boss, draft, "Put it in the queue")
        assert "State: queued" in queued.text

    async def test_a_download_can_be_uploaded_again(self, world: LyceumWorld) -> None:
        boss = world.facilitator
        card = await world.slash(boss, world.staff, "manage challenges export")
        assert card.message is not None and card.message.attachments == ("challenges.toml",)
        card = await world.press(boss, await c.look(world, "Knots"), "Download")
        assert card.ephemeral
        again = await world.slash(boss, world.staff, "manage challenges import", file=("c.toml", GOOD_FILE))
        assert "2 drafts were added" in again.text
        listed = await world.slash(boss, world.staff, "manage challenges list")
        assert "**Drafts**\n1. Nets\n2. Sails" in listed.text

    async def test_a_file_with_mistakes_adds_nothing_and_tells_all_of_them(self, world: LyceumWorld) -> None:
        broken = GOOD_FILE.replace(b'core = "Make one"', b"").replace(
            b"minutes = 20", b'minutes = "@everyone"'
        )
        told = await world.slash(
            world.facilitator, world.staff, "manage challenges import", file=("c.toml", broken)
        )
        assert "Nothing was added" in told.text and told.text.count("is missing") == 2
        assert "“minutes” is a number" in told.text
        huge = ("c.toml", b"#" * 300_000)
        told = await world.slash(world.facilitator, world.staff, "manage challenges import", file=huge)
        assert "larger than 256 kB" in told.text
        listed = await world.slash(world.facilitator, world.staff, "manage challenges list")
        assert "Drafts" not in listed.text

    async def test_members_are_refused_behind_old_cards_too(self, world: LyceumWorld) -> None:
        with pytest.raises(Exception, match="ermission"):
            await world.slash(world.member, world.general, "manage challenges list")

    async def test_unreadable_times_and_graces_are_asked_for_again(self, world: LyceumWorld) -> None:
        assert "I cannot read that time" in (await c.every_week(world, opens_time="nine")).text
        assert "hours of grace" in (await c.set_policy(world, grace="many")).text


async def test_nothing_is_typed_in_vain(world: LyceumWorld) -> None:
    boss = world.facilitator
    form = await world.slash(boss, world.general, "manage challenges new")
    refused = await world.submit(boss, form, c.KNOTS | {"minutes": "thirty"})
    assert "as a number from 1 to" in refused.text and refused.message is not None
    assert refused.message.attachments == ("challenge.txt",)
    for number in range(5):
        form = await world.slash(world.member, world.general, "challenge suggest")
        await world.submit(world.member, form, {"title": f"Idea {number}", "idea": "Because"})
    full = await world.slash(world.member, world.general, "challenge suggest")
    assert full.modal is None and "waiting already" in full.text
