"""What may be chosen for the community, whether in /setup or in a configuration file, and how it is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import ELEVATED, Actor, may_everything
from bot.core import Core
from bot.errors import InvalidInput, NotAllowed
from bot.guild_config import GuildConfig
from bot.setup_pages import Choice


@dataclass(frozen=True)
class RoleUse:
    """A role that is chosen somewhere. `staff`: it gives staff powers rather than being given to members."""

    where: str
    staff: bool
    role_id: int | None


def check_role(actor: Actor, choice: Choice, role_id: int | None, powers: int) -> None:
    """Raise `InvalidInput` for @everyone, which would make everybody staff, and `NotAllowed` for a role that the bot
    would give on the word of somebody who may not. `powers` are the role's permissions."""
    if role_id == actor.guild_id:
        raise InvalidInput("That is everybody. Please choose a role that only some people have.")
    beyond = powers & ELEVATED & ~actor.permissions
    if not choice.staff and beyond and not may_everything(actor):
        raise NotAllowed(
            "That role can do more than you can, so I may not give it for you. "
            "Choose another, or ask someone who holds its permissions."
        )


def check_double_use(mine: RoleUse, others: Iterable[RoleUse]) -> None:
    """A role that is handed out must carry no capability, or finishing a quest would make a facilitator."""
    if mine.role_id is None:
        return
    for other in others:
        if other.where != mine.where and other.staff != mine.staff and other.role_id == mine.role_id:
            raise InvalidInput(
                "One role cannot both be given to members and give staff powers. Please choose another."
            )


async def save_zone(core: Core, session: AsyncSession, actor: Actor, zone: str) -> GuildConfig:
    """Set the community's time zone, and move its schedules there."""
    config = await core.configs.change(session, actor.guild_id, GuildConfig, by=actor, zone=zone)
    await core.schedules.rezone(session, actor.guild_id, zone)
    return config
