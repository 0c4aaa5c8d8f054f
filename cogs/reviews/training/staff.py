"""What facilitators do with the training: who is a reviewer, from how many percent, and which works are used.

They see who holds a licence, never what somebody answered.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotFound
from bot.i18n import N_
from bot.notify import Notification
from bot.outbox import Lane
from bot.text import clean, cut, length, mention_user
from cogs.reviews import rubrics
from cogs.reviews.rubrics import Rubric, portion
from cogs.reviews.training import content
from cogs.reviews.training.licences import Licences
from cogs.reviews.training.model import (
    AREA,
    LICENCE_KIND,
    LICENCE_RENDERER,
    Licence,
    OwnSample,
    Sample,
    StaffDesk,
    TrainingSettings,
    licence_of,
    number_of,
    sample_of,
)
from cogs.reviews.training.rules import HIGHEST_THRESHOLD, LOWEST_THRESHOLD
from cogs.reviews.training.words import LONGEST_TEXT, LONGEST_TITLE, LONGEST_WHY
from storage import review_training as storage

MOST_OWN = 60


@dataclass(frozen=True)
class Typed:
    """A sample as somebody wrote it. Checked by `typed_sample`."""

    title: str
    text: str
    why: str
    rubric: Rubric


class TrainingStaff:
    """The use cases. All raise `NotAllowed` for who may not."""

    def __init__(self, core: Core, licences: Licences) -> None:
        self._core = core
        self._licences = licences

    async def check(self, actor: Actor) -> None:
        """Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    async def desk(self, actor: Actor) -> StaffDesk:
        """Everything at a glance."""
        await self.check(actor)
        async with self._core.db.read() as session:
            settings = await self._core.configs.present(session, actor.guild_id, TrainingSettings)
            held = await storage.list_held(session, actor.guild_id)
            rows = await storage.list_samples(session, actor.guild_id)
        own = [OwnSample(sample_of(row), row.retired, row.id) for row in rows]
        shipped = [OwnSample(each, each.key in settings.retired) for each in content.samples()]
        return StaffDesk(settings, tuple(map(licence_of, held)), (*own, *shipped))

    async def sample(self, actor: Actor, key: str) -> OwnSample:
        """One of the samples. Raises `NotFound`."""
        desk = await self.desk(actor)
        found = next((each for each in desk.samples if each.sample.key == key), None)
        if found is None:
            raise _sample_gone()
        return found

    # ------------------------------------------------------------------------------------------ licences

    async def set_threshold(self, actor: Actor, percent: int) -> None:
        """From how many percent on a training is passed. Who has begun one keeps what they were told."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self.set_threshold_in(session, actor, percent)

    async def set_threshold_in(self, session: AsyncSession, actor: Actor, percent: int) -> None:
        """The same within a transaction. Raises `InvalidInput`."""
        if not LOWEST_THRESHOLD <= percent <= HIGHEST_THRESHOLD:
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        await self._core.configs.change(
            session, actor.guild_id, TrainingSettings, by=actor, threshold=percent
        )

    async def licence(self, actor: Actor, member_id: int) -> Licence | None:
        """Somebody's licence; None for who never had one."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_licence(session, actor.guild_id, member_id)
        return licence_of(row) if row is not None else None

    async def give(self, actor: Actor, member_id: int, reason: str) -> None:
        """Give somebody the licence by hand. They read the reason. Raises `AlreadyDone`, `InvalidInput`."""
        await self.check(actor)
        why = _reason(reason)
        async with self._core.db.begin() as session:
            row = await self._licences.give_in(
                session, actor.guild_id, member_id, by=actor.member_id, reason=why
            )
            if row is None:
                raise AlreadyDone("They have the licence already. Nothing was changed.")
            await self._note(session, actor, N_("gave {member} the reviewer licence"), row, why)

    async def take(self, actor: Actor, member_id: int, reason: str) -> None:
        """Take a licence back. They read the reason. Raises `AlreadyDone`, `InvalidInput`."""
        await self.check(actor)
        why = _reason(reason)
        async with self._core.db.begin() as session:
            row = await self._licences.take_in(
                session, actor.guild_id, member_id, by=actor.member_id, reason=why
            )
            if row is None:
                raise AlreadyDone("They have no licence any more. Nothing was changed.")
            await self._note(session, actor, N_("took the reviewer licence of {member} back"), row, why)

    async def give_roles(self, actor: Actor) -> int:
        """Give the role to everybody with a licence, for instance after it was chosen. Returns to how many.

        Raises `NotFound` while no role is chosen.
        """
        await self.check(actor)
        async with self._core.db.begin() as session:
            settings = await self._core.configs.present(session, actor.guild_id, TrainingSettings)
            if settings.reviewer_role_id is None:
                raise NotFound(
                    "No reviewer role is chosen. Choose one with {command}.", command="`/setup start`"
                )
            held = await storage.list_held(session, actor.guild_id)
            return sum([await self._licences.renew_role(session, row, lane=Lane.BULK) for row in held])

    async def find_told(self, guild_id: int, licence_id: int, turn: int) -> Licence | None:
        """The licence for the message about it; None when something else was decided since."""
        async with self._core.db.read() as session:
            row = await storage.find_licence_by_id(session, guild_id, licence_id)
        return licence_of(row) if row is not None and row.turn == turn else None

    async def _note(
        self, session: AsyncSession, actor: Actor, what: str, row: storage.ReviewLicenceRow, why: str
    ) -> None:
        member = mention_user(row.member_id)
        await self._core.audit.record(session, actor, AREA, what, why=why, member=member)
        if row.turn > 1:
            await self._core.notifier.withdraw(session, f"{LICENCE_RENDERER}:{row.id}:{row.turn - 1}")
        notification = Notification(
            kind=LICENCE_KIND.name,
            key=f"{LICENCE_RENDERER}:{row.id}:{row.turn}",
            guild_id=row.guild_id,
            member_id=row.member_id,
            renderer=LICENCE_RENDERER,
            channel_id=None,
            arguments={"licence_id": row.id, "turn": row.turn},
        )
        await self._core.notifier.notify(session, notification)

    # ------------------------------------------------------------------------------------------ samples

    async def retire_shipped(self, actor: Actor, number: int, *, retired: bool) -> str:
        """Use a shipped sample no more, or again; its key. Raises `NotFound`."""
        await self.check(actor)
        key = next((each.key for each in content.samples() if number_of(each.key) == number), None)
        if key is None:
            raise _sample_gone()
        async with self._core.db.begin() as session:
            present = await self._core.configs.change(
                session, actor.guild_id, TrainingSettings
            )  # locks the row
            keys = set(present.retired) - {key}
            await self.set_retired_in(session, actor, keys | {key} if retired else keys)
        return key

    async def set_retired_in(self, session: AsyncSession, actor: Actor, keys: set[str]) -> None:
        """These shipped samples are not used, within a transaction."""
        retired = dict.fromkeys(sorted(keys), True)
        await self._core.configs.change(session, actor.guild_id, TrainingSettings, by=actor, retired=retired)

    async def add(self, actor: Actor, typed: Typed) -> int:
        """Add a sample, to be used once its reference answers are given. Raises `LimitReached`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            return await self.add_in(session, actor, typed)

    async def add_in(
        self, session: AsyncSession, actor: Actor, typed: Typed, reference: Mapping[str, int] | None = None
    ) -> int:
        """The same within a transaction."""
        await self._core.configs.change(session, actor.guild_id, TrainingSettings)  # one after the other
        if len(await storage.list_samples(session, actor.guild_id)) >= MOST_OWN:
            raise LimitReached(
                "There are {most} works of your own already. Change one of them.", most=MOST_OWN
            )
        row = storage.TrainingSampleRow(
            guild_id=actor.guild_id, **_columns(typed), reference=dict(reference or {})
        )
        session.add(row)
        await session.flush()
        await self._tell(session, actor, N_("added the training work {work}"), row)
        return row.id

    async def edit(self, actor: Actor, sample_id: int, typed: Typed) -> None:
        """Change a sample. Another rubric asks for other reference answers. Raises `NotFound`."""
        await self._change(actor, sample_id, lambda session, row: self.edit_in(session, actor, row, typed))

    async def edit_in(
        self, session: AsyncSession, actor: Actor, row: storage.TrainingSampleRow, typed: Typed
    ) -> None:
        """The same within a transaction."""
        columns = _columns(typed)
        if rubrics.read(row.rubric) != typed.rubric:
            row.reference = {}
        changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
        for name, value in changed.items():
            setattr(row, name, value)
        if changed:
            await self._tell(session, actor, N_("changed the training work {work}"), row)

    async def set_reference(self, actor: Actor, sample_id: int, typed: Mapping[str, Any]) -> None:
        """Keep the reference answers of one form. Raises `NotFound`, `InvalidInput`."""
        await self._change(
            actor, sample_id, lambda session, row: self._set_reference_in(session, actor, row, typed)
        )

    async def _set_reference_in(
        self,
        session: AsyncSession,
        actor: Actor,
        row: storage.TrainingSampleRow,
        typed: Mapping[str, Any],
    ) -> None:
        rubric = rubrics.read(row.rubric)
        answers = read_reference(rubric, typed)
        if row.reference | answers != row.reference:
            row.reference = {**row.reference, **answers}
            await self._tell(session, actor, N_("set the reference answers of the training work {work}"), row)

    async def retire(self, actor: Actor, sample_id: int, *, retired: bool) -> None:
        """Use one of the community's own no more, or again. Raises `NotFound`."""
        await self._change(
            actor, sample_id, lambda session, row: self.retire_in(session, actor, row, retired=retired)
        )

    async def retire_in(
        self, session: AsyncSession, actor: Actor, row: storage.TrainingSampleRow, *, retired: bool
    ) -> None:
        """The same within a transaction."""
        if row.retired == retired:
            return
        row.retired = retired
        what = (
            N_("retired the training work {work}") if retired else N_("brought the training work {work} back")
        )
        await self._tell(session, actor, what, row)

    async def _change(
        self,
        actor: Actor,
        sample_id: int,
        change: Callable[[AsyncSession, storage.TrainingSampleRow], Coroutine[Any, Any, None]],
    ) -> None:
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await storage.lock_sample(session, actor.guild_id, sample_id)
            if row is None:
                raise _sample_gone()
            await change(session, row)

    async def _tell(
        self, session: AsyncSession, actor: Actor, what: str, row: storage.TrainingSampleRow
    ) -> None:
        await self._core.audit.record(session, actor, AREA, what, work=row.title)


