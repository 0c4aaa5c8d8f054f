"""The fake Discord keeps Discord's rules, and its judge is hard to please: what the chaos tests rest on."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord
import pytest
from discord import http

from tests.wire.bot_process import _FasterAsyncio
from tests.wire.fake_discord import API, FakeDiscord, until
from tests.wire.faults import CREATES, LATE, Fault, Faults, Scripted
from tests.wire.judge import Community, Firing, judge
from tests.wire.rehearsal import text_of
from tests.wire.sabotage import seams
from tests.wire.world import APPLICATION_ID, GUILD_ID, OWNER_ID, TOKEN, ApiError, World


def message(text: str, nonce: str | None = None) -> dict[str, Any]:
    return {"content": text, "nonce": nonce, "enforce_nonce": nonce is not None}


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as running:
        yield running


@pytest.fixture
async def client(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[discord.Client]:
    """discord.py itself, logged in, with its naps a hundredth as long."""
    monkeypatch.setattr(http.Route, "BASE", f"http://{fake.url}{API}")
    monkeypatch.setattr(http, "asyncio", _FasterAsyncio(100))
    async with discord.Client(intents=discord.Intents.none()) as logged_in:
        await logged_in.login(TOKEN)
        yield logged_in


def test_the_same_nonce_gives_the_first_message_back_until_the_window_has_passed() -> None:
    world = World(nonce_window=timedelta(seconds=120))
    room = world.add_channel("room").id
    first = world.create_message(room, message("a", "n"))
    world.offset += timedelta(seconds=119)
    assert world.create_message(room, message("a", "n")) is first
    world.offset += timedelta(seconds=2)
    assert world.create_message(room, message("a", "n")) is not first
    assert len(world.posts()) == 2


def test_the_nonce_of_a_deleted_message_is_answered_with_unknown_message() -> None:
    world = World()
    room = world.add_channel("room").id
    world.delete(world.create_message(room, message("a", "n")))
    with pytest.raises(ApiError) as refusal:
        world.create_message(room, message("a", "n"))
    assert (refusal.value.status, refusal.value.code) == (404, 10008)


def test_any_number_of_threads_may_have_one_name_and_an_archived_one_is_opened_by_who_writes() -> None:
    world = World()
    room = world.add_channel("room").id
    older, newer = (world.start_thread(room, "Pair 1", 12) for _ in range(2))
    post = world.create_message(older.id, message("a"))
    world.archive(older.id, archived=True)
    assert world.active_threads() == [newer]
    for refused in (
        lambda: world.edit_message(older.id, post.id, message("b")),
        lambda: world.add_to_thread(older.id, OWNER_ID),
    ):
        with pytest.raises(ApiError) as refusal:
            refused()
        assert (refusal.value.status, refusal.value.code) == (400, 50083)
    world.create_message(older.id, message("c"))
    world.add_to_thread(older.id, OWNER_ID)
    assert world.active_threads() == [newer, older]
    assert (older.people, newer.people) == ([OWNER_ID], [])


async def test_discord_py_opens_fills_lists_and_archives_a_thread(
    client: discord.Client, fake: FakeDiscord
) -> None:
    room = fake.world.add_channel("room").id
    made = await client.http.start_thread_without_message(
        room, name="Pair 1", auto_archive_duration=10080, type=12
    )
    await client.http.add_user_to_thread(int(made["id"]), OWNER_ID)
    listed = (await client.http.get_active_threads(GUILD_ID))["threads"]
    assert [(each["name"], each["parent_id"], each["owner_id"]) for each in listed] == [
        ("Pair 1", str(room), str(APPLICATION_ID))
    ]
    await client.http.edit_channel(int(made["id"]), archived=True)
    assert (await client.http.get_active_threads(GUILD_ID))["threads"] == []
    assert fake.world.rooms[int(made["id"])].people == [OWNER_ID]
    assert not fake.rest.unknown_routes


def test_a_message_has_one_thread_and_it_bears_the_messages_id() -> None:
    world = World()
    room = world.add_channel("room").id
    post = world.create_message(room, message("a"))
    assert world.create_thread(room, post.id, "t").id == post.id
    with pytest.raises(ApiError) as refusal:
        world.create_thread(room, post.id, "t")
    assert refusal.value.code == 160004


def test_members_are_listed_in_pages_by_id_and_never_more_than_a_thousand() -> None:
    world = World()
    for number in range(5):
        world.add_member(f"member-{number}")
    everybody = sorted(world.members)
    first = [each.id for each in world.list_members(after=0, limit=4)]
    assert first == everybody[:4]
    assert [each.id for each in world.list_members(after=first[-1], limit=1000)] == everybody[4:]
    with pytest.raises(ApiError):
        world.list_members(after=0, limit=1001)


def test_history_after_a_moment_is_what_follows_it_most_closely_and_newest_first() -> None:
    world = World()
    room = world.add_channel("room").id
    posts = []
    for each in range(5):
        posts.append(world.create_message(room, message(str(each))))
        world.offset += timedelta(seconds=1)
    ids = [each.id for each in posts]
    assert [each.id for each in world.history(room, after=ids[0], limit=2)] == [ids[2], ids[1]]
    assert [each.id for each in world.history(room, limit=2)] == [ids[4], ids[3]]
    since = discord.utils.time_snowflake(datetime.now(UTC) + timedelta(seconds=2.5), high=False)
    assert [each.id for each in world.history(room, after=since, limit=9)] == [ids[4], ids[3]]


# What discord.py 2.7.1 does by itself, which bot/discord_calls.py reckons with.
@pytest.mark.parametrize(
    ("faults", "requests", "error"),
    [
        ([Fault.ERROR_500_BEFORE, Fault.ERROR_500_AFTER], 3, None),
        ([Fault.ERROR_503_BEFORE], 1, discord.DiscordServerError),
        ([Fault.ERROR_520_AFTER], 1, discord.DiscordServerError),
        ([Fault.RESET_BEFORE], 1, aiohttp.ClientError),
        ([Fault.RESET_AFTER], 1, aiohttp.ClientError),
        ([Fault.TOO_MANY], 2, None),
        ([Fault.LATE_504], 2, None),
        ([Fault.ERROR_500_BEFORE] * 5, 5, discord.DiscordServerError),
    ],
)
async def test_discord_py_tries_again_by_itself_only_after_some_faults(
    fake: FakeDiscord,
    client: discord.Client,
    faults: list[Fault],
    requests: int,
    error: type[Exception] | None,
) -> None:
    room = client.get_partial_messageable(fake.world.add_channel("room").id)
    fake.faults.script.extend(Scripted(each, "create_message") for each in faults)
    if error is None:
        await room.send("hello", nonce="0123")
    else:
        with pytest.raises(error):
            await room.send("hello", nonce="0123")
    asked = fake.rest.asked("create_message")
    assert len(asked) == requests
    assert {(each.body["nonce"], each.body["enforce_nonce"]) for each in asked} == {("0123", True)}
    assert len(fake.world.posts()) <= 1


async def test_a_ban_by_cloudflare_is_not_waited_out(fake: FakeDiscord, client: discord.Client) -> None:
    fake.rest.banned = True
    with pytest.raises(discord.HTTPException) as refusal:
        await client.get_partial_messageable(1).send("hello")
    assert refusal.value.status == 429
    assert len(fake.rest.asked("create_message")) == 1


async def test_who_is_away_answers_nobody_and_notices_nothing(
    fake: FakeDiscord, client: discord.Client
) -> None:
    room = client.get_partial_messageable(fake.world.add_channel("room").id)
    await fake.go_away()
    with pytest.raises(aiohttp.ClientError):
        await room.send("hello")
    fake.come_back()
    await room.send("hello again")
    assert [each.text for each in fake.world.posts()] == ["hello again"]


async def test_a_late_request_is_carried_out_although_nobody_waits_for_it(
    fake: FakeDiscord, client: discord.Client
) -> None:
    fake.rest.latest = 0.06
    fake.faults.script.append(Scripted(Fault.LATE, "create_message"))
    room = client.get_partial_messageable(fake.world.add_channel("room").id)
    with pytest.raises(discord.DiscordServerError):
        await room.send("hello")
    assert fake.world.posts() == []
    await until(lambda: len(fake.world.posts()) == 1, seconds=2, what="the late message")


@pytest.mark.parametrize("seed", range(20))
def test_sixty_messages_meet_every_kind_of_fault_whatever_the_seed(seed: int) -> None:
    faults = Faults(seed, share=0.3)
    for _ in range(60):
        for route in ("create_message", "add_role", "create_event", "history"):
            faults.next_for(route)
    assert set(faults.hits) == set(Fault)
    assert faults.hits.total() == 0.3 * 240


def test_only_creations_come_late_and_a_login_meets_no_fault() -> None:
    faults = Faults(1, share=1.0)
    for _ in range(100):
        assert faults.next_for("add_role") not in LATE
        assert faults.next_for("own_user") is None
    assert any(faults.next_for(route) in LATE for route in [*CREATES] * 10)


class TestTheJudge:
    """Everything as planned is right; each single thing amiss is told."""

    def setup_method(self) -> None:
        self.world = World()
        self.community = Community.in_world(self.world)
        self.firings = self.community.plan(60, random.Random(1))
        for firing in self.firings:
            self.carry_out(firing)

    def carry_out(self, firing: Firing) -> None:
        world = self.world
        if firing.kind == "role":
            world.change_role(firing.member_id or 0, firing.role_id or 0, given=firing.given)
        elif firing.kind == "create_event":
            start = (world.now() + timedelta(days=1)).isoformat()
            world.create_event({"name": firing.name, "scheduled_start_time": start})
        elif firing.kind == "open_room":
            thread = world.start_thread(firing.channel_id or 0, firing.name, 12)
            world.create_message(thread.id, message(text_of(firing.name)))
        else:
            room = firing.channel_id or world.open_dm(firing.member_id or 0).id
            post = world.create_message(room, message(text_of(firing.name)))
            if firing.kind == "open_thread":
                world.create_thread(room, post.id, firing.name)

    def first(self, kind: str) -> Firing:
        return next(each for each in self.firings if each.kind == kind)

    def test_is_content_when_all_is_there_once(self) -> None:
        assert judge(self.firings, self.world), judge(self.firings, self.world)

    @pytest.mark.parametrize("kind", ["post", "direct_message", "create_event"])
    def test_sees_what_is_there_twice(self, kind: str) -> None:
        self.carry_out(self.first(kind))
        assert judge(self.firings, self.world).doubled == [self.first(kind).name]

    @pytest.mark.parametrize("kind", ["post", "direct_message", "open_thread", "open_room", "create_event"])
    def test_sees_what_is_missing(self, kind: str) -> None:
        more = Firing("more", kind, self.community.channels[0], self.community.people[0])
        assert judge([*self.firings, more], self.world).lost == ["more"]

    def test_sees_a_second_post_even_when_it_was_deleted(self) -> None:
        self.carry_out(self.first("post"))
        self.world.delete(self.world.posts()[-1])
        assert judge(self.firings, self.world).doubled == [self.first("post").name]

    def test_sees_a_second_thread_unless_it_is_archived_and_nobody_was_ever_in_it(self) -> None:
        firing = self.first("open_room")
        double = self.world.start_thread(firing.channel_id or 0, firing.name, 12)
        assert judge(self.firings, self.world).doubled == [f"thread {firing.name}"]
        double.archived = True
        assert judge(self.firings, self.world)
        double.people.append(self.community.people[0])
        assert judge(self.firings, self.world).doubled == [f"thread {firing.name}"]

    def test_sees_that_a_card_is_not_in_its_thread(self) -> None:
        room = next(iter(self.world.rooms.values()))
        card = next(each for each in self.world.posts() if each.channel_id == room.id)
        card.channel_id = self.community.channels[0]
        assert judge(self.firings, self.world).lost == [room.name]

    def test_sees_a_missing_thread(self) -> None:
        self.world.threads.popitem()
        assert len(judge(self.firings, self.world).lost) == 1

    def test_sees_a_role_that_was_given_back_unasked(self) -> None:
        last = [each for each in self.firings if each.kind == "role"][-1]
        for given in (not last.given, last.given):
            self.world.change_role(last.member_id or 0, last.role_id or 0, given=given)
        assert judge(self.firings, self.world).doubled == [last.name]

    def test_sees_a_role_that_is_not_as_wished_last(self) -> None:
        last = [each for each in self.firings if each.kind == "role"][-1]
        self.world.change_role(last.member_id or 0, last.role_id or 0, given=not last.given)
        assert judge(self.firings, self.world).lost == [last.name]

    def test_sees_what_nobody_planned(self) -> None:
        self.world.create_message(self.community.channels[0], message("hello?"))
        assert judge(self.firings, self.world).strange == ["hello?"]


def test_what_the_tests_override_in_the_bot_is_still_there() -> None:
    missing = [
        f"{owner.__name__}.{name}"
        for owner, names in seams().items()
        for name in names
        if not callable(getattr(owner, name, None))
    ]
    assert missing == []


async def test_the_gateway_says_hello_and_refuses_a_wrong_token(fake: FakeDiscord) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://{fake.url}/gateway/") as socket,
    ):
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 1}})
        closing = await socket.receive()
        assert closing.type is aiohttp.WSMsgType.CLOSE
        assert closing.data == 4004


async def test_a_resumed_session_is_told_what_it_missed(fake: FakeDiscord) -> None:
    address = f"http://{fake.url}/gateway/"
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(address) as socket:
            await socket.receive_json()
            await socket.send_json({"op": 2, "d": {"token": TOKEN, "intents": 1}})
            ready = await socket.receive_json()
            guild = await socket.receive_json()
            assert (ready["t"], guild["t"], guild["d"]["id"]) == ("READY", "GUILD_CREATE", str(GUILD_ID))
        await fake.gateway.join(fake.world.add_member("late"))
        async with session.ws_connect(address) as socket:
            await socket.receive_json()
            resume = {"token": TOKEN, "session_id": ready["d"]["session_id"], "seq": guild["s"]}
            await socket.send_json({"op": 6, "d": resume})
            assert (await socket.receive_json())["t"] == "GUILD_MEMBER_ADD"
            assert (await socket.receive_json())["t"] == "RESUMED"
    assert fake.gateway.resumes == [True]
    assert ready["d"]["user"]["id"] == str(APPLICATION_ID)
