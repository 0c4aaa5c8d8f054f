"""The shared mechanisms, as every feature's service gets them. Built once, in `bot/app.py`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.acts import Ledger
from bot.audit import Audit
from bot.avoidances import Avoidances
from bot.cases import Cases
from bot.clock import Clock
from bot.crowding import Crowding
from bot.duty import Duty
from bot.erasure import Erasure
from bot.features import Features
from bot.guards import Guards
from bot.guild_config import GuildConfigs
from bot.jobs import Jobs
from bot.member_card import MemberCards
from bot.notify import Notifier
from bot.open_items import OpenItems
from bot.outbox import Outbox
from bot.profiles import Profiles
from bot.qualifications import Qualifications
from bot.retention import Retention
from bot.schedules import Schedules
from bot.shared_ground import SharedGround
from bot.works import Works
from storage.database import Database


@dataclass(frozen=True)
class Core:
    """What a service works with. It holds nothing of Discord."""

    db: Database
    clock: Clock
    audit: Audit
    configs: GuildConfigs
    features: Features
    profiles: Profiles
    avoidances: Avoidances
    works: Works
    member_cards: MemberCards
    shared_ground: SharedGround
    qualifications: Qualifications
    open_items: OpenItems
    duty: Duty
    ledger: Ledger
    jobs: Jobs
    schedules: Schedules
    outbox: Outbox
    notifier: Notifier
    erasure: Erasure
    retention: Retention
    cases: Cases
    guards: Guards
    crowding: Crowding

    @classmethod
    def build(cls, db: Database, clock: Clock) -> Core:
        """Wire the mechanisms together over a database and a clock."""
        audit = Audit(clock)
        configs = GuildConfigs(db, audit)
        features = Features(configs, audit)
        jobs = Jobs(db, clock, features)
        outbox = Outbox(clock)
        erasure = Erasure(db, clock, jobs, outbox)
        cases = Cases(clock, jobs)
        erasure.redraw_about_with(cases.forget)
        return cls(
            db=db,
            clock=clock,
            audit=audit,
            configs=configs,
            features=features,
            profiles=Profiles(clock),
            avoidances=Avoidances(clock),
            works=Works(),
            member_cards=MemberCards(features),
            shared_ground=SharedGround(),
            qualifications=Qualifications(configs, features),
            open_items=OpenItems(features),
            duty=Duty(features),
            ledger=Ledger(clock, features),
            jobs=jobs,
            schedules=Schedules(db, clock),
            outbox=outbox,
            notifier=Notifier(clock, configs, outbox, jobs),
            erasure=erasure,
            retention=Retention(clock, jobs, erasure),
            cases=cases,
            guards=Guards(clock, configs, outbox),
            crowding=Crowding(),
        )
