"""Moderation: each action a case with a reason, told to whom it is about, ended in time, and never done twice."""

from __future__ import annotations

from datetime import timedelta

from simcord.enums import AuditLogAction

from bot.features import FeatureSettings
from bot.guards import SafetySettings
from tests.behaviour.moderation import by_hand, choose, is_banned, log, mod, moderated, reasons, timeout_of
from tests.behaviour.quests import OpenWorld
from tests.behaviour.steps import HOSTILE

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def test_a_warning_is_told_counts_points_and_leads_to_a_suggestion(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        ben, milo = world.people["Ben"], world.moderator
        refused = await world.slash(ben, world.general, "mod warn", member=milo, reason="no")
        assert "Only moderators" in refused.text and log(world) == []
        first = await mod(world, "warn", member=ben, reason="Called somebody **names** @everyone")
        assert first.ephemeral and "Case #1: Warning" in first.text
        [told] = world.dms(ben)
        assert "given you a warning" in told.text and "`/standing`" in told.text and "#1" in told.text
        [shown] = log(world)
        assert "Called somebody" in shown.text and "told by DM" in shown.text and shown.pinged == ()
        again = await mod(world, "warn", member=ben, reason="Called somebody names")
        assert "less than a minute ago" in again.text and len(log(world)) == 1
        await world.advance(2 * MINUTE)
        second = await mod(world, "warn", member=ben, reason="And again")
        assert "2 active points: suggested is a timeout of 1 day" in second.text
        form = await world.press(milo, second, "Apply")
        done = await world.submit(milo, form, {"reason": "A day to cool down", "length": "1d"})
        assert "Case #3: Timeout" in done.text and timeout_of(world, ben) is not None
        assert any("Case 3" in each and "A day to cool down" in each for each in reasons(world))
        assert "until" in world.dms(ben)[-1].text.lower() and "can still read" in world.dms(ben)[-1].text
        await world.advance(DAY + MINUTE)
        assert "Ended by itself" in log(world)[-1].text


async def test_a_ban_comes_after_its_notice_ends_in_time_and_survives_a_crash(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        ben, cleo = world.people["Ben"], world.people["Cleo"]
        world.close_dms(cleo)
        for person in (ben, cleo):
            answer = await mod(world, "ban", user=person, reason="Sold things", length="2d")
            assert ": Ban" in answer.text and is_banned(world, person)
        [told] = world.dms(ben)
        assert "banned you" in told.text and "case #1" in told.text
        assert "could not be told by DM" in log(world)[1].text
        async with world.while_down(crash=True):
            await world.jump(3 * DAY)
        await world.advance(MINUTE)
        assert not is_banned(world, ben) and not is_banned(world, cleo)
        assert "Ended by itself" in log(world)[0].text
        kicked = await world.rejoin(ben)
        answer = await mod(world, "kick", member=kicked, reason="Did it again")
        assert "Case #3: Kick" in answer.text and not world.is_member(kicked)


async def test_who_leaves_while_restricted_comes_back_restricted(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        ben = world.people["Ben"]
        await mod(world, "restrict", member=ben, reason="Spam", length="7d")
        await mod(world, "timeout", member=ben, reason="Spam", length="1d")
        assert "Quiet" in world.role_names(ben)
        too_long = await mod(world, "timeout", member=world.people["Cleo"], reason="Spam", length="29d")
        assert "at most 28 days" in too_long.text
        await world.leave(ben)
        await world.rejoin(ben)
        assert "Quiet" in world.role_names(ben) and timeout_of(world, ben) is not None
        assert "applied again" in log(world)[0].text and "applied again" in log(world)[1].text
        await world.leave(ben)
        await world.advance(MINUTE)
        async with world.while_down(crash=True):
            await world.rejoin(ben)
        assert "Quiet" in world.role_names(ben)
        # What holds ends in time also when moderation is switched off meanwhile.
        await choose(world, FeatureSettings, off={"moderation": True})
        assert "switched this off" in (await mod(world, "history", member=ben)).text
        await world.advance(8 * DAY)
        assert "Quiet" not in world.role_names(ben)


async def test_nobody_acts_upwards_and_the_powers_are_asked_again_at_the_press(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        milo, ben = world.moderator, world.people["Ben"]
        for target, words in (
            (world.people["Olive"], "owns the server"),
            (world.facilitator, "not below yours"),
            (milo, "yourself"),
        ):
            answer = await mod(world, "kick", member=target, reason="Why not")
            assert words in answer.text and world.is_member(target)
        history = await mod(world, "history", member=ben)
        panel = await world.press(milo, history, "Act on this member")
        form = await world.press(milo, panel, "Ban")
        slip = await world.submit(milo, form, {"reason": "Sold things, again", "length": "1 wk"})
        assert "a length of time" in slip.text and "Sold things, again" in slip.text  # not typed in vain
        assert log(world) == []
        form = await world.press(milo, panel, "Ban")
        world.env.backend.get_member(world.guild_id, milo.id).role_ids.clear()
        world.env.backend.announce_member_update(world.guild_id, milo.id)
        await world.settle()
        answer = await world.submit(milo, form, {"reason": "Too late", "length": "1d"})
        assert "Ban Members permission" in answer.text or "Only moderators" in answer.text
        assert not is_banned(world, ben) and log(world) == []


async def test_what_is_done_by_hand_becomes_a_case_once(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        ben, cleo, milo = world.people["Ben"], world.people["Cleo"], world.moderator
        backend = world.env.backend
        await mod(world, "ban", user=ben, reason="With the bot", length="3d")
        assert len(log(world)) == 1
        backend.remove_ban(world.guild_id, ben.id)
        await by_hand(world, AuditLogAction.MEMBER_UNBAN, milo, ben, reason="A mistake")
        assert "Ended by" in log(world)[0].text and "Unban" in log(world)[1].text
        backend.apply_ban(world.guild_id, ben.id, "by hand")
        await by_hand(world, AuditLogAction.MEMBER_BAN, milo, ben, reason="by hand")
        assert "by hand in Discord" in log(world)[2].text
        await world.advance(4 * DAY)
        assert is_banned(world, ben), "the temporary ban that ended early must not lift the later one"
        async with world.while_down(crash=True):
            world.server.guild.remove_member(cleo)
            backend.record_audit_log(
                world.guild_id,
                AuditLogAction.MEMBER_KICK,
                target_id=cleo.id,
                user_id=milo.id,
                reason="Missed",
            )
            backend.remove_ban(world.guild_id, ben.id)
        assert "Kick" in log(world)[3].text and "Missed" in log(world)[3].text
        assert "Ended by" in log(world)[2].text
        await world.restart()
        assert len(log(world)) == 4


async def test_a_lock_puts_back_exactly_what_was_there(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        everyone = world.guild_id

        def overwrite() -> tuple[int, int] | None:
            channel = world.env.backend.get_channel(world.general.id)
            found = [each for each in channel.overwrites if each.target_id == everyone]
            return (found[0].allow, found[0].deny) if found else None

        def everything() -> list[tuple[int, int, int]]:
            channel = world.env.backend.get_channel(world.general.id)
            return sorted((each.target_id, each.allow, each.deny) for each in channel.overwrites)

        def who_may_write() -> tuple[bool, bool, bool]:
            guild = world.bot.get_guild(world.guild_id)
            assert guild is not None
            channel, staff = guild.get_channel(world.general.id), guild.get_role(world.roles["Moderator"].id)
            assert channel is not None and staff is not None
            who = (guild.me, staff, guild.default_role)
            bot, staff, everybody = (channel.permissions_for(each).send_messages for each in who)
            return bot, staff, everybody

        before, all_before = overwrite(), everything()
        assert who_may_write() == (True, True, True)
        early = await mod(world, "lock", reason="Too heated", length="1h")
        assert "Under way" in early.text and "Locked." not in early.text
        assert "Holds until" in (await world.press(world.moderator, early, "Did it work?")).text
        locked = overwrite()
        assert locked is not None and locked[1] & 1 << 11
        assert who_may_write() == (True, True, False)
        second = await mod(world, "lock", reason="Still", length="2h")
        assert "locked already" in second.text and len(log(world)) == 1
        await world.advance(HOUR + MINUTE)
        assert overwrite() == locked
        await world.advance(HOUR)
        assert overwrite() == before and everything() == all_before
        await mod(world, "slowmode", every="10s", reason="Slowly", length="1h")
        assert world.env.backend.get_channel(world.general.id).rate_limit_per_user == 10
        await world.advance(HOUR + MINUTE)
        assert world.env.backend.get_channel(world.general.id).rate_limit_per_user == 0


async def test_clearing_shows_first_what_would_go(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        ben, milo = world.people["Ben"], world.moderator
        for number in range(3):
            await world.say(ben, world.general, f"Buy this {number}")
        await world.say(world.people["Cleo"], world.general, "Hello")
        preview = await mod(world, "purge", count=50, member=ben)
        assert "Nothing is deleted yet" in preview.text and "3 messages" in preview.text
        form = await world.press(milo, preview, "Delete 3 messages")
        done = await world.submit(milo, form, {"reason": "Advertising"})
        assert "Messages cleared" in done.text
        assert [each.text for each in world.messages(world.general) if "Buy" in each.text] == []
        assert any("Hello" in each.text for each in world.messages(world.general))
        assert "On its way" not in log(world)[0].text and len(log(world)) == 1


async def test_over_the_cap_a_second_moderator_is_asked(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        await choose(world, SafetySettings, cap_short=2)
        milo = world.moderator
        people = [await world.join(name) for name in ("Ann", "Bob", "Cid")]
        for person in people[:2]:
            await mod(world, "kick", member=person, reason="Raid")
        answer = await mod(world, "kick", member=people[2], reason="Raid")
        assert "second moderator" in answer.text and world.is_member(people[2])
        [proposal] = [each for each in world.posted(world.staff) if "Proposal" in each.text]
        own = await world.press(milo, proposal, "Confirm")
        assert "somebody else has to confirm" in own.text and world.is_member(people[2])
        done = await world.press(world.people["Olive"], proposal, "Confirm")
        assert "Confirmed by" in done.text and not world.is_member(people[2])
        assert "confirmed it as a second moderator" in log(world)[-1].text


async def test_bad_days(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        ben, cleo, milo, olive = (
            world.people["Ben"],
            world.people["Cleo"],
            world.moderator,
            world.people["Olive"],
        )
        # Two moderators at once, a text that wants to ping and to format, and DMs that are closed.
        world.close_dms(ben)
        answers = await world.at_once(
            mod(world, "warn", member=ben, reason=HOSTILE),
            mod(world, "warn", olive, member=ben, reason=HOSTILE),
        )
        assert sum("less than a minute ago" in each.text for each in answers) == 1
        [shown] = log(world)
        assert shown.pinged == () and shown.pinged_roles == () and not shown.pings_everyone
        assert "[free](" not in shown.text and "could not be told by DM" in shown.text
        waits = await world.slash(ben, world.general, "help")
        assert any("/standing" in each.text for each in waits.followups)
        # The bot loses a power: said at once, and nobody is told of what was not done.
        await world.bot_permissions(moderate_members=False, ban_members=False)
        answers = [
            await mod(world, "timeout", member=cleo, reason="Spam", length="1h"),
            await mod(world, "ban", user=cleo, reason="Spam"),
        ]
        assert "Time Out Members" in answers[0].text and "Ban Members" in answers[1].text
        assert world.dms(cleo) == [] and not is_banned(world, cleo) and len(log(world)) == 1
        # The role for restrictions is deleted: restricting says what to do.
        await world.delete_role(world.server.guild.roles["Quiet"])
        refused = await mod(world, "restrict", member=cleo, reason="Spam")
        assert "No role is chosen" in refused.text
        # Somebody leaves between the card and the press; an old card works after a restart.
        history = await mod(world, "history", member=cleo)
        await world.restart()
        panel = await world.press(milo, history, "Act on this member")
        form = await world.press(milo, panel, "Kick")
        await world.leave(cleo)
        gone = await world.submit(milo, form, {"reason": "Too late"})
        assert "not a member" in gone.text and len(log(world)) == 1
