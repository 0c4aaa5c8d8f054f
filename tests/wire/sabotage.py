"""What is done to the process under test, from outside of the production code: death at a named point, and mutants.

A mutant is the bot with one of its guarantees taken out. A chaos test that does not fail for each of them proves
nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot import dispatcher as dispatcher_module
from bot.app import Lyceum
from bot.discord_calls import DiscordCalls
from bot.discord_rooms import Rooms
from bot.dispatcher import Dispatcher
from bot.jobs import Jobs, NewJob
from bot.notify import Notifier
from bot.outbox import EffectKind
from cogs.challenges import model
from cogs.pairs import rounds as pair_rounds
from cogs.raids.facts import Facts
from cogs.raids.lockdowns import Lockdowns
from cogs.raids.model import GuildFacts
from cogs.reviews.allocation import Allocation
from cogs.reviews.model import ASSIGNED_RENDERER, TELL_JOB
from storage import raids as raid_storage
from storage import rota_holding as rota_storage

# In the order in which an effect passes them. "at discord" is seen by the fake, which then kills the process.
POINTS = ("before intent", "after intent", "at discord", "after request", "before finish", "after finish")


def die_at(bot: Lyceum, point: str, kind: str, diary: int) -> None:
    """Let the process kill itself the first time that an effect of this kind comes to the point."""
    dispatcher: Any = bot.dispatcher

    def reached(here: str, effect_kind: str) -> None:
        if (here, effect_kind) == (point, kind):
            os.write(diary, json.dumps({"died": [point, kind]}).encode() + b"\n")
            os.kill(os.getpid(), signal.SIGKILL)

    intend_one, perform = dispatcher._intend_one, dispatcher._perform
    request, finish = dispatcher._calls.perform, dispatcher._finish

    async def before_intent(session: Any, row: Any, *rest: Any) -> Any:
        attempt = await intend_one(session, row, *rest)
        await session.flush()
        reached("before intent", row.kind)
        return attempt

    async def after_intent(attempt: Any) -> Any:
        reached("after intent", attempt.effect.kind)
        return await perform(attempt)

    async def after_request(effect: Any, *rest: Any, **named: Any) -> Any:
        result = await request(effect, *rest, **named)
        reached("after request", effect.kind)
        return result

    async def around_finish(attempt: Any, result: Any) -> None:
        if result.outcome is not None:
            reached("before finish", attempt.effect.kind)
        await finish(attempt, result)
        if result.outcome is not None:
            reached("after finish", attempt.effect.kind)

    dispatcher._intend_one, dispatcher._perform = before_intent, after_intent
    dispatcher._calls.perform, dispatcher._finish = after_request, around_finish


def mark_first(bot: Lyceum) -> None:
    """Calls an effect done before the request."""
    dispatcher: Any = bot.dispatcher
    intend_one = dispatcher._intend_one

    async def intend(session: Any, row: Any, *rest: Any) -> Any:
        attempt = await intend_one(session, row, *rest)
        row.outcome, row.lease_until = "sent", None
        return attempt

    dispatcher._intend_one = intend


def random_nonce(bot: Lyceum) -> None:
    """Another nonce with each try."""
    dispatcher: Any = bot.dispatcher
    dispatcher._nonce = lambda _effect: secrets.token_hex(12)


def no_history_check(bot: Lyceum) -> None:
    """Trusts the nonce for ever."""
    dispatcher: Any = bot.dispatcher

    async def never(_effect: Any) -> None:
        return None

    dispatcher._is_beyond_nonce = lambda _effect: False
    dispatcher._earlier_try = never


def no_nonce(bot: Lyceum) -> None:
    """Sends no nonce at all."""
    http: Any = bot.http
    send = http.send_message

    def send_message(channel_id: int, *, params: Any) -> Any:
        for name in ("nonce", "enforce_nonce"):
            params.payload.pop(name, None)
        return send(channel_id, params=params)

    http.send_message = send_message


def blind_events(bot: Lyceum) -> None:
    """Creates an event without looking for one."""
    dispatcher: Any = bot.dispatcher
    calls: Any = dispatcher._calls

    async def none(*_: Any) -> list[Any]:
        return []

    calls._ours = none


def blind_rooms(_: Lyceum) -> None:
    """Opens a thread again without looking for it."""
    seam: Any = Rooms

    async def none(*_: Any) -> list[int]:
        return []

    seam._find = none


def hasty_rooms(_: Lyceum) -> None:
    """Looks for a thread while one that was asked for may still come."""
    seam: Any = dispatcher_module
    seam.has_no_nonce = lambda row: row.kind == EffectKind.CREATE_EVENT


def random_draws(_: Lyceum) -> None:
    """Draws pairs by another seed with each try."""
    seam: Any = pair_rounds
    seam.seed_of = lambda *_: secrets.randbits(31)


def lost_reviews(_: Lyceum) -> None:
    """Gives the first work of a round one reviewer less than was drawn."""
    seam: Any = Allocation
    write = seam._write

    async def one_less(self: Any, session: Any, row: Any, found: Any, chosen: Any, seed: int) -> None:
        first = min(chosen)
        await write(self, session, row, found, {**chosen, first: chosen[first][:-1]}, seed)

    seam._write = one_less


def reviews_twice(bot: Lyceum) -> None:
    """Hands the reviews of a round out by jobs and with news that have another key each time."""
    jobs: Any = bot.core.jobs
    notifier: Any = bot.core.notifier
    enqueue, notify = jobs.enqueue, notifier.notify

    async def again(session: Any, *new: NewJob) -> int:
        more = [replace(each, key=f"{each.key}:again") for each in new if each.name == TELL_JOB]
        return await enqueue(session, *new, *more)

    async def with_another_key(session: Any, notification: Any) -> Any:
        if notification.renderer == ASSIGNED_RENDERER:
            notification = replace(notification, key=f"{notification.key}:{secrets.token_hex(4)}")
        return await notify(session, notification)

    jobs.enqueue, notifier.notify = again, with_another_key


def forgetful_hand_over(_: Lyceum) -> None:
    """Takes a role back only from those to whom it was given in the same life."""
    seam: Any = rota_storage
    given: set[tuple[int, int]] = set()
    list_grants, lock_grant = seam.list_grants, seam.lock_grant

    async def known(*asked: Any) -> list[Any]:
        return [each for each in await list_grants(*asked) if (each.member_id, each.role_id) in given]

    async def lock(session: Any, rota: Any, member_id: int, role_id: int) -> Any:
        given.add((member_id, role_id))
        return await lock_grant(session, rota, member_id, role_id)

    seam.list_grants, seam.lock_grant = known, lock


def one_key_a_challenge(bot: Lyceum) -> None:
    """Gives all steps of a challenge the same key, so that one of them passes for the next."""
    jobs: Any = bot.core.jobs
    enqueue = jobs.enqueue

    async def without_step(session: Any, *new: NewJob) -> int:
        steps = (model.CLOSE_JOB, model.REVIEW_JOB, model.RESULTS_JOB, model.ARCHIVE_JOB)
        return await enqueue(
            session,
            *(replace(each, key=each.key.partition(":")[2]) if each.name in steps else each for each in new),
        )

    jobs.enqueue = without_step


def forgetful_lockdown(_bot: Lyceum) -> None:
    """Takes Discord's defaults for how things were before a lockdown changed them. In this process only."""
    look = Facts.guild

    def guild(self: Facts, guild_id: int) -> GuildFacts | None:
        found = look(self, guild_id)
        if found is None:
            return None
        plain = tuple(replace(each, slowmode=0, allow=0, deny=0) for each in found.channels)
        return replace(found, verification=0, channels=plain)

    Facts.guild = guild


