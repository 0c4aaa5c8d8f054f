"""What ordinary life in the server costs: no query and no request for messages and reactions that matter to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.behaviour.quests import LyceumWorld, finish, say_hello


@contextmanager
def statements(world: LyceumWorld) -> Iterator[list[str]]:
    """Every SQL statement of the block. The world plays no alarm clock meanwhile, whose ticks do query."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = world.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    world.ring_by_itself = False
    try:
        yield seen
    finally:
        world.ring_by_itself = True
        event.remove(engine, "before_cursor_execute", note)


async def test_ordinary_messages_and_reactions_cost_nothing(community: LyceumWorld) -> None:
    ann = await community.join("Ann")  # somebody is in a quest, and it is not those who talk
    ben, cleo = community.people["Ben"], community.people["Cleo"]
    requests = len(community.faults.log)
    with statements(community) as seen:
        for channel in (community.general, community.introductions, community.weekly):
            message = await community.say(ben, channel, "Good morning")
            await community.react(cleo, message)
            await community.reply(cleo, message, "Good morning to you")
        await community.say(ann, community.general, "Where do I begin?")
    assert seen == []
    assert len(community.faults.log) == requests


async def test_whoever_has_finished_costs_nothing_any_more(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await finish(community, ann)
    for restarted in (False, True):
        if restarted:
            await community.restart()
        with statements(community) as seen:
            hello = await say_hello(community, community.member)
            await community.react(ann, hello)
            await say_hello(community, ann)
        assert seen == []


async def test_a_hello_that_ticks_does_cost(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    with statements(community) as seen:
        await say_hello(community, ann)
    assert any("INSERT INTO acts" in statement for statement in seen)
