"""What a feature would do, for the process under test: jobs that plan an effect of each kind under a known name.

The name is all that the judge knows, so it is in the text of the message, the title of the thread and the name of
the event; a role is known by its member.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Lyceum
from bot.cards import Card, EventDraft, Text, ThreadTitle
from bot.dispatcher import PlannedEffect
from bot.jobs import Job
from bot.outbox import Effect, EffectKind, Lane

JOB = "rehearsal.fire"
CARD, TITLE, DRAFT = "rehearsal.card", "rehearsal.title", "rehearsal.draft"
RENDERERS = {
    EffectKind.POST: CARD,
    EffectKind.DIRECT_MESSAGE: CARD,
    EffectKind.OPEN_THREAD: TITLE,
    EffectKind.OPEN_ROOM: TITLE,
    EffectKind.CREATE_EVENT: DRAFT,
}


def text_of(name: str) -> str:
    """What a message of this firing says."""
    return f"firing {name}"


def name_of(job: Job) -> str:
    name: str = job.payload["name"]
    return name if job.nominal is None else f"{name}@{job.nominal:%Y-%m-%dT%H:%M}"


def effects_of(job: Job) -> list[Effect]:
    """What is to be done at Discord for this job."""
    kind = EffectKind(job.payload["kind"])
    if kind is EffectKind.OPEN_THREAD:
        post = _effect(EffectKind.POST, job)
        thread = replace(_effect(kind, job), key=f"{post.key}:thread", after=post.key, coalesce_key=None)
        return [post, thread]
    if kind is EffectKind.OPEN_ROOM:
        room = _effect(kind, job)
        post = replace(_effect(EffectKind.POST, job), key=f"{room.key}:card", after=room.key)
        return [room, post]
    return [_effect(kind, job)]


def _effect(kind: EffectKind, job: Job) -> Effect:
    wish, name = job.payload, name_of(job)
    return Effect(
        kind=kind,
        key=f"rehearsal:{name}",
        guild_id=wish["guild_id"],
        channel_id=wish.get("channel_id"),
        member_id=wish.get("member_id"),
        role_id=wish.get("role_id"),
        renderer=RENDERERS.get(kind),
        arguments={"name": name, "start": wish.get("start")},
        lane=Lane(wish.get("lane", Lane.SCHEDULED)),
        coalesce_key=f"rehearsal:{wish['name']}" if job.nominal is not None else None,
        expires_at=job.expires_at,
        # A thread is opened from what is posted before it; `effects_of` says from which.
        after=name if kind is EffectKind.OPEN_THREAD else None,
    )


async def card(effect: PlannedEffect) -> Card:
    return Card((Text(text_of(effect.arguments["name"])),))


async def title(effect: PlannedEffect) -> ThreadTitle:
    return ThreadTitle(effect.arguments["name"])


async def draft(effect: PlannedEffect) -> EventDraft:
    start = datetime.fromisoformat(effect.arguments["start"])
    name = effect.arguments["name"]
    return EventDraft(name, text_of(name), start, start + timedelta(hours=1), "here")


def take_part(bot: Lyceum) -> None:
    """Make the bot do these jobs."""

    async def fire(session: AsyncSession, job: Job) -> None:
        await bot.core.outbox.plan(session, *effects_of(job), job_id=job.id)

    bot.core.jobs.register(JOB, fire)
    bot.renderers.register(CARD, card, what="a rehearsal")
    bot.renderers.register(TITLE, title, what="a rehearsal")
    bot.renderers.register(DRAFT, draft, what="a rehearsal")
