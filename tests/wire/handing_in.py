"""Members hand in for a challenge by its form, as Discord sends it, and what each of them is answered."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from cogs.challenges import render
from tests.wire.fake_discord import FakeDiscord
from tests.wire.world import COUNTER_BITS, DISCORD_EPOCH_MS, Member, texts_of

MODAL = 5


@dataclass
class Handed:
    """One form that was sent, by its interaction's token."""

    member: Member
    work: str
    token: str
    sent_at: datetime  # by Discord's clock

    def answer(self, discord: FakeDiscord) -> str:
        """All that the member was shown for it; empty while they wait."""
        found = discord.rest.answers.get(self.token)
        if found is None:
            return ""
        return "\n".join(
            text for part in (found.data, *found.edits, *found.follow_ups) for text in texts_of(part)
        )

    def receipt(self, discord: FakeDiscord) -> int | None:
        """The number of the receipt that shows the member's own work; None for any other answer."""
        shown = self.answer(discord)
        found = re.search(r"Submitted\.\*\* Receipt (\d+),", shown)
        return int(found[1]) if found is not None and self.work in shown else None

    def waited(self, discord: FakeDiscord) -> float | None:
        """Seconds until the first answer came."""
        for each in discord.rest.asked("answer_interaction"):
            if self.token in each.path and each.done_at is not None:
                return (each.done_at - self.sent_at).total_seconds()
        return None


async def hand_in(
    discord: FakeDiscord,
    member: Member,
    channel_id: int,
    challenge_id: int,
    work: str,
    *,
    at: datetime | None = None,
) -> Handed:
    """A member sends the form; `at` is when Discord received it, which is in the interaction's number."""
    sent_at = at or discord.world.now()
    low = discord.world.snowflake() & ((1 << COUNTER_BITS) - 1)
    number = int(sent_at.timestamp() * 1000 - DISCORD_EPOCH_MS) << COUNTER_BITS | low
    token = f"interaction-{number}"
    answers = {"work": work, "learned": "Patience", "confidence": "4"}
    data = {
        "custom_id": f"{render.SUBMIT_FORM}:{challenge_id}",
        "components": [
            {
                "type": 18,
                "id": at_,
                "component": {"type": 4, "id": 10 + at_, "custom_id": name, "value": value},
            }
            for at_, (name, value) in enumerate(answers.items(), start=1)
        ],
    }
    await discord.gateway.interact(member, channel_id, number=number, token=token, kind=MODAL, data=data)
    return Handed(member, work, token, sent_at)


async def hand_in_evenly(
    discord: FakeDiscord, channel_id: int, challenge_id: int, count: int, over: timedelta
) -> list[Handed]:
    """So many members hand in, one after the other over this time."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    handed: list[Handed] = []
    for number in range(count):
        await asyncio.sleep(max(0.0, began + over.total_seconds() * number / count - loop.time()))
        member = discord.world.add_member(f"hands-in-{number}")
        work = f"https://example.org/{number}/"
        handed.append(await hand_in(discord, member, channel_id, challenge_id, work))
    return handed
