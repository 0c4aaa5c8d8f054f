"""/setup config: takes a file in, gives one out, and receives the presses on its cards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord import app_commands

from bot import config_render as render
from bot.authority import Capability
from bot.components import Components
from bot.config_file import LARGEST_FILE
from bot.config_parts import ConfigParts, Part
from bot.config_places import Server, ServerRole
from bot.config_service import Applied, ConfigService
from bot.config_shell_parts import shell_parts
from bot.core import Core
from bot.discord_trouble import TROUBLE
from bot.errors import InvalidInput, ServiceUnavailable
from bot.groups import HelpLine, SharedGroups
from bot.i18n import N_, Translations
from bot.interactions import actor_of, chosen_number
from bot.replies import reply_to
from bot.setup_drawings import guild_of
from bot.setup_pages import Page
from bot.text import clean

HELP = HelpLine(
    N_("Keep the set-up as a file, carry it to another server, roll it back"),
    "/setup config",
    Capability.FACILITATE,
)
PATIENCE = 20.0  # seconds for Discord to hand over a file of at most 256 KiB


class ConfigCard:
    """Answers the command and its controls."""

    def __init__(
        self,
        core: Core,
        components: Components,
        groups: SharedGroups,
        translations: Translations,
        pages: Callable[[], Sequence[Page]],
    ) -> None:
        self._core = core
        self._translations = translations
        self._pages = pages
        self.parts = ConfigParts()
        self.service = ConfigService(core, self._all_parts)
        # Told that much may have changed in a server, so that what has broken by it is found.
        self.touched: Callable[[int], Awaitable[None]] | None = None
        for name, handler in (
            (render.APPLY_CONTROL, self._apply),
            (render.LEAVE_CONTROL, self._leave),
            (render.BACK_CONTROL, self._back),
            (render.PICK_CONTROL, self._pick),
        ):
            components.register(name, handler)
        groups.attach(groups.setup, self._command(), HELP)

    def _all_parts(self) -> tuple[Part, ...]:
        return (*shell_parts(self._core, self._pages(), lambda: self._translations.locales), *self.parts.all)

    def _command(self) -> app_commands.Command[Any, ..., Any]:
        @app_commands.describe(file="A file that you got here and changed; without one you get it")
        async def config(
            interaction: discord.Interaction[Any], file: discord.Attachment | None = None
        ) -> None:
            if file is None:
                await self._show(interaction)
            else:
                await self._compare(interaction, file)

        return app_commands.Command[Any, ..., Any](
            name="config",
            description="The set-up as one file: get it, change it, roll it back",
            callback=config,
        )

    async def _show(self, interaction: discord.Interaction[Any]) -> None:
        guild = guild_of(interaction)
        overview = await self.service.overview(actor_of(interaction), server_of(guild))
        reply = reply_to(interaction)
        await reply.show(render.overview_card(overview, guild.name, reply.translator))

    async def _compare(self, interaction: discord.Interaction[Any], file: discord.Attachment) -> None:
        actor = actor_of(interaction)
        await self.service.check(actor)
        data = await _read(file)
        proposal = await self.service.propose(actor, server_of(guild_of(interaction)), data, file.filename)
        reply = reply_to(interaction)
        await reply.show(render.proposal_card(proposal, reply.translator))

    async def _back(self, interaction: discord.Interaction[Any], version_id: int | None) -> None:
        server = server_of(guild_of(interaction))
        proposal = await self.service.propose_back(actor_of(interaction), server, version_id or 0)
        reply = reply_to(interaction)
        await reply.show(render.proposal_card(proposal, reply.translator))

    async def _pick(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._back(interaction, chosen_number(interaction))

    async def _apply(self, interaction: discord.Interaction[Any], row_id: int | None) -> None:
        actor = actor_of(interaction)
        result = await self.service.apply(actor, server_of(guild_of(interaction)), row_id or 0)
        reply = reply_to(interaction)
        if not isinstance(result, Applied):
            await reply.replace(render.proposal_card(result, reply.translator))
            return
        await reply.replace(render.applied_card(result, reply.translator))
        if self.touched is not None:
            await self.touched(actor.guild_id)

    async def _leave(self, interaction: discord.Interaction[Any], row_id: int | None) -> None:
        await self.service.leave(actor_of(interaction), row_id or 0)
        reply = reply_to(interaction)
        await reply.replace(render.left_card(reply.translator))


def server_of(guild: discord.Guild) -> Server:
    """What a file can name of the server, as discord.py knows it at this moment: it costs no request."""
    roles = [
        ServerRole(
            role.id,
            clean(role.name),
            powers=role.permissions.value,
            giveable=not role.managed and not role.is_default(),
        )
        for role in guild.roles
    ]
    return Server(
        name=clean(guild.name),
        channels={each.id: clean(each.name) for each in guild.text_channels},
        roles={each.id: each for each in roles},
    )


async def _read(file: discord.Attachment) -> bytes:
    """The file's content. Raises `InvalidInput` for what cannot be one of ours, `ServiceUnavailable`."""
    if not file.filename.lower().endswith(".toml"):
        raise InvalidInput(
            "I read files that end in {ending}. Get one with {command} and change that.",
            ending="`.toml`",
            command="`/setup config`",
        )
    if file.size > LARGEST_FILE:
        raise InvalidInput("The file is larger than {limit} KiB.", limit=LARGEST_FILE // 1024)
    try:
        async with asyncio.timeout(PATIENCE):
            return await file.read()
    except TROUBLE as error:
        raise ServiceUnavailable("It did not hand me the file. Please give it once more.") from error
