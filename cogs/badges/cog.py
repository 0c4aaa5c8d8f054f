"""Receives members' commands and controls for badges; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.cards import Card
from bot.components import Handler
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import REASON_OFF, Feature
from bot.groups import HelpLine, Topic
from bot.i18n import N_
from bot.interactions import actor_of
from bot.member_card import CardLine
from bot.outbox import EffectKind
from bot.qualifications import Qualification
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from cogs.badges import model, render, render_staff
from cogs.badges.awarding import Awarding
from cogs.badges.config import BadgesPart
from cogs.badges.history import History
from cogs.badges.living import Living
from cogs.badges.manage import STAFF_HELP, BadgesGroup, StaffControls
from cogs.badges.model import AREA, BadgeSettings
from cogs.badges.people import BadgePeople
from cogs.badges.service import BadgesService
from cogs.badges.staff import BadgeStaff
from cogs.badges.wins import Wins
from storage.badges import BadgeSettingsRow

HELP = HelpLine(N_("See which badges there are, and which are yours"), "/badge catalog", topic=Topic.THANKS)
PAGE = Page(
    21,
    N_("Badges"),
    BadgeSettings,
    (
        Choice(
            "channel_id",
            "channel",
            N_("Wins channel"),
            N_("Where new badges of people who wish it are shown, at most once a week."),
            suggested=N_("wins"),
            topic=N_("What people have achieved here. Only those who wish it are shown: `/badge mine`"),
        ),
    ),
    in_steps=False,
)


class BadgesCog(commands.Cog):
    """Badges."""

    badge = app_commands.Group(name="badge", description="What is recognised here", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        core = bot.core
        self._living = Living(core)
        self.wins = Wins(core)
        self.awarding = Awarding(core, self._living, self.wins)
        self.history = History(core, self._living, self.awarding)
        self.service = BadgesService(core, self._living)
        self.staff = BadgeStaff(core, self._living, self.history)
        self._config = BadgesPart(self.staff)
        people = BadgePeople(core, self.awarding)
        self._group = BadgesGroup(self.staff, people)
        self._controls: dict[str, Handler] = {
            render.CATALOG: self._show_catalog,
            render.MINE: self._show_mine,
            render.SHARE: self._share,
            render.UNSHARE: self._unshare,
            **StaffControls(core, self.staff, people, self.wins).handlers(),
        }

    async def cog_load(self) -> None:
        bot, core = self.bot, self.bot.core
        core.configs.register(BadgeSettings, BadgeSettingsRow)
        for kind, title in model.ACTS.items():
            core.ledger.name(kind, title)
        core.ledger.react_to(model.EARNED, self._earned, undo=self.awarding.unearned)
        core.jobs.register(model.BACKFILL_JOB, self.history.backfill)
        core.jobs.register(model.CHECK_JOB, self.history.check)
        core.jobs.register(model.ROLES_JOB, self.history.follow_role)
        core.jobs.register(model.CHECK_ALL_JOB, self.history.check_all)
        core.jobs.register(model.WINS_JOB, self.wins.due)
        core.notifier.register(model.KIND, _line_of)
        remedy = N_("Choose another channel with `/manage badges list`.")
        bot.renderers.register(
            model.WINS_RENDERER, self._draw_wins, what=N_("posting the week's wins"), if_channel_gone=remedy
        )
        bot.renderers.register(model.TOLD_RENDERER, self._draw_told, what=N_("telling a member of a badge"))
        bot.renderers.register(
            model.DOUBTS_RENDERER, self._draw_doubts, what=N_("telling staff of badges that rest on nothing")
        )
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(PAGE)
        bot.config_card.parts.add(self._config)
        core.erasure.redraw_with(self.wins.redraw)
        core.erasure.take_back_with(self.awarding.take_back)
        core.erasure.on_return(self.awarding.give_back)
        service = self.service
        core.qualifications.register(
            Qualification(
                model.QUALIFICATION,
                N_("A badge"),
                service.choices,
                service.holders,
                service.has,
                feature=AREA,
            )
        )
        core.member_cards.register(CardLine(AREA, N_("Badges"), service.card_line, rank=30))
        bot.groups.list_help(HELP)
        bot.groups.attach(bot.groups.manage, self._group, STAFF_HELP)
        core.features.describe(Feature(AREA, N_("Badges")))
        await self._living.load(self.awarding.judge, self.awarding.reconsider)

    async def cog_unload(self) -> None:
        bot, core = self.bot, self.bot.core
        self._living.forget()
        core.ledger.unname(*model.ACTS)
        core.ledger.forget(self._earned)
        core.jobs.unregister(model.BACKFILL_JOB)
        core.jobs.unregister(model.CHECK_JOB)
        core.jobs.unregister(model.ROLES_JOB)
        core.jobs.unregister(model.CHECK_ALL_JOB)
        core.jobs.unregister(model.WINS_JOB)
        core.notifier.unregister(model.KIND.name)
        bot.renderers.unregister(model.WINS_RENDERER, model.TOLD_RENDERER, model.DOUBTS_RENDERER)
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(PAGE)
        bot.config_card.parts.remove(self._config)
        core.erasure.stop_redrawing(self.wins.redraw)
        core.erasure.stop_taking_back(self.awarding.take_back)
        core.erasure.stop_welcoming(self.awarding.give_back)
        core.qualifications.unregister(model.QUALIFICATION)
        core.member_cards.unregister(AREA)
        bot.groups.forget_help(HELP)
        bot.groups.detach(bot.groups.manage, "badges", STAFF_HELP)
        core.features.forget(AREA)

    @badge.command(
        name="catalog", description="Which badges there are, how to earn each, and how far you are"
    )
    async def catalog(self, interaction: discord.Interaction[Any]) -> None:
        await self._show_catalog(interaction, None)

    @badge.command(name="mine", description="Your badges, and who else gets to see them")
    async def mine(self, interaction: discord.Interaction[Any]) -> None:
        await self._show_mine(interaction, None)

    async def _show_catalog(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        entries = await self.service.catalog(actor_of(interaction))
        reply = reply_to(interaction)
        card = render.catalog_card(entries, self.staff.countable(), reply.translator, page or 0)
        await reply.show_privately(card)

    async def _show_mine(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        mine = await self.service.mine(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.mine_card(mine, reply.translator, page or 0))

    async def _share(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self.wins.share(actor_of(interaction), shares=True)
        await self._show_mine(interaction, None)

    async def _unshare(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self.wins.share(actor_of(interaction), shares=False)
        await self._show_mine(interaction, None)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        await self.staff.role_deleted(role.guild.id, role.id)

    async def _earned(self, session: Any, act: Any) -> None:
        """Nothing more follows from a badge here; others may react to it."""

    async def _draw_wins(self, effect: PlannedEffect) -> Card:
        found = await self.wins.find(int(effect.arguments["digest_id"]))
        if found is None:
            raise Obsolete(N_("the post of wins is not known any more"))
        guild_id, awards = found
        if not awards and effect.kind is EffectKind.POST:
            raise Obsolete(N_("nothing was left to show"))
        if not await self.bot.core.features.is_on(guild_id, AREA):
            raise Obsolete(REASON_OFF)
        return render.wins_card(awards, await self.bot.renderers.translator(effect))

    async def _draw_doubts(self, effect: PlannedEffect) -> Card:
        if not await self.bot.core.features.is_on(effect.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        return render_staff.doubts_notice(await self.bot.renderers.translator(effect))

    async def _draw_told(self, effect: PlannedEffect) -> Card:
        award = await self.service.find(int(effect.arguments["award_id"]))
        if award is None:
            raise Obsolete(N_("the badge is not known any more"))
        return render.told_card(award, await self.bot.renderers.translator(effect))


def _line_of(key: str) -> str | None:
    """What is said in the digest under the key of a notification."""
    return model.LOST_LINE if key.startswith("badges.lost:") else None
