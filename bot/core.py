"""The shared mechanisms, as every feature's service gets them. Built once, in `bot/app.py`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.acts import Ledger
from bot.clock import Clock
from bot.guild_config import GuildConfigs
from bot.jobs import Jobs
from bot.notify import Notifier
from bot.outbox import Outbox
from bot.schedules import Schedules
from storage.database import Database


@dataclass(frozen=True)
class Core:
    """What a service works with. It holds nothing of Discord."""

    db: Database
    clock: Clock
    configs: GuildConfigs
    ledger: Ledger
    jobs: Jobs
    schedules: Schedules
    outbox: Outbox
    notifier: Notifier

    @classmethod
    def build(cls, db: Database, clock: Clock) -> Core:
        """Wire the mechanisms together over a database and a clock."""
        configs = GuildConfigs(db)
        jobs = Jobs(db, clock)
        outbox = Outbox(clock)
        return cls(
            db=db,
            clock=clock,
            configs=configs,
            ledger=Ledger(clock),
            jobs=jobs,
            schedules=Schedules(db, clock),
            outbox=outbox,
            notifier=Notifier(clock, configs, outbox, jobs),
        )
