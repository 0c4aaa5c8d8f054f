"""/manage rituals: what facilitators do with rituals."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.authority import Actor
from bot.errors import NotFound
from bot.interactions import actor_of
from bot.nominal_times import WEEKDAYS
from bot.replies import reply_to
from cogs.rituals import change_cards, prompt_cards, words
from cogs.rituals import desk_cards as cards
from cogs.rituals.service import RitualsService
from cogs.rituals.shipped import templates

_TEMPLATES = [app_commands.Choice(name=each.title, value=each.key) for each in templates().values()]
_WEEKDAYS = [app_commands.Choice(name=name.capitalize(), value=index) for index, name in enumerate(WEEKDAYS)]
_REPEATS = [app_commands.Choice(name=name, value=each.value) for each, name in words.REPEATS.items()]
_WHICH = "Which ritual"
_SUGGESTED = 25


class RitualsGroup(app_commands.Group):
    """/manage rituals."""

    def __init__(self, service: RitualsService) -> None:
        super().__init__(name="rituals", description="Rituals: what the community does again and again")
        self._service = service

    @app_commands.command(description="Begin a ritual")
    @app_commands.describe(
        ritual="Which one",
        channel="Where it is posted",
        time="When, by the community's clock, for example 09:00",
        weekday="On which day",
        repeat="How often",
        purpose="What it is for; left out, as it comes with it",
        owner="The facilitator who looks after it; left out, you",
    )
    @app_commands.choices(ritual=_TEMPLATES)
    @app_commands.choices(weekday=_WEEKDAYS)
    @app_commands.choices(repeat=_REPEATS)
    async def add(
        self,
        interaction: discord.Interaction[Any],
        ritual: str,
        channel: discord.TextChannel,
        time: str | None = None,
        weekday: int | None = None,
        repeat: str | None = None,
        purpose: str | None = None,
        owner: discord.Member | None = None,
    ) -> None:
        added = await self._service.add(
            actor_of(interaction),
            ritual,
            channel_id=channel.id,
            weekday=weekday,
            typed_time=time,
            repeat=repeat,
            purpose=purpose,
            owner=_as_actor(owner),
        )
        reply = reply_to(interaction)
        await reply.show(cards.added_card(added, reply.translator))

    @app_commands.command(name="list", description="The rituals of this community, and what to do with them")
    async def list_all(self, interaction: discord.Interaction[Any]) -> None:
        rituals = await self._service.list_all(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(cards.list_card(rituals, reply.translator))

    @app_commands.command(description="Change a ritual; the next dates are shown before you save")
    @app_commands.describe(
        ritual=_WHICH, channel="Another channel", owner="Another facilitator to look after it"
    )
    async def edit(
        self,
        interaction: discord.Interaction[Any],
        ritual: str,
        channel: discord.TextChannel | None = None,
        owner: discord.Member | None = None,
    ) -> None:
        draft = await self._service.drafts.begin(
            actor_of(interaction),
            await self._id_of(interaction, ritual),
            channel_id=channel.id if channel is not None else None,
            owner=_as_actor(owner),
        )
        reply = reply_to(interaction)
        await reply.show(change_cards.draft_card(draft, reply.translator))

    @app_commands.command(description="Stop a ritual for a while")
    @app_commands.describe(ritual=_WHICH, until="For example: Monday, in three weeks, 2026-12-31")
    async def pause(
        self, interaction: discord.Interaction[Any], ritual: str, until: str | None = None
    ) -> None:
        paused = await self._service.pause(
            actor_of(interaction), await self._id_of(interaction, ritual), until
        )
        reply = reply_to(interaction)
        await reply.show(cards.state_card(paused, reply.translator))

    @app_commands.command(description="Let a paused ritual go on")
    @app_commands.describe(ritual=_WHICH)
    async def resume(self, interaction: discord.Interaction[Any], ritual: str) -> None:
        resumed = await self._service.resume(actor_of(interaction), await self._id_of(interaction, ritual))
        reply = reply_to(interaction)
        await reply.show(cards.state_card(resumed, reply.translator))

    @app_commands.command(description="Post a ritual now, once; its own days stay as they are")
    @app_commands.describe(ritual=_WHICH)
    async def run(self, interaction: discord.Interaction[Any], ritual: str) -> None:
        posted = await self._service.posting.by_hand(
            actor_of(interaction), await self._id_of(interaction, ritual)
        )
        reply = reply_to(interaction)
        await reply.show(cards.posted_card(posted, reply.translator))

    @app_commands.command(description="See what would be posted, for you alone")
    @app_commands.describe(ritual=_WHICH)
    async def preview(self, interaction: discord.Interaction[Any], ritual: str) -> None:
        posted = await self._service.posting.preview(
            actor_of(interaction), await self._id_of(interaction, ritual)
        )
        reply = reply_to(interaction)
        await reply.show(cards.preview_card(posted, reply.translator))

    @app_commands.command(description="End a ritual; I ask first")
    @app_commands.describe(ritual=_WHICH)
    async def remove(self, interaction: discord.Interaction[Any], ritual: str) -> None:
        found = await self._service.overview(actor_of(interaction), await self._id_of(interaction, ritual))
        reply = reply_to(interaction)
        await reply.show(cards.end_card(found.ritual, reply.translator))

    @app_commands.command(description="Days on which no ritual is posted")
    async def holidays(self, interaction: discord.Interaction[Any]) -> None:
        holidays = await self._service.holidays.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(change_cards.holidays_card(holidays, reply.translator))

    @app_commands.command(description="What a ritual asks next: add, order, take suggestions")
    @app_commands.describe(ritual=_WHICH)
    async def prompts(self, interaction: discord.Interaction[Any], ritual: str) -> None:
        view = await self._service.prompts.view(actor_of(interaction), await self._id_of(interaction, ritual))
        reply = reply_to(interaction)
        await reply.show(prompt_cards.queue_card(view, reply.translator))

    async def _id_of(self, interaction: discord.Interaction[Any], typed: str) -> int:
        """The ritual that was chosen or typed. Raises `NotFound`."""
        t = reply_to(interaction).translator
        rituals = await self._service.list_all(actor_of(interaction))
        wanted = typed.strip().casefold()
        for each in rituals:
            if wanted in (str(each.id), words.label(each, t).casefold(), each.template):
                return each.id
        raise NotFound(
            "I do not know that ritual. Choose one from the list that opens, or see {command}.",
            command="`/manage rituals list`",
        )

    @edit.autocomplete("ritual")
    @pause.autocomplete("ritual")
    @resume.autocomplete("ritual")
    @run.autocomplete("ritual")
    @preview.autocomplete("ritual")
    @remove.autocomplete("ritual")
    @prompts.autocomplete("ritual")
    async def suggest(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        t = reply_to(interaction).translator
        rituals = await self._service.list_all(actor_of(interaction))
        named = [
            (f"{words.label(each, t)}, {words.when(each.when, t)}"[:100], str(each.id)) for each in rituals
        ]
        found = [each for each in named if typed.casefold() in each[0].casefold()]
        return [app_commands.Choice(name=name, value=value) for name, value in found[:_SUGGESTED]]


def _as_actor(member: discord.Member | None) -> Actor | None:
    """Somebody else as far as their powers matter."""
    if member is None:
        return None
    return Actor(
        guild_id=member.guild.id,
        member_id=member.id,
        role_ids=frozenset(role.id for role in member.roles),
        permissions=member.guild_permissions.value,
        is_owner=member.guild.owner_id == member.id,
    )
