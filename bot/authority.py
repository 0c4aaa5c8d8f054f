"""Who may do what: capabilities, and the checks made at the moment of effect.

A capability is given by a Discord permission or by a role that facilitators chose in /setup. Services call
`require` with the actor of the interaction inside the use case itself, so a check also holds behind buttons
and modals that were shown to somebody else, or long ago. `default_permissions` on commands only hides them.

Ranks follow Discord's rule: a member acts only on members and roles strictly below their own highest role;
the owner stands above everybody and nobody acts on the owner. `bot/guards.py` checks that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.errors import NotAllowed
from bot.i18n import N_

# Discord's permission bits (discord.com/developers, topics/permissions).
KICK_MEMBERS = 1 << 1
BAN_MEMBERS = 1 << 2
ADMINISTRATOR = 1 << 3
MANAGE_GUILD = 1 << 5
MODERATE_MEMBERS = 1 << 40
# Those for which Discord itself asks staff for a second factor: what turns a role into a key.
ELEVATED = 0x104_7000_203E


class Capability(StrEnum):
    """What a person may do beyond taking part. Features check these, never a role or permission by name."""

    FACILITATE = "facilitate"
    MODERATE = "moderate"
    KICK = "kick"
    BAN = "ban"
    REVIEW = "review"


_PERMISSION_FOR = {
    Capability.FACILITATE: MANAGE_GUILD,
    Capability.MODERATE: MODERATE_MEMBERS,
    Capability.KICK: KICK_MEMBERS,
    Capability.BAN: BAN_MEMBERS,
}

_REFUSAL = {
    Capability.FACILITATE: N_(
        "Only facilitators can do this. Ask someone with the Manage Server permission, "
        "or to be given the facilitator role."
    ),
    Capability.MODERATE: N_("Only moderators can do this. If something is wrong, tell a moderator."),
    Capability.KICK: N_(
        "That needs the Kick Members permission or the moderator role. Ask someone who has it."
    ),
    Capability.BAN: N_(
        "That needs the Ban Members permission or the moderator role. Ask someone who has it."
    ),
    Capability.REVIEW: N_("Only reviewers can do this. Ask a facilitator how to become one."),
}


@dataclass(frozen=True)
class Actor:
    """The person behind an interaction, as Discord described them at that moment."""

    guild_id: int
    member_id: int
    role_ids: frozenset[int] = frozenset()
    permissions: int = 0
    is_owner: bool = False
    locale: str | None = None


@dataclass(frozen=True)
class CapabilityRoles:
    """The roles that carry each capability in one guild, from its configuration."""

    roles: dict[Capability, frozenset[int]] = field(default_factory=dict[Capability, frozenset[int]])

    def of(self, capability: Capability) -> frozenset[int]:
        return self.roles.get(capability, frozenset())


def may_everything(actor: Actor) -> bool:
    """Whether Discord lets the actor do everything: the owner and administrators."""
    return actor.is_owner or bool(actor.permissions & ADMINISTRATOR)


def has(actor: Actor, capability: Capability, roles: CapabilityRoles) -> bool:
    """Whether the actor holds the capability, by ownership, permission or chosen role."""
    if may_everything(actor):
        return True
    if actor.permissions & _PERMISSION_FOR.get(capability, 0):
        return True
    return not actor.role_ids.isdisjoint(roles.of(capability))


def require(actor: Actor, capability: Capability, roles: CapabilityRoles) -> None:
    """Raise `NotAllowed`, with whom to ask, unless the actor holds the capability."""
    if not has(actor, capability, roles):
        raise NotAllowed(_REFUSAL[capability])


@dataclass(frozen=True)
class Rank:
    """Where somebody stands in the guild's role list: their highest role's position, or the owner."""

    position: int
    is_owner: bool = False

    def above(self, other: Rank) -> bool:
        if other.is_owner:
            return False
        return self.is_owner or self.position > other.position
