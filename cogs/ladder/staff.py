"""What facilitators do with the ladder: decide with the evidence in view, place somebody by hand, and change the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.criteria import MOST_ACTS, MOST_CRITERIA, MOST_DAYS, Criterion, Rule, rule_data
from bot.errors import InvalidInput, LimitReached, NotAllowed
from bot.i18n import N_
from bot.jobs import Job, NewJob, Skipped
from bot.text import clean, mention_user
from cogs.ladder import rules
from cogs.ladder.climbing import Climbing, wait_turn
from cogs.ladder.model import AREA, DOUBT, ROLES_JOB, Desk, Proposal, Standing, Step, gone
from cogs.ladder.rules import Decision, State
from cogs.ladder.service import LadderService
from cogs.ladder.steps import Steps, merged
from storage import ladder as storage

LISTED = 25
SLICE = 200  # people whose roles are planned in one transaction


class LadderStaff:
    """The use cases of facilitators. All raise `NotAllowed` for others."""

    def __init__(self, core: Core, steps: Steps, climbing: Climbing, service: LadderService) -> None:
        self._core = core
        self._steps = steps
        self._climbing = climbing
        self._service = service

    async def desk(self, actor: Actor) -> Desk:
        """The steps, how many hold each, and what waits."""
        await self._check(actor)
        async with self._core.db.read() as session:
            rows = await storage.list_open(session, actor.guild_id, limit=LISTED)
            waiting = [await self._service.with_evidence(session, row) for row in rows]
            holders = await storage.count_holders(session, actor.guild_id)
        return Desk(self._steps.every(actor.guild_id), holders, tuple(waiting))

    # ------------------------------------------------------------------------------------------ people

    async def look(self, actor: Actor, proposal_id: int) -> Proposal:
        """What waits, or was decided. Raises `NotFound`."""
        await self._check(actor)
        found = await self._service.find_proposal(proposal_id)
        if found is None or found.guild_id != actor.guild_id or found.step is None:
            raise gone()
        return found

    async def confirm(self, actor: Actor, proposal_id: int) -> Proposal:
        """The person has the step, or keeps it. Raises `NotFound`, `AlreadyDone`, `NotAllowed` for one's own."""
        async with self._core.db.begin() as session:
            row, step = await self._open(session, actor, proposal_id)
            if row.kind == DOUBT:
                held = await self._lock(session, row, step)
                held.doubtful = False
                await self._note(session, actor, N_("kept {member} on a step of the ladder"), row.member_id)
            else:
                proposal = await self._service.with_evidence(session, row)
                ids = sorted({each for one in proposal.progress for each in one.evidence})
                await self._climbing.reach(
                    session, row.guild_id, row.member_id, step, evidence=ids, confirmed_by=actor.member_id
                )
                await self._note(
                    session, actor, N_("confirmed {member} on a step of the ladder"), row.member_id
                )
            await self._climbing.decide(session, row, Decision.CONFIRMED, by=actor.member_id)
            await self._climbing.advance(session, row.guild_id, row.member_id)
            return await self._service.with_evidence(session, row)

    async def refuse(self, actor: Actor, proposal_id: int, reason: str) -> Proposal:
        """Not yet, or not any more; the person reads why. Raises as `confirm` does, `InvalidInput` without a reason."""
        why = rules.check_reason(clean(reason))
        async with self._core.db.begin() as session:
            row, step = await self._open(session, actor, proposal_id)
            if row.kind == DOUBT:
                held = await self._lock(session, row, step)
                if held.state == storage.HELD:
                    await self._climbing.fall(session, held, step, State.REVOKED, tell=False)
                words = N_("took a step of the ladder from {member}")
            else:
                words = N_("did not confirm {member} on a step of the ladder yet")
            await self._note(session, actor, words, row.member_id, why)
            await self._climbing.decide(session, row, Decision.NOT_YET, by=actor.member_id, reason=why)
            await self._climbing.tell_not_yet(session, row)
            return await self._service.with_evidence(session, row)

    async def look_at(self, actor: Actor, member_id: int) -> Standing:
        """Where somebody stands."""
        await self._check(actor)
        async with self._core.db.read() as session:
            return await self._service.standing(session, actor.guild_id, member_id)

    async def place(self, actor: Actor, member_id: int, key: str, reason: str) -> Standing:
        """Put somebody on a step by hand: they hold it and all below, and none above.

        Raises `InvalidInput`, `NotAllowed` for oneself.
        """
        await self._check(actor)
        rules.check_decider(actor.member_id, member_id)
        why = rules.check_reason(clean(reason))
        steps = self._steps.of(actor.guild_id)
        higher = rules.above([each.key for each in steps], key)
        async with self._core.db.begin() as session:
            await wait_turn(session, actor.guild_id, member_id)
            states = await self._climbing.states(session, actor.guild_id, member_id)
            for step in reversed(steps):
                if step.key in higher and states.get(step.key) in (State.HELD, State.EMERITUS):
                    row = await storage.lock_held(
                        session, actor.guild_id, member_id, step.key, self._core.clock.now()
                    )
                    await self._climbing.fall(session, row, step, State.REVOKED, tell=False)
            for step in steps[1:]:
                if step.key not in higher:
                    await self._climbing.reach(
                        session,
                        actor.guild_id,
                        member_id,
                        step,
                        confirmed_by=actor.member_id,
                        tell=step.key == key,
                    )
            for row in await storage.list_open(session, actor.guild_id, member_id=member_id):
                await self._climbing.decide(session, row, Decision.OVER, by=actor.member_id)
            await self._note(session, actor, N_("placed {member} on a step of the ladder"), member_id, why)
            return await self._service.standing(session, actor.guild_id, member_id)

    # ------------------------------------------------------------------------------------------ steps

    async def step(self, actor: Actor, key: str) -> Step:
        """Raises `InvalidInput` for one that does not exist."""
        await self._check(actor)
        return self._find(actor.guild_id, key)

    async def describe(self, actor: Actor, key: str, title: str, text: str, *, powers: bool) -> Step:
        """Its words, and whether a person confirms it. Unchanged words stay those that ship.

        Raises `InvalidInput`, and `NotAllowed` where nobody would confirm a role of staff any more.
        """
        title, text = rules.read_title(clean(title)), clean(text)[: rules.LONGEST_TEXT]
        before = await self.step(actor, key)
        if not powers and before.role_id is not None:
            await self._check_role(actor, before.role_id)
        same = (title, text) == (before.title, before.text)
        words: dict[str, Any] = {} if same else {"title": title, "text": text}
        return await self._change(actor, key, **words, powers=powers)

    async def add(self, actor: Actor, title: str, text: str, *, powers: bool) -> Step:
        """A step of the community's own, above the others. Raises `InvalidInput` when there are too many."""
        await self._check(actor)
        title, text = rules.read_title(clean(title)), clean(text)[: rules.LONGEST_TEXT]
        every = self._steps.every(actor.guild_id)
        key = rules.new_key(title, [each.key for each in every])
        return await self._change(actor, key, title=title, text=text, powers=powers, position=len(every) * 10)

    async def set_role(self, actor: Actor, key: str, role_id: int | None) -> Step:
        """The role that comes with it; whoever holds the step gets it.

        Raises `NotAllowed` for a role of staff where nobody confirms the step.
        """
        before = await self.step(actor, key)
        if role_id is not None and not before.powers:
            await self._check_role(actor, role_id)
        return await self._change(actor, key, role_id=role_id, follows=before.role_id != role_id)

    async def follow_role(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Some of those who hold a step get the role that comes with it now, and give back the one before."""
        assert job.guild_id is not None
        said = job.payload
        step = self._steps.find(job.guild_id, str(said["step"]))
        if step is None:
            return Skipped(N_("the step is not there any more"))
        occasion = f":{said['run']}"
        rows = await storage.list_next_holders(
            session, job.guild_id, step.key, after=int(said["after"]), limit=SLICE
        )
        for row in rows:
            if said["before"] is not None and said["before"] != step.role_id:
                old = replace(step, role_id=int(said["before"]))
                await self._climbing.plan_role(session, row, old, gives=False, occasion=occasion)
            await self._climbing.plan_role(session, row, step, gives=True, occasion=occasion)
        if rows:
            following = dict(said) | {"after": rows[-1].member_id}
            await self._core.jobs.enqueue(session, self._role_job(job.guild_id, following))
        return None

    def _role_job(self, guild_id: int, said: Mapping[str, Any]) -> NewJob:
        key = f"{ROLES_JOB}:{guild_id}:{said['step']}:{said['run']}:{said['after']}"
        return NewJob(ROLES_JOB, key, self._core.clock.now(), guild_id, said)

    async def move(self, actor: Actor, key: str, *, up: bool) -> Step:
        """One place higher or lower. Whoever holds it keeps it. Raises `InvalidInput` at either end."""
        await self.step(actor, key)
        async with self._core.db.begin() as session:
            keys = sorted(each.key for each in self._steps.every(actor.guild_id))
            rows = {each: await storage.lock_step(session, actor.guild_id, each) for each in keys}
            order = [each.key for each in merged(rows.values())]
            other = order.index(key) + (1 if up else -1)
            if not 1 <= other < len(order) or order.index(key) == 0:
                raise InvalidInput(
                    "It cannot be moved further. Everybody begins on the first step, so it stays."
                )
            place = order.index(key)
            order[place], order[other] = order[other], order[place]
            for number, each in enumerate(order):
                rows[each].position = number * 10
            await session.flush()
            words = N_("moved the step {step} of the ladder")
            await self._core.audit.record(session, actor, AREA, words, step=rows[key].title or key)
        await self._steps.reload(actor.guild_id)
        return self._find(actor.guild_id, key)

    async def staff_roles(self, guild_id: int) -> frozenset[int]:
        """The roles that make people staff."""
        return await self._climbing.staff_roles(guild_id)

    async def apply_steps(
        self, session: AsyncSession, actor: Actor, wanted: Sequence[Mapping[str, Any]]
    ) -> None:
        """Make the ladder these steps, in this order: columns with `key`. The caller has looked who that is."""
        keys = [str(each["key"]) for each in wanted]
        rows = {key: await storage.lock_step(session, actor.guild_id, key) for key in sorted(keys)}
        for number, each in enumerate(wanted):
            row = rows[str(each["key"])]
            after = {name: value for name, value in each.items() if name != "key"} | {"position": number * 10}
            before = {name: getattr(row, name) for name in after}
            if before["position"] is None and before | {"position": after["position"]} == after:
                row.position = after["position"]
            elif before != after:
                for name, value in after.items():
                    setattr(row, name, value)
                words = N_("changed the step {step} of the ladder")
                step = row.title or row.key
                await self._core.audit.record(
                    session, actor, AREA, words, before=before, after=after, step=step
                )
        await session.flush()
        await self._steps.reload_in(session, actor.guild_id)

    async def leave_out(self, actor: Actor, key: str, *, out: bool) -> Step:
        """Take a step out of the ladder, or back in. Who holds it keeps it for when it is back."""
        if key == self._steps.every(actor.guild_id)[0].key:
            raise InvalidInput("Everybody begins on the first step, so it stays.")
        await self.step(actor, key)
        return await self._change(actor, key, is_off=out)

    async def set_criterion(
        self, actor: Actor, key: str, kind: str | int, at_least: str, people: str, days: str
    ) -> Step:
        """Add a criterion on a kind of act, or change one by its place; 0 times takes it away. Raises `InvalidInput`."""
        step = await self.step(actor, key)
        criteria = list(step.rule.criteria)
        n = rules.read_count(at_least, 0, MOST_ACTS)
        many = rules.read_count(people or "0", 0, max(n, 0))
        window = rules.read_count(days or "0", 0, MOST_DAYS)
        kinds = (kind,) if isinstance(kind, str) else self._criterion(step, kind).kinds
        new = Criterion(kinds, max(n, 1), window or None, many)
        if not isinstance(kind, str):  # what the form does not ask stays
            before = self._criterion(step, kind)
            new = replace(new, subjects=min(before.subjects, new.at_least), subject=before.subject)
        if isinstance(kind, str):
            if len(criteria) >= MOST_CRITERIA:
                raise LimitReached(
                    "A step has at most {most} criteria. Take one away first.", most=MOST_CRITERIA
                )
            criteria += [new] if n else []
        else:
            criteria[kind : kind + 1] = [new] if n else []
        return await self._change(actor, key, rule={"criteria": rule_data(Rule(tuple(criteria)))})

    async def criterion(self, actor: Actor, key: str, number: int) -> tuple[Step, Criterion]:
        """One of a step's. Raises `InvalidInput`."""
        step = await self.step(actor, key)
        return step, self._criterion(step, number)

    async def forget_role(self, guild_id: int, role_id: int) -> None:
        """A role was deleted in Discord: no step gives it any more."""
        for step in self._steps.every(guild_id):
            if step.role_id == role_id:
                async with self._core.db.begin() as session:
                    (await storage.lock_step(session, guild_id, step.key)).role_id = None
        await self._steps.reload(guild_id)

    # ------------------------------------------------------------------------------------------ shared

    async def _change(self, actor: Actor, key: str, *, follows: bool = False, **changes: Any) -> Step:
        """Write it down. With `follows`, whoever holds the step gets its role."""
        async with self._core.db.begin() as session:
            row = await storage.lock_step(session, actor.guild_id, key)
            before = {name: getattr(row, name) for name in changes}
            if follows:
                run = int(self._core.clock.now().timestamp() * 1000)
                said = {"step": key, "before": row.role_id, "after": 0, "run": run}
                await self._core.jobs.enqueue(session, self._role_job(actor.guild_id, said))
            for name, value in changes.items():
                setattr(row, name, value)
            await session.flush()
            await self._core.audit.record(
                session,
                actor,
                AREA,
                N_("changed the step {step} of the ladder"),
                before=before,
                after=changes,
                step=row.title or key,
            )
        await self._steps.reload(actor.guild_id)
        return self._find(actor.guild_id, key)

    def _find(self, guild_id: int, key: str) -> Step:
        found = self._steps.find(guild_id, key)
        if found is None:
            raise InvalidInput("That step does not exist any more. Please open the menu again.")
        return found

    def _criterion(self, step: Step, number: int) -> Criterion:
        if not 0 <= number < len(step.rule.criteria):
            raise InvalidInput("That criterion does not exist any more. Please open the menu again.")
        return step.rule.criteria[number]

    async def _open(
        self, session: AsyncSession, actor: Actor, proposal_id: int
    ) -> tuple[storage.LadderProposalRow, Step]:
        await self._check(actor)
        found = await storage.find_proposal(session, proposal_id)
        if found is None or found.guild_id != actor.guild_id:
            raise gone()
        await wait_turn(session, found.guild_id, found.member_id)
        row = await storage.lock_proposal(session, proposal_id)
        if row is None:
            raise gone()
        rules.check_open(Decision(row.state))
        rules.check_decider(actor.member_id, row.member_id)
        return row, self._find(row.guild_id, row.step)

    async def _lock(
        self, session: AsyncSession, row: storage.LadderProposalRow, step: Step
    ) -> storage.LadderHeldRow:
        return await self._held(session, row.guild_id, row.member_id, step.key)

    async def _held(
        self, session: AsyncSession, guild_id: int, member_id: int, key: str
    ) -> storage.LadderHeldRow:
        return await storage.lock_held(session, guild_id, member_id, key, self._core.clock.now())

    async def _note(
        self, session: AsyncSession, actor: Actor, words: str, member_id: int, why: str | None = None
    ) -> None:
        await self._core.audit.record(session, actor, AREA, words, why=why, member=mention_user(member_id))

    async def _check_role(self, actor: Actor, role_id: int) -> None:
        """A role by which Lyceum knows staff is given by a person alone."""
        if role_id in await self._climbing.staff_roles(actor.guild_id):
            raise NotAllowed(
                "That role makes people staff, so it comes only with a step that somebody of staff confirms. Tick "
                "that among the step's words, or choose another role."
            )

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
