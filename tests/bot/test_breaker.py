"""The breaker, behind the real HTTP client of discord.py and against a server on this machine that refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from aiohttp import web
from discord.http import HTTPClient, Route

from bot.breaker import Breaker, BreakerOpen
from bot.discord_calls import DiscordCalls, _sorted
from bot.dispatcher import Refused, Unreachable
from bot.judging import PlannedEffect
from bot.outbox import EffectKind, Lane

TOKEN = f"{'M' * 24}.GabcdE.{'x' * 38}"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class RefusingDiscord:
    """Answers each request as it is told to, and remembers when each came."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.status = 200
        self.headers: dict[str, str] = {"Via": "1.1 google"}
        self.text: str | None = None
        self.came: list[tuple[float, int]] = []

    async def answer(self, _request: web.Request) -> web.Response:
        self.came.append((self.clock.seconds, self.status))
        if self.text is not None:
            return web.Response(
                status=self.status, text=self.text, content_type="text/html", headers=self.headers
            )
        return web.json_response(
            {"code": 0, "message": "no", "id": "1"}, status=self.status, headers=self.headers
        )

    def most_refused_in_ten_minutes(self) -> int:
        refused = [at for at, status in self.came if status in (401, 403, 429)]
        return max((sum(first <= at < first + 600 for at in refused) for first in refused), default=0)


class Client:
    """discord.py's HTTP client with a breaker, logged in to the refusing server."""

    def __init__(self, http: HTTPClient, breaker: Breaker, server: RefusingDiscord, clock: Clock) -> None:
        self.http, self.breaker, self.server, self.clock = http, breaker, server, clock

    async def ask(self, path: str = "/channels/{channel_id}/messages") -> str:
        try:
            await self.http.request(Route("GET", path, channel_id=1))
        except BreakerOpen:
            return "not sent"
        except discord.HTTPException as error:
            return str(error.status)
        return "ok"


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    clock = Clock()
    server = RefusingDiscord(clock)
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10")
    breaker = Breaker(monotonic=clock)
    http = HTTPClient(asyncio.get_running_loop(), http_trace=breaker.trace())
    await http.static_login(TOKEN)
    server.came.clear()
    yield Client(http, breaker, server, clock)
    await http.close()
    await runner.cleanup()


@pytest.mark.parametrize("seconds_between", [0.01, 0.6, 5.0])
async def test_a_thousand_refusals_in_a_row_are_fewer_than_a_hundred_in_ten_minutes(
    client: Client, seconds_between: float
) -> None:
    client.server.status = 403
    for _ in range(1000):
        await client.ask()
        client.clock.seconds += seconds_between
    assert 50 <= client.server.most_refused_in_ten_minutes() < 100


async def test_after_ten_minutes_one_request_finds_out(client: Client) -> None:
    client.server.status = 403
    while await client.ask() != "not sent":
        pass
    client.clock.seconds += 601
    assert [await client.ask() for _ in range(3)] == ["403", "not sent", "not sent"]
    client.clock.seconds += 601
    client.server.status = 200
    assert [await client.ask() for _ in range(3)] == ["ok", "ok", "ok"]
    assert client.breaker.why_open is None


async def test_a_ban_by_cloudflare_opens_at_once_for_as_long_as_it_asks(client: Client) -> None:
    client.server.status, client.server.text = 429, "<html>error 1015</html>"
    client.server.headers = {"Retry-After": "1800"}
    assert await client.ask() == "429"
    for _ in range(100):
        assert await client.ask() == "not sent"
        client.clock.seconds += 17
    assert len(client.server.came) == 1
    assert "refused too many" in (client.breaker.why_open or "")
    client.clock.seconds += 200
    client.server.status, client.server.text, client.server.headers = 200, None, {}
    assert await client.ask() == "ok"


async def test_a_401_is_the_last_request(client: Client) -> None:
    told: list[bool] = []
    client.breaker.on_revoked = lambda: told.append(True)
    client.server.status = 401
    assert await client.ask() == "401"
    client.clock.seconds += 100_000
    assert [await client.ask() for _ in range(3)] == ["not sent"] * 3
    assert told == [True]
    assert len(client.server.came) == 1


async def test_refusals_between_good_answers_open_it_far_below_the_limit(client: Client) -> None:
    for number in range(4000):
        client.server.status = 403 if number % 2 else 200
        await client.ask()
        client.clock.seconds += 0.1
    assert client.server.most_refused_in_ten_minutes() == 1000


async def test_what_is_no_fault_of_ours_is_not_counted(client: Client) -> None:
    client.server.status = 401
    for _ in range(100):
        assert await client.ask("/webhooks/1/token/messages/@original") == "401"
    client.server.status = 404
    for _ in range(100):
        assert await client.ask() == "404"
    assert client.breaker.why_open is None
    assert not client.breaker.revoked


async def test_for_the_dispatcher_an_open_breaker_is_an_unreachable_discord(client: Client) -> None:
    client.server.status = 401
    await client.ask()

    async def call() -> Any:
        return await client.http.request(Route("GET", "/users/@me"))

    with pytest.raises(Unreachable):
        await _sorted(call())


async def test_without_the_breaker_every_refusal_reaches_discord(client: Client) -> None:
    client.server.status = 403
    async with aiohttp.ClientSession() as session:
        for _ in range(200):
            async with session.get(f"{Route.BASE}/channels/1"):
                pass
    assert client.server.most_refused_in_ten_minutes() == 200


SAFETY = (
    (EffectKind.KICK, {}),
    (EffectKind.BAN, {}),
    (EffectKind.UNBAN, {}),
    (EffectKind.TIMEOUT, {"until": None}),
    (EffectKind.BULK_BAN, {"user_ids": ["5", "6"]}),
    (EffectKind.PURGE, {"message_ids": [2**63 - 1, 2**63 - 2]}),
    (EffectKind.SET_CHANNEL, {"slowmode": 30}),
    (EffectKind.SET_GUILD, {"invites_until": None, "dms_until": None}),
    (EffectKind.SET_GUILD, {"verification_level": 3}),
)


async def perform(client: Client, count: int) -> list[str]:
    """So many effects of the safety lane, of every kind in turn: how each ended."""
    known: Any = SimpleNamespace(http=client.http, user=SimpleNamespace(id=1), get_guild=lambda _id: None)
    calls, ends = DiscordCalls(known), list[str]()
    for number in range(count):
        kind, arguments = SAFETY[number % len(SAFETY)]
        effect = PlannedEffect(
            number, f"safety:{number}", kind, 7, 8, None, 9, None, None, arguments, 0, None, Lane.SAFETY
        )
        try:
            await calls.perform(effect, None, nonce="n", marker=1)
            ends.append("done")
        except Refused:
            ends.append("refused")
        except Unreachable:
            ends.append("put off")
    return ends


async def test_a_thousand_refused_bans_kicks_and_locks_are_fewer_than_a_hundred_requests(
    client: Client,
) -> None:
    client.server.status = 403
    ends = await perform(client, 1000)
    assert set(ends[:40]) == {"refused"} and set(ends[100:]) == {"put off"}
    assert client.server.most_refused_in_ten_minutes() < 100


async def test_a_401_to_a_ban_stops_everything_at_once(client: Client) -> None:
    told: list[bool] = []
    client.breaker.on_revoked = lambda: told.append(True)
    client.server.status = 401
    assert set(await perform(client, 50)) == {"put off"}
    assert told == [True] and len(client.server.came) == 1
