"""What facilitators do with quests: a draft beside what is published, changed piece by piece, then published.

Who is in a quest stays on their version: publishing concerns those who begin later. Every method checks authority
and raises `NotAllowed`; what cannot be done raises `InvalidInput` or `NotFound` with words for the facilitator.
A draft is made from the published version by its first change. It may be incomplete; `publish` checks all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotFound
from bot.i18n import N_
from cogs.onboarding.definition import (
    MOST_NUMBERS,
    MOST_STEPS,
    Detector,
    QuestDefinition,
    StepDefinition,
    faults,
    is_key,
    lost_faults,
    to_json,
    with_step_changed,
)
from cogs.onboarding.library import QuestLibrary, Version, VersionState, snapshot
from storage import onboarding as storage

MOST_QUESTS = 20
AREA = "quests"
Edit = Callable[[QuestDefinition], QuestDefinition]
Check = Callable[[QuestDefinition], None]


@dataclass(frozen=True)
class QuestOverview:
    """One quest in the list: its versions, the oldest first, and how many members are or were in each."""

    key: str
    versions: tuple[Version, ...]
    people: dict[int, int]

    @property
    def published(self) -> Version | None:
        return next((each for each in reversed(self.versions) if each.state is VersionState.PUBLISHED), None)

    @property
    def draft(self) -> Version | None:
        return next((each for each in self.versions if each.state is VersionState.DRAFT), None)


class QuestEditor:
    """The use cases of editing."""

    def __init__(self, core: Core, library: QuestLibrary) -> None:
        self._core = core
        self._library = library

    async def list_quests(self, actor: Actor) -> tuple[QuestOverview, ...]:
        """The community's quests, those that come with Lyceum first."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self._library.stock(session, actor.guild_id)
            versions = [snapshot(row) for row in await storage.list_versions(session, actor.guild_id)]
            people = await storage.count_people(session, actor.guild_id)
        keys = sorted(
            {each.key for each in versions}, key=lambda key: min(v.id for v in versions if v.key == key)
        )
        return tuple(
            QuestOverview(
                key,
                tuple(each for each in versions if each.key == key),
                {version: count for (of, version), count in people.items() if of == key},
            )
            for key in keys
        )

    async def find_draft(self, actor: Actor, key: str) -> Version | None:
        """The draft as it stands; None when nothing differs from what is published."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_in_state(session, actor.guild_id, key, VersionState.DRAFT)
            return snapshot(row) if row is not None else None

    async def shown(self, actor: Actor, key: str) -> Version:
        """What there is to edit: the draft, else the published version. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self._library.stock(session, actor.guild_id)
            return snapshot(await self._newest(session, actor.guild_id, key))

    async def faults(self, actor: Actor, key: str) -> list[InvalidInput]:
        """What stands in the way of publishing, each to be translated and filled like any error."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await self._newest(session, actor.guild_id, key)
            return await self._faults(session, actor.guild_id, snapshot(row).definition)

    async def create(self, actor: Actor, key: str, title: str) -> Version:
        """Begin a new quest as a draft without steps. Raises `InvalidInput`, `AlreadyDone`, `LimitReached`."""
        await self.check(actor)
        if not is_key(key):
            raise InvalidInput(
                "A quest's name is 1 to 32 small letters, digits or dashes, and begins with a letter."
            )
        async with self._core.db.begin() as session:
            await self._library.stock(session, actor.guild_id)
            known = {row.key for row in await storage.list_versions(session, actor.guild_id)}
            if key in known:
                raise AlreadyDone("There is a quest of that name already. Choose another name.")
            if len(known) >= MOST_QUESTS:
                raise LimitReached("A community has at most {most} quests.", most=MOST_QUESTS)
            made = await self._add_draft(session, actor, QuestDefinition(key, title.strip(), "", ()), 1)
            await self._record(session, actor, N_("began the quest {quest}"), made)
            return made

    async def change(self, actor: Actor, key: str, edit: Edit) -> Version:
        """Change the draft with a pure function, making it first where there is none."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._draft(session, actor, key)
            before = snapshot(row).definition
            after = edit(before)
            if after != before:
                row.definition = to_json(after)
                row.changed_at, row.changed_by = self._core.clock.now(), actor.member_id
                await session.flush()
                changed = _changes(before, after)
                await self._record(
                    session, actor, N_("changed the draft of {quest}"), snapshot(row), *changed
                )
            return snapshot(row)

    async def set_reward(
        self, actor: Actor, key: str, *, reward: str = "", announce: bool = False
    ) -> Version:
        """`reward` is a role's id as text, "finished" for the one of /setup start, or empty."""
        return await self.change(actor, key, lambda quest: replace(quest, reward=reward, announce=announce))

    async def add_step(
        self, actor: Actor, key: str, detector: Detector, title: str, **details: Any
    ) -> Version:
        """Add a step at the end, with a key and a number of its own. `details` are fields of `StepDefinition`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self._library.stock(session, actor.guild_id)
            rows = await storage.list_versions(session, actor.guild_id, key)
            used = {step.number for row in rows for step in snapshot(row).definition.steps}
        number = max(used, default=0) + 1

        def add(quest: QuestDefinition) -> QuestDefinition:
            free = max(number, *(step.number + 1 for step in quest.steps), 1)
            if len(quest.steps) >= MOST_STEPS or free > MOST_NUMBERS:
                raise LimitReached("A quest has at most {most} steps.", most=MOST_STEPS)
            step = StepDefinition(f"step-{free}", free, title.strip(), detector, **details)
            return replace(quest, steps=(*quest.steps, step))

        return await self.change(actor, key, add)

    async def edit_step(self, actor: Actor, key: str, step: str, **changes: Any) -> Version:
        """Change fields of a step, as `StepDefinition` names them."""
        return await self.change(
            actor, key, lambda quest: with_step_changed(_with(quest, step), step, **changes)
        )

    async def move_step(
        self, actor: Actor, key: str, step: str, by: int, *, check: Check | None = None
    ) -> Version:
        """Move a step up (-1) or down (+1); past the ends it stays. `check` is as in `discard`."""

        def move(quest: QuestDefinition) -> QuestDefinition:
            if check is not None:
                check(quest)
            steps = list(_with(quest, step).steps)
            position = next(at for at, each in enumerate(steps) if each.key == step)
            moved = steps.pop(position)
            steps.insert(max(0, position + by), moved)
            return replace(quest, steps=tuple(steps))

        return await self.change(actor, key, move)

    async def remove_step(self, actor: Actor, key: str, step: str, *, check: Check | None = None) -> Version:
        """Take a step out, also where later ones waited for it. `check` is as in `discard`."""

        def remove(quest: QuestDefinition) -> QuestDefinition:
            if check is not None:
                check(quest)
            left = [each for each in _with(quest, step).steps if each.key != step]
            free = [replace(each, needs=tuple(need for need in each.needs if need != step)) for each in left]
            return replace(quest, steps=tuple(free))

        return await self.change(actor, key, remove)

    async def discard(self, actor: Actor, key: str, *, check: Check | None = None) -> None:
        """Throw the draft away; what is published stays. Raises `NotFound` when there is none.

        `check` is given the draft, locked, and raises when it is not what the facilitator meant.
        """
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._present_draft(session, actor.guild_id, key)
            if check is not None:
                check(snapshot(row).definition)
            await self._record(session, actor, N_("threw away the draft of {quest}"), snapshot(row))
            await session.delete(row)

    async def publish(self, actor: Actor, key: str, *, check: Check | None = None) -> Version:
        """Make the draft what those who begin later get. Raises `InvalidInput`, the first fault, and `NotFound`.

        `check` is as in `discard`.
        """
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._present_draft(session, actor.guild_id, key)
            if check is not None:
                check(snapshot(row).definition)
            found = await self._faults(session, actor.guild_id, snapshot(row).definition)
            if found:
                raise found[0]
            before = await storage.find_in_state(
                session, actor.guild_id, key, VersionState.PUBLISHED, lock=True
            )
            if before is not None:
                before.state = VersionState.RETIRED.value
            row.state = VersionState.PUBLISHED.value
            row.published_at, row.published_by = self._core.clock.now(), actor.member_id
            await session.flush()
            published = snapshot(row)
            old = snapshot(before).definition if before is not None else None
            changed = _changes(old, published.definition)
            await self._record(
                session, actor, N_("published version {version} of {quest}"), published, *changed
            )
            return published

    async def check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    async def _newest(self, session: AsyncSession, guild_id: int, key: str) -> storage.QuestVersionRow:
        for state in (VersionState.DRAFT, VersionState.PUBLISHED):
            row = await storage.find_in_state(session, guild_id, key, state)
            if row is not None:
                return row
        raise _no_quest()

    async def _present_draft(self, session: AsyncSession, guild_id: int, key: str) -> storage.QuestVersionRow:
        row = await storage.find_in_state(session, guild_id, key, VersionState.DRAFT, lock=True)
        if row is None:
            raise NotFound("There is no draft of this quest: everything is as published.")
        return row

    async def _draft(self, session: AsyncSession, actor: Actor, key: str) -> storage.QuestVersionRow:
        """The draft, locked; made from the published version where there is none."""
        await self._library.stock(session, actor.guild_id)
        row = await storage.find_in_state(session, actor.guild_id, key, VersionState.DRAFT, lock=True)
        if row is None:
            published = await storage.find_in_state(session, actor.guild_id, key, VersionState.PUBLISHED)
            if published is None:
                raise _no_quest()
            # Two who begin at once get the same number, of which one is written: they then share the draft.
            await self._add_draft(session, actor, snapshot(published).definition, published.version + 1)
            row = await storage.find_in_state(session, actor.guild_id, key, VersionState.DRAFT, lock=True)
        if row is None:
            raise AlreadyDone("Somebody has just published this quest. Please open it again.")
        return row

    async def _add_draft(
        self, session: AsyncSession, actor: Actor, definition: QuestDefinition, version: int
    ) -> Version:
        row = {
            "guild_id": actor.guild_id,
            "key": definition.key,
            "version": version,
            "definition": to_json(definition),
            "state": VersionState.DRAFT.value,
            "changed_at": self._core.clock.now(),
            "changed_by": actor.member_id,
        }
        await storage.add_version(session, row)
        made = await storage.find_version(session, actor.guild_id, definition.key, version)
        assert made is not None
        return snapshot(made)

    async def _faults(
        self, session: AsyncSession, guild_id: int, definition: QuestDefinition
    ) -> list[InvalidInput]:
        others = {each.key: each.definition for each in await self._library.list_published(session, guild_id)}
        others.pop(definition.key, None)
        lost = await storage.lost_targets_of(session, guild_id)
        found = [*faults(definition, others.keys()), *lost_faults(definition, lost)]
        if not found and _is_in_circle(definition, others):
            found.append(
                InvalidInput("These quests would wait for each other in a circle. Choose another condition.")
            )
        return found

    async def _record(
        self,
        session: AsyncSession,
        actor: Actor,
        what: str,
        version: Version,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        await self._core.audit.record(
            session, actor, AREA, what, before=before, after=after, quest=version.key, version=version.version
        )


def _no_quest() -> NotFound:
    return NotFound("There is no such quest. Choose one from the list.")


def _with(quest: QuestDefinition, step: str) -> QuestDefinition:
    if quest.step(step) is None:
        raise NotFound("That step is not in the draft any more. Open the quest again.")
    return quest


def _is_in_circle(quest: QuestDefinition, others: dict[str, QuestDefinition]) -> bool:
    """Whether the quest waits, through others, for itself."""
    left, seen = [quest], set[str]()
    while left:
        each = left.pop()
        waits_for = {step.target for step in each.steps if step.detector is Detector.QUEST} | {
            each.unlocked_by or ""
        }
        if quest.key in waits_for:
            return True
        left += [others[key] for key in waits_for - seen if key in others]
        seen |= waits_for
    return False


def _changes(before: QuestDefinition | None, after: QuestDefinition) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs between two definitions, by name; steps by their key."""
    old, new = (_flat(each) if each is not None else {} for each in (before, after))
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return {name: old[name] for name in names if name in old}, {
        name: new[name] for name in names if name in new
    }


def _flat(quest: QuestDefinition) -> dict[str, Any]:
    data = to_json(quest)
    steps = {f"step {step['key']}": step for step in data.pop("steps")}
    return {**data, "order": [step.key for step in quest.steps], **steps}
