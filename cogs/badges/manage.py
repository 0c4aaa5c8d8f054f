"""Receives what facilitators do with badges: /manage badges and the controls of its cards."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.authority import Capability
from bot.card_views import form_answers
from bot.components import Handler
from bot.core import Core
from bot.criteria import MOST_ACTS, MOST_DAYS, Criterion
from bot.errors import InvalidInput, NotFound
from bot.groups import HelpLine
from bot.i18n import N_
from bot.interactions import actor_of, chosen_values
from bot.replies import reply_to
from bot.text import mention_user
from bot.time_input import parse_moment
from cogs.badges import forms, rules
from cogs.badges import render_staff as render
from cogs.badges.model import Badge
from cogs.badges.people import BadgePeople
from cogs.badges.roles import RoleFacts
from cogs.badges.staff import BadgeStaff
from cogs.badges.wins import Wins
from cogs.badges.words import title_of
from cogs.badges.words_written import Words, typed_words

STAFF_HELP = HelpLine(
    N_("Decide which badges there are, and who has them"), "/manage badges list", Capability.FACILITATE
)
_SUGGESTED = 25


class BadgesGroup(app_commands.Group):
    """/manage badges."""

    def __init__(self, staff: BadgeStaff, people: BadgePeople) -> None:
        super().__init__(name="badges", description="Badges: what is recognised here, and who has it")
        self._staff = staff
        self._people = people

    @app_commands.command(name="list", description="All badges: write, test, switch on and off")
    async def list_all(self, interaction: discord.Interaction[Any]) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(render.desk_card(desk, reply.translator))

    @app_commands.command(description="Give somebody a badge by hand, with the reason")
    @app_commands.describe(member="To whom", badge="Which badge", reason="What for; they can read it")
    async def give(
        self, interaction: discord.Interaction[Any], member: discord.Member, badge: str, reason: str
    ) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        award = await self._people.give(actor, _number(badge), member.id, reason, is_bot=member.bot)
        t = reply.translator
        text = t(
            "{member} has the badge {title} now, and is told quietly.",
            member=mention_user(member.id),
            title=title_of(award.badge, t),
        )
        await reply.show(render.done_card(text, t))

    @app_commands.command(description="Take a badge back from one person, with the reason")
    @app_commands.describe(member="From whom", badge="Which badge", reason="Why; they can read it")
    async def revoke(
        self, interaction: discord.Interaction[Any], member: discord.User, badge: str, reason: str
    ) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        award = await self._people.revoke(actor, _number(badge), member.id, reason)
        t = reply.translator
        text = t(
            "{title} is taken back from {member}, with what came with it. The same acts do not earn it again.",
            member=mention_user(member.id),
            title=title_of(award.badge, t),
        )
        await reply.show(render.done_card(text, t))

    @give.autocomplete("badge")
    @revoke.autocomplete("badge")
    async def suggest(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        t = reply_to(interaction).translator
        desk = await self._staff.desk(actor_of(interaction))
        named = [((t(each.title) if each.ours else each.title)[:100], str(each.id)) for each in desk.badges]
        found = [each for each in named if typed.casefold() in each[0].casefold()]
        return [app_commands.Choice(name=name, value=value) for name, value in found[:_SUGGESTED]]


class StaffControls:
    """Answers the controls of the facilitators' cards."""

    def __init__(self, core: Core, staff: BadgeStaff, people: BadgePeople, wins: Wins) -> None:
        self._core = core
        self._staff = staff
        self._people = people
        self._wins = wins

    def handlers(self) -> dict[str, Handler]:
        return {
            render.DESK: self._desk,
            render.OPEN: self._open,
            render.ADD: self._ask_words,
            forms.ADD_FORM: self._add,
            render.EDIT: self._ask_change,
            forms.EDIT_FORM: self._edit,
            render.COUNT: self._count,
            render.COUNT_REST: self._count,
            render.NUMBERS: self._ask_numbers,
            forms.NUMBERS_FORM: self._set_numbers,
            render.ROLE: self._set_role,
            render.END: self._ask_end,
            forms.END_FORM: self._set_end,
            render.TEST: self._test,
            render.ON: self._on,
            render.ON_FOR_ALL: self._on_for_all,
            render.ON_ANYWAY: self._on_anyway,
            render.OFF: self._off,
            render.BACKFILL: self._ask_backfill,
            render.BACKFILL_NOW: self._backfill,
            render.BACKFILL_ANYWAY: self._backfill_anyway,
            render.STARTER: self._starter,
            render.STARTER_ON: self._starter_on,
            render.STARTER_FOR_ALL: self._starter_for_all,
            render.CHECK: self._check,
            render.DOUBTS: self._doubts,
            render.KEEP: self._keep,
            render.LET_GO: self._let_go,
            render.PLACE: self._set_place,
            render.WHEN: self._ask_when,
            forms.WHEN_FORM: self._set_when,
        }

    # ------------------------------------------------------------------------------------------ looking

    async def _desk(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        await self._show_desk(interaction, page or 0)

    async def _show_desk(
        self, interaction: discord.Interaction[Any], page: int = 0, *, said_first: str | None = None
    ) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator, page, said_first=said_first))

    async def _open(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        if badge_id is None:
            badge_id = _number(chosen_values(interaction, 1)[0])
        await self._show(interaction, badge_id)

    async def _show(
        self, interaction: discord.Interaction[Any], badge_id: int, *, said_first: str | None = None
    ) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        desk = await self._staff.desk(actor)
        badge = next((each for each in desk.badges if each.id == badge_id), None)
        if badge is None:
            badge = await self._staff.find(actor, badge_id)  # says that it is gone
        card = render.badge_card(
            badge,
            desk.held.get(badge_id, 0),
            self._staff.countable(),
            reply.translator,
            said_first=said_first,
        )
        await reply.show_privately(card)

    # ------------------------------------------------------------------------------------------ writing

    async def _ask_words(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._staff.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(forms.words_form(reply.translator))

    async def _ask_change(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        badge = await self._staff.find(actor_of(interaction), badge_id or 0)
        reply = reply_to(interaction)
        await reply.ask(forms.words_form(reply.translator, badge))

    async def _add(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        badge_id = await self._staff.add(actor_of(interaction), _words(interaction))
        t = reply_to(interaction).translator
        said = t("Written. Now say what is counted; without that it is given by hand.")
        await self._show(interaction, badge_id, said_first=said)

    async def _edit(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        await self._staff.edit(actor_of(interaction), badge_id or 0, _words(interaction))
        t = reply_to(interaction).translator
        await self._show(interaction, badge_id or 0, said_first=t("Saved."))

    async def _count(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        [kind] = chosen_values(interaction, 1)
        await self._staff.add_criterion(actor_of(interaction), badge_id or 0, kind)
        await self._show(interaction, badge_id or 0)

    async def _ask_numbers(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        badge_id, index = divmod(number or 0, forms.CRITERIA_A_BADGE)
        badge = await self._staff.find(actor_of(interaction), badge_id)
        if index >= len(badge.rule.criteria):
            raise NotFound("The rule was changed meanwhile. Please open the badge again.")
        reply = reply_to(interaction)
        await reply.ask(forms.numbers_form(badge, index, self._staff.countable(), reply.translator))

    async def _set_numbers(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        badge_id, index = divmod(number or 0, forms.CRITERIA_A_BADGE)
        actor = actor_of(interaction)
        await self._staff.set_criterion(actor, badge_id, index, _criterion(form_answers(interaction)))
        await self._show(interaction, badge_id)

    async def _set_role(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        role = _role_facts(interaction, _number(str(values[0]))) if values else None
        await self._staff.set_role(actor_of(interaction), badge_id or 0, role)
        await self._show(interaction, badge_id or 0)

    async def _ask_end(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        badge = await self._staff.find(actor_of(interaction), badge_id or 0)
        reply = reply_to(interaction)
        await reply.ask(forms.end_form(badge, reply.translator))

    async def _set_end(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        actor, typed = actor_of(interaction), str(form_answers(interaction).get("until") or "").strip()
        at = None
        if typed:
            config = await self._core.configs.guild(actor.guild_id)
            now, locale = self._core.clock.now(), actor.locale or "en"
            at = parse_moment(typed, now=now, zone=config.zone, locale=locale, end_of_day=True).at
        await self._staff.retire_at(actor, badge_id or 0, at)
        await self._show(interaction, badge_id or 0)

    # ------------------------------------------------------------------------------------------ on and off

    async def _test(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        badge = await self._staff.test(actor_of(interaction), badge_id or 0)
        assert badge.tested is not None
        reply = reply_to(interaction)
        await reply.show_privately(render.tested_card(badge, badge.tested, reply.translator))

    async def _on(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        badge = await self._staff.switch_on(actor_of(interaction), badge_id or 0, backfill=False)
        await self._say_on(interaction, badge)

    async def _on_for_all(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        badge = await self._staff.switch_on(actor_of(interaction), badge_id or 0, backfill=True)
        await self._say_on(interaction, badge)

    async def _on_anyway(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        actor = actor_of(interaction)
        badge = await self._staff.switch_on(actor, badge_id or 0, backfill=False, everybody=True)
        await self._say_on(interaction, badge)

    async def _say_on(self, interaction: discord.Interaction[Any], badge: Badge) -> None:
        t = reply_to(interaction).translator
        await self._show(interaction, badge.id, said_first=t("It is on."))

    async def _off(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        await self._staff.switch_off(actor_of(interaction), badge_id or 0)
        t = reply_to(interaction).translator
        said = t("It is off. Whoever has it keeps it.")
        await self._show(interaction, badge_id or 0, said_first=said)

    async def _ask_backfill(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        badge = await self._staff.test(actor_of(interaction), badge_id or 0)
        assert badge.tested is not None
        reply = reply_to(interaction)
        await reply.show_privately(render.backfill_card(badge, badge.tested, reply.translator))

    async def _backfill(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        await self._give_earlier(interaction, badge_id or 0, everybody=False)

    async def _backfill_anyway(self, interaction: discord.Interaction[Any], badge_id: int | None) -> None:
        await self._give_earlier(interaction, badge_id or 0, everybody=True)

    async def _give_earlier(
        self, interaction: discord.Interaction[Any], badge_id: int, *, everybody: bool
    ) -> None:
        await self._staff.backfill(actor_of(interaction), badge_id, everybody=everybody)
        t = reply_to(interaction).translator
        said = t("It is being given for earlier acts, to everybody in turn.")
        await self._show(interaction, badge_id, said_first=said)

    async def _starter(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        plan = await self._staff.plan_starter(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.starter_card(plan, reply.translator))

    async def _starter_on(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._switch_starter(interaction, backfill=False)

    async def _starter_for_all(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._switch_starter(interaction, backfill=True)

    async def _switch_starter(self, interaction: discord.Interaction[Any], *, backfill: bool) -> None:
        switched = await self._staff.switch_starter_on(actor_of(interaction), backfill=backfill)
        t = reply_to(interaction).translator
        said = t.tn("{n} badge is on now.", "{n} badges are on now.", switched)
        await self._show_desk(interaction, said_first=said)

    # ------------------------------------------------------------------------------------------ what people have

    async def _check(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._staff.begin_check(actor_of(interaction))
        t = reply_to(interaction).translator
        said = t("I am looking. What rests on nothing any more will stand here; nothing is taken away.")
        await self._show_desk(interaction, said_first=said)

    async def _doubts(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        awards = await self._people.list_doubtful(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.doubts_card(awards, reply.translator))

    async def _keep(self, interaction: discord.Interaction[Any], award_id: int | None) -> None:
        await self._people.keep(actor_of(interaction), award_id or 0)
        await self._doubts(interaction, None)

    async def _let_go(self, interaction: discord.Interaction[Any], award_id: int | None) -> None:
        await self._people.let_go(actor_of(interaction), award_id or 0)
        await self._doubts(interaction, None)

    async def _set_place(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor = actor_of(interaction)
        await self._staff.check(actor)
        values = list((interaction.data or {}).get("values", []))
        await self._wins.choose_channel(actor, _number(str(values[0])) if values else None)
        await self._show_desk(interaction)

    async def _ask_when(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(forms.when_form(desk, reply.translator))

    async def _set_when(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor, typed = actor_of(interaction), form_answers(interaction)
        await self._staff.check(actor)
        await self._wins.choose_time(
            actor, _number(str(typed.get("weekday") or "")), str(typed.get("time") or "")
        )
        await self._show_desk(interaction)


def _words(interaction: discord.Interaction[Any]) -> Words:
    answers = form_answers(interaction)
    title, how = str(answers.get("title") or ""), str(answers.get("how") or "")
    return typed_words(title, how, answers.get("tier"), answers.get("traits"))


def _criterion(answers: Any) -> Criterion | None:
    """What a form of numbers holds; None takes the criterion out."""

    def number(name: str, most: int) -> int:
        return rules.read_number(str(answers.get(name) or ""), 0, most)

    at_least, days = number("at_least", MOST_ACTS), number("days", MOST_DAYS)
    people, subjects = number("people", MOST_ACTS), number("subjects", MOST_ACTS)
    if not at_least:
        return None
    if max(people, subjects) > at_least:
        raise InvalidInput("There cannot be more different people or things than acts.")
    return Criterion(("",), at_least, days or None, people, subjects)


def _role_facts(interaction: discord.Interaction[Any], role_id: int) -> RoleFacts:
    guild = interaction.guild
    role = guild.get_role(role_id) if guild is not None else None
    if guild is None or role is None:
        raise NotFound("That role is not there any more. Please choose another.")
    everyone = guild.default_role.permissions.value
    opens = bool(role.permissions.value & ~everyone) or any(
        role in channel.overwrites for channel in guild.channels
    )
    return RoleFacts(role.id, role.permissions.value, role >= guild.me.top_role, role.managed, opens)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise InvalidInput("Please choose from the list that opens.")
    return int(text) if int(text) < 2**63 else 0
