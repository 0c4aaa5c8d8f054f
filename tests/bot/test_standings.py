"""Where somebody stands who is not in memory, when Discord does not say."""

from __future__ import annotations

from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.errors import ServiceUnavailable
from bot.guild_config import GuildConfigs
from bot.standings import Standings

GUILD, OWNER, STRANGER = 1, 2, 3


class FakeResponse:
    def __init__(self, status: int) -> None:
        self.status = status
        self.reason = ""


class FakeGuild:
    owner_id = OWNER

    def __init__(self, answer: Exception) -> None:
        self._answer = answer

    def get_member(self, _member_id: int) -> None:
        return None

    async def fetch_member(self, _member_id: int) -> discord.Member:
        raise self._answer


class FakeClient:
    def __init__(self, answer: Exception) -> None:
        self._guild = FakeGuild(answer)

    def get_guild(self, guild_id: int) -> FakeGuild | None:
        return self._guild if guild_id == GUILD else None


def standings(answer: Exception) -> Standings:
    return Standings(cast(discord.Client, FakeClient(answer)), cast(GuildConfigs, None))


def refusal(status: int, kind: type[discord.HTTPException] = discord.HTTPException) -> discord.HTTPException:
    return kind(cast(Any, FakeResponse(status)), "")


@pytest.mark.parametrize(
    "answer",
    [refusal(503), refusal(503, discord.DiscordServerError), aiohttp.ClientConnectionError(), TimeoutError()],
)
async def test_who_acts_is_asked_to_try_again_and_is_told_of_no_bug(answer: Exception) -> None:
    with pytest.raises(ServiceUnavailable, match="try again"):
        await standings(answer).standing(GUILD, STRANGER)


async def test_who_is_no_member_stands_below_everybody_but_an_owner_who_left_memory() -> None:
    gone = standings(refusal(404, discord.NotFound))
    stranger, owner = await gone.standing(GUILD, STRANGER), await gone.standing(GUILD, OWNER)
    assert not stranger.is_member and stranger.rank.position == 0 and not stranger.rank.is_owner
    assert owner.rank.is_owner
