"""/me avoid: whom a member would rather not be put together with. Seen by them alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from bot.avoidances import Avoidance
from bot.cards import Card, Item, Option, Pick, Text, custom_id
from bot.components import Components
from bot.core import Core
from bot.errors import InvalidInput
from bot.groups import HelpLine, SharedGroups, Topic
from bot.i18n import N_, Translator
from bot.interactions import actor_of, chosen_number
from bot.members import find_names
from bot.replies import reply_to
from bot.text import mention_user

TAKE_BACK = "avoid:one.take_back"
HELP = HelpLine(N_("Never be put together with somebody"), "/me avoid", topic=Topic.TOGETHER)


class AvoidanceCard:
    """Answers the command and the menu of its card."""

    def __init__(self, core: Core, components: Components, groups: SharedGroups) -> None:
        self._core = core
        components.register(TAKE_BACK, self._take_back)
        groups.attach(groups.me, _command(self), HELP)

    async def open(
        self, interaction: discord.Interaction[Any], member: discord.User | discord.Member | None
    ) -> None:
        """/me avoid, with or without naming somebody."""
        actor = actor_of(interaction)
        if member is not None and member.bot:
            raise InvalidInput("That is a bot, and no bot is ever put together with you. Choose a member.")
        async with self._core.db.begin() as session:
            if member is not None:
                await self._core.avoidances.add(session, actor.guild_id, actor.member_id, member.id)
            mine = await self._core.avoidances.list_own(session, actor.guild_id, actor.member_id)
        reply = reply_to(interaction)
        added = member.id if member is not None else None
        await reply.show(avoidance_card(mine, reply.translator, await _names(interaction, mine), added=added))

    async def _take_back(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor = actor_of(interaction)
        avoidance_id = chosen_number(interaction)
        async with self._core.db.begin() as session:
            await self._core.avoidances.remove(session, actor.guild_id, actor.member_id, avoidance_id)
            mine = await self._core.avoidances.list_own(session, actor.guild_id, actor.member_id)
        reply = reply_to(interaction)
        await reply.show_privately(avoidance_card(mine, reply.translator, await _names(interaction, mine)))


def avoidance_card(
    mine: Sequence[Avoidance], t: Translator, names: dict[int, str], *, added: int | None = None
) -> Card:
    """What holds, for whom, and the way back. `names` are those that are known."""
    meaning = t(
        "In reviews and pairings you two are not put together, neither you with them nor they with you. Nobody is told: not them, not staff."
    )
    if added is not None:
        head = t("**You will not be put together with {who}.**", who=mention_user(added))
    elif mine:
        head = t("**Whom you would rather not be put together with**")
    else:
        head = t("**There is nobody you avoid.** To name somebody, use {command}.", command="`/me avoid`")
    lines = [head, meaning]
    lines += [
        t("{number}. {who}", number=n, who=mention_user(each.avoided_id)) for n, each in enumerate(mine, 1)
    ]
    items: list[Item] = [Text("\n".join(lines))]
    if mine:
        options = tuple(
            Option(_label(n, names.get(each.avoided_id), t), str(each.id)) for n, each in enumerate(mine, 1)
        )
        items.append(Pick(custom_id(TAKE_BACK), t("Take one back"), options))
    return Card(tuple(items))


def _label(number: int, name: str | None, t: Translator) -> str:
    if name is None:
        return t("Number {number}", number=number)
    return t("{number}: {name}", number=number, name=name)


async def _names(interaction: discord.Interaction[Any], mine: Sequence[Avoidance]) -> dict[int, str]:
    return await find_names(interaction.guild, [each.avoided_id for each in mine])


def _command(card: AvoidanceCard) -> app_commands.Command[Any, ..., Any]:
    async def avoid(interaction: discord.Interaction[Any], member: discord.User | None = None) -> None:
        await card.open(interaction, member)

    described = app_commands.describe(member="Who it is; leave it out to see your list")(avoid)
    return app_commands.Command[Any, ..., Any](
        name="avoid",
        description="Never be put together with somebody; only you know",
        callback=described,
    )
