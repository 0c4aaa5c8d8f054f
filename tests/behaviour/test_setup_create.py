"""Channels and roles that /setup creates or adopts: once each, whoever presses and whatever dies meanwhile."""

from __future__ import annotations

import pytest

from tests.behaviour.quests import LyceumWorld
from tests.behaviour.setups import channel_names, role_names, step

CHANNELS = ("POST", "/guilds/*/channels")
ROLES = ("POST", "/guilds/*/roles")
STAFF, WELCOME, FINISHED = "setup:choice.create:0", "setup:choice.create:10", "setup:choice.create:13"


@pytest.fixture
async def bare(world: LyceumWorld) -> LyceumWorld:
    """A server without a staff channel and a role for members, in which the bot may create things."""
    await world.bot_permissions(manage_channels=True)
    await world.delete_channel(world.staff)
    await world.delete_role(world.roles["Member"])
    return world


def overwrites(world: LyceumWorld, name: str) -> dict[int, tuple[int, int]]:
    backend = world.env.backend
    ids = backend.get_guild(world.guild_id).channel_ids
    [channel] = [backend.get_channel(each) for each in ids if backend.get_channel(each).name == name]
    return {each.target_id: (each.allow, each.deny) for each in channel.overwrites}


async def chosen_staff(world: LyceumWorld) -> int | None:
    return (await world.bot.core.configs.guild(world.guild_id)).staff_channel_id


async def test_a_staff_channel_is_created_hidden_from_everyone_but_the_bot_and_who_asked(
    bare: LyceumWorld,
) -> None:
    card = await step(bare, "Channels")
    card = await bare.press(bare.facilitator, card, "Create #staff for me")
    assert "**Step 2 of" in card.text and card.message is not None
    assert "Create #staff for me" not in card.message.labels
    view = 1 << 10
    granted = overwrites(bare, "staff")
    assert granted[bare.guild_id] == (0, view)
    me = bare.env.backend.bot_user.id
    assert granted[me][0] & view and granted[bare.facilitator.id][0] & view
    [created] = [each for each in channel_names(bare) if each == "staff"]
    assert created and await chosen_staff(bare) is not None


async def test_staff_roles_that_were_chosen_before_see_the_new_staff_channel(bare: LyceumWorld) -> None:
    card = await step(bare, "Roles")
    card = await bare.choose(bare.facilitator, card, bare.roles["Moderator"], menu="setup:choice.set:2")
    card = await bare.press(bare.facilitator, card, "Back")
    await bare.press(bare.facilitator, card, STAFF)
    assert overwrites(bare, "staff")[bare.roles["Moderator"].id][0] & 1 << 10


async def test_a_channel_of_that_name_is_adopted_not_doubled(world: LyceumWorld) -> None:
    card = await step(world, "Channels")
    assert card.message is not None and "Create #staff for me" not in card.message.labels, "it may not"
    await world.bot_permissions(manage_channels=True)
    await world.press(world.facilitator, await step(world, "Channels"), STAFF)
    assert await chosen_staff(world) == world.staff.id
    assert channel_names(world).count("staff") == 1 and world.faults.requests(*CHANNELS) == []


async def test_two_who_press_at_once_get_one_channel(bare: LyceumWorld) -> None:
    owner = bare.people["Olive"]
    one, other = await step(bare, "Channels"), await step(bare, "Channels", owner)
    answers = await bare.at_once(bare.press(bare.facilitator, one, STAFF), bare.press(owner, other, STAFF))
    assert all("**Step 2 of" in each.text for each in answers)
    assert channel_names(bare).count("staff") == 1 and len(bare.faults.requests(*CHANNELS)) == 1


@pytest.mark.parametrize("what", ["channel", "role"])
async def test_killed_after_it_was_created_it_is_adopted_at_the_next_press(
    bare: LyceumWorld, what: str
) -> None:
    title, control = ("Channels", STAFF) if what == "channel" else ("Roles", FINISHED)
    card = await step(bare, title)
    gate = bare.faults.hold(*(CHANNELS if what == "channel" else ROLES), after=True)
    await bare.press(bare.facilitator, card, control)
    assert gate.waiting == 1
    await bare.crash()
    await bare.start_again()
    after = channel_names(bare), role_names(bare)
    card = await bare.press(bare.facilitator, await step(bare, title), control)
    assert (channel_names(bare), role_names(bare)) == after
    assert card.message is not None and control not in [each.custom_id for each in card.message.buttons]


