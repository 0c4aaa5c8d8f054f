"""Receives members' commands and controls for rotas and defers to the services; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.card_views import form_answers
from bot.components import Handler
from bot.features import Feature
from bot.groups import HelpLine, Topic
from bot.i18n import N_
from bot.interactions import actor_of, chosen_values, who_of
from bot.lost_places import Watch
from bot.member_card import CardLine
from bot.members import find_names
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from bot.text import timestamp
from cogs.rota import model, render, render_told
from cogs.rota.acting import RotaActing
from cogs.rota.config import RotaPart
from cogs.rota.desk import STAFF_HELP, Desk, RotaGroup
from cogs.rota.drawing import Drawing
from cogs.rota.model import AREA, Mine, RotaSettings
from cogs.rota.service import RotaService
from cogs.rota.staff import RotaStaff
from storage.rota import RotaSettingsRow

_Interaction = discord.Interaction[Any]
HELP = (
    HelpLine(N_("Take turns in a role, such as mentor or host"), "/rota join", topic=Topic.TOGETHER),
    HelpLine(
        N_("See who has which role, and when it is your turn"),
        "/rota show",
        control=render.LIST,
        rank=7,
        topic=Topic.TOGETHER,
    ),
)
PAGE = Page(
    16,
    N_("Roles that rotate"),
    RotaSettings,
    (
        Choice(
            "channel_id",
            "channel",
            N_("Rota channel"),
            N_("Where I say whose turn it is, and where people look for cover."),
            suggested=N_("roles"),
            topic=N_("Whose turn it is. Take one yourself: `/rota join`."),
        ),
    ),
    in_steps=False,
)


class RotaCog(commands.Cog):
    """Roles that rotate."""

    rota = app_commands.Group(name="rota", description="Roles that rotate among volunteers", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = RotaService(bot.core)
        self.swaps, self.handover = self.service.swaps, self.service.handover
        self.staff = RotaStaff(bot.core, self.service)
        self.acting = RotaActing(bot.core, self.service, self.staff)
        self.desk = Desk(bot.core, self.service, self.staff, self.acting)
        self._drawing = Drawing(bot, self.service)
        self._line = CardLine("rota", N_("Roles served"), self.service.card_line, rank=20)
        self._config = RotaPart(bot.core, self.staff)
        self._watch = Watch(self.staff.channels, self.staff.lose_channel)
        self._controls: dict[str, Handler] = {
            render.LIST: self._list,
            render.OPEN: self._open,
            render.PICK: self._pick,
            render.JOIN: self._join,
            render.LEAVE: self._leave,
            render.BACK: self._be_back,
            render.IN: self._accept,
            render.PASS: self._pass,
            render.COVER: self._ask_cover,
            render.KEEP: self._keep,
            render.TAKE: self._take,
            render.NOW_ASK: self._ask_take_now,
            render.NOW_FORM: self._take_now,
            render.NOTE_ASK: self._ask_note,
            render.NOTE_FORM: self._write_note,
            render.GUIDE: self._guide,
            **self.desk.controls,
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(RotaSettings, RotaSettingsRow)
        for kind, title in model.ACTS.items():
            bot.core.ledger.name(kind, title)
        bot.core.ledger.contribute(model.CONTRIBUTION)
        self.handover.add_jobs()
        for each in model.KINDS:
            bot.core.notifier.register(each)
        bot.core.notifier.on_change(self.handover.member_changed)
        for name, (draw, what) in self._drawing.renderers.items():
            bot.renderers.register(name, draw, what=what)
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(PAGE)
        bot.config_card.parts.add(self._config)
        bot.lost_places.watch(self._watch)
        bot.role_drift.add(self.acting)
        bot.core.duty.register(self.service.holding.on_duty)
        bot.core.member_cards.register(self._line)
        bot.core.erasure.redraw_with(self.handover.redraw_all)
        bot.core.erasure.take_back_with(self.handover.take_back)
        bot.core.erasure.on_departure(self.handover.departed)
        bot.groups.list_help(*HELP)
        bot.groups.attach(bot.groups.manage, RotaGroup(self.desk), *STAFF_HELP)
        bot.core.features.describe(Feature(AREA, N_("Roles that rotate")))
        bot.core.features.on_switch(self.handover.switched)
        await self.swaps.load()

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.ledger.unname(*model.ACTS)
        bot.core.ledger.contribute_no_more(model.CONTRIBUTION)
        for name in model.JOBS:
            bot.core.jobs.unregister(name)
        for each in model.KINDS:
            bot.core.notifier.unregister(each.name)
        bot.core.notifier.stop_telling(self.handover.member_changed)
        bot.renderers.unregister(*self._drawing.renderers)
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(PAGE)
        bot.config_card.parts.remove(self._config)
        bot.lost_places.stop_watching(self._watch)
        bot.role_drift.remove(self.acting)
        bot.core.duty.unregister(self.service.holding.on_duty)
        bot.core.member_cards.unregister(self._line.key)
        bot.core.erasure.stop_redrawing(self.handover.redraw_all)
        bot.core.erasure.stop_taking_back(self.handover.take_back)
        bot.core.erasure.stop_hearing(self.handover.departed)
        bot.groups.forget_help(*HELP)
        bot.groups.detach(bot.groups.manage, "rota", *STAFF_HELP)
        bot.core.features.stop_telling(self.handover.switched)
        bot.core.features.forget(AREA)

    # ------------------------------------------------------------------------------------------ commands

    @rota.command(description="Who has which role now, and the next turns")
    @app_commands.describe(role="Which rota; without it, all of them")
    async def show(self, interaction: _Interaction, role: str | None = None) -> None:
        if role is None:
            found = await self.service.list_rotas(actor_of(interaction))
            if len(found) != 1:
                await self._list(interaction, None)
                return
        await self._show(interaction, await self.service.find(actor_of(interaction), role))

    @rota.command(description="Take turns in a role: you are asked two days ahead, and can pass any turn")
    @app_commands.describe(role="Which rota")
    async def join(self, interaction: _Interaction, role: str | None = None) -> None:
        mine = await self.service.find(actor_of(interaction), role)
        await self._join(interaction, mine.rota.id)

    @rota.command(description="Take no more turns in a role")
    @app_commands.describe(role="Which rota")
    async def leave(self, interaction: _Interaction, role: str | None = None) -> None:
        mine = await self.service.find(actor_of(interaction), role)
        await self._leave(interaction, mine.rota.id)

    @rota.command(description="Be away for a while: no turn falls to you, and nothing is counted against you")
    @app_commands.describe(
        until="Until when, in your own words: Friday, in two weeks, 2026-12-31",
        since="From when; without it, from now on",
    )
    async def away(self, interaction: _Interaction, until: str, since: str | None = None) -> None:
        starts_at, ends_at = await self.service.away(actor_of(interaction), since, until)
        reply = reply_to(interaction)
        text = render.away_text(timestamp(starts_at, "F"), timestamp(ends_at, "F"), reply.translator)
        await reply.show(render.simple_card(text))

    @rota.command(description="Ask the others to take your turn; the first tap has it")
    @app_commands.describe(role="Which rota")
    async def swap(self, interaction: _Interaction, role: str | None = None) -> None:
        mine = await self.service.find(actor_of(interaction), role)
        reply = reply_to(interaction)
        t = reply.translator
        if not mine.seats:
            said = t("**None of the next turns is yours**, so there is nothing to swap.")
            await reply.show(render.rota_card(mine, t, said))
            return
        await self._ask_cover(interaction, mine.seats[0][1].id)

    @show.autocomplete("role")
    @join.autocomplete("role")
    @leave.autocomplete("role")
    @swap.autocomplete("role")
    async def _complete(self, interaction: _Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await self.desk.complete(interaction, current)

    # ------------------------------------------------------------------------------------------ looking

    async def _list(self, interaction: _Interaction, _: int | None) -> None:
        found = await self.service.list_rotas(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.list_card(found, reply.translator))

    async def _pick(self, interaction: _Interaction, _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        await self._open(interaction, int(value) if value.isascii() and value.isdecimal() else 0)

    async def _open(self, interaction: _Interaction, rota_id: int | None) -> None:
        await self._show(interaction, await self.service.look(actor_of(interaction), rota_id or 0))

    async def _show(self, interaction: _Interaction, mine: Mine, said: str | None = None) -> None:
        reply = reply_to(interaction)
        await reply.show_privately(render.rota_card(mine, reply.translator, said))

    async def _guide(self, interaction: _Interaction, rota_id: int | None) -> None:
        mine = await self.service.look(actor_of(interaction), rota_id or 0)
        reply = reply_to(interaction)
        await reply.show(render.guide_card(mine.rota, reply.translator))

    # ------------------------------------------------------------------------------------------ taking turns

    async def _join(self, interaction: _Interaction, rota_id: int | None) -> None:
        mine = await self.service.join(actor_of(interaction), rota_id or 0)
        t = reply_to(interaction).translator
        await self._show(interaction, mine, t("**You take turns now. Thank you!**"))

    async def _leave(self, interaction: _Interaction, rota_id: int | None) -> None:
        mine = await self.service.leave(actor_of(interaction), rota_id or 0)
        t = reply_to(interaction).translator
        await self._show(interaction, mine, t("**You take no more turns.** Thank you for those you took."))

    async def _be_back(self, interaction: _Interaction, rota_id: int | None) -> None:
        await self.service.be_back(actor_of(interaction))
        t = reply_to(interaction).translator
        mine = await self.service.look(actor_of(interaction), rota_id or 0)
        await self._show(interaction, mine, t("**Welcome back!** You are among those who are asked again."))

    async def _accept(self, interaction: _Interaction, seat_id: int | None) -> None:
        mine = await self.service.accept(who_of(interaction), seat_id or 0)
        await self._answered(interaction, mine, seat_id or 0, is_in=True)

    async def _pass(self, interaction: _Interaction, seat_id: int | None) -> None:
        mine = await self.service.skip(who_of(interaction), seat_id or 0)
        await self._answered(interaction, mine, seat_id or 0, is_in=False)

    async def _answered(self, interaction: _Interaction, mine: Mine, seat_id: int, *, is_in: bool) -> None:
        """On one's own card it is said there; the question in a channel or DM gives way to the answer."""
        reply = reply_to(interaction)
        t = reply.translator
        message = interaction.message
        if message is not None and not message.flags.ephemeral:
            await reply.replace(render_told.answered_card(mine, seat_id, t, is_in=is_in))
            return
        if is_in:
            said = t("**You are in. Thank you!**")
        elif mine.comes_first:
            said = t("**Passed.** That is fine; the turn after is yours first.")
        else:
            said = t("**Passed.** That is fine.")
        await self._show(interaction, mine, said)

    async def _ask_cover(self, interaction: _Interaction, seat_id: int | None) -> None:
        mine = await self.swaps.ask_cover(actor_of(interaction), seat_id or 0)
        t = reply_to(interaction).translator
        said = t("**Asked.** The others see it in {channel}.", channel=f"<#{mine.rota.channel_id}>")
        await self._show(interaction, mine, said)

    async def _keep(self, interaction: _Interaction, seat_id: int | None) -> None:
        mine = await self.swaps.keep(actor_of(interaction), seat_id or 0)
        t = reply_to(interaction).translator
        await self._show(interaction, mine, t("**It stays yours.** The card is taken away."))

    async def _take(self, interaction: _Interaction, seat_id: int | None) -> None:
        mine = await self.swaps.take(actor_of(interaction), seat_id or 0)
        t = reply_to(interaction).translator
        await self._show(interaction, mine, t("**It is yours. Thank you!** I have told them."))

    async def _ask_take_now(self, interaction: _Interaction, rota_id: int | None) -> None:
        mine = await self.service.look(actor_of(interaction), rota_id or 0)
        reply = reply_to(interaction)
        names: dict[int, str] = {}
        if mine.rota.now is not None:
            ids = [each.member_id for each in mine.rota.now.seats]
            names = await find_names(interaction.guild, ids)
        await reply.ask(render.take_form(mine.rota, names, reply.translator))

    async def _take_now(self, interaction: _Interaction, rota_id: int | None) -> None:
        typed = form_answers(interaction)
        whose = str(typed.get("whose") or "")
        from_id = int(whose) if whose.isascii() and whose.isdecimal() and len(whose) < 20 else None
        note = str(typed.get("note") or "")
        mine = await self.swaps.take_now(actor_of(interaction), rota_id or 0, from_id, note)
        t = reply_to(interaction).translator
        await self._show(interaction, mine, t("**You have it from now on. Thank you!**"))

    async def _ask_note(self, interaction: _Interaction, turn_id: int | None) -> None:
        reply = reply_to(interaction)
        t = reply.translator
        draft = await self.swaps.note_draft(who_of(interaction), turn_id or 0, t)
        await reply.ask(render.note_form(turn_id or 0, draft, t))

    async def _write_note(self, interaction: _Interaction, turn_id: int | None) -> None:
        words = str(form_answers(interaction).get("note") or "")
        await self.swaps.write_note(who_of(interaction), turn_id or 0, words)
        t = reply_to(interaction).translator
        text = t("**Handed on.** Whoever comes next sees it first. You can change it the same way.")
        await reply_to(interaction).show(render.simple_card(text))

    # ------------------------------------------------------------------------------------------ what Discord tells

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.swaps.messages_deleted(payload.guild_id, payload.channel_id, [payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.swaps.messages_deleted(payload.guild_id, payload.channel_id, payload.message_ids)
