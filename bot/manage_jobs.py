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
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.jobs import Outcome as JobOutcome
from bot.jobs import reason_in_words
from bot.outbox import WAKE_MARK
from bot.renderers import Renderers
from bot.replies import reply_to
from bot.schedules import Schedule
from bot.staff_notices import CAUSES, GO_ON_CONTROL, RETRY_CONTROL, TITLE_LENGTH, effect_notice, hold_notice
from bot.text import cut, length, quote, timestamp
from storage import jobs as job_storage
from storage import outbox as outbox_storage
from storage.database import mark

HELP = HelpLine(N_("See what runs when, and what needs a hand"), "/manage jobs", Capability.FACILITATE)
RECENT_RUNS = 10
FAILURES_SHOWN = 3
HELD_SHOWN = 3
FAILURES_SINCE = timedelta(days=7)

# Three buttons' worth of notices and two lists fit a card of 4000 characters.
LIST_LENGTH = 1100
REASON_LENGTH = 150
TOO_LATE = N_("it was mended after its time had passed")

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


@dataclass(frozen=True)
class Retried:
    """What came of a wish to try again: how many effects are, and for how many it is too late."""

    again: int
    late: int


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

    async def retry(self, actor: Actor, row_id: int) -> Retried:
        """Try a failed effect again, with all that failed for the same reason, and what followed from them.

        What has become too late since is left out. Raises `AlreadyDone` when somebody was faster.
        """
        await self._check(actor)
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            # Of two who press at once the second waits here, and then sees what the first has done.
            await session.get(outbox_storage.OutboxRow, row_id, with_for_update=True)
            failed = await outbox_storage.list_failed(session, actor.guild_id, since=now - FAILURES_SINCE)
            wanted = next((row for row in failed if row.id == row_id), None)
            if wanted is None:
                raise AlreadyDone("That has been dealt with already. See `/manage jobs` for what is left.")
            same = [row for row in failed if _cause(row) == _cause(wanted)]
            late = [row for row in same if row.expires_at is not None and row.expires_at < now]
            for row in late:
                row.outcome, row.reason = EffectOutcome.SKIPPED, TOO_LATE
            again = [row for row in same if row not in late]
            await outbox_storage.revive(session, again, now=now)
            mark(session, WAKE_MARK)
        return Retried(len(again), len(late))

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
    ) -> None:
        self._service = TimedWorkService(core)
        self._renderers = renderers
        components.register(RETRY_CONTROL, self._retry)
        components.register(GO_ON_CONTROL, self._go_on)
        command = plain_command("jobs", "What runs when, and what needs a hand", self._show)
        groups.attach(groups.manage, command, HELP)

    async def _show(self, interaction: discord.Interaction[Any]) -> None:
        overview = await self._service.overview(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(overview_card(overview, self._renderers, reply.translator))

    async def _retry(self, interaction: discord.Interaction[Any], row_id: int | None) -> None:
        retried = await self._service.retry(actor_of(interaction), row_id or 0)
        reply = reply_to(interaction)
        await reply.show(retried_card(retried, reply.translator))

    async def _go_on(self, interaction: discord.Interaction[Any], schedule_id: int | None) -> None:
        schedule = await self._service.go_on(actor_of(interaction), schedule_id or 0)
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show(Card((Text(t("It goes on. Next run: {when}", when=_next(schedule, t))),)))


def overview_card(overview: Overview, renderers: Renderers, t: Translator) -> Card:
    """What runs next, what became of the latest runs, and what failed."""
    lines = [f"- {quote(t(_title(each)), TITLE_LENGTH)}: {_next(each, t)}" for each in overview.schedules]
    if not lines:
        lines = [t("Nothing yet. Add a ritual with {command}.", command="`/manage rituals add`")]
    items: list[Item] = [Text(_list(t("**What I do on schedule**"), lines, t))]
    if overview.runs:
        runs = [_run_line(run, t) for run in overview.runs]
        items += [Divider(), Text(_list(t("**Latest runs**"), runs, t))]
    held = [each for each in overview.schedules if each.held]
    for schedule in held[:HELD_SHOWN]:
        items += [Divider(), *hold_notice({"row_id": schedule.id, "title": _title(schedule)}, t)]
    for facts in overview.failures[:FAILURES_SHOWN]:
        items += [Divider(), *effect_notice(facts, renderers, t)]
    more = len(held[HELD_SHOWN:]) + len(overview.failures[FAILURES_SHOWN:])
    if more:
        items.append(
            Text(
                t.tn(
                    "{n} more needs a hand. It is shown here when these are dealt with.",
                    "{n} more need a hand. They are shown here when these are dealt with.",
                    more,
                )
            )
        )
    return Card(tuple(items))


def retried_card(retried: Retried, t: Translator) -> Card:
    """What is tried again, and what is left out."""
    lines: list[str] = []
    if retried.again:
        lines.append(
            t.tn(
                "Trying again, {n} thing. If it does not work, it is in `/manage jobs` again.",
                "Trying again, {n} things. If it does not work, it is in `/manage jobs` again.",
                retried.again,
            )
        )
    if retried.late:
        lines.append(
            t.tn(
                "{n} thing is left out: its time has passed.",
                "{n} things are left out: their time has passed.",
                retried.late,
            )
        )
    return Card((Text("\n".join(lines)),))


def _list(title: str, lines: Sequence[str], t: Translator) -> str:
    """As many whole lines as a list has room for, and how many more there are."""
    shown: list[str] = []
    room = LIST_LENGTH - length(title)
    for line in lines:
        room -= length(line) + 1
        if room < 0:
            break
        shown.append(line)
    more = len(lines) - len(shown)
    if more:
        shown.append(t.tn("… and {n} more", "… and {n} more", more))
    return "\n".join([title, *shown])


def _next(schedule: Schedule, t: Translator) -> str:
    if schedule.held:
        return t("waiting for you, see below")
    if schedule.paused:
        return t("paused")
    if schedule.next_run_at is None:
        return t("no more runs")
    return f"{timestamp(schedule.next_run_at, 'F')} ({timestamp(schedule.next_run_at, 'R')})"


def _title(schedule: Schedule) -> str:
    """What a facilitator named it, or a gettext id."""
    return str(schedule.payload.get("title") or schedule.job_name)


def _run_line(run: Run, t: Translator) -> str:
    # The nominal time is what the community's clock shows, so it is written out, not converted a reader.
    when = f"{run.nominal:%Y-%m-%d %H:%M}"
    reason = cut(_reason(run.reason or "", t), REASON_LENGTH)
    return f"- {quote(t(run.title), TITLE_LENGTH)}, {when}: {t(STATES[run.state], reason=reason)}"


def _reason(reason: str, t: Translator) -> str:
    """A reason in words; those of refusals are kept as codes."""
    if reason not in CAUSES:
        return reason_in_words(reason, t)
    cause, _ = CAUSES[reason]
    return t(cause, code=reason, place=t("its channel"), role=t("it needs"), member=t("its member"))


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
