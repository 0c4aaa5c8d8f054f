"""What members do with the ladder: see where they stand and what is next, step down, and come back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import RecordedAct
from bot.authority import Actor
from bot.core import Core
from bot.criteria import Progress, progress
from bot.errors import AlreadyDone
from bot.evidence import of_member
from bot.i18n import N_, Translator
from bot.qualifications import Choice
from bot.text import quote
from cogs.ladder import rules
from cogs.ladder.climbing import Climbing
from cogs.ladder.model import AREA, Evidence, Proposal, Standing, Step, proposal_of
from cogs.ladder.rules import LONGEST_TITLE, Decision, State
from cogs.ladder.steps import Steps
from storage import ladder as storage
from storage import members as member_storage

EVIDENCE_SHOWN = 15


class LadderService:
    """The use cases of members, and what other features ask."""

    def __init__(self, core: Core, steps: Steps, climbing: Climbing) -> None:
        self._core = core
        self._steps = steps
        self._climbing = climbing

    async def show(self, actor: Actor) -> Standing:
        """Where the member stands now; what was earned while nobody looked is given with it."""
        async with self._core.db.begin() as session:
            await self._climbing.advance(session, actor.guild_id, actor.member_id)
            return await self.standing(session, actor.guild_id, actor.member_id)

    async def standing(self, session: AsyncSession, guild_id: int, member_id: int) -> Standing:
        """Where somebody stands, with how far they are to the next step."""
        steps = self._steps.of(guild_id)
        by_key = {each.key: each for each in steps}
        held = {each.step: each for each in await storage.list_held(session, guild_id, member_id)}
        states = {key: State(row.state) for key, row in held.items()}
        where = rules.place(list(by_key), states)
        following = by_key[where.following] if where.following is not None else None
        reached = held.get(where.current)
        proposal = None
        if following is not None:
            found = await storage.find_decision(session, guild_id, member_id, following.key)
            proposal = proposal_of(found, steps) if found is not None else None
        return Standing(
            guild_id,
            member_id,
            steps,
            by_key[where.current],
            following,
            await self.progress(session, guild_id, member_id, following),
            reached.at if reached is not None else None,
            tuple(by_key[key] for key in where.emeritus),
            proposal,
            frozenset(key for key, state in states.items() if state is State.HELD),
        )

    async def progress(
        self, session: AsyncSession, guild_id: int, member_id: int, step: Step | None
    ) -> tuple[Progress, ...]:
        """How far somebody is with each criterion of a step."""
        if step is None:
            return ()
        rule = self._steps.rule_of(step)
        acts = await of_member(session, guild_id, member_id, rule.kinds)
        found = progress(rule, acts, self._core.clock.now())
        # Shown as it was written: "any contribution" rather than a dozen kinds.
        return tuple(
            Progress(written, each.done, each.needed, each.evidence)
            for written, each in zip(step.rule.criteria, found, strict=True)
        )

    async def evidence(self, actor: Actor, number: int) -> tuple[Standing, Progress, tuple[Evidence, ...]]:
        """What counts for one criterion of the next step. Raises `AlreadyDone` when the step has changed."""
        async with self._core.db.read() as session:
            standing = await self.standing(session, actor.guild_id, actor.member_id)
            if not 0 <= number < len(standing.progress):
                raise AlreadyDone(
                    "Your next step is another one by now. {command} shows it.", command="`/ladder show`"
                )
            one = standing.progress[number]
            return standing, one, await self.read_evidence(session, one.evidence)

    async def read_evidence(self, session: AsyncSession, act_ids: Sequence[int]) -> tuple[Evidence, ...]:
        """Acts in words, the newest first."""
        ledger = self._core.ledger
        acts = sorted(await ledger.list_by_id(session, act_ids), key=lambda act: act.at, reverse=True)
        shown = acts[:EVIDENCE_SHOWN]
        names = await ledger.names_of(session, shown)
        return tuple(Evidence(act.kind, act.at, names.get(act.id), _message_of(act)) for act in shown)

    async def step_down(self, actor: Actor, to: str) -> Standing:
        """Go back to a lower step, with honour: what is above becomes emeritus. Raises `InvalidInput`, `AlreadyDone`."""
        steps = self._steps.of(actor.guild_id)
        higher = set(rules.above([each.key for each in steps], to))
        async with self._core.db.begin() as session:
            await member_storage.change_member(session, actor.guild_id, actor.member_id)
            held = await storage.list_held(session, actor.guild_id, actor.member_id)
            left = [each.step for each in held if each.state == storage.HELD and each.step in higher]
            if not left:
                raise AlreadyDone("You are on that step already. Nothing has changed.")
            for step in steps:
                if step.key in left:
                    row = await self._lock(session, actor, step)
                    await self._climbing.fall(session, row, step, State.EMERITUS, tell=False)
            for row in await storage.list_open(session, actor.guild_id, member_id=actor.member_id):
                await self._climbing.decide(session, row, Decision.OVER)
            await self._core.audit.record(session, actor, AREA, N_("stepped down from a step of the ladder"))
            return await self.standing(session, actor.guild_id, actor.member_id)

    async def come_back(self, actor: Actor) -> Standing:
        """Return to the steps that one stepped down from, as if one had never left. Raises `AlreadyDone`."""
        async with self._core.db.begin() as session:
            await member_storage.change_member(session, actor.guild_id, actor.member_id)
            states = await self._climbing.states(session, actor.guild_id, actor.member_id)
            back = [each for each in self._steps.of(actor.guild_id) if states.get(each.key) is State.EMERITUS]
            if not back:
                raise AlreadyDone(
                    "There is no step that you stepped down from. {command} shows where you stand.",
                    command="`/ladder show`",
                )
            for step in back:
                await self._climbing.return_to(session, await self._lock(session, actor, step), step)
            await self._climbing.reconsider(session, actor.guild_id, actor.member_id)
            await self._core.audit.record(session, actor, AREA, N_("came back to a step of the ladder"))
            return await self.standing(session, actor.guild_id, actor.member_id)

    async def card_line(
        self, session: AsyncSession, guild_id: int, member_id: int, t: Translator
    ) -> str | None:
        """For the member's card; nothing for who stands on the first step and never stepped down."""
        standing = await self.standing(session, guild_id, member_id)
        former = [t("Emeritus: {title}", title=title_of(each, t)) for each in standing.emeritus[-1:]]
        if standing.current is standing.steps[0] and not former:
            return None
        return ", ".join([title_of(standing.current, t), *former])

    # ------------------------------------------------------------------------------------------ asked by other features

    async def list_choices(self, session: AsyncSession, guild_id: int) -> Sequence[Choice]:
        del session
        return [Choice(each.key, each.title, ours=each.ours) for each in self._steps.of(guild_id)[1:]]

    async def list_holders(self, session: AsyncSession, guild_id: int, key: str) -> set[int]:
        """Who is on this step or a higher one."""
        keys = [each.key for each in self._steps.of(guild_id)]
        if key not in keys:
            return set()
        return await storage.list_holders(session, guild_id, [key, *rules.above(keys, key)])

    async def has(self, session: AsyncSession, guild_id: int, member_id: int, key: str) -> bool:
        return member_id in await self.list_holders(session, guild_id, key)

    async def find_proposal(self, proposal_id: int) -> Proposal | None:
        """What waits for staff, with the evidence as it stands now."""
        async with self._core.db.read() as session:
            row = await storage.find_proposal(session, proposal_id)
            return await self.with_evidence(session, row) if row is not None else None

    async def with_evidence(self, session: AsyncSession, row: storage.LadderProposalRow) -> Proposal:
        found = proposal_of(row, self._steps.every(row.guild_id))
        made = await self.progress(session, row.guild_id, row.member_id, found.step)
        ids = sorted({each for one in made for each in one.evidence})
        return Proposal(
            found.id,
            found.guild_id,
            found.member_id,
            found.step,
            found.kind,
            found.state,
            found.reason,
            found.decided_by,
            made,
            await self.read_evidence(session, ids),
        )

    async def find_news(self, held_id: int, turn: int) -> tuple[Step, str] | None:
        """The step that a piece of news is about, and how it stands; None when it has changed since."""
        async with self._core.db.read() as session:
            row = await session.get(storage.LadderHeldRow, held_id)
        step = self._steps.find(row.guild_id, row.step) if row is not None else None
        if row is None or step is None or row.turn != turn:
            return None
        return step, row.state

    async def _lock(self, session: AsyncSession, actor: Actor, step: Step) -> storage.LadderHeldRow:
        now = self._core.clock.now()
        return await storage.lock_held(session, actor.guild_id, actor.member_id, step.key, now)


def _message_of(act: RecordedAct) -> tuple[int, int, int] | None:
    """The message that an act is, or is about, where the act knows it."""
    channel_id, message_id = act.details.get("channel_id"), act.details.get("message_id")
    if not isinstance(channel_id, int) or not isinstance(message_id, int):
        return None
    return act.guild_id, channel_id, message_id


def title_of(step: Step, t: Translator) -> str:
    """A step's title for people."""
    return t(step.title) if step.ours else quote(step.title, 2 * LONGEST_TITLE)
