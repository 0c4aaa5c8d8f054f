"""The four-week story: a community of thirty through the whole bot, judged by what the simulated Discord received."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

from rich.console import Console

from sandbox import story
from sandbox.scenes import SCENES, due
from sandbox.story import received
from sandbox.story.cast import everybody, works
from sandbox.story.figures import count, pinged_while_away
from sandbox.story.plan import Plan
from sandbox.story.play import Moment
from sandbox.story.tale import Tale
from sandbox.story.telling import follow, print_figures
from sandbox.story.weeks import planned

MOST_PINGS = 6
"""On one day for one person. The daily budget is three notifications; beside it stand the thread of a pair, the threads into
which one's own reviews lead (a mention is how Discord adds somebody), and the one summary of the evening."""


def test_nobody_is_planned_to_act_in_their_sleep_or_before_they_came() -> None:
    plan = Plan()
    for week in range(1, 5):
        planned(plan, week)  # raises for whoever would be asleep
    arrived = {name for name, each in everybody().items() if not each.joins}
    for scene in plan.scenes():
        if scene.verb.__name__ == "arrive":
            arrived.add(scene.who)
        assert not scene.who or scene.who in arrived, f"{scene.who} at {scene.at}"
    assert arrived == set(everybody()), "everybody has a part"


def test_every_work_is_recognised_by_its_own_words_alone() -> None:
    for one in works():
        assert [each.author for each in works() if each.mark in one.text] == [one.author]


async def photographed(moments: AsyncIterator[Moment], tale: Tale) -> AsyncIterator[Moment]:
    """The story, in which each picture of the docs finds what it shows.

    Only a newcomer's first quest is left out: she would be a person more than the story has.
    """
    to_come = dict(SCENES)
    async for moment in moments:
        for name, scene in due(moment, to_come):
            if name != "first-quest":
                view = await scene(tale)
                assert view.shown, name
                tale.world.dismiss_answers(view.viewer, view.channel)
        yield moment
    assert not to_come, "moments that the pictures wait for"


async def test_four_weeks_of_a_community() -> None:
    shown = io.StringIO()
    with story.room() as folder:
        async with story.world(
            folder
        ) as world:  # raises at its end for every error that reached Discord's side
            tale = Tale(world)
            await follow(photographed(story.play(world, tale=tale), tale), Console(file=shown, width=120))
            world.check_interactions()
            figures, posts = tale.figures(), received.posts(world)
            print_figures(figures, Console(file=shown, width=120))
            assert (figures.lost, figures.doubled) == ((), ())
            assert pinged_while_away(posts, tale.absences()) == []
            assert figures.most_pings_in_a_day <= MOST_PINGS
            assert figures.people == 30
            assert figures.submissions == len(works())
            assert figures.share_reviewed >= 0.9
            assert figures.repeated_pairs == 0
            # The same judge sees what is not there, and what is there twice.
            gone = next(post for post in posts if tale.expected[0].fits(post))
            without = count([each for each in posts if each is not gone], [], tale.expected, [], world.now, 0)
            assert without.lost == (tale.expected[0].what,)
            twice = count([*posts, gone], [], tale.expected, [], world.now, 0)
            assert tale.expected[0].what in twice.doubled
            # The demo goes on from here, with the bot's own alarm clock: nothing is posted again, and people are answered.
            world.raise_errors()
            await story.go_on(world, folder)
            ben = world.people["Ben"]
            inbox = await world.slash(ben, world.channels["reviews"], "review inbox")
            assert "One chart, one sentence" in inbox.text
            assert received.posts(world) == posts
    text = shown.getvalue()
    assert text.count("\n") >= 28 and "Mon  2 Nov" in text, "a line a day"
    assert "Lost posts" in text