async def test_an_answer_that_was_lost_is_told_and_the_next_press_adopts(bare: LyceumWorld) -> None:
    card = await step(bare, "Channels")
    bare.faults.lost(*CHANNELS)
    told = await bare.press(bare.facilitator, card, STAFF)
    assert "press once more" in told.text
    card = await bare.press(bare.facilitator, await step(bare, "Channels"), STAFF)
    assert channel_names(bare).count("staff") == 1 and await chosen_staff(bare) is not None


async def test_a_role_is_created_without_any_permission_below_the_bots(bare: LyceumWorld) -> None:
    card = await step(bare, "Roles")
    assert card.message is not None
    before = set(role_names(bare))
    await bare.press(bare.facilitator, card, FINISHED)
    [name] = set(role_names(bare)) - before
    roles = {each.name: each for each in bare.env.backend.get_guild(bare.guild_id).roles.values()}
    assert roles[name].permissions == 0 and roles[name].position < roles["Lyceum"].position


async def test_a_role_of_that_name_is_adopted(bare: LyceumWorld) -> None:
    before = role_names(bare)
    card = await step(bare, "Roles")
    await bare.press(bare.facilitator, card, "Create the role Moderator for me")
    assert role_names(bare) == before
    config = await bare.bot.core.configs.guild(bare.guild_id)
    assert config.moderator_role_id == bare.roles["Moderator"].id


async def test_without_the_permission_it_says_how_and_the_menu_works(world: LyceumWorld) -> None:
    card = await step(world, "Channels")
    assert "Manage Channels" in card.text and "The menus work without" in card.text
    card = await world.choose(world.facilitator, card, world.staff, menu="setup:choice.set:0")
    assert await chosen_staff(world) == world.staff.id


async def test_a_permission_lost_since_the_card_was_drawn_is_said_in_words(bare: LyceumWorld) -> None:
    card = await step(bare, "Channels")
    await bare.bot_permissions(manage_channels=False)
    answer = await bare.press(bare.facilitator, card, STAFF)
    assert "Manage Channels" in answer.text and "Server Settings > Roles" in answer.text
    assert channel_names(bare).count("staff") == 0 and await chosen_staff(bare) is None


async def test_a_full_server_is_said_in_words(bare: LyceumWorld) -> None:
    card = await step(bare, "Channels")
    bare.faults.status(400, *CHANNELS, code=30013)
    answer = await bare.press(bare.facilitator, card, STAFF)
    assert "as many as Discord allows" in answer.text


async def test_an_adopted_role_that_can_do_more_than_who_presses_is_refused(bare: LyceumWorld) -> None:
    import discord

    bare.server.guild.create_role("Member", permissions=discord.Permissions(ban_members=True))
    await bare.settle()
    answer = await bare.press(bare.facilitator, await step(bare, "Roles"), FINISHED)
    assert "more than you can" in answer.text


async def test_what_was_created_is_in_the_audit(bare: LyceumWorld) -> None:
    from storage.audit import list_audit

    await bare.press(bare.facilitator, await step(bare, "Channels"), STAFF)
    async with bare.database.read() as session:
        rows = await list_audit(session, bare.guild_id)
    assert [(row.what, row.fields) for row in rows if row.fields] == [
        ("created the channel {name}", {"name": "staff"})
    ]
    assert any(row.after.get("staff_channel_id") for row in rows)
    assert {row.actor_id for row in rows} == {bare.facilitator.id}


async def test_roles_that_need_not_be_are_not_offered_to_be_created(bare: LyceumWorld) -> None:
    card = await bare.slash(bare.facilitator, bare.general, "setup start")
    page = await bare.choose(bare.facilitator, card, "Reminder and returns", menu="setup:page.open")
    assert page.message is not None and page.message.labels == ["Step by step"]
    assert page.text.count("Given back to whoever had it") == 1 and "Fifth role to give back" in page.text
