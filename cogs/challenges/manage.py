"""Receives facilitators' commands and controls for challenges and defers to the services."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.authority import Capability
from bot.card_views import form_answers
from bot.components import Handler
from bot.errors import InvalidInput, NotFound, UserError
from bot.groups import HelpLine
from bot.i18n import N_
from bot.interactions import actor_of, chosen_values
from bot.refusals import in_words
from bot.replies import reply_to
from cogs.challenges import definition, render_manage, render_store
from cogs.challenges.model import Overtaken
from cogs.challenges.rhythm import Rhythm
from cogs.challenges.shipped import shipped
from cogs.challenges.staff import ChallengesStaff
from cogs.challenges.workshop import Workshop

MANAGE_HELP = (
    HelpLine(N_("Prepare, open and close challenges"), "/manage challenges list", Capability.FACILITATE),
    HelpLine(N_("Take a challenge from the library"), "/manage challenges library", Capability.FACILITATE),
)
_Interaction = discord.Interaction[Any]


class ChallengesGroup(app_commands.Group):
    """/manage challenges."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(name="challenges", description="The challenge of the week")
        self._desk = desk

    @app_commands.command(
        name="list", description="What is open, queued and in preparation, and what to do with it"
    )
    async def list_all(self, interaction: _Interaction) -> None:
        await self._desk.show_all(interaction, None)

    @app_commands.command(description="Write a new challenge")
    async def new(self, interaction: _Interaction) -> None:
        await self._desk.ask_new(interaction, None)

    @app_commands.command(description="Challenges that are ready to use")
    async def library(self, interaction: _Interaction) -> None:
        await self._desk.show_library(interaction, None)

    @app_commands.command(
        description="When challenges open and close, what holds for late ones, and rankings"
    )
    async def schedule(self, interaction: _Interaction) -> None:
        await self._desk.show_rhythm(interaction, None)

    @app_commands.command(name="import", description="Add the challenges of a file to the drafts")
    @app_commands.describe(file="A file as /manage challenges export gives it")
    async def upload(self, interaction: _Interaction, file: discord.Attachment) -> None:
        await self._desk.upload(interaction, file)

    @app_commands.command(description="Download all challenges of this community as a file")
    async def export(self, interaction: _Interaction) -> None:
        await self._desk.download(interaction, None)


