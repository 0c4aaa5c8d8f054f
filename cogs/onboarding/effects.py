"""What Discord is to show of onboarding, as planned effects. Pure: values in, effects out.

Each effect's key says what it is for, so that it is planned once. Where something may be wanted anew (a role
after a return), the occasion is part of the key.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.notify import Notification
from bot.outbox import Effect, EffectKind, Lane
from cogs.onboarding.model import (
    GREETING_RENDERER,
    NUDGE_KIND,
    NUDGE_RENDERER,
    PROGRESS_RENDERER,
    WELCOME_KIND,
    WIN_RENDERER,
    Quest,
)
from cogs.onboarding.rules import Greeting


def greeting_of(quest: Quest, greeting: Greeting, joined_at: datetime, channel_id: int) -> Notification:
    """The card in the welcome channel, for this time of joining."""
    return Notification(
        kind=WELCOME_KIND.name,
        key=_greeting_key(quest, greeting, joined_at),
        guild_id=quest.guild_id,
        member_id=quest.member_id,
        renderer=GREETING_RENDERER,
        channel_id=channel_id,
        arguments={
            "quest_id": quest.id,
            "greeting": greeting.value,
            "joined_at": joined_at.isoformat(),
        },
        lane=Lane.AWAITED,
        in_channel=True,
    )


def greeting_keys(quest: Quest, joined_at: datetime) -> list[str]:
    """The keys that the card for this time of joining may have."""
    return [_greeting_key(quest, each, joined_at) for each in Greeting]


def nudge_of(quest: Quest, channel_id: int | None) -> Notification:
    """The one reminder of this run."""
    return Notification(
        kind=NUDGE_KIND.name,
        key=nudge_key(quest.id, quest.run),
        guild_id=quest.guild_id,
        member_id=quest.member_id,
        renderer=NUDGE_RENDERER,
        channel_id=channel_id,
        arguments={"quest_id": quest.id, "run": quest.run},
        lane=Lane.SCHEDULED,
    )


def nudge_key(quest_id: int, run: int) -> str:
    """Under which the reminder of a run is told, at most once."""
    return f"onboarding.nudge:{quest_id}:{run}"


def win_of(quest: Quest, channel_id: int) -> Effect:
    """The announcement of a win: one a quest, however often it is begun anew."""
    return Effect(
        kind=EffectKind.POST,
        key=f"onboarding.win:{quest.id}",
        guild_id=quest.guild_id,
        channel_id=channel_id,
        member_id=quest.member_id,
        renderer=WIN_RENDERER,
        arguments={"quest_id": quest.id},
    )


def role_for(quest: Quest, role_id: int, what_for: str) -> Effect:
    """The role of those who finished."""
    return Effect(
        kind=EffectKind.ADD_ROLE,
        key=f"onboarding.role:{quest.id}:{what_for}",
        guild_id=quest.guild_id,
        member_id=quest.member_id,
        role_id=role_id,
        arguments={"reason": "Finished a quest"},
    )


def role_given_back(guild_id: int, member_id: int, role_id: int, what_for: str) -> Effect:
    """A role that somebody had before they left. It must be harmless at the moment of giving, too."""
    return Effect(
        kind=EffectKind.ADD_ROLE,
        key=f"onboarding.kept:{guild_id}:{member_id}:{role_id}:{what_for}",
        guild_id=guild_id,
        member_id=member_id,
        role_id=role_id,
        arguments={"reason": "Had it before leaving", "harmless": True},
    )


def role_taken_back(quest: Quest, role_id: int, what_for: str) -> Effect:
    """The same role, when finishing was taken back."""
    given = role_for(quest, role_id, what_for)
    return replace(
        given, kind=EffectKind.REMOVE_ROLE, arguments={"reason": "Finishing the quest was taken back"}
    )


def answer_to_hello(quest: Quest, channel_id: int, hello_id: int) -> Effect:
    """The reply to a hello, in which the progress of this run is shown."""
    return Effect(
        kind=EffectKind.POST,
        key=progress_key(quest),
        guild_id=quest.guild_id,
        channel_id=channel_id,
        message_id=hello_id,
        member_id=quest.member_id,
        renderer=PROGRESS_RENDERER,
        arguments={"quest_id": quest.id, "run": quest.run},
    )


def progress_drawn_again(quest: Quest, channel_id: int, why: str) -> Effect:
    """That reply, drawn again because a step was done or left out; `why` is unique in this run."""
    key = progress_key(quest)
    return Effect(
        kind=EffectKind.EDIT,
        key=f"{key}:{why}",
        guild_id=quest.guild_id,
        channel_id=channel_id,
        after=key,
        renderer=PROGRESS_RENDERER,
        arguments={"quest_id": quest.id, "run": quest.run},
    )


def occasion(at: datetime) -> str:
    """A moment as part of a key."""
    return f"{at:%Y%m%d%H%M%S%f}"


def progress_key(quest: Quest) -> str:
    """Under which the answer to the hello of this run was planned."""
    return f"onboarding.progress:{quest.id}:{quest.run}"


def _greeting_key(quest: Quest, greeting: Greeting, joined_at: datetime) -> str:
    return f"onboarding.{greeting}:{quest.guild_id}:{quest.member_id}:{occasion(joined_at)}"
