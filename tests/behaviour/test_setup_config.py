"""The set-up as one file: taken out, changed, compared, applied and rolled back."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
import pytest

from sandbox.furnish import add_monday_goals
from sandbox.seen import Answer
from tests.behaviour.challenges import write
from tests.behaviour.charters import HOSTILE, add_outcome, pings_nobody, posts, publish, show, write_mission
from tests.behaviour.configs import apply, back, export, give, overview, standing, with_line
from tests.behaviour.quests import LyceumWorld, say_goal
from tests.behaviour.setups import SETTLED, told

LISBON = '"Europe/Lisbon"'
NOTHING = "Nothing would change"


def labels(answer: Answer) -> list[str]:
    return [each.label for each in answer.buttons]


async def furnish(world: LyceumWorld) -> None:
    """A charter and a rhythm, so that every part has something in it."""
    await write_mission(world)
    await publish(world, "Ask before you correct.\nBe on time.")
    await add_outcome(world)
    await add_monday_goals(world)


async def test_the_file_says_everything_that_was_chosen_and_no_member(community: LyceumWorld) -> None:
    await furnish(community)
    card = await overview(community)
    assert card.ephemeral and "No file has been applied yet" in card.text and card.buttons == []
    text = community.file(card, "lyceum.toml").decode()
    config = await standing(community)
    assert text.startswith("# The configuration of “Quay Street”") and config["format"] == 1
    assert config["general"]["staff_channel"] == {"id": str(community.staff.id), "name": "staff"}
    assert config["general"]["facilitator_role"]["name"] == "Facilitator"
    assert config["onboarding"]["finished_role"] == {
        "id": str(community.roles["Member"].id),
        "name": "Member",
    }
    assert config["charter"]["mission"] == "We teach each other knots."
    assert config["charter"]["norms"] == ["Ask before you correct.", "Be on time."]
    assert config["charter"]["outcomes"][0]["target"] == 4
    assert config["rituals"]["list"][0]["channel"]["name"] == "weekly"
    assert config["features"] == dict.fromkeys(
        (
            "appeals",
            "automod",
            "badges",
            "card",
            "challenges",
            "charter",
            "filters",
            "firsts",
            "kudos",
            "ladder",
            "micro",
            "moderation",
            "onboarding",
            "pairs",
            "profiles",
            "promises",
            "raids",
            "reports",
            "reviews",
            "rituals",
            "rota",
            "showcase",
            "streaks",
        ),
        True,
    )
    assert not any(str(person.id) in text for person in community.people.values())
    assert str(community.guild_id) not in text


async def test_the_file_as_it_was_given_changes_nothing(community: LyceumWorld) -> None:
    await furnish(community)
    answer = await give(community, await export(community))
    assert NOTHING in answer.text and answer.buttons == []


async def test_a_changed_line_is_shown_then_applied_and_counts(community: LyceumWorld) -> None:
    text = with_line(await export(community), "welcome_channel", '{ name = "general" }')
    shown = await give(community, with_line(text, "zone", LISBON))
    assert "Time zone: UTC → Europe/Lisbon" in shown.text
    assert "Welcome channel: #welcome → #general" in shown.text
    assert labels(shown) == ["Apply these 2 changes", "Leave it as it is"]
    assert (await standing(community))["general"]["zone"] == "UTC"  # not yet
    done = await apply(community, shown)
    assert "Applied: 2 changes" in done.text and done.ephemeral
    page = await community.slash(community.facilitator, community.general, "setup start")
    page = await community.choose(community.facilitator, page, "0", menu="setup:page.open")
    assert "Europe/Lisbon" in page.text
    ann = await community.join("Ann")
    assert community.posted(community.welcome) == []
    assert ann.id in community.posted(community.general)[-1].mentions


async def test_what_is_applied_stands_in_the_audit_and_in_the_list(community: LyceumWorld) -> None:
    shown = await give(community, with_line(await export(community), "zone", LISBON), name="ours.toml")
    await apply(community, shown)
    audit = (await community.slash(community.facilitator, community.general, "manage audit")).text
    assert "applied a configuration file" in audit
    assert "ours.toml" in audit and "UTC → Europe/Lisbon" in audit
    listed = (await overview(community)).text
    assert f"<@{community.facilitator.id}> · 1 change from ours.toml" in listed


async def test_everything_comes_over_to_another_server_by_name(community: LyceumWorld) -> None:
    """The ids of another server mean nothing here; the names do."""
    await furnish(community)
    text = await export(community)
    foreign = re.sub(r'id = "\d+"', 'id = "987654321098765432"', text)
    assert foreign != text
    answer = await give(community, foreign)
    assert NOTHING in answer.text
    moved = await give(community, foreign.replace('name = "first-wins"', 'name = "General"'))
    assert (
        "First wins channel: #first-wins → #general" in moved.text
        and labels(moved)[0] == "Apply this 1 change"
    )


async def test_an_id_of_this_server_wins_over_the_name_beside_it(community: LyceumWorld) -> None:
    place = f'{{ id = "{community.weekly.id}", name = "staff" }}'
    answer = await give(community, with_line(await export(community), "wins_channel", place))
    assert "#first-wins → #weekly" in answer.text


async def test_a_file_of_one_line_leaves_all_else_as_it_is(community: LyceumWorld) -> None:
    before = await standing(community)
    await apply(community, await give(community, "format = 1\n[onboarding]\nwins_channel = ''\n"))
    after = await standing(community)
    assert after["onboarding"].pop("wins_channel") == ""
    before["onboarding"].pop("wins_channel")
    assert after == before


async def test_the_example_of_the_page_for_facilitators_can_be_used(community: LyceumWorld) -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration-file.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    shown = await give(community, example)
    assert "mistake" not in shown.text and labels(shown)[0] == "Apply these 18 changes", shown.text
    assert "announced in the charter channel" in shown.text
    await apply(community, shown)
    assert NOTHING in (await give(community, example)).text
    assert "Say when you are late." in posts(community)[-1].text


async def test_features_are_switched_by_the_file(community: LyceumWorld) -> None:
    shown = await give(community, with_line(await export(community), "onboarding", "false"))
    assert "Newcomers and quests: yes → no" in shown.text
    await apply(community, shown)
    answer = await community.slash(community.member, community.general, "start")
    assert "switched this off for now" in answer.text


async def test_a_shorter_wait_for_the_reminder_holds_for_quests_under_way(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    text = with_line(await export(community), "pings_a_day", "20")
    await apply(community, await give(community, with_line(text, "reminder_after_hours", "5")))
    before = len(community.pings(ann))
    await community.advance(timedelta(hours=4))
    assert len(community.pings(ann)) == before
    await community.advance(timedelta(hours=2))
    assert len(community.pings(ann)) == before + 1
    await community.advance(timedelta(days=4))
    assert len(community.pings(ann)) == before + 1


async def test_the_charter_comes_from_the_file(community: LyceumWorld) -> None:
    await furnish(community)
    before = len(posts(community))
    text = (await export(community)).replace("Be on time.", "Come as you are.")
    text = with_line(text, "mission", '"We teach each other to sail."')
    text = with_line(text, "target", "9")
    shown = await give(community, text)
    assert "Mission: We teach each other knots. → We teach each other to sail." in shown.text
    assert "Be on time. → Come as you are." in shown.text
    assert "Outcome “Forty people finish their first quest”: target: 4 → target: 9" in shown.text
    assert "Nobody is asked to agree" in shown.text
    await apply(community, shown)
    charter = (await show(community, community.member)).text
    assert "to sail." in charter and "Come as you are." in charter and "9" in charter
    assert len(posts(community)) == before  # nobody is told twice


async def test_the_rhythm_comes_from_the_file_and_is_kept(community: LyceumWorld) -> None:
    await add_monday_goals(community)
    text = with_line(await export(community), "time", '"7 am"')
    await apply(community, await give(community, with_line(text, "weekday", '"thursday"')))
    await community.advance(timedelta(days=1))  # Thursday 09:00
    assert len(community.posted(community.weekly)) == 1
    await apply(community, await give(community, "format = 1\n[rituals]\nlist = []\n"))
    await community.advance(timedelta(days=14))
    assert len(community.posted(community.weekly)) == 1


async def test_holidays_come_from_the_file_and_nothing_is_posted_on_them(community: LyceumWorld) -> None:
    await add_monday_goals(community)
    text = with_line(await export(community), "holidays", '["01-12 Long weekend"]')
    shown = await give(community, text)
    assert "01-12 Long weekend" in shown.text
    await apply(community, shown)
    await community.advance_to(datetime(2026, 1, 13, tzinfo=UTC))  # a Monday has passed, the 12th
    assert community.posted(community.weekly) == []
    await community.advance(timedelta(days=7))
    assert len(community.posted(community.weekly)) == 1
    assert (await standing(community))["rituals"]["holidays"] == ["01-12 Long weekend"]


async def test_the_rhythm_of_challenges_comes_from_the_file(community: LyceumWorld) -> None:
    assert 'opens = ""' in await export(community)
    await write(community)
    text = with_line(await export(community), "opens", '"thursday 9 am"')
    place = f'{{ id = "{community.weekly.id}" }}'
    text = with_line(text, "closes", '"Sunday 20:00"').replace(
        '# Challenges\nchannel = ""', f"# Challenges\nchannel = {place}"
    )
    shown = await give(community, text)
    assert "thursday 09:00" in shown.text, shown.text
    await apply(community, shown)
    await community.advance(timedelta(days=1, hours=2))  # Thursday, past nine
    assert "Knots" in community.posted(community.weekly)[-1].text
    refused = await give(community, with_line(await export(community), "closes", '"doomsday"'))
    assert "monday 09:00" in refused.text
    await apply(community, await give(community, 'format = 1\n[challenges]\nopens = ""\n'))
    assert 'opens = ""' in await export(community)


async def test_what_is_wanted_before_a_restart_can_be_pressed_after_it(community: LyceumWorld) -> None:
    shown = await give(community, with_line(await export(community), "zone", LISBON))
    await community.restart()
    assert "Applied: 1 change" in (await apply(community, shown)).text


async def test_what_is_wanted_before_a_crash_can_be_pressed_after_it(community: LyceumWorld) -> None:
    shown = await give(community, with_line(await export(community), "zone", LISBON))
    async with community.while_down(crash=True):
        pass
    assert "Applied: 1 change" in (await apply(community, shown)).text
    assert (await standing(community))["general"]["zone"] == "Europe/Lisbon"


async def test_a_crash_between_applying_and_answering_applies_it_once(community: LyceumWorld) -> None:
    shown = await give(community, with_line(await export(community), "zone", LISBON))
    gate = community.faults.hold("POST", "/interactions/*/*/callback")
    await apply(community, shown)
    assert gate.waiting == 1
    async with community.while_down(crash=True):
        pass
    assert "applied already" in (await apply(community, shown)).text
    assert (await standing(community))["general"]["zone"] == "Europe/Lisbon"
    assert (await overview(community)).text.count("1 change from") == 1


async def test_two_presses_of_one_card_apply_it_once(community: LyceumWorld) -> None:
    shown = await give(community, with_line(await export(community), "zone", LISBON))
    answers = await community.at_once(apply(community, shown), apply(community, shown))
    texts = sorted(each.text for each in answers)
    assert sum("Applied: 1 change" in each for each in texts) >= 1
    assert any("applied already" in each for each in texts)
    assert (await overview(community)).text.count("1 change from") == 1


async def test_two_people_who_press_at_once_get_one_of_the_two_files(community: LyceumWorld) -> None:
    text, olive = await export(community), community.people["Olive"]
    one = await give(community, with_line(text, "zone", LISBON))
    other = await give(community, with_line(text, "zone", '"Asia/Tokyo"'), olive)
    answers = await community.at_once(apply(community, one), apply(community, other, olive))
    done = [each for each in answers if "Applied" in each.text]
    again = [each for each in answers if "Something has changed since" in each.text]
    assert len(done) == len(again) == 1
    assert "Europe/Lisbon → Asia/Tokyo" in again[0].text or "Asia/Tokyo → Europe/Lisbon" in again[0].text
    assert (await overview(community)).text.count("1 change from") == 1


async def test_what_changed_meanwhile_is_shown_before_anything_is_applied(community: LyceumWorld) -> None:
    shown = await give(community, with_line(await export(community), "zone", LISBON))
    await write_mission(community)
    again = await apply(community, shown)
    assert "Something has changed since you were shown this" in again.text
    # Only what stands in the file is wanted, and it says that there is no mission.
    assert "Mission: We teach each other knots. → nothing" in again.text
    assert (await standing(community))["general"]["zone"] == "UTC"
    assert "Applied: 2 changes" in (await apply(community, again)).text


async def test_a_channel_deleted_before_the_press_is_named_and_nothing_is_applied(
    community: LyceumWorld,
) -> None:
    text = with_line(await export(community), "welcome_channel", '{ name = "weekly" }')
    shown = await give(community, with_line(text, "zone", LISBON))
    await community.delete_channel(community.weekly)
    answer = await apply(community, shown)
    assert "onboarding.welcome\\_channel" in answer.text and "no channel “weekly”" in answer.text
    assert answer.buttons == []
    assert (await standing(community))["general"]["zone"] == "UTC"


async def test_leaving_it_changes_nothing_and_cannot_be_pressed_afterwards(community: LyceumWorld) -> None:
    shown = await give(community, with_line(await export(community), "zone", LISBON))
    old = community.read(shown)
    left = await community.press(community.facilitator, shown, "Leave it as it is")
    assert "everything stays as it is" in left.text and left.buttons == []
    again = await give(community, with_line(await export(community), "zone", LISBON))
    assert (
        old.button("setup:config.apply").custom_id
        != community.read(again).button("setup:config.apply").custom_id
    )


async def test_members_are_refused_at_each_door(community: LyceumWorld) -> None:
    """Also those to whom Server Settings > Integrations shows the command."""
    commands = await community.in_bot(community.bot.tree.fetch_commands)
    [setup] = [each for each in commands if each.name == "setup"]
    community.server.guild.set_command_permissions(setup, {community.member: True})
    refusal = "Only facilitators can do this"
    text = with_line(await export(community), "zone", LISBON)
    assert refusal in (await overview(community, community.member)).text
    assert refusal in (await give(community, text, community.member)).text
    assert refusal in (await give(community, "x", community.member, name="photo.png")).text


async def test_somebody_who_is_no_facilitator_any_more_is_refused_at_the_press(
    community: LyceumWorld,
) -> None:
    shown = await give(community, with_line(await export(community), "zone", LISBON))
    community.env.backend.get_member(community.guild_id, community.facilitator.id).role_ids.clear()
    assert "Only facilitators can do this" in (await apply(community, shown)).text


class TestRollingBack:
    async def test_shows_first_then_brings_back_what_stood_before(self, community: LyceumWorld) -> None:
        before = await standing(community)
        await apply(community, await give(community, with_line(await export(community), "zone", LISBON)))
        shown = await back(community)
        assert "Going back to before" in shown.text and "Europe/Lisbon → UTC" in shown.text
        assert (await standing(community))["general"]["zone"] == "Europe/Lisbon"
        assert "Rolled back: 1 change" in (await apply(community, shown)).text
        assert await standing(community) == before

    async def test_can_itself_be_rolled_back(self, community: LyceumWorld) -> None:
        await apply(community, await give(community, with_line(await export(community), "zone", LISBON)))
        await apply(community, await back(community))
        card = await overview(community)
        assert "1 change rolled back" in card.text and "Undo the roll back" in labels(card)
        await apply(community, await back(community))
        assert (await standing(community))["general"]["zone"] == "Europe/Lisbon"
        audit = (await community.slash(community.facilitator, community.general, "manage audit")).text
        assert audit.count("rolled the configuration back") == 2

    async def test_goes_further_back_by_the_menu(self, community: LyceumWorld) -> None:
        before = await standing(community)
        text = await export(community)
        for zone in (LISBON, '"Asia/Tokyo"', '"Africa/Nairobi"'):
            await apply(community, await give(community, with_line(text, "zone", zone)))
            await community.advance(timedelta(minutes=1))
        card = await overview(community)
        assert card.message is not None
        [menu] = card.message.selects
        assert len(menu.options) == 3
        shown = await community.choose(community.facilitator, card, menu.options[-1][1], menu=menu.custom_id)
        assert "Africa/Nairobi → UTC" in shown.text
        await apply(community, shown)
        assert await standing(community) == before

    async def test_leaves_what_is_gone_and_says_so(self, community: LyceumWorld) -> None:
        text = with_line(await export(community), "welcome_channel", "''")
        await apply(community, await give(community, with_line(text, "zone", LISBON)))
        await community.delete_channel(community.welcome)
        shown = await back(community)
        assert "cannot be brought back and stays as it is now" in shown.text
        assert "no channel “welcome”" in shown.text and "Europe/Lisbon → UTC" in shown.text
        done = await apply(community, shown)
        assert "Rolled back: 1 change" in done.text and "no channel “welcome”" in done.text
        config = await standing(community)
        assert config["general"]["zone"] == "UTC" and config["onboarding"]["welcome_channel"] == ""

    async def test_of_everything_brings_everything_back(self, community: LyceumWorld) -> None:
        await furnish(community)
        before = await standing(community)
        text = await export(community)
        text = re.sub(r"\[\[charter.outcomes\]\]\n(\w+ = .*\n)+", "", text)
        text = re.sub(r"\[\[rituals.list\]\]\n(\w+ = .*\n?)+", "", text)
        text = with_line(text, "mission", "''").replace("[charter]", "[charter]\noutcomes = []")
        text = with_line(text, "profiles", "false").replace("Find time for it", "Find peace for it")
        text = re.sub(r"(\[rituals\].*\n)", r"\1list = []\n", text)
        shown = await give(community, text)
        assert labels(shown)[0] == "Apply these 5 changes", shown.text
        await apply(community, shown)
        assert (await standing(community))["rituals"]["list"] == []
        await apply(community, await back(community))
        assert await standing(community) == before

    async def test_two_who_do_it_at_once_do_it_once(self, community: LyceumWorld) -> None:
        await apply(community, await give(community, with_line(await export(community), "zone", LISBON)))
        olive = community.people["Olive"]
        one = await back(community)
        other = await community.press(olive, await overview(community, olive), "setup:config.back")
        answers = await community.at_once(apply(community, one), apply(community, other, olive))
        assert sum("Rolled back: 1 change" in each.text for each in answers) == 1
        assert sum(NOTHING in each.text for each in answers) == 1
        assert (await overview(community)).text.count("rolled back, of") == 1

    async def test_keeps_the_latest_twenty(self, community: LyceumWorld) -> None:
        text = await export(community)
        for number in range(22):
            zone = LISBON if number % 2 else '"Asia/Tokyo"'
            await apply(community, await give(community, with_line(text, "zone", zone)))
        card = await overview(community)
        assert card.message is not None
        [menu] = card.message.selects
        assert len(menu.options) == 20 and "and 10 before" in card.text


async def test_what_is_broken_by_a_file_is_in_the_report_and_told_to_staff(community: LyceumWorld) -> None:
    await community.hide_from_bot(community.weekly)
    text = with_line(await export(community), "wins_channel", '{ name = "weekly" }')
    done = await apply(community, await give(community, text))
    report = await community.press(community.facilitator, done, "See what works and what does not")
    assert "First wins channel: I cannot see" in report.text
    await community.advance(SETTLED)
    [notice] = told(community)
    assert "First wins channel" in notice


async def test_a_file_that_takes_its_time_is_waited_for(
    community: LyceumWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = with_line(await export(community), "zone", LISBON)
    read = discord.Attachment.read

    async def slowly(file: discord.Attachment) -> bytes:
        await asyncio.sleep(4)
        return await read(file)

    monkeypatch.setattr(discord.Attachment, "read", slowly)
    shown = await give(community, text)
    assert shown.ephemeral and not shown.thinking and "UTC → Europe/Lisbon" in shown.text
    assert "Applied: 1 change" in (await apply(community, shown)).text


async def test_hostile_words_are_shown_as_typed_and_ping_nobody(community: LyceumWorld) -> None:
    mission = f"{HOSTILE} \u202egnp.exe\u2066"
    text = with_line(await export(community), "mission", f"'{mission}'")
    shown = await give(community, text, name="[x](https:__evil.example)@everyone.toml")
    assert pings_nobody(shown) and labels(shown)[0] == "Apply this 1 change"
    assert "[free gift](" not in shown.text and "\u202e" not in shown.text and "@everyone" not in shown.text
    done = await apply(community, shown)
    assert pings_nobody(done, await overview(community))


async def test_a_comparison_too_long_for_a_card_begins_on_it_and_is_whole_in_a_file(
    community: LyceumWorld,
) -> None:
    norms = [f"Norm {number}: {'be kind ' * 15}" for number in range(1, 13)]
    outcomes = "".join(
        f'[[charter.outcomes]]\nwords = "{number} {"hellos " * 13}"\ncounts = "introduction.written"\nby = "acts"\n'
        f"target = 5\nfrom = 2026-01-01T00:00:00Z\nuntil = 2026-06-0{number}T00:00:00Z\n"
        for number in range(1, 6)
    )
    statements = [f"{number} {'s' * 42}" for number in range(5)]
    text = (
        f"format = 1\n[profiles]\nstatements = {statements}\n[charter]\nmission = '{'We teach. ' * 19}'\n"
        f"norms = {norms}\n{outcomes}"
    )
    shown = await give(community, text)
    assert labels(shown)[0] == "Apply these 23 changes", shown.text
    assert len(shown.text) <= 4000 and "All of it is in" in shown.text
    whole = community.file(shown, "changes.txt").decode()
    assert whole.count("→") == 23 and norms[-1].strip() in whole
    done = await apply(community, shown)
    assert "Applied: 23 changes" in done.text and done.message is not None and done.message.attachments == ()


async def test_raids_are_in_the_file_and_too_far_alone_is_refused(community: LyceumWorld) -> None:
    text = await export(community)
    assert (await standing(community))["raids"]["automatic"] == 1
    refused = await give(community, with_line(text, "automatic", "4"))
    assert "Step up to which I go by myself" in refused.text or "automatic" in refused.text
    assert not any(label.startswith("Apply") for label in labels(refused))
    changed = with_line(with_line(text, "automatic", "2"), "locked", '[{ channel = { name = "general" } }]')
    shown = await give(community, changed)
    assert "Step up to which I go by myself: 1 → 2" in shown.text and "#general" in shown.text
    await apply(community, shown)
    raids = (await standing(community))["raids"]
    assert raids["automatic"] == 2 and raids["locked"][0]["channel"]["name"] == "general"
