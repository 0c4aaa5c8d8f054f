"""How challenges come to be: written by facilitators, taken from the library, uploaded, or suggested by members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotFound
from bot.i18n import N_
from cogs.challenges import definition, rules
from cogs.challenges.definition import ChallengeText, Parsed, to_json
from cogs.challenges.lifecycle import Lifecycle
from cogs.challenges.model import (
    AREA,
    Challenge,
    Overtaken,
    challenge_of,
)
from cogs.challenges.rules import State
from cogs.challenges.shipped import shipped
from cogs.challenges.staff import ChallengesStaff
from storage import challenges as storage

MOST_PREPARED = 70  # with the one that runs they fit the menus of one card


class Workshop:
    """The use cases of facilitators. Each raises `NotAllowed` for others."""

    def __init__(self, core: Core, lifecycle: Lifecycle, staff: ChallengesStaff) -> None:
        self._core = core
        self._lifecycle = lifecycle
        self._staff = staff

    # ------------------------------------------------------------------------------------------ writing

    async def create(self, actor: Actor, typed: Mapping[str, str]) -> Challenge:
        """A new draft. Raises `InvalidInput` without a title or for minutes that are no number, `LimitReached`."""
        await self._staff.check(actor)
        text = definition.changed(ChallengeText(title=""), **typed)
        if not text.title:
            raise InvalidInput("Give it a title, and it is kept as a draft.")
        async with self._core.db.begin() as session:
            await self._room(session, actor.guild_id, 1)
            return challenge_of(await self._add(session, actor, text))

    async def edit(
        self, actor: Actor, challenge_id: int, typed: Mapping[str, str], *, seen: int | None = None
    ) -> Challenge:
        """Change what it says; its post follows. `seen` is the fingerprint of what the form was filled with.

        Raises `NotFound`, `InvalidInput`, `AlreadyDone` when it is over, `Overtaken` when it says something else by now.
        """
        await self._staff.check(actor)
        async with self._core.db.begin() as session:
            await storage.lock_settings(session, actor.guild_id)
            row = _there(await storage.lock_challenge(session, actor.guild_id, challenge_id))
            if row.state not in (*rules.PREPARED, *rules.RUNNING):
                raise AlreadyDone("It is over, so it stays as people have done it.")
            before = challenge_of(row).text
            text = definition.changed(before, **typed)
            form = definition.TEXT_FORM if "title" in typed else definition.TRACKS_FORM
            if text != before and seen not in (None, definition.fingerprint(before, form)):
                raise Overtaken(challenge_of(row), text)
            if text.missing and (row.state != State.DRAFT or not text.title):
                raise InvalidInput(
                    "It needs a title, a purpose, what “done” looks like, and what to do in the core track. Nothing was changed."
                )
            old, new = to_json(before), to_json(text)
            differs = [name for name in old if old[name] != new[name] and name != "ours"]
            if differs:
                row.texts = new
                await session.flush()
                if row.state in rules.RUNNING:
                    await self._lifecycle.redraw(session, row)
                await self._core.audit.record(
                    session,
                    actor,
                    AREA,
                    N_("changed the challenge {title}"),
                    before={name: old[name] for name in differs},
                    after={name: new[name] for name in differs},
                    title=before.title,
                )
            return challenge_of(row)

    async def copy(self, actor: Actor, index: int) -> Challenge:
        """A draft made of a challenge in the library. Raises `NotFound`, `LimitReached`."""
        await self._staff.check(actor)
        if not 0 <= index < len(shipped()):
            raise NotFound(
                "That is not in the library any more. See {command}.", command="`/manage challenges library`"
            )
        async with self._core.db.begin() as session:
            await self._room(session, actor.guild_id, 1)
            return challenge_of(await self._add(session, actor, shipped()[index]))

    async def upload(self, actor: Actor, content: bytes) -> Parsed:
        """Drafts made of an uploaded file, all of it or, with any mistake in it, nothing. Raises `LimitReached`."""
        await self._staff.check(actor)
        parsed = definition.parse(content)
        if not parsed.mistakes:
            async with self._core.db.begin() as session:
                await self._room(session, actor.guild_id, len(parsed.challenges))
                for text in parsed.challenges:
                    await self._add(session, actor, text)
        return parsed

    async def export(self, actor: Actor, challenge_id: int | None) -> str:
        """One challenge, or all, as a file that can be uploaded elsewhere. Raises `NotFound` where there is none."""
        await self._staff.check(actor)
        async with self._core.db.read() as session:
            if challenge_id is not None:
                rows = [_there(await storage.find_challenge(session, actor.guild_id, challenge_id))]
            else:
                rows = list(await storage.list_challenges(session, actor.guild_id, list(State)))
        texts = [text for row in rows if not (text := challenge_of(row).text).missing]
        if not texts:
            raise NotFound("There is nothing to download yet: a challenge needs all its parts for that.")
        return definition.dump(replace(each, key="" if _twice(each, texts) else each.key) for each in texts)

    # ------------------------------------------------------------------------------------------ suggestions

    async def take_up(self, actor: Actor, suggestion_id: int) -> Challenge:
        """A draft made of a member's suggestion, which names them if they like that. Raises `NotFound`, `LimitReached`."""
        await self._staff.check(actor)
        async with self._core.db.begin() as session:
            await self._room(session, actor.guild_id, 1)
            row = await storage.lock_suggestion(session, actor.guild_id, suggestion_id)
            if row is None or row.challenge_id is not None:
                raise _gone()
            text = definition.changed(ChallengeText(title=""), title=row.title, purpose=row.idea)
            added = await self._add(session, actor, text, credit_id=row.member_id if row.credit else None)
            row.challenge_id = added.id
            return challenge_of(added)

    async def let_go(self, actor: Actor, suggestion_id: int) -> None:
        """Remove a suggestion. Raises `NotFound`."""
        await self._staff.check(actor)
        async with self._core.db.begin() as session:
            row = await storage.lock_suggestion(session, actor.guild_id, suggestion_id)
            if row is None or row.challenge_id is not None:
                raise _gone()
            await self._core.audit.record(
                session, actor, AREA, N_("removed the suggestion {title}"), title=row.title
            )
            await session.delete(row)

    # ------------------------------------------------------------------------------------------ the rhythm

    # What is below runs inside the transactions above.

    async def _room(self, session: AsyncSession, guild_id: int, wanted: int) -> None:
        await storage.lock_settings(session, guild_id)
        prepared = await storage.list_challenges(session, guild_id, rules.PREPARED)
        if len(prepared) + wanted > MOST_PREPARED:
            raise LimitReached(
                "That would be more than {most} challenges in store. Remove some first.", most=MOST_PREPARED
            )

    async def _add(
        self, session: AsyncSession, actor: Actor, text: ChallengeText, *, credit_id: int | None = None
    ) -> storage.ChallengeRow:
        row = storage.ChallengeRow(
            guild_id=actor.guild_id,
            state=State.DRAFT.value,
            position=0,
            texts=to_json(text),
            created_by=actor.member_id,
            credit_id=credit_id,
            created_at=self._core.clock.now(),
            closings=0,
            edits=0,
        )
        session.add(row)
        await session.flush()
        await self._core.audit.record(
            session, actor, AREA, N_("added the challenge {title}"), title=text.title
        )
        return row


def _there(row: storage.ChallengeRow | None) -> storage.ChallengeRow:
    if row is None:
        raise NotFound(
            "That challenge does not exist any more. See {command}.", command="`/manage challenges list`"
        )
    return row


def _gone() -> NotFound:
    return NotFound(
        "That suggestion was taken up or removed meanwhile. See {command}.",
        command="`/manage challenges list`",
    )


def _twice(text: ChallengeText, texts: list[ChallengeText]) -> bool:
    """Whether another challenge of the file bears the same key."""
    return sum(each.key == text.key for each in texts) > 1