def usable_rubrics() -> Sequence[Rubric]:
    """Those by which a sample can be judged: with criteria."""
    return [each for each in rubrics.shipped() if each.criteria]


def typed_sample(title: str, text: str, why: str, rubric_key: str) -> Typed:
    """What a form or file holds. Raises `InvalidInput`."""
    title, text, why = " ".join(clean(title).split()), clean(text), clean(why)
    if not title or not text or not why:
        raise InvalidInput("A work needs a title, its text, and a reason for the reference answers.")
    limits = ((title, LONGEST_TITLE), (text, LONGEST_TEXT), (why, LONGEST_WHY))
    for words, most in limits:
        if length(words) > most:
            raise InvalidInput("At most {limit} characters fit.", limit=most)
    rubric = next((each for each in usable_rubrics() if each.key == rubric_key), None)
    if rubric is None:
        raise InvalidInput("Please choose by which rubric it is judged.")
    return Typed(title, text, why, rubric)


def read_reference(rubric: Rubric, typed: Mapping[str, Any]) -> dict[str, int]:
    """Answers to those criteria that a form asked. Raises `InvalidInput`."""
    found: dict[str, int] = {}
    for criterion in rubric.criteria:
        if criterion.key in typed:
            value = str(typed[criterion.key])
            if not value.isascii() or not value.isdigit():
                raise InvalidInput("Please choose an answer to each question. Press the button once more.")
            found[criterion.key] = int(value[:3])
            portion(criterion, found[criterion.key])
    return found


def reference_form_criteria(sample: Sample) -> Sequence[rubrics.Criterion]:
    """What the next form for reference answers asks: what is missing first, else all that fits."""
    missing = [each for each in sample.rubric.criteria if each.key not in sample.reference]
    return (missing or list(sample.rubric.criteria))[: rubrics.PARTS_OF_A_PAGE]


def _columns(typed: Typed) -> dict[str, Any]:
    return {
        "title": typed.title,
        "text": typed.text,
        "why": typed.why,
        "rubric": rubrics.to_json(typed.rubric),
    }


def _reason(typed: str) -> str:
    reason = cut(" ".join(clean(typed).split()), LONGEST_WHY)
    if not reason:
        raise InvalidInput("Please say why, so that they and other staff understand it.")
    return reason


def _sample_gone() -> NotFound:
    return NotFound(
        "That work is not among them any more. See {command}.", command="`/manage reviews training`"
    )
