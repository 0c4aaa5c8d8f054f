"""Who waits for what, in memory: so that an ordinary message, reaction or command costs no query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cogs.onboarding.definition import Detector
from cogs.onboarding.model import Quest
from cogs.onboarding.progress import StepState


@dataclass(frozen=True)
class Awaited:
    """An open step: by which act on what target it is done, and since when (UTC) such an act counts."""

    quest_id: int
    step: str
    detector: Detector
    target: str
    since: datetime | None


class Waiting:
    """By guild, member and detector. Steps that rest are waited for too: their target just leads nowhere yet."""

    def __init__(self) -> None:
        self._of: defaultdict[int, dict[int, tuple[Awaited, ...]]] = defaultdict(dict)

    def note(self, quest: Quest) -> None:
        """Keep in mind which steps of the quest can be done now, in place of what was known of it."""
        of_guild = self._of[quest.guild_id]
        others = tuple(each for each in of_guild.get(quest.member_id, ()) if each.quest_id != quest.id)
        found = others + tuple(_awaited(quest))
        if found:
            of_guild[quest.member_id] = found
        else:
            of_guild.pop(quest.member_id, None)

    def forget(self, guild_id: int, member_id: int) -> None:
        self._of[guild_id].pop(member_id, None)

    def is_anybody(self, guild_id: int, member_id: int, *detectors: Detector) -> bool:
        """Whether the member waits for any of these at all."""
        open_steps = self._of[guild_id].get(member_id)
        return open_steps is not None and any(each.detector in detectors for each in open_steps)

    def waits(
        self,
        guild_id: int,
        member_id: int,
        detector: Detector,
        targets: frozenset[str] | None = None,
        *,
        at: datetime | None = None,
    ) -> bool:
        """Whether this act by the member, done at `at` (now when not given), would tick a step."""
        return any(
            each.detector is detector
            and (targets is None or each.target in targets)
            and (at is None or each.since is None or at >= each.since)
            for each in self._of[guild_id].get(member_id, ())
        )

    def targets(self, guild_id: int, *detectors: Detector) -> frozenset[tuple[Detector, str]]:
        """What anybody in the guild waits for."""
        return frozenset(
            (each.detector, each.target)
            for of_member in self._of[guild_id].values()
            for each in of_member
            if each.detector in detectors
        )


def _awaited(quest: Quest) -> Iterator[Awaited]:
    if quest.is_finished:
        return
    for step in quest.path:
        is_resting = quest.progress.states[step.key] is StepState.RESTING
        if is_resting or quest.progress.is_open(step.key):
            instants = [quest.started_at, *(quest.recorded_at.get(key) for key in step.needs)]
            since = max((each for each in instants if each is not None), default=None)
            yield Awaited(quest.id, step.key, step.detector, step.target, since)
