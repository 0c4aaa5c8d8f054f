"""The charter in a configuration file: mission, norms, and the outcomes that are running."""

from __future__ import annotations

from datetime import datetime

from bot.acts import CountBy
from bot.config_parts import Ground
from bot.config_reading import Given, Wanted, one_of
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import N_
from cogs.charter import rules
from cogs.charter.model import CharterSettings, Outcome
from cogs.charter.saving import Saving
from storage import charter as storage

OUTCOME_KEYS = ("words", "counts", "by", "target", "from", "until")


class CharterPart:
    """Outcomes that have ended stay out of it: their results are history. An outcome is known by its words."""

    table = "charter"
    title = N_("Charter: purpose, outcomes and norms")

    def __init__(self, core: Core) -> None:
        self._core = core
        self._saving = Saving(core)
        self.keys = {"mission": N_("Mission"), "norms": N_("Norm"), "outcomes": N_("Outcome")}

    async def export(self, ground: Ground) -> Wanted:
        charter = await storage.find_charter(ground.session, ground.guild_id)
        norms = await storage.find_norms(ground.session, ground.guild_id)
        return {
            "mission": (charter.mission or None) if charter is not None else None,
            "norms": tuple(norms.text.split("\n")) if norms is not None else (),
            "outcomes": tuple(map(_item, await self._running(ground))),
        }

    async def read(self, ground: Ground, given: Given) -> None:
        before = await storage.find_norms(ground.session, ground.guild_id)

        def norms(lines: tuple[str, ...]) -> tuple[str, ...]:
            if not lines:
                raise InvalidInput(
                    "Norms that were published cannot be taken back. Write those that hold now."
                )
            read = rules.read_norms("\n".join(" ".join(line.split()) for line in lines))
            given.remark(
                N_("The norms are announced in the charter channel, if there is one.")
                if before is None
                else N_(
                    "Nobody is asked to agree to the changed norms again; `/manage charter edit` can ask them."
                )
            )
            return read

        given.text("mission", rules.read_mission)
        given.texts("norms", norms)
        given.tables("outcomes", OUTCOME_KEYS, self._read_outcome, _check_outcomes)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        session, actor = ground.session, ground.actor
        if "mission" in wanted:
            charter = await storage.lock_charter(session, ground.guild_id)
            await self._saving.mission(session, actor, charter, wanted["mission"])
        if "norms" in wanted:
            before = await storage.find_norms(session, ground.guild_id)
            settings = await self._core.configs.present(session, ground.guild_id, CharterSettings)
            version = before.version + 1 if before is not None else 1
            await self._saving.norms(
                session,
                actor,
                wanted["norms"],
                version=version,
                is_material=before is None,
                channel_id=settings.channel_id,
            )
        if "outcomes" in wanted:
            await self._apply_outcomes(ground, wanted["outcomes"])

    async def _apply_outcomes(self, ground: Ground, wanted: tuple[Wanted, ...]) -> None:
        left = await self._running(ground)
        rows: list[tuple[Wanted, int]] = []
        for item in wanted:
            row = next((each for each in left if each.words == item["words"]), None)
            rows.append((item, row.id if row is not None else 0))
            left = [each for each in left if each is not row]
        for row in left:
            await self._saving.removal(ground.session, ground.actor, row)
        for item, row_id in rows:
            await self._saving.outcome(ground.session, ground.actor, _outcome(item, row_id))

    async def _running(self, ground: Ground) -> list[storage.OutcomeRow]:
        now = self._core.clock.now()
        return [
            each
            for each in await storage.list_outcomes(ground.session, ground.guild_id)
            if each.ends_at > now
        ]

    def _read_outcome(self, item: Given) -> None:
        now = self._core.clock.now()

        def since(at: datetime) -> datetime:
            rules.read_day(at.date().isoformat(), today=now.date())
            return min(at, now)

        def until(at: datetime) -> datetime:
            if at <= now:
                raise InvalidInput("Please say anew by when it should be reached: that time has passed.")
            return at

        item.text("words", rules.read_words, required=True)
        item.text("counts", one_of(self._core.ledger.countable), required=True)
        item.text("by", one_of(each.value for each in CountBy), required=True)
        item.number("target", least=1, most=rules.LARGEST_TARGET)
        item.moment("from", since)
        item.moment("until", until)


def _check_outcomes(items: tuple[Wanted, ...]) -> None:
    if len(items) > rules.MOST_OUTCOMES:
        raise InvalidInput(
            "These are {n} outcomes, and more than {most} nobody keeps in mind.",
            n=len(items),
            most=rules.MOST_OUTCOMES,
        )
    if len({each["words"] for each in items}) < len(items):
        raise InvalidInput(
            "Two outcomes have the same words. An outcome is known by them: please tell them apart."
        )


def _item(row: storage.OutcomeRow) -> Wanted:
    values = (row.words, row.kind, row.counted_by, row.target, row.since, row.ends_at)
    return dict(zip(OUTCOME_KEYS, values, strict=True))


def _outcome(item: Wanted, row_id: int) -> Outcome:
    return Outcome(
        id=row_id,
        words=item["words"],
        kind=item["counts"],
        metric=None,
        counted_by=CountBy(item["by"]),
        target=item["target"],
        since=item["from"],
        ends_at=item["until"],
    )
