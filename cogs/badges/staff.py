"""What facilitators do with the badges of their community: write them, test them, switch them on and off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.criteria import MOST_CRITERIA, Criterion, Rule, parse_rule, rule_data
from bot.errors import InvalidInput, LimitReached
from bot.i18n import N_
from cogs.badges import rules
from cogs.badges.history import History
from cogs.badges.living import Living
from cogs.badges.model import AREA, EARNED, Badge, BadgeSettings, Desk, StarterPlan, badge_of, gone
from cogs.badges.roles import RoleFacts, check_role
from cogs.badges.rules import State
from cogs.badges.shipped import Shipped, shipped
from cogs.badges.words_written import Words, columns, shipped_columns, tested_data
from storage import badges as storage


class BadgeStaff:
    """The use cases of facilitators."""

    def __init__(self, core: Core, living: Living, history: History) -> None:
        self._core = core
        self._living = living
        self._history = history

    async def check(self, actor: Actor) -> None:
        """Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    def countable(self) -> Mapping[str, str]:
        """The kinds of acts that a badge can count, with their titles: deeds, never messages, and no badges."""
        ledger = self._core.ledger
        named = dict(ledger.countable)
        for kind, contribution in ledger.contributions.items():
            named.setdefault(kind, contribution.done)
        named.pop(EARNED, None)
        return named

    async def desk(self, actor: Actor) -> Desk:
        """Everything at a glance."""
        await self.check(actor)
        settings = await self._core.configs.get(actor.guild_id, BadgeSettings)
        async with self._core.db.read() as session:
            rows = await storage.list_badges(session, actor.guild_id)
            held = await storage.count_held(session, actor.guild_id)
            doubtful = await storage.list_doubtful(session, actor.guild_id, limit=100)
        known = {row.shipped_key for row in rows if row.state != State.DRAFT}
        left = [each for each in self._offered() if each.key not in known]
        return Desk(tuple(map(badge_of, rows)), held, len(left), len(doubtful), settings)

    async def find(self, actor: Actor, badge_id: int) -> Badge:
        """One badge. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_badge(session, actor.guild_id, badge_id)
        if row is None:
            raise gone()
        return badge_of(row)

    # ------------------------------------------------------------------------------------------ writing

    async def add(self, actor: Actor, words: Words) -> int:
        """A badge of one's own, as a draft; returns its id. Raises `LimitReached`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self._core.configs.change(
                session, actor.guild_id, BadgeSettings
            )  # locks the community's row
            own = [
                each for each in await storage.list_badges(session, actor.guild_id) if not each.shipped_key
            ]
            if len(own) >= rules.MOST_OWN:
                raise LimitReached(
                    "There are {most} badges of your own already. Change one that nobody uses any more.",
                    most=rules.MOST_OWN,
                )
            row = storage.BadgeRow(guild_id=actor.guild_id, **columns(words))
            session.add(row)
            await session.flush()
            await self._core.audit.record(
                session, actor, AREA, N_("wrote the badge {badge}"), badge=words.title
            )
            return row.id

    async def edit(self, actor: Actor, badge_id: int, words: Words) -> None:
        """Change the words of one's own. Whoever has it keeps it."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._lock_own(session, actor, badge_id)
            before = {name: getattr(row, name) for name in columns(words)}
            after = columns(words)
            for name, value in after.items():
                setattr(row, name, value)
            await self._core.audit.record(
                session,
                actor,
                AREA,
                N_("changed the words of the badge {badge}"),
                before=before,
                after=after,
                badge=row.title,
            )
        await self._living.reload(actor.guild_id)

    async def add_criterion(self, actor: Actor, badge_id: int, kind: str) -> None:
        """Count one kind of acts more. Raises `InvalidInput`."""
        criterion = parse_rule([{"acts": [kind]}], self.countable()).criteria[0]
        async with self._core.db.begin() as session:
            row = await self._lock_rule(session, actor, badge_id)
            present = badge_of(row).rule
            if len(present.criteria) >= MOST_CRITERIA:
                raise LimitReached("A rule has at most {most} criteria.", most=MOST_CRITERIA)
            await self._set_rule(session, actor, row, Rule((*present.criteria, criterion)))

    async def set_criterion(self, actor: Actor, badge_id: int, index: int, asked: Criterion | None) -> None:
        """Ask for other numbers of one criterion; None leaves it out."""
        async with self._core.db.begin() as session:
            row = await self._lock_rule(session, actor, badge_id)
            criteria = list(badge_of(row).rule.criteria)
            if not 0 <= index < len(criteria):
                raise gone()
            if asked is None:
                del criteria[index]
            else:
                criteria[index] = replace(asked, kinds=criteria[index].kinds, subject=criteria[index].subject)
            # Read once more as it is written down, so that no number is out of bounds.
            await self._set_rule(session, actor, row, parse_rule(rule_data(Rule(tuple(criteria)))))

    async def retire_at(self, actor: Actor, badge_id: int, at: datetime | None) -> None:
        """From then on nobody gets it any more, and everybody who has it keeps it; None takes that back."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor, badge_id)
            row.retires_at = at
            what = N_("gave the badge {badge} an end") if at else N_("took the end of the badge {badge} back")
            after = {"retires_at": at.isoformat()} if at else {}
            await self._core.audit.record(session, actor, AREA, what, after=after, badge=badge_of(row).title)
        await self._living.reload(actor.guild_id)

    async def set_role(self, actor: Actor, badge_id: int, role: RoleFacts | None) -> None:
        """The role that comes with it, for those who have it too. Raises `InvalidInput`, `NotAllowed` for one that it must not be."""
        await self.check(actor)
        if role is not None:
            config = await self._core.configs.guild(actor.guild_id)
            staff = frozenset[int]().union(*config.capability_roles.roles.values())
            check_role(actor, role, staff)
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor, badge_id)
            before, row.role_id = row.role_id, role.id if role is not None else None
            await self._core.audit.record(
                session,
                actor,
                AREA,
                N_("chose the role of the badge {badge}"),
                before={"role": f"<@&{before}>"} if before else None,
                after={"role": f"<@&{role.id}>"} if role else None,
                badge=badge_of(row).title,
            )
            if before != row.role_id:
                await self._history.begin_roles(session, badge_of(row), before)
        await self._living.reload(actor.guild_id)

    async def role_deleted(self, guild_id: int, role_id: int) -> None:
        """The role is gone: badges go on without it."""
        async with self._core.db.begin() as session:
            changed = await storage.forget_role(session, guild_id, role_id)
        if changed:
            await self._living.reload(guild_id)

    # ------------------------------------------------------------------------------------------ by a file

    async def list_own(self, session: AsyncSession, guild_id: int) -> list[Badge]:
        """What the community wrote itself."""
        rows = await storage.list_badges(session, guild_id)
        return [badge_of(row) for row in rows if not row.shipped_key]

    async def apply_own(
        self, session: AsyncSession, actor: Actor, wanted: Sequence[tuple[Words, Rule]]
    ) -> None:
        """Make the community's own badges say this; a new one is a draft. The caller has looked who that is."""
        await self._core.configs.change(session, actor.guild_id, BadgeSettings)  # locks the community's row
        present: dict[str, list[storage.BadgeRow]] = {}
        for row in await storage.list_badges(session, actor.guild_id):
            if not row.shipped_key:
                present.setdefault(row.title, []).append(row)
        for words, rule in wanted:
            known = present.get(words.title)
            after = columns(words)
            if not known:
                row = storage.BadgeRow(guild_id=actor.guild_id, **after)
                session.add(row)
                await session.flush()
                before: dict[str, Any] = {}
                what = N_("wrote the badge {badge}")
            else:
                row = known.pop(0)
                before = {name: getattr(row, name) for name in after}
                what = N_("changed the words of the badge {badge}")
            if before != after:
                for name, value in after.items():
                    setattr(row, name, value)
                await self._core.audit.record(
                    session, actor, AREA, what, before=before, after=after, badge=words.title
                )
            if badge_of(row).rule != rule:
                if row.state == State.ON:
                    raise InvalidInput("Switch it off first: while it is on, its rule is a promise.")
                await self._set_rule(session, actor, row, rule)
        await session.flush()
        await self._living.reload_in(session, actor.guild_id)

    # ------------------------------------------------------------------------------------------ on and off

    async def test(self, actor: Actor, badge_id: int) -> Badge:
        """Who would have it by what was done until now. It is written down that this was looked at."""
        badge = await self.find(actor, badge_id)
        tested = (await self._history.test(actor.guild_id, [badge]))[badge.id]
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor, badge_id)
            if row.version == badge.version:
                row.tested = tested_data(tested)
        return replace(badge, tested=tested)

    async def switch_on(
        self, actor: Actor, badge_id: int, *, backfill: bool, everybody: bool = False
    ) -> Badge:
        """Give it from now on, and with `backfill` for what was done before.

        Raises `InvalidInput` when it was not tested on history, and, without `everybody`, when everybody would have it.
        """
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor, badge_id)
            badge = badge_of(row)
            self._check_tested(badge, everybody=everybody)
            await self._switch_on(session, actor, row, backfill=backfill)
            badge = badge_of(row)
        await self._living.reload(actor.guild_id)
        return badge

    async def switch_off(self, actor: Actor, badge_id: int) -> None:
        """Nobody gets it any more; whoever has it keeps it."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor, badge_id)
            if row.state == State.ON:
                row.state = State.OFF.value
                title = badge_of(row).title
                await self._core.audit.record(
                    session, actor, AREA, N_("switched the badge {badge} off"), badge=title
                )
        await self._living.reload(actor.guild_id)

    async def plan_starter(self, actor: Actor) -> StarterPlan:
        """What the badges that come with Lyceum and were never switched on would do. They become drafts."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            rows = [shipped_columns(actor.guild_id, each) for each in self._offered()]
            await storage.add_badges(session, rows)
            known = await storage.list_badges(session, actor.guild_id)
            drafts = [badge_of(row) for row in known if row.shipped_key and row.state == State.DRAFT]
        tested = await self._history.test(actor.guild_id, drafts)
        async with self._core.db.begin() as session:
            for badge in drafts:
                row = await self._lock(session, actor, badge.id)
                row.tested = tested_data(tested[badge.id])
        return StarterPlan(tuple((badge, tested[badge.id]) for badge in drafts))

    async def switch_starter_on(self, actor: Actor, *, backfill: bool) -> int:
        """Switch on what `plan_starter` showed, but what everybody would have; returns how many."""
        await self.check(actor)
        switched = 0
        async with self._core.db.begin() as session:
            for each in await storage.list_badges(session, actor.guild_id):
                badge = badge_of(each)
                if not (badge.ours and badge.state is State.DRAFT and badge.tested is not None):
                    continue
                if not rules.is_fresh(badge.tested.at, self._core.clock.now()):
                    raise InvalidInput(
                        "Please look at the starter set again: what it would do may have changed."
                    )
                if not badge.tested.everybody:
                    row = await self._lock(session, actor, badge.id)
                    await self._switch_on(session, actor, row, backfill=backfill)
                    switched += 1
        await self._living.reload(actor.guild_id)
        return switched

    async def backfill(self, actor: Actor, badge_id: int, *, everybody: bool = False) -> None:
        """Give it for what was done before it was switched on. Raises `InvalidInput` as `switch_on` does."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor, badge_id)
            if row.state != State.ON:
                raise InvalidInput("It is not switched on, so nobody is given it.")
            self._check_tested(badge_of(row), everybody=everybody)
            await self._history.begin(session, badge_of(row))

    async def begin_check(self, actor: Actor) -> None:
        """Look whether everybody still deserves what they have."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            for row in await storage.list_badges(session, actor.guild_id):
                badge = badge_of(row)
                if badge.rule.criteria and badge.state is not State.DRAFT:
                    await self._history.begin_check(session, badge)

    # ------------------------------------------------------------------------------------------ shared

    def _check_tested(self, badge: Badge, *, everybody: bool) -> None:
        """Nothing is given before somebody saw, a short while ago, who would have it."""
        tested = badge.tested
        if badge.rule.criteria and not rules.is_fresh(tested.at if tested else None, self._core.clock.now()):
            raise InvalidInput("Please test it on history first: then you see who would have it.")
        if tested is not None and tested.everybody and not everybody:
            raise InvalidInput(
                "(Nearly) everybody would have this badge. Look at its test again, and say so there if you mean it."
            )

    def _offered(self) -> list[Shipped]:
        """The shipped badges of which every act can be done here, by what features there are."""
        known = self.countable()
        return [each for each in shipped().values() if each.rule.kinds <= {*known, "*"}]

    async def _lock(self, session: AsyncSession, actor: Actor, badge_id: int) -> storage.BadgeRow:
        row = await storage.lock_badge(session, actor.guild_id, badge_id)
        if row is None:
            raise gone()
        return row

    async def _lock_own(self, session: AsyncSession, actor: Actor, badge_id: int) -> storage.BadgeRow:
        row = await self._lock(session, actor, badge_id)
        if badge_of(row).ours:
            raise InvalidInput(
                "This badge comes with Lyceum, in every language. Write one of your own to say it differently."
            )
        return row

    async def _lock_rule(self, session: AsyncSession, actor: Actor, badge_id: int) -> storage.BadgeRow:
        await self.check(actor)
        row = await self._lock_own(session, actor, badge_id)
        if row.state == State.ON:
            raise InvalidInput("Switch it off first: while it is on, its rule is a promise.")
        return row

    async def _set_rule(self, session: AsyncSession, actor: Actor, row: storage.BadgeRow, rule: Rule) -> None:
        before, row.rule = row.rule, {"criteria": rule_data(rule)}
        row.tested, row.version = {}, row.version + 1
        await self._core.audit.record(
            session,
            actor,
            AREA,
            N_("changed the rule of the badge {badge}"),
            before=before,
            after=row.rule,
            badge=row.title,
        )
        if row.state != State.DRAFT and rule.criteria:
            await self._history.begin_check(session, badge_of(row))

    async def _switch_on(
        self, session: AsyncSession, actor: Actor, row: storage.BadgeRow, *, backfill: bool
    ) -> None:
        if row.state != State.ON:
            row.state, row.switched_on_at = State.ON.value, self._core.clock.now()
            title = badge_of(row).title
            await self._core.audit.record(
                session, actor, AREA, N_("switched the badge {badge} on"), badge=title
            )
            await self._history.ensure_weekly(session, actor.guild_id)
        if backfill and badge_of(row).rule.criteria:
            await self._history.begin(session, badge_of(row))
