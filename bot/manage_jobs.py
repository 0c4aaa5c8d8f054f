"""/manage jobs: what runs when, what became of each run, and what needs a hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import discord

from bot.authority import Actor, Capability, require
from bot.cards import Card, Divider, Item, Text
from bot.components import Components
from bot.core import Core
from bot.dispatcher import Outcome as EffectOutcome
from bot.errors import AlreadyDone, NotFound
from bot.groups import HelpLine, SharedGroups, plain_command
from bot.i18n import N_, Translations, Translator
from bot.interactions import actor_of
from bot.jobs import Outcome as JobOutcome
from bot.outbox import WAKE_MARK
from bot.renderers import Renderers
from bot.replies import reply_to
from bot.schedules import Schedule
from bot.staff_notices import GO_ON_CONTROL, RETRY_CONTROL, effect_notice, hold_notice
from bot.text import timestamp
from storage import jobs as job_storage
from storage import outbox as outbox_storage
from storage.database import mark

HELP = HelpLine(N_("See what runs when, and what needs a hand"), "/manage jobs", Capability.FACILITATE)
RECENT_RUNS = 10
FAILURES_SHOWN = 3
FAILURES_SINCE = timedelta(days=7)

STATES = {
    "sent": N_("sent"),
    "done": N_("done"),
    "waiting": N_("on its way"),
    "skipped": N_("left out: {reason}"),
    "failed": N_("failed: {reason}"),
}


@dataclass(frozen=True)
class Run:
    """One nominal time of a schedule and what became of it: `state` is a key of `STATES`."""

    title: str
    nominal: datetime
    state: str
    reason: str | None


@dataclass(frozen=True)
class Overview:
    """What /manage jobs shows. `failures` are the facts of effects that failed, the newest first."""

    schedules: tuple[Schedule, ...]
    runs: tuple[Run, ...]
    failures: tuple[Mapping[str, Any], ...]


class TimedWorkService:
    """The facilitator's view of schedules, jobs and failed effects."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def overview(self, actor: Actor) -> Overview:
        """Everything of the guild, read at once. Raises `NotAllowed`."""
        await self._check(actor)
        since = self._core.clock.now() - FAILURES_SINCE
        async with self._core.db.read() as session:
            schedules = await self._core.schedules.list_of_guild(session, actor.guild_id)
            jobs = await job_storage.list_runs(session, actor.guild_id, limit=RECENT_RUNS)
            effects = await outbox_storage.list_of_jobs(session, [job.id for job in jobs])
            failed = await outbox_storage.list_failed(session, actor.guild_id, since=since)
        # One line a cause: what failed for the same reason in the same place is tried again together.
        causes = {_cause(row): _facts(row) for row in reversed(failed)}
        return Overview(
            schedules=tuple(schedules),
            runs=tuple(_run(job, [row for row in effects if row.job_id == job.id]) for job in jobs),
            failures=tuple(reversed(causes.values())),
        )

    async def retry(self, actor: Actor, row_id: int) -> int:
        """Try a failed effect again, with all that failed for the same reason. Returns how many."""
        await self._check(actor)
        since = self._core.clock.now() - FAILURES_SINCE
        async with self._core.db.begin() as session:
            failed = await outbox_storage.list_failed(session, actor.guild_id, since=since)
            wanted = next((row for row in failed if row.id == row_id), None)
            if wanted is None:
                raise AlreadyDone("That has been dealt with already. See /manage jobs for what is left.")
            same = [row for row in failed if _cause(row) == _cause(wanted)]
            now = self._core.clock.now()
            for row in same:
                row.outcome = row.reason = row.finished_at = None
                row.not_before = now
            mark(session, WAKE_MARK)
        return len(same)

    async def go_on(self, actor: Actor, schedule_id: int) -> Schedule:
        """Let a held schedule go on from now."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            known = {each.id for each in await self._core.schedules.list_of_guild(session, actor.guild_id)}
            if schedule_id not in known:
                raise NotFound("That schedule does not exist any more.")
            schedule = await self._core.schedules.go_on(session, schedule_id)
        if schedule is None:
            raise AlreadyDone("That schedule is running already.")
        return schedule

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)


class ManageJobs:
    """Answers /manage jobs and the controls of its card and of the staff notices."""

    def __init__(
        self,
        core: Core,
        renderers: Renderers,
        components: Components,
        groups: SharedGroups,
        translations: Translations,
    ) -> None:
        self._service = TimedWorkService(core)
        self._renderers = renderers
        self._translations = translations
        components.register(RETRY_CONTROL, self._retry)
        components.register(GO_ON_CONTROL, self._go_on)
        command = plain_command("jobs", "What runs when, and what needs a hand", self._show)
        groups.attach(groups.manage, command, HELP)

    async def _show(self, interaction: discord.Interaction[Any]) -> None:
        overview = await self._service.overview(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(overview_card(overview, self._renderers, reply.translator))

    async def _retry(self, interaction: discord.Interaction[Any], row_id: int | None) -> None:
        count = await self._service.retry(actor_of(interaction), row_id or 0)
        reply = reply_to(interaction)
        text = reply.translator.tn(
            "Trying again, {n} thing. If it does not work, you will hear of it here.",
            "Trying again, {n} things. If it does not work, you will hear of it here.",
            count,
        )
        await reply.show(Card((Text(text),)))

    async def _go_on(self, interaction: discord.Interaction[Any], schedule_id: int | None) -> None:
        schedule = await self._service.go_on(actor_of(interaction), schedule_id or 0)
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show(Card((Text(t("It goes on. Next run: {when}", when=_next(schedule, t))),)))


def overview_card(overview: Overview, renderers: Renderers, t: Translator) -> Card:
    """What runs next, what became of the latest runs, and what failed."""
    items: list[Item] = [Text(t("**What I do on schedule**") + "\n" + _schedule_lines(overview.schedules, t))]
    if overview.runs:
        lines = "\n".join(_run_line(run, t) for run in overview.runs)
        items += [Divider(), Text(t("**Latest runs**") + "\n" + lines)]
    for schedule in overview.schedules:
        if schedule.held:
            items += [
                Divider(),
                *hold_notice({"row_id": schedule.id, "title": schedule.payload.get("title")}, t),
            ]
    for facts in overview.failures[:FAILURES_SHOWN]:
        items += [Divider(), *effect_notice(facts, renderers, t)]
    return Card(tuple(items))


def _schedule_lines(schedules: Sequence[Schedule], t: Translator) -> str:
    if not schedules:
        return t("Nothing yet. Add a ritual with {command}.", command="/manage rituals add")
    return "\n".join(f"- {t(_title(each))}: {_next(each, t)}" for each in schedules)


def _next(schedule: Schedule, t: Translator) -> str:
    if schedule.held:
        return t("waiting for you, see below")
    if schedule.paused:
        return t("paused")
    if schedule.next_run_at is None:
        return t("no more runs")
    return f"{timestamp(schedule.next_run_at, 'F')} ({timestamp(schedule.next_run_at, 'R')})"


def _title(schedule: Schedule) -> str:
    return str(schedule.payload.get("title") or schedule.job_name)


def _run_line(run: Run, t: Translator) -> str:
    # The nominal time is what the community's clock shows, so it is written out, not converted a reader.
    when = f"{run.nominal:%Y-%m-%d %H:%M}"
    return f"- {t(run.title)}, {when}: {t(STATES[run.state], reason=run.reason or '')}"


def _run(job: job_storage.JobRow, effects: Sequence[outbox_storage.OutboxRow]) -> Run:
    state, reason = _state(job, effects)
    nominal = datetime.fromisoformat(job.nominal) if job.nominal else job.run_at
    return Run(str(job.payload.get("title") or job.name), nominal, state, reason)


def _state(job: job_storage.JobRow, effects: Sequence[outbox_storage.OutboxRow]) -> tuple[str, str | None]:
    """What became of a run: of its job, and, if that planned something to show, of what Discord got."""
    if job.outcome is None:
        return "waiting", None
    if job.outcome != JobOutcome.DONE or not effects:
        return job.outcome, job.reason
    first = effects[0]
    if first.outcome is None:
        return "waiting", None
    return ("sent", None) if first.outcome == EffectOutcome.SENT else (first.outcome, first.reason)


def _facts(row: outbox_storage.OutboxRow) -> dict[str, Any]:
    return {
        "code": row.reason or "",
        "row_id": row.id,
        "kind": row.kind,
        "renderer": row.renderer,
        "channel_id": row.channel_id,
        "member_id": row.member_id,
        "role_id": row.role_id,
    }


def _cause(row: outbox_storage.OutboxRow) -> tuple[str | None, int | None]:
    return row.reason, row.role_id or row.channel_id
