"""The simulated Discord behaves like the real one where tests depend on it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep

import discord
import pytest

from sandbox.faults import CREATE_MESSAGE, REPLY
from sandbox.simcord_patches.nonces import nonce_of
from sandbox.world import World
from tests.sandbox.conftest import ToyWorld
from tests.sandbox.toy_bot import Memory, ToyBot


async def test_the_bot_finds_its_server_without_being_told_that_it_was_invited(toy: ToyWorld) -> None:
    assert [guild.id for guild in toy.bot.guilds] == [toy.guild_id]
    assert toy.bot.joined_guilds == []


async def test_a_bot_started_outside_the_server_is_told_when_it_is_invited(tmp_path: Path) -> None:
    async with World.open(ToyBot, database=Memory(str(tmp_path / "m")), invited=False) as world:
        assert list(world.bot.guilds) == []
        await world.invite_bot()
        assert world.bot.joined_guilds == [world.guild_id]
        assert discord.utils.get(world.bot.guilds[0].channels, name="welcome") is not None


async def test_the_clock_starts_where_it_was_told_and_the_bot_reads_the_same_one(tmp_path: Path) -> None:
    start = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
    async with World.open(ToyBot, database=Memory(str(tmp_path / "m")), now=start) as world:
        await world.tick()
        assert world.bot.ticked == [start]
        assert world.read(await world.say(world.member, world.general, "hi")).at == start


async def test_a_newcomer_is_pending_until_they_accept_the_rules(toy: ToyWorld) -> None:
    ann = await toy.join("Ann", pending=True)
    assert toy.posted(toy.welcome) == []
    with pytest.raises(Exception, match="has not accepted the rules"):
        await toy.say(ann, toy.general, "hello?")
    await toy.accept_rules(ann)
    assert [message.text for message in toy.posted(toy.welcome)] == [
        f"**Welcome** {ann.mention}\nPress Start to begin."
    ]


async def test_only_an_allowed_mention_notifies_anybody(toy: ToyWorld) -> None:
    ann = await toy.join("Ann")
    await toy.in_bot(
        lambda: toy.bot.find("general").send(ann.mention, allowed_mentions=discord.AllowedMentions.none())
    )
    assert [message.channel_id for message in toy.pings(ann)] == [toy.welcome.id]
    assert toy.posted(toy.general)[0].mentions == (ann.id,)


async def test_buttons_forms_and_commands_answer_the_person_who_used_them(toy: ToyWorld) -> None:
    ann = await toy.join("Ann")
    [card] = toy.posted(toy.welcome)
    assert card.labels == ["Start", "Count"]
    form = await toy.press(ann, card, "Start")
    assert form.modal is not None
    assert [field.label for field in form.modal.fields] == [
        "I want to learn",
        "How fast",
        "Show it to others",
    ]
    reply = await toy.submit(ann, form, {"I want to learn": "Knots", "How fast": "Slowly", "share": True})
    assert (reply.text, reply.ephemeral) == ("Noted: Knots / slow / True", True)
    greeting = await toy.slash(ann, toy.general, "hello")
    assert greeting.text == "Hello!"
    assert not greeting.thinking
    assert toy.messages(toy.general) == []
    assert len(toy.messages(toy.general, viewer=ann)) == 1
    toy.check_interactions()


async def test_two_people_can_press_at_the_very_same_moment(toy: ToyWorld) -> None:
    ann = await toy.join("Ann")
    [card] = toy.posted(toy.welcome)
    first, second = await toy.at_once(toy.press(ann, card, "Count"), toy.press(toy.member, card, "Count"))
    # The toy reads, waits and writes, so both see 0: proof that they really overlapped.
    assert (first.text, second.text) == ("Pressed 1 times", "Pressed 1 times")
    toy.check_interactions()


async def test_an_unanswered_and_a_twice_answered_interaction_are_both_noticed(toy: ToyWorld) -> None:
    await toy.slash(toy.member, toy.general, "silent")
    with pytest.raises(AssertionError, match="silent by Ben was answered 0 times"):
        toy.check_interactions()
    await toy.slash(toy.member, toy.general, "twice")
    with pytest.raises(AssertionError, match="twice by Ben was answered a second time"):
        toy.check_interactions()


async def test_a_late_answer_is_noticed(toy: ToyWorld) -> None:
    toy.faults.slow(3.1, *REPLY)
    result = await toy.slash(toy.member, toy.general, "hello")
    toy.forgive_errors()
    assert not result.answered or result.text
    with pytest.raises(AssertionError, match="answered"):
        toy.check_interactions()


async def test_an_answer_that_took_more_than_three_seconds_of_work_is_noticed(
    toy: ToyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await toy.slash(toy.member, toy.general, "hello")
    [answer] = toy.faults.requests(*REPLY)
    monkeypatch.setattr(answer, "cpu_moment", answer.cpu_moment + 2)
    toy.check_interactions()
    monkeypatch.setattr(answer, "cpu_moment", answer.cpu_moment + 2)
    with pytest.raises(AssertionError, match=r"hello by Ben was answered after 4\."):
        toy.check_interactions()


async def test_four_weeks_ring_the_bot_at_the_four_mondays_and_nowhere_else(toy: ToyWorld) -> None:
    await toy.advance(timedelta(weeks=4))
    mondays = [datetime(2026, 1, 12, 9, tzinfo=UTC) + timedelta(weeks=week) for week in range(4)]
    assert toy.bot.ticked == mondays
    assert [message.at for message in toy.posted(toy.weekly)] == mondays
    assert toy.now == datetime(2026, 2, 4, 9, tzinfo=UTC)


async def test_a_jump_rings_the_same_mondays(toy: ToyWorld) -> None:
    await toy.jump(timedelta(weeks=4))
    assert len(toy.posted(toy.weekly)) == 4
    assert toy.now == datetime(2026, 2, 4, 9, tzinfo=UTC)


async def test_a_restart_keeps_the_world_and_the_memory_and_buttons_still_work(toy: ToyWorld) -> None:
    ann = await toy.join("Ann")
    [card] = toy.posted(toy.welcome)
    before = toy.bot
    await toy.restart()
    assert toy.bot is not before
    assert before.is_closed()
    assert toy.bot.joined_guilds == []
    assert toy.database.saved() == ["greeting ann", "greeted ann"]
    assert (await toy.press(ann, card, "Count")).text == "Pressed 1 times"


async def test_a_crash_loses_what_was_under_way_and_not_yet_saved(toy: ToyWorld) -> None:
    gate = toy.faults.hold(*CREATE_MESSAGE)
    await toy.join("Ann")
    assert gate.waiting == 1
    old = toy.bot
    await toy.crash()
    gate.release()
    await toy.start_again()
    assert not old.is_closed(), "a killed process does not close anything"
    assert toy.posted(toy.welcome) == []
    assert toy.database.saved() == []


async def test_a_dying_bot_cannot_send_a_last_word(toy: ToyWorld) -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            await toy.bot.find("general").send("one last thing")

    await toy.in_bot(stubborn)
    await toy.crash()
    assert toy.faults.requests(*CREATE_MESSAGE) == []
    await toy.start_again()
    assert toy.posted(toy.general) == []


async def test_what_happens_while_the_bot_is_away_is_there_when_it_returns(toy: ToyWorld) -> None:
    async with toy.while_down():
        ann = await toy.join("Ann")
        await toy.say(ann, toy.general, "anybody?")
        await toy.advance(timedelta(days=1))
    assert toy.posted(toy.welcome) == []
    assert toy.bot.guilds[0].get_member(ann.id) is not None
    assert [message.text for message in toy.messages(toy.general)] == ["anybody?"]


async def test_a_role_above_the_bots_cannot_be_given(toy: ToyWorld) -> None:
    ann = await toy.join("Ann")
    guild = toy.bot.guilds[0]

    async def give() -> None:
        await guild.get_member(ann.id).add_roles(guild.get_role(toy.roles["Member"].id))  # type: ignore[union-attr, arg-type]

    await toy.in_bot(give)
    assert toy.role_names(ann) == {"Member"}
    await toy.bot_role_below(toy.roles["Member"])
    with pytest.raises(discord.Forbidden) as refused:
        await toy.in_bot(give)
    assert refused.value.code == 50013


async def test_closed_dms_and_people_who_left_cannot_be_written_to(toy: ToyWorld) -> None:
    ann = await toy.join("Ann")

    async def write() -> None:
        await (await toy.bot.fetch_user(ann.id)).send("psst")

    await toy.in_bot(write)
    toy.close_dms(ann)
    with pytest.raises(discord.Forbidden) as refused:
        await toy.in_bot(write)
    assert refused.value.code == 50007
    toy.open_dms(ann)
    await toy.leave(ann)
    with pytest.raises(discord.Forbidden):
        await toy.in_bot(write)
    assert [message.text for message in toy.dms(ann)] == ["psst"]


async def test_a_deleted_channel_is_unknown_and_a_hidden_one_is_forbidden(toy: ToyWorld) -> None:
    channel = toy.bot.find("weekly")
    await toy.hide_from_bot(toy.weekly)
    with pytest.raises(discord.Forbidden) as refused:
        await toy.in_bot(lambda: channel.send("?"))
    assert refused.value.code == 50001
    await toy.delete_channel(toy.weekly)
    with pytest.raises(discord.NotFound) as unknown:
        await toy.in_bot(lambda: channel.send("?"))
    assert unknown.value.code == 10003


async def test_staff_is_private_to_staff(toy: ToyWorld) -> None:
    ann = await toy.join("Ann")
    with pytest.raises(Exception, match="Missing Access"):
        await toy.say(ann, toy.staff, "may I?")
    assert (await toy.say(toy.facilitator, toy.staff, "yes")).text == "yes"
    assert (await toy.in_bot(lambda: toy.bot.find("staff").send("noted"))) is not None


async def test_reactions_name_the_author_of_the_message(toy: ToyWorld) -> None:
    ann = await toy.join("Ann")
    message = await toy.say(ann, toy.introductions, "hello")
    await toy.react(toy.member, message, "👋")
    assert [event.message_author_id for event in toy.bot.reactions] == [ann.id]


async def test_a_nonce_makes_one_message_within_the_window_and_a_second_after_it(toy: ToyWorld) -> None:
    async def send() -> discord.Message:
        return await toy.bot.find("general").send("once", nonce="n1")

    first, second = await toy.in_bot(send), await toy.in_bot(send)
    assert first.id == second.id
    assert first.nonce == "n1"
    assert len(toy.posted(toy.general)) == 1
    assert nonce_of(toy.env, first.id) == "n1"
    await toy.advance(timedelta(seconds=121))
    assert (await toy.in_bot(send)).id != first.id
    assert len(toy.posted(toy.general)) == 2


async def test_a_nonce_is_absent_from_history_and_points_at_a_deleted_message(toy: ToyWorld) -> None:
    async def send() -> discord.Message:
        return await toy.bot.find("general").send("once", nonce="n1")

    sent = await toy.in_bot(send)
    fetched = await toy.in_bot(lambda: toy.bot.find("general").fetch_message(sent.id))
    assert fetched.nonce is None
    await toy.delete(toy.moderator, toy.posted(toy.general)[0])
    with pytest.raises(discord.NotFound) as gone:
        await toy.in_bot(send)
    assert gone.value.code == 10008


async def test_errors_of_the_bot_fail_the_test_at_the_end(tmp_path: Path) -> None:
    with pytest.raises(BaseExceptionGroup) as raised:
        async with World.open(ToyBot, database=Memory(str(tmp_path / "m"))) as world:
            await world.delete_channel(world.welcome)
            await world.join("Ann")  # The toy cannot greet anybody now.
    assert raised.group_contains(AssertionError)


async def test_a_timer_that_nobody_waits_for_costs_no_time(toy: ToyWorld) -> None:
    fired: list[datetime] = []

    async def set_timer() -> None:
        asyncio.get_running_loop().call_later(1.5, lambda: fired.append(discord.utils.utcnow()))

    started, start = perf_counter(), toy.now
    await toy.in_bot(set_timer)
    assert perf_counter() - started < 1
    assert toy.now == start
    await toy.advance(timedelta(seconds=2))
    assert fired == [start + timedelta(seconds=1.5)]


async def test_a_message_can_have_one_thread_and_nothing_is_posted_about_it(toy: ToyWorld) -> None:
    message = await toy.in_bot(lambda: toy.bot.find("general").send("talk below"))
    await toy.in_bot(lambda: message.create_thread(name="Below"))
    assert [seen.text for seen in toy.messages(toy.general)] == ["talk below"]
    with pytest.raises(discord.HTTPException) as refused:
        await toy.in_bot(lambda: message.create_thread(name="Below again"))
    assert refused.value.code == 160004


async def test_a_timer_that_rings_as_time_begins_to_pass_holds_nobody_up(toy: ToyWorld) -> None:
    loop, now, rang = asyncio.get_running_loop(), asyncio.Event(), list[float]()

    async def set_a_timer() -> None:
        asyncio.get_running_loop().call_later(0.5, rang.append, 1.0)

    await toy.in_bot(set_a_timer)
    loop.call_later(0.3, now.set)
    sleep(1)  # noqa: ASYNC251 - both are due in one turn of the loop, this one first
    await now.wait()
    await toy.env.advance_time(1.0)  # raises TimeoutError when two wait for each other
    assert rang == [1.0]
