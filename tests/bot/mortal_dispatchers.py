"""Dispatchers whose process can be killed, and four that are broken on purpose."""

from __future__ import annotations

from uuid import uuid4

from bot.dispatcher import Dispatcher, Outcome, PlannedEffect, _Try
from bot.judging import Result
from tests.bot.fake_discord import FakeDiscord

CRASHES = ("crash before intent", "crash after intent", "crash before finish")


class Mortal(Dispatcher):
    """A dispatcher whose process can be killed where Discord does not see it."""

    discord: FakeDiscord
    crash: str | None = None

    def _die_at(self, point: str) -> None:
        self.discord.breathe()
        if self.crash == point:
            self.discord.hits[point] += 1
            self.crash = None
            self.discord.die()

    async def _intend(self) -> list[_Try]:
        self._die_at("crash before intent")
        tries = await super()._intend()
        if tries:
            self._die_at("crash after intent")
        return tries

    async def _finish(self, attempt: _Try, result: Result) -> None:
        self._die_at("crash before finish")
        await super()._finish(attempt, result)


class MarksFirst(Mortal):
    """Broken: commits the outcome before the request."""

    async def _perform(self, attempt: _Try) -> Result:
        await self._finish(attempt, Result(Outcome.SENT))
        return await super()._perform(attempt)


class RandomNonce(Mortal):
    """Broken: each try has a nonce of its own."""

    def _nonce(self, effect: PlannedEffect) -> str:
        return uuid4().hex[:24]


class NoHistory(Mortal):
    """Broken: trusts in the nonce however long ago the first try was."""

    def _is_beyond_nonce(self, effect: PlannedEffect) -> bool:
        return False


class NoNonce(Mortal):
    """Broken: gives Discord no nonce."""

    def _nonce(self, effect: PlannedEffect) -> str:
        return ""
