"""A rota in the chaos test: after each hand-over there is exactly one set of holders, told of once, whatever was killed.

What is expected is what the bot itself has said in the channel: the role is then with those whom the last card names,
with nobody else, and nobody was given it or lost it otherwise than the cards say.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from datetime import timedelta

from bot.authority import MANAGE_GUILD, Actor
from bot.notify import Delivery
from bot.own import Who
from cogs.rota.model import KINDS, RotaSettings
from cogs.rota.rules import State
from cogs.rota.service import RotaService
from cogs.rota.staff import RotaStaff
from storage import rota as rota_storage
from storage import rota_turns as turn_storage
from storage.rota import RotaSettingsRow
from tests.wire.fake_discord import FakeDiscord
from tests.wire.judge import Verdict
from tests.wire.rounds import core_on
from tests.wire.world import GUILD_ID, OWNER_ID, Message

BOSS = Actor(GUILD_ID, OWNER_ID, permissions=MANAGE_GUILD)
VOLUNTEERS, HOLDERS = 5, 2
FORM = {
    "name": "Mentor",
    "kind": "mentor",
    "shift": "week",
    "when": "Thursday 10:00 UTC",
    "holders": f"{HOLDERS}",
}
TURN_AFTER = timedelta(days=3, hours=1)  # after Monday at nine
_HOLDERS = re.compile(r"This turn: (.*)")


class Turns:
    """A role that is handed over every Thursday."""

    def __init__(self, discord: FakeDiscord, url: str) -> None:
        self._world, self._url = discord.world, url
        self.channel = self._world.add_channel("rota").id
        self.role = self._world.add_role("Mentor").id
        self.members = [self._world.add_member(f"rota-{number}").id for number in range(VOLUNTEERS)]

    async def prepare(self) -> None:
        """The rota with its first turn, which the bot has still to tell of."""
        async with core_on(self._url, self._world.now) as core:
            core.configs.register(RotaSettings, RotaSettingsRow)
            for kind in KINDS:
                core.notifier.register(kind)
            service = RotaService(core)
            staff = RotaStaff(core, service)
            async with core.db.begin() as session:
                await core.configs.change(session, GUILD_ID, RotaSettings, channel_id=self.channel)
                for each in self.members:
                    for kind in KINDS:
                        await core.notifier.choose(session, GUILD_ID, each, kind.name, Delivery.OFF)
            rota = await staff.create(BOSS, FORM)
            await staff.set_role(BOSS, rota.id, self.role, 0)
            for each in self.members:
                await service.join(Actor(GUILD_ID, each), rota.id)
            for turn in (await staff.look(BOSS, rota.id)).ahead:
                for seat in turn.seats:
                    if seat.state is State.PLANNED and not seat.is_asked:
                        await service.accept(Who(GUILD_ID, seat.member_id), seat.id)
            first = (await staff.look(BOSS, rota.id)).ahead[0]
            async with core.db.begin() as session:
                row = await rota_storage.lock_rota(session, rota.id)
                turn = await turn_storage.find_turn(session, first.id)
                assert row is not None and turn is not None
                now = self._world.now()
                turn.starts_at, turn.nominal = now, now.replace(tzinfo=None).isoformat()
                await service.handover.begin(session, row, turn)

    def cards(self) -> list[Message]:
        return [each for each in self._world.posts() if each.channel_id == self.channel]

    def has_handed_over(self, number: int) -> bool:
        """Discord has seen the turn of this number, from 1, and the role has followed."""
        cards = self.cards()
        return len(cards) >= number and self._holders() == _named(cards[-1])

    def _holders(self) -> frozenset[int]:
        return frozenset(each for each in self.members if self.role in self._world.members[each].roles)

    def judge(self, verdict: Verdict, expected: int) -> None:
        """One card a turn, each with as many holders as wanted, and the role with those of the last."""
        cards = self.cards()
        if len(cards) < expected:
            verdict.lost.append(f"{expected - len(cards)} hand-overs")
        if len(cards) > expected:
            verdict.doubled.append(f"{len(cards)} hand-overs instead of {expected}")
        named = [_named(each) for each in cards]
        verdict.strange += [f"a turn of {sorted(each)}" for each in named if len(each) != HOLDERS]
        if named and self._holders() - named[-1]:
            verdict.doubled.append(f"holders of the role: {sorted(self._holders() - named[-1])} besides")
        if named and named[-1] - self._holders():
            verdict.lost.append(f"holders of the role: {sorted(named[-1] - self._holders())}")
        changes: defaultdict[int, list[bool]] = defaultdict(list)
        for change in self._world.role_changes:
            if change.role_id == self.role:
                changes[change.member_id].append(change.given)
        for member in self.members:
            has = [False, *(member in each for each in named)]
            wanted = [now for before, now in itertools.pairwise(has) if before is not now]
            rest = iter(wanted)
            if not all(change in rest for change in changes[member]):
                verdict.doubled.append(f"changes of the role of {member}: {changes[member]}, not {wanted}")


def _named(card: Message) -> frozenset[int]:
    """Whom a card named when it was posted."""
    found = _HOLDERS.search((card.said_before or [card.text])[0])
    return frozenset(map(int, re.findall(r"<@(\d+)>", found.group(1)))) if found is not None else frozenset()
