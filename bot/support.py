"""Something is wrong with this bot: a member's words to staff, and the ways past them.

One notice in the staff channel for each report, with the member's name, of which they are told before; at most three
a day. The words are kept so that the notice is drawn from them when it is sent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import discord

from bot.authority import Actor
from bot.card_views import form_answers
from bot.cards import Button, Buttons, Card, Form, Style, Text, TextField, custom_id
from bot.components import Components
from bot.core import Core
from bot.dispatcher import Obsolete, PlannedEffect
from bot.errors import InvalidInput, LimitReached
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.outbox import Effect, EffectKind
from bot.renderers import Renderers
from bot.replies import reply_to
from bot.text import clean, mention_user, quote
from storage import members as member_storage
from storage import support as storage

SUPPORT_ASK = "support:report.ask"
SUPPORT_WRITE = "support:report.write"
SUPPORT_SEND = "support:report.send"
RENDERER = "support.report"
REPORTS_A_DAY = 3
LONGEST_REPORT = 1000
DISCORDS_FORM = "https://dis.gd/report"
_ROOM = 3500  # of a card's 4,000 characters; a word of nothing but markup takes twice its length


class SupportService:
    """Takes reports."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def has_staff_channel(self, guild_id: int) -> bool:
        return (await self._core.configs.guild(guild_id)).staff_channel_id is not None

    async def report(self, actor: Actor, words: str) -> None:
        """Tell staff. Raises `InvalidInput` when it says nothing or nobody would hear it, `LimitReached`."""
        words = clean(words)
        if not words:
            raise InvalidInput("That was empty. A line about what happened is enough.")
        channel_id = (await self._core.configs.guild(actor.guild_id)).staff_channel_id
        if channel_id is None:
            raise InvalidInput(
                "Staff have not chosen a channel for such news yet. Please tell one of them directly."
            )
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            # Locks the member's row, so that two reports at once are counted one after the other.
            await member_storage.change_member(session, actor.guild_id, actor.member_id)
            since = now - timedelta(days=1)
            if await storage.count_since(session, actor.guild_id, actor.member_id, since) >= REPORTS_A_DAY:
                raise LimitReached(
                    "You have told staff {n} times today, and they have all of it. Please speak to them directly.",
                    n=REPORTS_A_DAY,
                )
            row = storage.SupportReportRow(
                guild_id=actor.guild_id, member_id=actor.member_id, at=now, text=words[:LONGEST_REPORT]
            )
            session.add(row)
            await session.flush()
            notice = Effect(
                kind=EffectKind.POST,
                key=f"support:{row.id}",
                guild_id=actor.guild_id,
                channel_id=channel_id,
                member_id=actor.member_id,
                renderer=RENDERER,
                arguments={"report_id": row.id},
            )
            await self._core.outbox.plan(session, notice)

    async def find(self, report_id: int) -> storage.SupportReportRow | None:
        """The report, for drawing its notice."""
        async with self._core.db.read() as session:
            return await storage.find_report(session, report_id)


class Support:
    """Answers the button on /help and what follows. `contact` is the operator's, shown as it stands."""

    def __init__(self, core: Core, renderers: Renderers, components: Components, contact: str) -> None:
        self._service = SupportService(core)
        self._renderers = renderers
        self._contact = contact
        components.register(SUPPORT_ASK, self._ask)
        components.register(SUPPORT_WRITE, self._write)
        components.register(SUPPORT_SEND, self._send)
        renderers.register(RENDERER, self._draw, what=N_("telling staff that something is wrong with me"))

    async def _ask(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        has_channel = await self._service.has_staff_channel(actor_of(interaction).guild_id)
        reply = reply_to(interaction)
        await reply.show(support_card(self._contact, reply.translator, has_staff_channel=has_channel))

    async def _write(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor_of(interaction)
        reply = reply_to(interaction)
        t = reply.translator
        field = TextField(
            "words",
            t("What happened?"),
            description=t("Staff see your words and your name. Nobody else does."),
            long=True,
            max_length=LONGEST_REPORT,
        )
        await reply.ask(Form(t("Something is wrong with this bot"), custom_id(SUPPORT_SEND), (field,)))

    async def _send(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._service.report(actor_of(interaction), str(form_answers(interaction).get("words", "")))
        reply = reply_to(interaction)
        await reply.show_privately(sent_card(self._contact, reply.translator))

    async def _draw(self, effect: PlannedEffect) -> Card:
        report = await self._service.find(int(effect.arguments["report_id"]))
        if report is None:
            raise Obsolete(N_("the report was deleted"))
        return report_card(report.member_id, report.text, await self._renderers.translator(effect))


def support_card(contact: str, t: Translator, *, has_staff_channel: bool) -> Card:
    """The ways to say that something is wrong, from the nearest to the furthest."""
    lines = [t("**Something is wrong with this bot**")]
    buttons: list[Button] = []
    if has_staff_channel:
        lines.append(t("- Tell staff here: they see your words and your name, nobody else does."))
        buttons.append(Button(t("Write to staff"), custom_id(SUPPORT_WRITE), style=Style.PRIMARY))
    else:
        lines.append(t("- Tell someone of staff directly: they have chosen no channel for it yet."))
    lines += _operator(contact, t)
    lines.append(t("- If I break Discord's own rules, report me to Discord."))
    buttons.append(Button(t("Report to Discord"), url=DISCORDS_FORM))
    return Card((Text("\n".join(lines)), Buttons(tuple(buttons))))


def sent_card(contact: str, t: Translator) -> Card:
    """It was told, and what else there is."""
    thanks = t(
        "**Thank you, staff have it.** If it was about something you did here, nothing of that is lost."
    )
    return Card((Text("\n".join([thanks, *_operator(contact, t)])),))


def report_card(member_id: int, words: str, t: Translator) -> Card:
    """The notice to staff. It pings nobody."""
    head = t("**{who} says that something is wrong with this bot:**", who=mention_user(member_id))
    quoted = quote(words, _ROOM).replace("\n", "\n> ")
    return Card((Text(f"{head}\n> {quoted}"),))


def _operator(contact: str, t: Translator) -> list[str]:
    return [t("- Whoever runs this bot: {contact}", contact=contact)] if contact else []
