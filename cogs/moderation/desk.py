"""Answers what moderators press: the panel on a member, a case's card, a member's history."""

from __future__ import annotations

from functools import partial
from typing import Any

import discord

from bot.card_views import form_answers
from bot.cards import Card, Item, Text
from bot.cases import CaseKind, State
from bot.components import Handler
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import Translator
from bot.interactions import actor_of
from bot.replies import reply_to
from cogs.moderation import render_forms as forms
from cogs.moderation import render_staff as render
from cogs.moderation import rules
from cogs.moderation.model import Acted, CaseView, ModerationSettings, Order
from cogs.moderation.records import Records
from cogs.moderation.service import ModerationService

_Interaction = discord.Interaction[Any]


class Desk:
    """The controls, by name."""

    def __init__(self, core: Core, service: ModerationService, records: Records) -> None:
        self._core = core
        self._service = service
        self._records = records
        self.controls: dict[str, Handler] = {
            render.APPLY_ASK: self._ask_apply,
            render.BACK: self._panel,
            render.HISTORY: self._history,
            render.PAGE: self._page,
            render.OPEN: self._open,
            render.ACT_ON: self._act_on,
            render.NOTE_ASK: self._ask_note,
            render.NOTE_FORM: self._note,
            render.EDIT_ASK: self._ask_edit,
            render.EDIT_FORM: self._edit,
            render.LINK_ASK: self._ask_link,
            render.LINK_FORM: self._link,
            render.HIDE_ASK: self._ask_hide,
            render.HIDE_FORM: self._hide,
            render.LIFT_ASK: self._ask_lift,
            render.LIFT_FORM: self._lift,
            render.SHOW: self._show,
        }
        for kind, (asks, acts) in render.PANEL.items():
            self.controls[asks] = partial(self._ask, kind)
            self.controls[acts] = partial(self._act, kind)

    # ------------------------------------------------------------------------------------------ the panel

    async def open_panel(self, interaction: _Interaction, member_id: int, source_key: str | None) -> None:
        """The private card to act on somebody; see `bot.cases.Panel`."""
        panel = await self._records.panel(actor_of(interaction), member_id, source_key)
        reply = reply_to(interaction)
        await reply.show(render.panel_card(panel, reply.translator))

    async def _act_on(self, interaction: _Interaction, case_id: int | None) -> None:
        """From the card of what a filter or AutoMod acted on."""
        view = await self._records.open(actor_of(interaction), case_id or 0)
        await self.open_panel(interaction, view.case.member_id, None)

    async def _panel(self, interaction: _Interaction, panel_id: int | None) -> None:
        panel = await self._records.panel_view(actor_of(interaction), panel_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.panel_card(panel, reply.translator))

    async def _ask(self, kind: CaseKind, interaction: _Interaction, panel_id: int | None) -> None:
        await self._ask_with(kind, interaction, panel_id, None)

    async def _ask_apply(self, interaction: _Interaction, panel_id: int | None) -> None:
        panel = await self._records.panel_view(actor_of(interaction), panel_id or 0)
        days = panel.suggestion.length.days if panel.suggestion and panel.suggestion.length else 1
        await self._ask_with(CaseKind.TIMEOUT, interaction, panel_id, f"{days}d")

    async def _ask_with(
        self, kind: CaseKind, interaction: _Interaction, panel_id: int | None, length: str | None
    ) -> None:
        actor = actor_of(interaction)
        await self._records.find_panel(actor, panel_id or 0)
        known = (await self._core.configs.get(actor.guild_id, ModerationSettings)).rule_list
        reply = reply_to(interaction)
        await reply.ask(forms.act_form(kind, panel_id or 0, known, reply.translator, length))

    async def _act(self, kind: CaseKind, interaction: _Interaction, panel_id: int | None) -> None:
        actor = actor_of(interaction)
        member_id, source_key = await self._records.find_panel(actor, panel_id or 0)
        typed = form_answers(interaction)
        known = (await self._core.configs.get(actor.guild_id, ModerationSettings)).rule_list
        chosen, reason = str(typed.get("rule") or ""), str(typed.get("reason") or "")
        order = Order(
            kind,
            member_id,
            reason,
            rules.read_length(str(typed["length"])) if typed.get("length") else None,
            known[int(chosen)].name if chosen.isdecimal() and int(chosen) < len(known) else None,
            _seconds(typed.get("delete")),
            source_key or f"command:{interaction.id}",
        )
        await self.act(interaction, order)

    async def act(self, interaction: _Interaction, order: Order) -> None:
        """Do it, and show the case that came of it."""
        actor = actor_of(interaction)
        acted = await self._service.act(actor, order)
        reply = reply_to(interaction)
        t = reply.translator
        if acted.case is None:
            await reply.show_privately(_proposed(acted, t))
            return
        view = await self._records.open(actor, acted.case.id)
        extra: tuple[Item, ...] = ()
        if acted.suggestion is not None:
            panel = await self._records.panel(actor, order.member_id)
            extra = render.suggestion_items(panel, t)
        await self.show_case(interaction, view, t("**Done.**"), extra)

    async def rules_of(self, interaction: _Interaction) -> tuple[rules.Rule, ...]:
        """The rules that a warning can name."""
        settings = await self._core.configs.get(interaction.guild_id or 0, ModerationSettings)
        return settings.rule_list

    # ------------------------------------------------------------------------------------------ a case

    async def show_case(
        self,
        interaction: _Interaction,
        view: CaseView,
        said: str | None = None,
        extra: tuple[Item, ...] = (),
    ) -> None:
        """`said` is what has just been done; while Discord has not answered that is not known yet."""
        reply = reply_to(interaction)
        t = reply.translator
        if view.case.state is State.PLANNED:
            said, extra = t("**Under way.**"), (*render.under_way_items(view.case, t), *extra)
        await reply.show_privately(render.case_card(view, t, said, extra))

    async def _open(self, interaction: _Interaction, case_id: int | None) -> None:
        await self.show_case(interaction, await self._records.open(actor_of(interaction), case_id or 0))

    async def _ask_note(self, interaction: _Interaction, case_id: int | None) -> None:
        view = await self._records.open(actor_of(interaction), case_id or 0)
        reply = reply_to(interaction)
        await reply.ask(forms.note_form(view.case.id, reply.translator))

    async def _note(self, interaction: _Interaction, case_id: int | None) -> None:
        view = await self._records.add_note(actor_of(interaction), case_id or 0, _text(interaction, "text"))
        await self.show_case(interaction, view)

    async def _ask_edit(self, interaction: _Interaction, case_id: int | None) -> None:
        view = await self._records.open(actor_of(interaction), case_id or 0)
        reply = reply_to(interaction)
        await reply.ask(forms.edit_form(view.case.id, view.case.reason, reply.translator))

    async def _edit(self, interaction: _Interaction, case_id: int | None) -> None:
        view = await self._records.edit_reason(
            actor_of(interaction), case_id or 0, _text(interaction, "reason")
        )
        await self.show_case(interaction, view)

    async def _ask_link(self, interaction: _Interaction, case_id: int | None) -> None:
        view = await self._records.open(actor_of(interaction), case_id or 0)
        reply = reply_to(interaction)
        await reply.ask(forms.link_form(view.case.id, reply.translator))

    async def _link(self, interaction: _Interaction, case_id: int | None) -> None:
        number = read_number(_text(interaction, "number"))
        await self.show_case(
            interaction, await self._records.link(actor_of(interaction), case_id or 0, number)
        )

    async def _ask_hide(self, interaction: _Interaction, case_id: int | None) -> None:
        view = await self._records.open(actor_of(interaction), case_id or 0)
        reply = reply_to(interaction)
        await reply.ask(forms.hide_form(view.case.id, reply.translator))

    async def _hide(self, interaction: _Interaction, case_id: int | None) -> None:
        view = await self._records.hide(actor_of(interaction), case_id or 0, _text(interaction, "why"))
        await self.show_case(interaction, view)

    async def _show(self, interaction: _Interaction, case_id: int | None) -> None:
        await self.show_case(interaction, await self._records.show(actor_of(interaction), case_id or 0))

    async def _ask_lift(self, interaction: _Interaction, case_id: int | None) -> None:
        view = await self._records.open(actor_of(interaction), case_id or 0)
        reply = reply_to(interaction)
        await reply.ask(forms.lift_form(view.case.id, reply.translator))

    async def _lift(self, interaction: _Interaction, case_id: int | None) -> None:
        actor = actor_of(interaction)
        case = await self._service.lift(actor, case_id or 0, _text(interaction, "reason"))
        await self.show_case(interaction, await self._records.open(actor, case.id))

    # ------------------------------------------------------------------------------------------ history

    async def history(self, interaction: _Interaction, member_id: int, page: int = 0) -> None:
        view = await self._records.history(actor_of(interaction), member_id, page)
        reply = reply_to(interaction)
        await reply.show_privately(render.history_card(view, reply.translator))

    async def _history(self, interaction: _Interaction, panel_id: int | None) -> None:
        member_id, _ = await self._records.find_panel(actor_of(interaction), panel_id or 0)
        await self.history(interaction, member_id)

    async def _page(self, interaction: _Interaction, number: int | None) -> None:
        panel_id, page = divmod(number or 0, render.PAGES)
        member_id, _ = await self._records.find_panel(actor_of(interaction), panel_id)
        await self.history(interaction, member_id, page)


def read_number(typed: str) -> int:
    """A case's number as it was typed. Raises `InvalidInput`."""
    text = typed.strip().lstrip("#")
    if not text.isascii() or not text.isdecimal() or int(text[:10]) > 2**31 - 1:
        raise InvalidInput("Write the number of a case, such as {example}.", example="`12`")
    return int(text)


def _proposed(acted: Acted, t: Translator) -> Card:
    assert acted.proposal is not None
    text = t(
        "**Nothing is done yet.** You have kicked or banned many people in a short time, so a second moderator has to "
        "confirm this one: proposal {number}. I have asked in the moderation log. After an hour it is off.",
        number=str(acted.proposal.id),
    )
    return Card((Text(text),))


def _text(interaction: _Interaction, name: str) -> str:
    return str(form_answers(interaction).get(name) or "")


def _seconds(chosen: Any) -> int:
    return int(chosen) if isinstance(chosen, str) and chosen in ("3600", "86400", "604800") else 0
