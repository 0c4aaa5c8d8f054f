"""A bot just large enough to try the sandbox on: a card, a form, a command, and one thing that happens weekly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import discord
from discord import ui
from discord.ext import commands


class Memory:
    """Stands for a database: what was saved survives the process, what was not does not."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.unsaved: list[str] = []

    def save(self) -> None:
        """Write down what was noted."""
        with Path(self.url).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in self.unsaved)
        self.unsaved.clear()

    def saved(self) -> list[str]:
        """What was written down."""
        path = Path(self.url)
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    async def close(self) -> None:
        """A good end saves first."""
        self.save()


class Wish(ui.Modal, title="What would you like to learn?"):
    """Three kinds of questions."""

    wish: ui.Label[Any] = ui.Label(
        text="I want to learn", component=ui.TextInput(custom_id="wish", max_length=100)
    )
    pace: ui.Label[Any] = ui.Label(
        text="How fast",
        component=ui.Select(
            custom_id="pace",
            options=[
                discord.SelectOption(label="Slowly", value="slow"),
                discord.SelectOption(label="Fast", value="fast"),
            ],
        ),
    )
    share: ui.Label[Any] = ui.Label(text="Show it to others", component=ui.Checkbox(custom_id="share"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        items: list[Any] = [self.wish.component, self.pace.component, self.share.component]
        values = {item.custom_id: item for item in items}
        told = f"{values['wish'].value} / {values['pace'].values[0]} / {values['share'].value}"
        await interaction.response.send_message(f"Noted: {told}", ephemeral=True)


class Card(ui.LayoutView):
    """A card with buttons that live for ever."""

    row: ui.ActionRow[Any] = ui.ActionRow()

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.Container(ui.TextDisplay("**Welcome**"), ui.TextDisplay("Press Start to begin.")))

    @row.button(label="Start", custom_id="toy:start")
    async def start(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        await interaction.response.send_modal(Wish())

    @row.button(label="Count", custom_id="toy:count")
    async def count(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        bot = interaction.client
        assert isinstance(bot, ToyBot)
        seen = bot.counter
        await asyncio.sleep(0)
        bot.counter = seen + 1  # Loses an update when two people press at once, on purpose.
        await interaction.response.send_message(f"Pressed {bot.counter} times", ephemeral=True)


class ToyBot(commands.Bot):
    """Greets who joined, answers, and posts every Monday at nine."""

    def __init__(self, memory: Memory) -> None:
        intents = discord.Intents.default()
        intents.members = True
        super().__init__(command_prefix=commands.when_mentioned, intents=intents)
        self.memory = memory
        self.counter = 0
        self.ticked: list[datetime] = []
        self.joined_guilds: list[int] = []
        self.reactions: list[discord.RawReactionActionEvent] = []
        self.next_monday: datetime | None = None
        self.work: Callable[[], Awaitable[None]] | None = None

    async def setup_hook(self) -> None:
        self.add_view(Card())
        self.tree.add_command(hello)
        self.tree.add_command(silent)
        self.tree.add_command(twice)
        await self.tree.sync()

    def find(self, name: str) -> discord.TextChannel:
        """A channel by its name."""
        found = discord.utils.get(self.guilds[0].text_channels, name=name)
        assert found is not None
        return found

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self.joined_guilds.append(guild.id)

    async def on_member_join(self, member: discord.Member) -> None:
        if not member.pending:
            await self.greet(member)

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        if before.pending and not after.pending:
            await self.greet(after)

    async def greet(self, member: discord.Member) -> None:
        """One card in the welcome channel."""
        self.memory.unsaved.append(f"greeting {member.name}")
        view = Card()
        view.children[-1].children[0].content = f"**Welcome** {member.mention}"  # type: ignore[attr-defined]
        await self.find("welcome").send(view=view, allowed_mentions=discord.AllowedMentions(users=[member]))
        self.memory.unsaved.append(f"greeted {member.name}")
        self.memory.save()

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self.reactions.append(payload)

    async def next_due(self) -> datetime | None:
        """The next Monday, 09:00 UTC."""
        if self.next_monday is None:
            now = discord.utils.utcnow()
            start = now.replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
            self.next_monday = start if start > now else start + timedelta(days=7)
        return self.next_monday

    async def tick(self) -> None:
        """Post what is due."""
        self.ticked.append(discord.utils.utcnow())
        due = await self.next_due()
        if due is not None and due <= discord.utils.utcnow():
            self.next_monday = due + timedelta(days=7)
            await self.find("weekly").send("Monday goals")


@discord.app_commands.command()
async def hello(interaction: discord.Interaction) -> None:
    """Say hello."""
    await interaction.response.defer(ephemeral=True)
    await interaction.followup.send("Hello!", ephemeral=True)


@discord.app_commands.command()
async def silent(interaction: discord.Interaction) -> None:
    """Say nothing, which is a mistake."""


@discord.app_commands.command()
async def twice(interaction: discord.Interaction) -> None:
    """Answer twice, which is a mistake too."""
    await interaction.response.send_message("one")
    interaction.response._response_type = None  # type: ignore[attr-defined]  # as a second handler would
    try:
        await interaction.response.send_message("two")
    except discord.HTTPException:
        return
