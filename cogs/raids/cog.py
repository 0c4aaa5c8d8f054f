"""Hears who comes and what newcomers write, shows the banner, and answers its buttons; loads and unloads the feature."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import discord
from discord.ext import commands
from discord.utils import DISCORD_EPOCH

from bot.app import Lyceum
from bot.authority import Capability
from bot.cards import Card
from bot.components import Handler
from bot.dispatcher import PlannedEffect
from bot.error_replies import report_error
from bot.features import Feature
from bot.groups import HelpLine
from bot.guards import Proposal
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.members import list_members
from bot.replies import reply_to
from bot.setup_permissions import BAN_MEMBERS, MANAGE_CHANNELS, MANAGE_GUILD
from cogs.raids import render, render_review, rules
from cogs.raids.config import RaidsPart
from cogs.raids.desk import RaidGroup
from cogs.raids.facts import Facts, arrival_of
from cogs.raids.memory import Memory
from cogs.raids.model import AREA, BANNER_RENDERER, ActionKind, RaidSettings
from cogs.raids.review import ReviewControls
from cogs.raids.rules import Verdict
from cogs.raids.service import FLUSH_LATER, FLUSH_SOON, RaidService, changed_guilds, kinds
from cogs.raids.setup_page import SettingsPage
from cogs.raids.watch import NEWCOMER_FOR
from storage.raids import RaidSettingsRow

HELP = HelpLine(
    N_("See whether a raid is on, and begin or end a lockdown"),
    "/mod raid status",
    Capability.MODERATE,
    rank=15,
)


HINTS = {
    MANAGE_GUILD: N_("pausing invites, raising verification and banning many at once"),
    MANAGE_CHANNELS: N_("slow mode and locked channels in a raid"),
    BAN_MEMBERS: N_("banning who came with a raid"),
}
MOST_CALLED = 10
TAKE_UP_AFTER = 2.0  # seconds
_NEWCOMER_MS = NEWCOMER_FOR / timedelta(milliseconds=1)


class RaidsCog(commands.Cog):
    """Raids: seen, held up, and cleared away."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.memory = Memory()
        self.facts = Facts(bot, self.memory, bot.core.clock.now)
        self.service = RaidService(bot.core, self.memory, self.facts, self.facts.pause_invites)
        self.review = ReviewControls(bot, self.service)
        self._page = SettingsPage(bot)
        self._config = RaidsPart(bot.core)
        self._flushing: asyncio.Task[None] | None = None
        self._soon = False
        self._is_loaded = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._controls: dict[str, Handler] = {
            render.EXTEND: self._extend,
            render.STEP_UP: self._step_up,
            render.CLEAR: self._clear,
            render.BEGIN: self._begin,
            render.SURGE_CANCEL: self._cancel_surge,
            **self.review.controls,
            **self._page.controls,
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(RaidSettings, RaidSettingsRow)
        self.service.register()
        for kind, capability in kinds().items():
            actions = self.service.actions
            bot.core.guards.register(kind, actions.perform, self._draw_proposal, capability, actions.declined)
        bot.renderers.register(BANNER_RENDERER, self._draw_banner, what=N_("how a lockdown stands"))
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(self._page.page)
        bot.config_card.parts.add(self._config)
        bot.listeners.to_messages(self._on_message)
        bot.groups.attach(bot.groups.mod, RaidGroup(self), HELP)
        bot.core.features.describe(Feature(AREA, N_("Raids"), hints=HINTS))
        bot.core.db.after_commit(self._after_commit)
        self._is_loaded = True
        await self.service.load()

    async def cog_unload(self) -> None:
        bot = self.bot
        self._is_loaded = False
        self.service.unregister()
        for kind in kinds():
            bot.core.guards.unregister(kind)
        bot.renderers.unregister(BANNER_RENDERER)
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(self._page.page)
        bot.config_card.parts.remove(self._config)
        bot.listeners.no_more_to_messages(self._on_message)
        bot.groups.detach(bot.groups.mod, "raid", HELP)
        bot.core.features.forget(AREA)
        for task in (*self._tasks, *([self._flushing] if self._flushing is not None else [])):
            task.cancel()

    # ------------------------------------------------------------------------------------------ what Discord tells

    @commands.Cog.listener()
    async def on_member_join(self, member: discord.Member) -> None:
        arrival = arrival_of(member)
        if member.bot or arrival is None or not await self._is_on(member.guild.id):
            return
        verdict = self.memory.join(member.guild.id, arrival)
        self._flush_in_time()
        if verdict is not None and verdict.is_raid:
            await self._decide(member.guild.id, verdict)

    async def _on_message(self, message: discord.Message) -> None:
        author, guild = message.author, message.guild
        if guild is None or not isinstance(author, discord.Member):
            return
        self.memory.count_message(guild.id, message.channel.id, message.id)
        # As numbers: nearly every message ends here, and making its instant costs more than all the rest.
        written = (message.id >> 22) + DISCORD_EPOCH
        if author.joined_at is None or written - author.joined_at.timestamp() * 1000 > _NEWCOMER_MS:
            return
        arrival = arrival_of(author)
        if arrival is None:
            return
        mark = rules.fingerprint(
            message.content,
            mentions=[
                *message.raw_mentions,
                *message.raw_role_mentions,
                *(each.id for each in message.mentions),
            ],
            everyone=message.mention_everyone,
            stickers=[each.id for each in message.stickers],
        )
        verdict = self.memory.say(guild.id, arrival, message.created_at, mark)
        if self.memory.has_arrivals:
            self._flush_in_time()
        if verdict is not None and verdict.is_raid:
            await self._decide(guild.id, verdict)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Who came while nobody looked, where a lockdown is on."""
        for guild_id in list(self.memory.active):
            guild = self.bot.get_guild(guild_id)
            if guild is not None and self.bot.intents.members:
                self._start(self._take_up(guild), "take up a raid")

    async def _take_up(self, guild: discord.Guild) -> None:
        # A start asks Discord for much already, and what was planned against the raid goes first.
        await asyncio.sleep(TAKE_UP_AFTER)
        active = self.memory.active.get(guild.id)
        if active is None:
            return
        fresh = [
            arrival
            async for each in list_members(guild)
            if not each.bot and (arrival := arrival_of(each)) is not None and arrival.at >= active.since
        ]
        await self.service.note_present(guild.id, fresh)

    async def _decide(self, guild_id: int, verdict: Verdict) -> None:
        await self.service.decide(guild_id, verdict)

    async def _is_on(self, guild_id: int) -> bool:
        return await self.bot.core.features.is_on(guild_id, AREA)

    # ------------------------------------------------------------------------------------------ writing

    def _flush_in_time(self) -> None:
        """Have what came written: soon while a lockdown is on, else within a minute."""
        soon = self.memory.has_arrivals
        if self._flushing is not None and not self._flushing.done():
            if not soon or self._soon:
                return
            self._flushing.cancel()
        self._soon = soon
        self._flushing = asyncio.create_task(self._flush(FLUSH_SOON if soon else FLUSH_LATER), name="raids")

    async def _flush(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._soon = True  # what is being written is not cut off
        try:
            await self.service.flush()
        except Exception as error:  # noqa: BLE001 - nobody waits for this task; what it had is given back
            report_error(error, "writing down who came")
        finally:
            self._flushing = None
        if self.memory.has_arrivals:
            self._flush_in_time()

    def _after_commit(self, marks: frozenset[str]) -> None:
        for guild_id in changed_guilds(marks):
            if self._is_loaded:
                self._start(self.service.reload(guild_id), "raids changed")

    def _start(self, what: Any, name: str) -> None:
        async def run() -> None:
            try:
                await what
            except Exception as error:  # noqa: BLE001 - nobody waits for it
                report_error(error, name)

        task = asyncio.get_running_loop().create_task(run(), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------------------------------------ commands

    async def clear_latest(self, interaction: discord.Interaction[Any]) -> None:
        """All clear by command."""
        raid = (await self.service.status(actor_of(interaction), **self.sight)).raid
        if raid is not None:
            await self.service.lockdowns.clear(actor_of(interaction), raid.id)
        await self.show_status(interaction)

    async def show_status(self, interaction: discord.Interaction[Any]) -> None:
        """How things stand."""
        status = await self.service.status(actor_of(interaction), **self.sight)
        reply = reply_to(interaction)
        await reply.show_privately(render.status_card(status, reply.translator, self.bot.core.clock.now()))

    @property
    def sight(self) -> dict[str, bool]:
        """What the bot sees at all."""
        intents = self.bot.intents
        return {"sees_joins": intents.members, "reads_messages": intents.message_content}

    # ------------------------------------------------------------------------------------------ controls

    async def _begin(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self.service.begin_by_hand(actor_of(interaction))
        await self.show_status(interaction)

    async def _extend(self, interaction: discord.Interaction[Any], raid_id: int | None) -> None:
        await self.service.lockdowns.extend(actor_of(interaction), raid_id or 0)
        await self._redraw(interaction, raid_id or 0)

    async def _step_up(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        raid_id, level = divmod(code or 0, render.STEP_CODE)
        await self.service.lockdowns.step_up(actor_of(interaction), raid_id, level)
        await self._redraw(interaction, raid_id)

    async def _clear(self, interaction: discord.Interaction[Any], raid_id: int | None) -> None:
        await self.service.lockdowns.clear(actor_of(interaction), raid_id or 0)
        await self._redraw(interaction, raid_id or 0)

    async def _redraw(self, interaction: discord.Interaction[Any], raid_id: int) -> None:
        """On the card that was pressed: the banner in the community's language, one's own card in one's own."""
        raid = await self.service.raid(actor_of(interaction).guild_id, raid_id)
        reply, t = reply_to(interaction), reply_to(interaction).translator
        if interaction.message is not None and not interaction.message.flags.ephemeral:
            t = await self._translator(raid.guild_id)
        await reply.replace(render.banner(raid, t, self.bot.core.clock.now()))

    async def _cancel_surge(self, interaction: discord.Interaction[Any], surge_id: int | None) -> None:
        await self.service.surges.cancel(actor_of(interaction), surge_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.cancelled_card(reply.translator))

    # ------------------------------------------------------------------------------------------ drawing

    async def _draw_banner(self, effect: PlannedEffect) -> Card:
        raid = await self.service.raid(effect.guild_id, int(effect.arguments["raid"]))
        t = await self.bot.renderers.translator(effect)
        return render.banner(raid, t, self.bot.core.clock.now(), await self._on_duty(effect.guild_id))

    async def _on_duty(self, guild_id: int) -> render.OnDuty:
        """The moderators. Discord notifies nobody of a role that is not for everybody to mention."""
        role_id = (await self.bot.core.configs.guild(guild_id)).moderator_role_id
        guild = self.bot.get_guild(guild_id)
        role = guild.get_role(role_id) if guild is not None and role_id is not None else None
        if guild is None or role is None:
            return render.OnDuty()
        if role.mentionable or guild.me.guild_permissions.mention_everyone:
            return render.OnDuty(roles=frozenset({role.id}))
        people = self.bot.rosters.of(guild_id).having({role.id}, bots=False)
        return render.OnDuty(members=frozenset(sorted(people)[:MOST_CALLED]))

    def _draw_proposal(self, proposal: Proposal, t: Translator) -> str:
        what = ActionKind(proposal.kind.rpartition(".")[2])
        why = t(
            "All of them joined since the lockdown began. Staff, bots and whoever was here before are not among them."
        )
        return render_review.proposal_text(what, len(proposal.payload.get("member_ids", ())), why, t)

    async def _translator(self, guild_id: int) -> Translator:
        return self.bot.translations.for_locale((await self.bot.core.configs.guild(guild_id)).locale)
