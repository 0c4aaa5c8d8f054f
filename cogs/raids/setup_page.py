"""What /setup asks about raids: how far to go alone, for how long, the quarantine role, and the channels that are locked."""

from __future__ import annotations

from typing import Any

import discord

from bot.app import Lyceum
from bot.authority import Capability
from bot.cards import Item, Option, Pick, PickPlace, Text, custom_id
from bot.i18n import N_, Translator
from bot.interactions import actor_of, chosen_number
from bot.setup_card import Choice, Page
from bot.text import mention_channel
from cogs.raids import rules
from cogs.raids.model import LOCK_CHANNELS, RaidSettings
from cogs.raids.rules import Level

AUTOMATIC, MINUTES, LOCKED = "raids:settings.level", "raids:settings.minutes", "raids:settings.locked"
PAGE = Page(
    27,
    N_("Raids"),
    RaidSettings,
    (
        Choice(
            "quarantine_role_id",
            "role",
            N_("Quarantine role"),
            N_(
                "Given to whoever looks like a part of a raid. You decide in Discord what it may see and do. Without one they "
                "get a timeout."
            ),
        ),
    ),
    in_steps=False,
)
FAR = {
    0: N_("Only tell staff"),
    Level.PAUSE: N_("Pause invites and DMs, slow down (step 1)"),
    Level.VERIFY: N_("Also raise verification (step 2)"),
    Level.QUARANTINE: N_("Also quarantine newcomers (step 3)"),
}


class SettingsPage:
    """The page's body and its controls."""

    def __init__(self, bot: Lyceum) -> None:
        self._bot = bot
        self.page = Page(
            PAGE.number, PAGE.title, PAGE.section, PAGE.choices, body=self.body, in_steps=PAGE.in_steps
        )
        self.controls = {AUTOMATIC: self._set_level, MINUTES: self._set_minutes, LOCKED: self._toggle}

    async def body(self, guild_id: int, t: Translator) -> tuple[Item, ...]:
        settings = await self._bot.core.configs.get(guild_id, RaidSettings)
        levels = tuple(
            Option(t(words), str(int(level)), chosen=level == settings.automatic)
            for level, words in FAR.items()
        )
        lengths = tuple(
            Option(t.tn("{n} minute", "{n} minutes", each), str(each), chosen=each == settings.minutes)
            for each in sorted({*rules.LENGTHS, settings.minutes})
        )
        locked = " ".join(mention_channel(each) for each in settings.locked_ids)
        return (
            Text(
                t(
                    "**When it looks like a raid**, how far may I go by myself? Everything is put back when it is over."
                )
            ),
            Pick(custom_id(AUTOMATIC), t("Choose how far"), levels),
            Pick(custom_id(MINUTES), t("Choose how long it lasts"), lengths),
            Text(
                t(
                    "The last step locks: {channels}. Choose a channel to add it or take it away.",
                    channels=locked,
                )
                if locked
                else t(
                    "The last step locks all channels in which everybody may write. Choose some to lock only those."
                )
            ),
            PickPlace(custom_id(LOCKED), t("Add a channel, or take it away"), "channel"),
        )

    async def _set_level(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        level = chosen_number(interaction)
        await self._change(interaction, **({"automatic": level} if level in FAR else {}))

    async def _set_minutes(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        minutes = chosen_number(interaction)
        await self._change(interaction, **({"minutes": minutes} if minutes in rules.LENGTHS else {}))

    async def _toggle(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        guild, chosen = interaction.guild, int(values[0]) if values else 0
        if guild is None or guild.get_channel(chosen) is None:
            await self._change(interaction)
            return
        await self._change(interaction, toggled=chosen)

    async def _change(
        self, interaction: discord.Interaction[Any], *, toggled: int | None = None, **changes: Any
    ) -> None:
        """What was chosen, and the channel that is locked from now on, or not any more."""
        actor, core = actor_of(interaction), self._bot.core
        await core.guards.require(actor, Capability.FACILITATE)
        async with core.db.begin() as session:
            if toggled is not None:
                present = await core.configs.change(session, actor.guild_id, RaidSettings)  # locks the row
                changes["locked"] = {"ids": rules.toggled(present.locked_ids, toggled, LOCK_CHANNELS)}
            if changes:
                await core.configs.change(session, actor.guild_id, RaidSettings, by=actor, **changes)
        await self._bot.setup_card.redraw(interaction, self.page)