def hasty_lockdown(_bot: Lyceum) -> None:
    """Puts nothing back: a lockdown is over as soon as its row says so."""

    async def case_ended(self: Lockdowns, session: Any, case: Any) -> None:
        row = await raid_storage.find_by_case(session, case.id)
        if row is not None:
            row.ended_at = self._core.clock.now()

    Lockdowns.case_ended = case_ended


# Of a raid, each judged by `tests/wire/test_raids.py`.
OF_A_RAID: Mapping[str, Callable[[Lyceum], None]] = {
    "forgetful lockdown": forgetful_lockdown,
    "hasty lockdown": hasty_lockdown,
}
MUTANTS: Mapping[str, Callable[[Lyceum], None]] = {
    "mark first": mark_first,
    "random nonce": random_nonce,
    "no history check": no_history_check,
    "no nonce": no_nonce,
    "blind events": blind_events,
    "blind rooms": blind_rooms,
    "hasty rooms": hasty_rooms,
    "random draws": random_draws,
    "lost reviews": lost_reviews,
    "reviews twice": reviews_twice,
    "forgetful hand-over": forgetful_hand_over,
    "one key a challenge": one_key_a_challenge,
}


def seams() -> dict[Any, tuple[str, ...]]:
    """What is overridden above, by class or module: a test sees to it that it is still there."""
    return {
        Dispatcher: (
            "_intend_one",
            "_perform",
            "_finish",
            "_nonce",
            "_is_beyond_nonce",
            "_earlier_try",
        ),
        DiscordCalls: ("perform", "_ours"),
        Rooms: ("_find",),
        Jobs: ("enqueue",),
        Notifier: ("notify",),
        Allocation: ("_write",),
        Facts: ("guild",),
        Lockdowns: ("case_ended",),
        dispatcher_module: ("has_no_nonce",),
        pair_rounds: ("seed_of",),
        rota_storage: ("list_grants", "lock_grant"),
    }
