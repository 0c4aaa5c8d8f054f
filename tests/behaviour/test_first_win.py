"""The end of the first quest: the announcement, for those who agreed, and the role."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.faults import ADD_ROLE, CREATE_MESSAGE
from tests.behaviour.quests import (
    LyceumWorld,
    answer_a_hello,
    finish,
    notices,
    restart,
    say_goal,
    say_hello,
    status,
    wins,
)


async def test_the_win_names_the_goal_and_pings_nobody(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await finish(community, ann)
    [win] = wins(community, ann)
    assert "first win" in win.text and "> Knots" in win.text
    assert win.pinged == () and win.labels == []


async def test_without_consent_nothing_is_announced_and_the_role_is_given(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await finish(community, ann, share=False)
    assert wins(community, ann) == [] and community.role_names(ann) == {"Member"}


async def test_consent_is_asked_only_where_the_community_announces_wins(community: LyceumWorld) -> None:
    await community.delete_channel(community.first_wins)
    ann = await community.join("Ann")
    form = await community.press(ann, await community.slash(ann, community.general, "start"), "Write it")
    assert form.modal is not None and [field.custom_id for field in form.modal.fields] == ["goal", "level"]
    await finish(community, ann, share=None)
    assert "Your first quest is done" in (await status(community, ann)).text
    assert community.role_names(ann) == {"Member"}


async def test_consent_can_be_taken_back_until_the_end(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann, share=True)
    await say_hello(community, ann)
    card = await status(community, ann)
    form = await community.press(ann, card, "Change my goal")
    await community.submit(ann, form, {"goal": "Knots", "share": False})
    await answer_a_hello(community, ann)
    assert wins(community, ann) == []


async def test_consent_taken_back_while_discord_is_down_is_respected(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_hello(community, ann)
    await answer_a_hello(community, ann)
    card = await community.slash(ann, community.general, "start")
    forms = [await community.press(ann, card, "Write it") for _ in range(2)]
    rule = community.faults.status(503, *CREATE_MESSAGE, times=None)
    await community.submit(ann, forms[0], {"goal": "Knots", "share": True})
    await community.submit(ann, forms[1], {"goal": "Knots", "share": False})
    community.faults.disarm(rule)
    await community.advance(timedelta(minutes=10))
    assert wins(community, ann) == []


async def test_who_finishes_again_is_announced_once(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    for _ in range(3):
        await finish(community, ann)
        await restart(community, ann)
    assert len(wins(community, ann)) == 1
    assert len(community.faults.requests(*ADD_ROLE)) == 1


async def test_who_agrees_only_the_second_time_is_announced_then(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await finish(community, ann, share=False)
    await restart(community, ann)
    await finish(community, ann, share=True)
    assert len(wins(community, ann)) == 1


async def test_after_the_end_only_the_goal_can_be_changed(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await finish(community, ann)
    form = await community.press(ann, await status(community, ann), "Change my goal")
    assert form.modal is not None and [field.custom_id for field in form.modal.fields] == ["goal", "level"]
    await community.submit(ann, form, {"goal": "Splices"})
    assert len(wins(community, ann)) == 1


@pytest.mark.parametrize(
    ("goal", "shown"),
    [
        ("x" * 300, "x" * 300),
        ("*" * 300, r"\*" * 300),
        ("🎸" * 300, "🎸" * 300),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
        ("أريد أن أتعلم العقد", "أريد أن أتعلم العقد"),
        ("[free](https://example.org)", r"\[free\](https://example.org)"),
        ("# Big\n> quoted\n- list", r"\# Big > quoted - list"),
        ("\u202eevil", "evil"),
    ],
    ids=["long", "markup", "many emoji", "family", "right to left", "masked link", "lines", "turned around"],
)
async def test_a_goal_is_shown_whole_and_as_it_was_written(
    community: LyceumWorld, goal: str, shown: str
) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann, goal)
    await say_hello(community, ann)
    await answer_a_hello(community, ann)
    [win] = wins(community, ann)
    assert win.text.endswith(f"\n> {shown}")


@pytest.mark.parametrize("mention", ["@everyone", "@here", "<@{ben}>", "<@&{role}>"])
async def test_a_mention_in_a_goal_reaches_nobody(community: LyceumWorld, mention: str) -> None:
    ben = community.member
    ann = await community.join("Ann")
    await say_goal(community, ann, mention.format(ben=ben.id, role=community.roles["Member"].id))
    await say_hello(community, ann)
    await answer_a_hello(community, ann)
    [win] = wins(community, ann)
    assert win.pinged == () and win.pinged_roles == () and not win.pings_everyone
    assert community.pings(ben) == []


@pytest.mark.parametrize("goal", [" ", "\u200b\u200b", "\u202e", "\u3164"], ids=ascii)
async def test_a_goal_that_nobody_could_see_is_asked_for_again(community: LyceumWorld, goal: str) -> None:
    ann = await community.join("Ann")
    answer = await say_goal(community, ann, goal)
    assert "That was empty" in answer.text and answer.ephemeral
    assert "0 of 3" in (await status(community, ann)).text


class TestTheBotsRoleIsTooLow:
    async def test_the_member_has_finished_and_staff_learn_how_to_mend_it(
        self, community: LyceumWorld
    ) -> None:
        await community.bot_role_below(community.roles["Member"])
        ann, bo = await community.join("Ann"), await community.join("Bo")
        await finish(community, ann)
        await finish(community, bo)

        assert "Your first quest is done" in (await status(community, ann)).text
        assert len(wins(community, ann)) == 1 and community.role_names(ann) == set()
        [notice] = notices(community)
        assert "stands above my own" in notice and "Server Settings > Roles" in notice
        assert f"<@&{community.roles['Member'].id}>" in notice

        await community.bot_role_below(community.roles["Facilitator"])
        [card] = community.posted(community.staff)
        answer = await community.press(community.facilitator, card, "Mended: try again")
        assert "Trying again, 2 things" in answer.text
        assert community.role_names(ann) == community.role_names(bo) == {"Member"}

    async def test_trying_again_too_early_brings_no_error_and_can_be_done_again(
        self, community: LyceumWorld
    ) -> None:
        await community.bot_role_below(community.roles["Member"])
        ann = await community.join("Ann")
        await finish(community, ann)
        [card] = community.posted(community.staff)
        await community.press(community.facilitator, card, "Mended: try again")
        assert community.role_names(ann) == set()
        jobs = await community.slash(community.facilitator, community.staff, "manage jobs")
        assert "Mended: try again" in [button.label for button in jobs.buttons]

    async def test_only_facilitators_can_press_it(self, community: LyceumWorld) -> None:
        await community.bot_role_below(community.roles["Member"])
        await finish(community, await community.join("Ann"))
        [card] = community.posted(community.staff)
        answer = await community.press(community.moderator, card, "Mended: try again")
        assert "Only facilitators" in answer.text


async def test_a_deleted_role_is_told_to_staff_and_the_quest_still_finishes(community: LyceumWorld) -> None:
    await community.delete_role(community.roles["Member"])
    ann = await community.join("Ann")
    await finish(community, ann)
    assert "Your first quest is done" in (await status(community, ann)).text
    [notice] = notices(community)
    assert "The role was deleted" in notice and "/setup start" in notice


async def test_a_role_that_somebody_gave_by_hand_is_no_trouble(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await community.give_role(ann, community.roles["Moderator"])
    await finish(community, ann)
    assert community.role_names(ann) == {"Member", "Moderator"}
