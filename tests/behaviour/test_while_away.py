"""What people did while the bot was away is taken up when it is back, as if it had been there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.faults import HISTORY
from tests.behaviour.quests import (
    LyceumWorld,
    answer_a_hello,
    finish,
    greetings,
    hello_answers,
    say_goal,
    say_hello,
    status,
    wins,
)

MINUTE = timedelta(minutes=1)

ways_to_be_away = pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])


@ways_to_be_away
async def test_a_hello_and_a_reaction_are_taken_up(community: LyceumWorld, killed: bool) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    async with community.while_down(crash=killed):
        hello = await say_hello(community, ann)
        await answer_a_hello(community, ann)
        await say_hello(community, ann)
    assert "Your first quest is done" in (await status(community, ann)).text
    [answer] = hello_answers(community, ann)
    assert answer.reply_to is not None and answer.reply_to >= hello.id
    assert len(wins(community, ann)) == 1 and community.role_names(ann) == {"Member"}


@ways_to_be_away
async def test_those_who_joined_are_greeted_once(community: LyceumWorld, killed: bool) -> None:
    await community.join("Zoe")
    async with community.while_down(crash=killed):
        await community.advance(MINUTE)
        ann = await community.join("Ann")
        bo = await community.join("Bo", pending=True)
    await community.restart()
    assert [len(greetings(community, each)) for each in (ann, bo)] == [1, 0]
    await community.accept_rules(bo)
    assert len(greetings(community, bo)) == 1


async def test_who_joined_while_discord_could_not_show_the_server_is_greeted_once(
    community: LyceumWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await community.join("Zoe")
    await community.advance(MINUTE)
    bot = community.bot
    guild, state = bot.get_guild(community.guild_id), bot._connection  # pyright: ignore[reportPrivateUsage] - what an outage leaves behind
    assert guild is not None
    with monkeypatch.context() as outage:
        outage.setitem(
            state.parsers, "GUILD_MEMBER_ADD", lambda _data: None
        )  # nothing is told of a server in an outage
        state.parse_guild_delete({"id": str(guild.id), "unavailable": True})
        ann = await community.join("Ann")
        me = guild._members.pop(bot.user.id)  # type: ignore[union-attr]  # pyright: ignore[reportPrivateUsage] - as above

        async def new_session() -> None:
            bot.dispatch("ready")

        await community.in_bot(new_session)
        community.raise_errors()
        assert greetings(community, ann) == []
        guild._members[me.id] = me  # pyright: ignore[reportPrivateUsage] - as above

    async def there_again() -> None:
        guild.unavailable = False
        bot.dispatch("guild_available", guild)

    for _ in range(2):
        await community.in_bot(there_again)
    assert len(greetings(community, ann)) == 1
    assert bot.rosters.of(guild.id).is_complete


async def test_the_very_first_newcomer_is_greeted_too(community: LyceumWorld) -> None:
    async with community.while_down():
        await community.advance(MINUTE)
        ann = await community.join("Ann")
    assert [card.pinged for card in community.posted(community.welcome)] == [(ann.id,)]


async def test_a_hello_by_somebody_who_joined_meanwhile_counts(community: LyceumWorld) -> None:
    async with community.while_down():
        await community.advance(MINUTE)
        ann = await community.join("Ann")
        await community.advance(MINUTE)
        await say_hello(community, ann)
    assert len(greetings(community, ann)) == 1
    assert "1 of 3 done" in (await status(community, ann)).text


async def test_who_accepted_the_rules_meanwhile_is_greeted(community: LyceumWorld) -> None:
    ann = await community.join("Ann", pending=True)
    async with community.while_down():
        await community.accept_rules(ann)
    assert len(greetings(community, ann)) == 1


async def test_a_pending_member_accepts_the_rules_after_a_restart(community: LyceumWorld) -> None:
    ann = await community.join("Ann", pending=True)
    await community.restart()
    assert greetings(community, ann) == []
    await community.accept_rules(ann)
    assert len(greetings(community, ann)) == 1


async def test_who_came_and_went_meanwhile_is_not_greeted(community: LyceumWorld) -> None:
    async with community.while_down():
        await community.advance(MINUTE)
        ann = await community.join("Ann")
        await community.leave(ann)
    assert community.posted(community.welcome) == []


async def test_who_left_and_came_back_meanwhile_is_welcomed_back(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await finish(community, ann)
    await community.advance(MINUTE)
    async with community.while_down():
        await community.leave(ann)
        await community.advance(MINUTE)
        await community.rejoin(ann)
    [_, back] = greetings(community, ann)
    assert "Welcome back" in back.text and community.role_names(ann) == {"Member"}


async def test_who_left_meanwhile_is_welcomed_back_when_they_return(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    await community.advance(MINUTE)
    async with community.while_down():
        await community.leave(ann)
    await community.advance(MINUTE)
    await community.rejoin(ann)
    [_, back] = greetings(community, ann)
    assert "Welcome back" in back.text


async def test_an_old_hello_of_an_old_member_does_not_tick_their_new_quest(community: LyceumWorld) -> None:
    ben = community.member
    await say_hello(community, ben)
    async with community.while_down():
        await community.advance(timedelta(days=100))
    await say_goal(community, ben)
    await community.restart()
    assert hello_answers(community, ben) == []
    assert "1 of 3 done" in (await status(community, ben)).text


async def test_a_lost_database_greets_only_who_came_in_the_last_day(community: LyceumWorld) -> None:
    async with community.while_down():
        await community.advance(timedelta(days=3))
        early = await community.join("Early")
        await community.advance(timedelta(days=3))
        late = await community.join("Late")
    assert [len(greetings(community, each)) for each in (early, late)] == [0, 1]


async def test_what_discord_would_not_let_us_read_at_first_is_taken_up_later(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    community.faults.status(503, *HISTORY, times=2)
    async with community.while_down():
        await say_hello(community, ann)
    assert hello_answers(community, ann) == []
    await community.advance(timedelta(minutes=5))
    assert len(hello_answers(community, ann)) == 1


async def test_an_introductions_channel_that_is_closed_to_the_bot_holds_up_nothing(
    community: LyceumWorld,
) -> None:
    ann = await community.join("Ann", pending=True)
    await say_goal(community, community.member)
    async with community.while_down():
        await community.hide_from_bot(community.introductions)
        await community.accept_rules(ann)
    assert len(greetings(community, ann)) == 1
