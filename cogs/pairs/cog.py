"""Receives commands and controls of pairings and defers to the services; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Card, ThreadTitle
from bot.components import Handler
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import REASON_OFF, Feature
from bot.groups import HelpLine, Topic, plain_command
from bot.i18n import N_
from bot.interactions import actor_of
from bot.outbox import EffectKind
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from bot.setup_permissions import PRIVATE_THREADS, ROOMS
from cogs.pairs import model, render, rules
from cogs.pairs.config import PairsPart
from cogs.pairs.desk import PairsDesk
from cogs.pairs.meetings import Meetings
from cogs.pairs.model import AREA, Group, PairSettings, Status
from cogs.pairs.rounds import Rounds
from cogs.pairs.rules import Outcome
from cogs.pairs.service import PairsService
from cogs.pairs.staff import PairsStaff
from storage.pairs import PairSettingsRow, were_together

HELP = (
    HelpLine(
        N_("Meet one person here in each round"),
        "/pair join",
        control=render.SHOW,
        rank=6,
        topic=Topic.TOGETHER,
    ),
    HelpLine(N_("See whom you met, and skip a round"), "/pair status", topic=Topic.TOGETHER),
)
STAFF_HELP = HelpLine(
    N_("Let people meet in pairs, on a rhythm or by hand"), "/manage pairs", Capability.FACILITATE
)
PAGE = Page(
    11,
    N_("Pairings"),
    PairSettings,
    (
        Choice(
            "channel_id",
            "channel",
            N_("Pairings channel"),
            N_("Where each pair of a round gets a private thread."),
            suggested=N_("pairings"),
            topic=N_("Meet one person here in each round: `/pair join`."),
            needs=ROOMS,
        ),
    ),
    in_steps=False,
)
PERMISSIONS = {PRIVATE_THREADS: N_("Threads that only the pair can see")}


class PairsCog(commands.Cog):
    """Pairings."""

    pair = app_commands.Group(name="pair", description="Meet one person here in each round", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.rounds = Rounds(bot.core)
        self.meetings = Meetings(bot.core, self.rounds)
        self.service = PairsService(bot.core)
        self.staff = PairsStaff(bot.core)
        self.desk = PairsDesk(self.staff, self.rounds)
        self._config = PairsPart(bot.core, self.staff)
        self._controls: dict[str, Handler] = {
            render.MET: self._met,
            render.NOT: self._missed,
            render.REMATCH: self._rematch,
            render.SHOW: self._status,
            render.SKIP: self._skip,
            render.COME: self._come,
            render.CHANGE: self._ask_change,
            render.CHANGE_FORM: self._change,
            render.JOIN: self._join,
            render.LEAVE: self._leave,
            **self.desk.controls,
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(PairSettings, PairSettingsRow)
        bot.core.shared_ground.register("pairs", were_together)
        for kind, title in model.ACTS.items():
            bot.core.ledger.name(kind, title)
        bot.core.ledger.contribute(model.CONTRIBUTION)
        bot.core.jobs.register_prepared(model.ROUND_JOB, self.rounds.prepare, self.rounds.due)
        bot.core.jobs.register(model.ASK_JOB, self.meetings.ask_due)
        bot.core.jobs.register(model.CLOSE_JOB, self.meetings.close_due)
        bot.core.notifier.register(model.ASK_KIND)
        bot.core.notifier.register(model.LEFT_KIND)
        self._register_renderers()
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(PAGE)
        bot.config_card.parts.add(self._config)
        bot.core.erasure.redraw_with(self.meetings.redraw_all)
        bot.groups.list_help(*HELP)
        desk = plain_command("pairs", "Pairing rounds: when, where, and how they went", self.desk.open)
        bot.groups.attach(bot.groups.manage, desk, STAFF_HELP)
        bot.core.features.describe(Feature(AREA, N_("Pairings"), PERMISSIONS))

    def _register_renderers(self) -> None:
        register = self.bot.renderers.register
        again = N_("Choose another channel with `/manage pairs`.")
        register(
            model.ROOM_RENDERER,
            self._draw_room,
            what=N_("opening the thread of a pair"),
            if_channel_gone=again,
        )
        register(model.CARD_RENDERER, self._draw_card, what=N_("greeting a pair"), if_channel_gone=again)
        register(model.ASK_RENDERER, self._draw_ask, what=N_("asking a pair how it went"))
        register(
            model.LEFT_RENDERER,
            self._draw_left,
            what=N_("telling a member that nobody was left to pair with"),
        )

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.shared_ground.unregister("pairs")
        bot.core.ledger.unname(*model.ACTS)
        bot.core.ledger.contribute_no_more(model.CONTRIBUTION)
        for name in (model.ROUND_JOB, model.ASK_JOB, model.CLOSE_JOB):
            bot.core.jobs.unregister(name)
        bot.core.notifier.unregister(model.ASK_KIND.name)
        bot.core.notifier.unregister(model.LEFT_KIND.name)
        bot.renderers.unregister(
            model.ROOM_RENDERER, model.CARD_RENDERER, model.ASK_RENDERER, model.LEFT_RENDERER
        )
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(PAGE)
        bot.config_card.parts.remove(self._config)
        bot.core.erasure.stop_redrawing(self.meetings.redraw_all)
        bot.groups.forget_help(*HELP)
        bot.groups.detach(bot.groups.manage, "pairs", STAFF_HELP)
        bot.core.features.forget(AREA)

    # ------------------------------------------------------------------------------------------ taking part

    @pair.command(name="join", description="Take part in pairings, or change your days and topics")
    @app_commands.describe(
        days="On which days you can be paired: Mon, Wed. Every day if you leave it out",
        teach="What you could show somebody, with commas: SQL, writing",
        learn="What you would like to learn, with commas",
    )
    async def pair_join(
        self,
        interaction: discord.Interaction[Any],
        days: str | None = None,
        teach: str | None = None,
        learn: str | None = None,
    ) -> None:
        status = await self.service.join(actor_of(interaction), days=days, teach=teach, learn=learn)
        await self._show(interaction, status)

    @pair.command(name="leave", description="Take part in pairings no more")
    async def pair_leave(self, interaction: discord.Interaction[Any]) -> None:
        await self._leave(interaction, None)

    @pair.command(name="skip", description="Sit the next round out, or be in it after all")
    async def pair_skip(self, interaction: discord.Interaction[Any]) -> None:
        await self._show(interaction, await self.service.skip(actor_of(interaction)))

    @pair.command(name="status", description="Your next round, your days and topics, and whom you met")
    async def pair_status(self, interaction: discord.Interaction[Any]) -> None:
        await self._status(interaction, None)

    async def _status(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._show(interaction, await self.service.status(actor_of(interaction)))

    async def _join(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._show(interaction, await self.service.join(actor_of(interaction)))

    async def _leave(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self.service.leave(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.left_card(reply.translator))

    async def _skip(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._show(interaction, await self.service.skip(actor_of(interaction), skip=True))

    async def _come(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._show(interaction, await self.service.skip(actor_of(interaction), skip=False))

    async def _ask_change(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        status = await self.service.status(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.change_form(status, reply.translator))

    async def _change(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = form_answers(interaction)
        days = rules.read_choices(typed.get("days"))
        teach, learn = (str(typed.get(name) or "") for name in ("teach", "learn"))
        await self._show(interaction, await self.service.change(actor_of(interaction), days, teach, learn))

    async def _show(self, interaction: discord.Interaction[Any], status: Status) -> None:
        jump = await self.meetings.card_of(status.met[0].group_id) if status.met else None
        reply = reply_to(interaction)
        await reply.show_privately(render.status_card(status, reply.translator, jump=jump))

    # ------------------------------------------------------------------------------------------ how it went

    async def _met(self, interaction: discord.Interaction[Any], group_id: int | None) -> None:
        await self._say(interaction, group_id or 0, Outcome.MET)

    async def _missed(self, interaction: discord.Interaction[Any], group_id: int | None) -> None:
        await self._say(interaction, group_id or 0, Outcome.NOT)

    async def _say(self, interaction: discord.Interaction[Any], group_id: int, word: Outcome) -> None:
        group = await self.meetings.say(actor_of(interaction), group_id, word)
        reply = reply_to(interaction)
        await reply.show(render.said_card(group, word, reply.translator))

    async def _rematch(self, interaction: discord.Interaction[Any], group_id: int | None) -> None:
        _, found = await self.meetings.ask_for_another(actor_of(interaction), group_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.rematch_card(found=found, t=reply.translator))

    # ------------------------------------------------------------------------------------------ what Discord tells

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self.meetings.room_deleted(payload.guild_id, payload.thread_id)

    # ------------------------------------------------------------------------------------------ drawing

    async def _draw_room(self, effect: PlannedEffect) -> ThreadTitle:
        group = await self._group(effect)
        self._check_wanted(group)
        zone = (await self.bot.core.configs.guild(group.guild_id)).zone
        return render.room_title(group, zone, await self.bot.renderers.translator(effect))

    async def _draw_card(self, effect: PlannedEffect) -> Card:
        group = await self._group(effect)
        if effect.kind is EffectKind.POST:
            self._check_wanted(group)
        return render.group_card(group, await self.bot.renderers.translator(effect))

    async def _draw_ask(self, effect: PlannedEffect) -> Card:
        group = await self._group(effect)
        self._check_wanted(group)
        if group.outcome is not Outcome.OPEN:
            raise Obsolete(N_("they have said how it went"))
        return render.ask_card(group, effect.member_id or 0, await self.bot.renderers.translator(effect))

    async def _draw_left(self, effect: PlannedEffect) -> Card:
        return render.left_out_card(str(effect.arguments["why"]), await self.bot.renderers.translator(effect))

    async def _group(self, effect: PlannedEffect) -> Group:
        group = await self.meetings.find(int(effect.arguments["group_id"]))
        if group is None:
            raise Obsolete(N_("the pair is not known any more"))
        if not await self.bot.core.features.is_on(group.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        return group

    @staticmethod
    def _check_wanted(group: Group) -> None:
        if group.is_undone or group.is_closed:
            raise Obsolete(N_("it is over, or was taken back"))