class Desk:
    """What facilitators' commands and controls do."""

    def __init__(self, staff: ChallengesStaff, workshop: Workshop, rhythm: Rhythm) -> None:
        self._staff = staff
        self._workshop = workshop
        self._rhythm = rhythm
        self.controls: dict[str, Handler] = {
            render_manage.LIST: self.show_all,
            render_manage.LOOK: self._look,
            render_manage.SHOW: self._show,
            render_manage.NEW: self.ask_new,
            render_manage.NEW_FORM: self._create,
            render_manage.EDIT: self._ask_text,
            render_manage.EDIT_FORM: self._save,
            render_manage.TRACKS: self._ask_tracks,
            render_manage.TRACKS_FORM: self._save,
            render_manage.QUEUE: self._queue,
            render_manage.UNQUEUE: self._unqueue,
            render_manage.EARLIER: self._earlier,
            render_manage.LATER: self._later,
            render_manage.OPEN_NOW: self._plan_opening,
            render_manage.OPEN_SURE: self._open,
            render_manage.CLOSE_NOW: self._plan_closing,
            render_manage.CLOSE_SURE: self._close,
            render_manage.EXTEND: self._ask_extension,
            render_manage.EXTEND_FORM: self._plan_extension,
            render_manage.EXTEND_SURE: self._extend,
            render_manage.REMOVE: self._plan_removal,
            render_manage.REMOVE_SURE: self._remove,
            render_manage.DOWNLOAD: self.download,
            render_manage.LIBRARY: self.show_library,
            **dict.fromkeys(render_manage.LIBRARY_MENUS.values(), self._look_at_shipped),
            render_manage.LIBRARY_TAKE: self._take_shipped,
            render_manage.IDEA_LOOK: self._look_at_idea,
            render_manage.IDEA_TAKE: self._take_idea,
            render_manage.IDEA_DROP: self._drop_idea,
            render_manage.RHYTHM: self.show_rhythm,
            render_manage.RHYTHM_ASK: self._ask_rhythm,
            render_manage.RHYTHM_FORM: self._set_rhythm,
            render_manage.RHYTHM_STOP: self._stop_rhythm,
            render_manage.POLICY_ASK: self._ask_policy,
            render_manage.POLICY_FORM: self._set_policy,
        }

    # ------------------------------------------------------------------------------------------ looking

    async def show_all(self, interaction: _Interaction, _: int | None, *, said_first: str = "") -> None:
        overview = await self._staff.overview(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(
            render_manage.overview_card(overview, reply.translator, said_first=said_first)
        )

    async def _look(self, interaction: _Interaction, _: int | None) -> None:
        await self._show(interaction, _chosen(interaction))

    async def _show(self, interaction: _Interaction, challenge_id: int | None) -> None:
        challenge = await self._staff.find(actor_of(interaction), challenge_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render_manage.manage_card(challenge, reply.translator))

    # ------------------------------------------------------------------------------------------ writing

    async def ask_new(self, interaction: _Interaction, _: int | None) -> None:
        await self._staff.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render_manage.text_form(None, reply.translator))

    async def _create(self, interaction: _Interaction, _: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        t = reply.translator
        try:
            challenge = await self._workshop.create(actor, _typed(interaction))
        except UserError as error:
            await reply.show(render_manage.refused_card(in_words(error, t), _typed(interaction), t))
            return
        said = t("**Kept as a draft.** “Edit tracks” says what people do.")
        await reply.show_privately(render_manage.manage_card(challenge, t, said_first=said))

    async def _ask_text(self, interaction: _Interaction, challenge_id: int | None) -> None:
        challenge = await self._staff.find(actor_of(interaction), challenge_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render_manage.text_form(challenge, reply.translator))

    async def _ask_tracks(self, interaction: _Interaction, challenge_id: int | None) -> None:
        challenge = await self._staff.find(actor_of(interaction), challenge_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render_manage.tracks_form(challenge, reply.translator))

    async def _save(self, interaction: _Interaction, number: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        t = reply.translator
        challenge_id, seen = divmod(number or 0, render_manage.SEEN)
        try:
            challenge = await self._workshop.edit(actor, challenge_id, _typed(interaction), seen=seen)
        except Overtaken as overtaken:
            await reply.show_privately(render_manage.overtaken_card(overtaken, t))
            return
        except UserError as error:
            await reply.show(render_manage.refused_card(in_words(error, t), _typed(interaction), t))
            return
        await reply.show_privately(render_manage.manage_card(challenge, t, said_first=t("**Saved.**")))

    # ------------------------------------------------------------------------------------------ the queue

    async def _queue(self, interaction: _Interaction, challenge_id: int | None) -> None:
        await self._staff.queue(actor_of(interaction), challenge_id or 0)
        await self._show(interaction, challenge_id)

    async def _unqueue(self, interaction: _Interaction, challenge_id: int | None) -> None:
        await self._staff.unqueue(actor_of(interaction), challenge_id or 0)
        await self._show(interaction, challenge_id)

    async def _earlier(self, interaction: _Interaction, challenge_id: int | None) -> None:
        await self._staff.move(actor_of(interaction), challenge_id or 0, -1)
        await self.show_all(interaction, None)

    async def _later(self, interaction: _Interaction, challenge_id: int | None) -> None:
        await self._staff.move(actor_of(interaction), challenge_id or 0, 1)
        await self.show_all(interaction, None)

    async def _plan_removal(self, interaction: _Interaction, challenge_id: int | None) -> None:
        challenge = await self._staff.find(actor_of(interaction), challenge_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render_manage.removal_card(challenge, reply.translator))

    async def _remove(self, interaction: _Interaction, challenge_id: int | None) -> None:
        await self._staff.remove(actor_of(interaction), challenge_id or 0)
        await self.show_all(interaction, None, said_first=reply_to(interaction).translator("**Removed.**"))

    # ------------------------------------------------------------------------------------------ by hand

    async def _plan_opening(self, interaction: _Interaction, challenge_id: int | None) -> None:
        plan = await self._staff.plan_opening(actor_of(interaction), challenge_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render_manage.opening_card(plan, reply.translator))

    async def _open(self, interaction: _Interaction, challenge_id: int | None) -> None:
        await self._staff.open_now(actor_of(interaction), challenge_id or 0)
        await self._show(interaction, challenge_id)

    async def _plan_closing(self, interaction: _Interaction, challenge_id: int | None) -> None:
        plan = await self._staff.plan_closing(actor_of(interaction), challenge_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render_manage.closing_card(plan, reply.translator))

    async def _close(self, interaction: _Interaction, challenge_id: int | None) -> None:
        await self._staff.close_now(actor_of(interaction), challenge_id or 0)
        await self._show(interaction, challenge_id)

    async def _ask_extension(self, interaction: _Interaction, challenge_id: int | None) -> None:
        challenge = await self._staff.find(actor_of(interaction), challenge_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render_manage.extend_form(challenge, reply.translator))

    async def _plan_extension(self, interaction: _Interaction, challenge_id: int | None) -> None:
        typed = str(form_answers(interaction).get("until") or "")
        plan = await self._staff.plan_extension(actor_of(interaction), challenge_id or 0, typed)
        reply = reply_to(interaction)
        await reply.show_privately(render_manage.extension_card(plan, reply.translator))

    async def _extend(self, interaction: _Interaction, until: int | None) -> None:
        challenge = await self._staff.extend(actor_of(interaction), until or 0)
        await self._show(interaction, challenge.id)

    # ------------------------------------------------------------------------------------------ library, files

    async def show_library(self, interaction: _Interaction, _: int | None) -> None:
        await self._staff.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render_store.library_card(shipped(), reply.translator))

    async def _look_at_shipped(self, interaction: _Interaction, _: int | None) -> None:
        await self._staff.check(actor_of(interaction))
        index = _chosen(interaction)
        if index >= len(shipped()):
            raise NotFound(
                "That is not in the library any more. See {command}.", command="`/manage challenges library`"
            )
        reply = reply_to(interaction)
        await reply.show_privately(render_store.shipped_card(shipped()[index], index, reply.translator))

    async def _take_shipped(self, interaction: _Interaction, index: int | None) -> None:
        challenge = await self._workshop.copy(actor_of(interaction), index or 0)
        reply = reply_to(interaction)
        t = reply.translator
        said = t("**Added to the drafts.** It waits until it is in the queue.")
        await reply.show_privately(render_manage.manage_card(challenge, t, said_first=said))

    async def upload(self, interaction: _Interaction, file: discord.Attachment) -> None:
        await self._staff.check(actor_of(interaction))
        if file.size > definition.MOST_BYTES:  # told apart before anything is fetched
            raise InvalidInput("The file is larger than {most} kB.", most=definition.MOST_BYTES // 1024)
        parsed = await self._workshop.upload(actor_of(interaction), await file.read())
        reply = reply_to(interaction)
        await reply.show(render_store.uploaded_card(parsed, reply.translator))

    async def download(self, interaction: _Interaction, challenge_id: int | None) -> None:
        content = await self._workshop.export(actor_of(interaction), challenge_id)
        reply = reply_to(interaction)
        await reply.show(render_store.download_card(content, reply.translator))

    # ------------------------------------------------------------------------------------------ suggestions

    async def _look_at_idea(self, interaction: _Interaction, _: int | None) -> None:
        overview = await self._staff.overview(actor_of(interaction))
        wanted = _chosen(interaction)
        idea = next((each for each in overview.suggestions if each.id == wanted), None)
        if idea is None:
            raise NotFound(
                "That suggestion was taken up or removed meanwhile. See {command}.",
                command="`/manage challenges list`",
            )
        reply = reply_to(interaction)
        await reply.show_privately(render_store.idea_card(idea, reply.translator))

    async def _take_idea(self, interaction: _Interaction, suggestion_id: int | None) -> None:
        challenge = await self._workshop.take_up(actor_of(interaction), suggestion_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render_manage.manage_card(challenge, reply.translator))

    async def _drop_idea(self, interaction: _Interaction, suggestion_id: int | None) -> None:
        await self._workshop.let_go(actor_of(interaction), suggestion_id or 0)
        await self.show_all(interaction, None)

    # ------------------------------------------------------------------------------------------ the rhythm

    async def show_rhythm(self, interaction: _Interaction, _: int | None) -> None:
        schedule = await self._rhythm.schedule(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render_store.rhythm_card(schedule, reply.translator))

    async def _ask_rhythm(self, interaction: _Interaction, _: int | None) -> None:
        schedule = await self._rhythm.schedule(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render_store.rhythm_form(schedule, reply.translator))

    async def _set_rhythm(self, interaction: _Interaction, _: int | None) -> None:
        typed = _typed(interaction)
        schedule = await self._rhythm.set_rhythm(
            actor_of(interaction),
            (_day(typed, "opens"), typed.get("opens_time", "")),
            (_day(typed, "closes"), typed.get("closes_time", "")),
            typed.get("results", ""),
        )
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render_store.rhythm_card(schedule, t, said_first=t("**Saved.**")))

    async def _stop_rhythm(self, interaction: _Interaction, _: int | None) -> None:
        schedule = await self._rhythm.stop_rhythm(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render_store.rhythm_card(schedule, reply.translator))

    async def _ask_policy(self, interaction: _Interaction, _: int | None) -> None:
        schedule = await self._rhythm.schedule(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render_store.policy_form(schedule, reply.translator))

    async def _set_policy(self, interaction: _Interaction, _: int | None) -> None:
        answers = form_answers(interaction)
        schedule = await self._rhythm.set_policy(
            actor_of(interaction),
            str(answers.get("grace") or ""),
            str(answers.get("after") or ""),
            ranking=bool(answers.get("ranking")),
        )
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render_store.rhythm_card(schedule, t, said_first=t("**Saved.**")))


def _chosen(interaction: _Interaction) -> int:
    [value] = chosen_values(interaction, 1)
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0


def _typed(interaction: _Interaction) -> dict[str, str]:
    return {name: str(value or "") for name, value in form_answers(interaction).items()}


def _day(typed: dict[str, str], name: str) -> int:
    value = typed.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else -1
