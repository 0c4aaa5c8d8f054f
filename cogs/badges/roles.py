"""Which roles a badge may come with: those that open something, and carry no power over others."""

from __future__ import annotations

from dataclasses import dataclass

from bot.authority import ELEVATED, Actor
from bot.errors import InvalidInput, NotAllowed


@dataclass(frozen=True)
class RoleFacts:
    """A role as Discord describes it at the moment of choosing. `opens` says that it lets people do or see something."""

    id: int
    permissions: int
    above_bot: bool
    managed: bool
    opens: bool


def check_role(actor: Actor, role: RoleFacts, staff: frozenset[int]) -> None:
    """Raise `InvalidInput` or `NotAllowed` for a role that no badge gives. `staff` are the roles of staff."""
    if role.id == actor.guild_id:
        raise InvalidInput("That is everybody. Please choose a role that only some people have.")
    if role.permissions & ELEVATED or role.id in staff:
        raise NotAllowed(
            "That role has power over others, so no badge gives it: a person should decide that, with the "
            "evidence in view. `/ladder` is for that."
        )
    if role.managed:
        raise InvalidInput("Discord gives that role out by itself. Please choose another.")
    if role.above_bot:
        raise InvalidInput(
            "That role stands above mine, so I cannot give it. Move my role up in Server Settings > Roles."
        )
    if not role.opens:
        raise InvalidInput(
            "That role opens nothing: no channel and no permission. A badge is seen without a role, and a server "
            "has 250 roles at most."
        )
