"""Who may do what, as a table, and who stands above whom."""

from __future__ import annotations

import discord
import pytest

from bot.authority import ELEVATED, Actor, Capability, CapabilityRoles, Rank, has, require
from bot.errors import NotAllowed
from bot.guild_config import GuildConfig

GUILD = 1
FACILITATOR_ROLE, MODERATOR_ROLE, OTHER_ROLE = 71, 72, 73
CONFIG = GuildConfig(GUILD, facilitator_role_id=FACILITATOR_ROLE, moderator_role_id=MODERATOR_ROLE)


def actor(*roles: int, owner: bool = False, **permissions: bool) -> Actor:
    bits = discord.Permissions(**permissions).value
    return Actor(GUILD, 5, frozenset(roles), bits, is_owner=owner)


F, M, R = Capability.FACILITATE, Capability.MODERATE, Capability.REVIEW
K, B = Capability.KICK, Capability.BAN
WHO_MAY_WHAT = [
    ("the owner", actor(owner=True), {F, M, R, K, B}),
    ("an administrator", actor(administrator=True), {F, M, R, K, B}),
    ("who may manage the server", actor(manage_guild=True), {F}),
    ("who may time members out", actor(moderate_members=True), {M}),
    ("who may kick", actor(kick_members=True), {K}),
    ("who may ban", actor(ban_members=True), {B}),
    ("who has the facilitator role", actor(FACILITATOR_ROLE), {F}),
    ("who has the moderator role", actor(MODERATOR_ROLE), {M, K, B}),
    ("who has both", actor(MODERATOR_ROLE, FACILITATOR_ROLE), {F, M, K, B}),
    ("who has another role", actor(OTHER_ROLE), set()),
    (
        "who may do much but not that",
        actor(manage_roles=True, manage_channels=True, manage_messages=True),
        set(),
    ),
    ("a member", actor(GUILD), set()),
]


@pytest.mark.parametrize(
    ("person", "may"), [row[1:] for row in WHO_MAY_WHAT], ids=[row[0] for row in WHO_MAY_WHAT]
)
@pytest.mark.parametrize("capability", list(Capability))
def test_each_may_what_the_table_says(person: Actor, may: set[Capability], capability: Capability) -> None:
    assert has(person, capability, CONFIG.capability_roles) is (capability in may)
    if capability in may:
        require(person, capability, CONFIG.capability_roles)
    else:
        with pytest.raises(
            NotAllowed, match=r"Only \w+ can do this|That needs the (Kick|Ban) Members permission"
        ):
            require(person, capability, CONFIG.capability_roles)


@pytest.mark.parametrize("capability", list(Capability))
def test_where_no_role_was_chosen_no_role_gives_anything(capability: Capability) -> None:
    roles = GuildConfig(GUILD).capability_roles
    assert not has(actor(FACILITATOR_ROLE, MODERATOR_ROLE, 0), capability, roles)
    assert not has(actor(), capability, CapabilityRoles())


def test_the_numbers_of_permissions_are_discords() -> None:
    assert discord.Permissions.elevated().value == ELEVATED


OWNER, HIGH, MIDDLE, LOW = Rank(1, is_owner=True), Rank(9), Rank(5), Rank(1)


@pytest.mark.parametrize(
    ("one", "other", "is_above"),
    [
        (HIGH, LOW, True),
        (LOW, HIGH, False),
        (MIDDLE, MIDDLE, False),
        (OWNER, HIGH, True),
        (HIGH, OWNER, False),
        (OWNER, OWNER, False),
    ],
)
def test_above_is_strictly_above_and_nobody_is_above_the_owner(
    one: Rank, other: Rank, is_above: bool
) -> None:
    assert one.above(other) is is_above
