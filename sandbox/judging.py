"""Judging the bot by what Discord received: every interaction answered once and in time, no error left over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import process_time
from typing import Any

from discord.app_commands import TransformerError

from sandbox.faults import REPLY, Request, injected
from sandbox.places import Places

_ANSWER_WITHIN_SECONDS = 3.0  # Discord drops an interaction that is not acknowledged by then.


@dataclass(slots=True)
class _Arrival:
    """When an interaction reached the bot."""

    simulated: datetime
    cpu: float
    excused: bool = False
    """Nobody was there to answer, or the process died meanwhile."""


class Judge(Places):
    """Keeps the books on interactions and errors."""

    running: bool = False

    def __init__(self) -> None:
        super().__init__()
        self._arrivals: dict[int, _Arrival] = {}
        self._excused_errors: set[int] = set()

    @property
    def errors(self) -> list[BaseException]:
        """What the bot raised into discord.py's hands, without faults armed on purpose and meant refusals."""
        return [
            error
            for error in self.env.errors_since(0)
            if id(error) not in self._excused_errors and not injected(error) and not _meant(error)
        ]

    def raise_errors(self) -> None:
        """Raise everything in ``errors``."""
        if self.errors:
            raise BaseExceptionGroup(f"the bot raised {len(self.errors)} error(s)", self.errors)

    def forgive_errors(self) -> None:
        """Take the errors so far as expected."""
        self._excused_errors |= {id(error) for error in self.env.errors_since(0)}

    def check_interactions(self) -> None:
        """Assert that every press, command and form was answered exactly once and within three seconds.

        Judged by what Discord received. Interactions that nobody could answer, because the process was down
        or died meanwhile, do not count.
        """
        replies: dict[int, list[Request]] = {}
        for request in self.faults.requests(*REPLY):
            replies.setdefault(int(request.path.split("/")[2]), []).append(request)
        problems: list[str] = []
        for interaction_id, arrival in self._arrivals.items():
            if not arrival.excused:
                problems += _faults_of(
                    self._describe(interaction_id), arrival, replies.get(interaction_id, [])
                )
        assert not problems, "\n".join(problems)

    def _describe(self, interaction_id: int) -> str:
        record = self.env.backend.interactions[interaction_id]
        user = self.env.backend.users[record.user_id]
        what = record.command_name or {3: "a press", 4: "typing", 5: "a form"}.get(
            record.type, "an interaction"
        )
        return f"{what} by {user.global_name or user.name}"

    def _watch(self, name: str, payload: Mapping[str, Any]) -> None:
        if name == "INTERACTION_CREATE":
            self._arrivals[int(payload["id"])] = _Arrival(self.now, process_time(), excused=not self.running)

    def _excuse_open_interactions(self) -> None:
        """Nobody can answer what was still open when the process ended."""
        answered = {int(request.path.split("/")[2]) for request in self.faults.requests(*REPLY, applied=True)}
        for interaction_id, arrival in self._arrivals.items():
            if interaction_id not in answered:
                arrival.excused = True


def _faults_of(what: str, arrival: _Arrival, replies: list[Request]) -> list[str]:
    accepted = [request for request in replies if request.applied]
    if len(accepted) != 1:
        tried = ", ".join(request.outcome for request in replies) or "nothing was sent"
        return [f"{what} was answered {len(accepted)} times ({tried})"]
    if len(replies) > 1 and any(request.outcome.endswith("40060") for request in replies):
        return [f"{what} was answered a second time"]
    # Waiting passes on the simulated clock, work is processor time; a real clock would judge what else the machine does.
    waited = max((accepted[0].at - arrival.simulated).total_seconds(), accepted[0].cpu_moment - arrival.cpu)
    return [f"{what} was answered after {waited:.1f} s"] if waited > _ANSWER_WITHIN_SECONDS else []


def _meant(error: BaseException) -> bool:
    """Whether this is the bot telling a person something, not a mistake: a ``bot.errors.BotError``, or a thing of
    another server in an option, which discord.py notices before the bot does."""
    from bot.errors import BotError

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, BotError | TransformerError):
            return True
        seen = getattr(seen, "original", None) or seen.__cause__
    return False
