"""What the cards of editing need, read at once, and changes that never overwrite unseen what somebody else did.

Every control of the editor carries a mark of what its card showed. A change is made only while that still stands;
otherwise `Outdated` is raised inside the transaction and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.authority import ELEVATED, Actor, may_everything
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from cogs.onboarding.definition import (
    FINISHED_ROLE,
    Detector,
    QuestDefinition,
    StepDefinition,
    with_step_changed,
)
from cogs.onboarding.editor import QuestEditor
from cogs.onboarding.library import QuestLibrary, Version, VersionState
from cogs.onboarding.model import Places
from cogs.onboarding.revision import Difference, Spot, difference, mark_of
from cogs.onboarding.runs import Runs
from storage import onboarding as storage

StepEdit = Callable[[StepDefinition], Mapping[str, Any]]


class Outdated(AlreadyDone):
    """Somebody changed it since the card was drawn; nothing was written."""


@dataclass(frozen=True)
class QuestView:
    """A quest as a facilitator sees it. `in_the_middle` are those who began and have not finished, by version."""

    shown: Version
    published: Version | None
    difference: Difference
    faults: tuple[InvalidInput, ...]
    in_the_middle: Mapping[int, int]
    others: tuple[Version, ...]
    places: Places

    @property
    def definition(self) -> QuestDefinition:
        return self.shown.definition

    @property
    def is_draft(self) -> bool:
        return self.shown.state is VersionState.DRAFT

    @property
    def spot(self) -> Spot:
        return Spot(self.shown.id, 0, mark_of(self.definition))

    def place_of(self, step: StepDefinition) -> Spot:
        """The step in its place among the others."""
        return replace(self.spot, number=step.number)

    def spot_of(self, step: StepDefinition) -> Spot:
        return Spot(self.shown.id, step.number, mark_of(step))

    def other(self, key: str) -> Version | None:
        return next((each for each in self.others if each.key == key), None)


class Workbench:
    """Editing as the cards do it. Every method raises `NotAllowed` for who is no facilitator."""

    def __init__(self, core: Core, library: QuestLibrary, runs: Runs, editor: QuestEditor) -> None:
        self._core = core
        self._library = library
        self._runs = runs
        self.editor = editor

    async def list_quests(self, actor: Actor) -> tuple[QuestView, ...]:
        """Every quest, those that come with Lyceum first."""
        overviews = await self.editor.list_quests(actor)
        places = await self._runs.places(actor.guild_id)
        middle = await self._middle(actor.guild_id)
        published = tuple(each.published for each in overviews if each.published is not None)
        views: list[QuestView] = []
        for each in overviews:
            shown = each.draft or each.published
            if shown is not None:
                old = each.published.definition if each.published is not None else None
                views.append(
                    QuestView(
                        shown,
                        each.published,
                        difference(old, shown.definition),
                        (),
                        middle.get(each.key, {}),
                        tuple(other for other in published if other.key != each.key),
                        places,
                    )
                )
        return tuple(views)

    async def open(self, actor: Actor, version_id: int) -> QuestView:
        """The quest of which this is a version, as it stands now. Raises `NotFound`."""
        return await self.open_key(actor, await self._key(actor, version_id))

    async def open_key(self, actor: Actor, key: str) -> QuestView:
        view = next((each for each in await self.list_quests(actor) if each.shown.key == key), None)
        if view is None:
            raise _gone()
        return replace(view, faults=tuple(await self.editor.faults(actor, key)))

    async def change(
        self, actor: Actor, spot: Spot, edit: Callable[[QuestDefinition], QuestDefinition]
    ) -> None:
        """Change the quest as a whole. Raises `Outdated`."""

        def guarded(quest: QuestDefinition) -> QuestDefinition:
            _same(quest, spot)
            return edit(quest)

        await self.editor.change(actor, await self._key(actor, spot.version_id), guarded)

    async def change_step(self, actor: Actor, spot: Spot, edit: StepEdit) -> None:
        """Change fields of a step: `edit` returns those that change. Raises `Outdated`, and `NotFound` for a removed one."""

        def guarded(quest: QuestDefinition) -> QuestDefinition:
            step = _step(quest, spot)
            _same(step, spot)
            return with_step_changed(quest, step.key, **edit(step))

        await self.editor.change(actor, await self._key(actor, spot.version_id), guarded)

    async def add_step(self, actor: Actor, spot: Spot, detector: Detector, **details: Any) -> StepDefinition:
        """Add a step at the end; whatever others change meanwhile, it does no harm."""
        key = await self._key(actor, spot.version_id)
        return (await self.editor.add_step(actor, key, detector, **details)).definition.steps[-1]

    async def move_step(self, actor: Actor, spot: Spot, by: int) -> None:
        """Move the step. The spot's mark is that of the whole quest: a second press must not move it again."""
        key, step = await self._find_step(actor, spot)
        await self.editor.move_step(actor, key, step.key, by, check=lambda quest: _same(quest, spot))

    async def remove_step(self, actor: Actor, spot: Spot) -> None:
        """Take the step out. Raises `Outdated` when it is not what the question was about any more."""
        key, step = await self._find_step(actor, spot)
        await self.editor.remove_step(
            actor, key, step.key, check=lambda quest: _same(_step(quest, spot), spot)
        )

    async def set_reward(self, actor: Actor, spot: Spot, role_id: int | None, *, powers: int = 0) -> None:
        """The role that finishing gives; None: none. `powers` are the role's permissions in Discord.

        Nobody can give away, through a quest, a role that can do more than they can themselves.
        """
        config = await self._core.configs.guild(actor.guild_id)
        staff = frozenset[int]().union(*config.capability_roles.roles.values())
        if role_id == actor.guild_id:
            raise InvalidInput("That is everybody. Please choose a role that only some people have.")
        if role_id in staff:
            raise InvalidInput(
                "One role cannot both be given to members and give staff powers. Please choose another."
            )
        if powers & ELEVATED & ~actor.permissions and not may_everything(actor):
            raise NotAllowed(
                "That role can do more than you can, so I may not give it for you. "
                "Choose another, or ask someone who holds its permissions."
            )
        reward = str(role_id) if role_id is not None else ""
        await self.change(actor, spot, lambda quest: replace(quest, reward=reward))

    async def set_usual_reward(self, actor: Actor, spot: Spot) -> None:
        """Give the role that /setup start names for finishing."""
        await self.change(actor, spot, lambda quest: replace(quest, reward=FINISHED_ROLE))

    async def publish(self, actor: Actor, spot: Spot) -> Version:
        """Publish exactly what was shown. Raises `Outdated`, and `InvalidInput` for the first fault."""
        key = await self._key(actor, spot.version_id)
        try:
            return await self.editor.publish(actor, key, check=lambda quest: _same(quest, spot))
        except NotFound as error:
            raise Outdated("Somebody else was faster: there is nothing left to publish.") from error

    async def discard(self, actor: Actor, spot: Spot) -> None:
        """Throw the draft away, if it is still the one that was shown."""
        key = await self._key(actor, spot.version_id)
        await self.editor.discard(actor, key, check=lambda quest: _same(quest, spot))

    async def _find_step(self, actor: Actor, spot: Spot) -> tuple[str, StepDefinition]:
        key = await self._key(actor, spot.version_id)
        return key, _step((await self.editor.shown(actor, key)).definition, spot)

    async def _key(self, actor: Actor, version_id: int) -> str:
        await self.editor.check(actor)
        async with self._core.db.read() as session:
            version = await self._library.find_by_id(session, version_id)
        if version is None or version.guild_id != actor.guild_id:
            raise _gone()
        return version.key

    async def _middle(self, guild_id: int) -> dict[str, dict[int, int]]:
        async with self._core.db.read() as session:
            counted = await storage.count_in_the_middle(session, guild_id)
        found: dict[str, dict[int, int]] = {}
        for (key, version), count in counted.items():
            found.setdefault(key, {})[version] = count
        return found


def _same(what: QuestDefinition | StepDefinition, spot: Spot) -> None:
    if mark_of(what) != spot.mark:
        raise Outdated("Somebody has changed this since your card was drawn, so I have not changed anything.")


def _step(quest: QuestDefinition, spot: Spot) -> StepDefinition:
    step = quest.numbered(spot.number)
    if step is None:
        raise NotFound("That step is not part of the quest any more.")
    return step


def _gone() -> NotFound:
    return NotFound(
        "That draft was thrown away, or the quest is gone. See what there is now: {command}",
        command="`/manage quests edit`",
    )
