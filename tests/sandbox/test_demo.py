"""The demo's page: on the loopback only, every channel reachable, nothing in anybody's way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.camera import open_camera
from sandbox.demo import Page, shown
from sandbox.world import World
from tests.sandbox.browser import needs_browser
from tests.sandbox.toy_bot import Memory, ToyBot

Buttons = dict[str, str]

# Whether a message with these words is in the window of the channel.
IN_SIGHT = """(() => {
    const box = document.getElementById("channel-timeline")?.getBoundingClientRect();
    const found = [...document.querySelectorAll(".channel-message")].find((each) => each.innerText.includes(`%s`));
    const place = found?.getBoundingClientRect();
    return Boolean(box && place && place.top >= box.top - 1 && place.bottom <= box.bottom + 1);
})()"""
# To the oldest line, again and again until the page, which opens at the newest, has come to rest.
SCROLL_UP = """new Promise((done) => {
    const box = document.getElementById("channel-timeline");
    let calm = 0;
    const again = () => {
        calm = box.scrollTop > 0 ? 0 : calm + 1;
        box.scrollTop = 0;
        if (calm > 10) done(); else setTimeout(again, 100);
    };
    again();
})"""


class Visitor:
    """A browser, as far as the page is concerned."""

    def __init__(self, page: Page, session: aiohttp.ClientSession) -> None:
        self.page = page
        self.session = session

    async def state(self) -> dict[str, Any]:
        """What the page would show."""
        async with self.session.get(f"{self.page.url}api/state") as answer:
            return await answer.json()

    async def do(self, what: str, **more: str) -> dict[str, Any]:
        """Press a button; returns the answer."""
        wish = {"what": what, **more}
        async with self.session.post(
            f"{self.page.url}api/do", json=wish, headers={"X-Lyceum-Demo": "1"}
        ) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def channels(self) -> Buttons:
        """Channel ids by label."""
        return {channel["label"]: channel["id"] for channel in (await self.state())["channels"]}

    async def unread(self, label: str) -> int:
        """How many new messages a channel shows."""
        found = [
            channel["unread"] for channel in (await self.state())["channels"] if channel["label"] == label
        ]
        return found[0]


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[Visitor]:
    """The page around the toy bot."""
    async with (
        World.open(ToyBot, database=Memory(str(tmp_path / "m")), now=discord.utils.utcnow()) as world,
        shown(world, 0) as page,
        aiohttp.ClientSession() as session,
    ):
        yield Visitor(page, session)


async def test_the_page_answers_on_this_computer_only(visitor: Visitor) -> None:
    async with visitor.session.get(visitor.page.url) as answer:
        assert answer.status == 200
        assert "Lyceum" in await answer.text()
    async with visitor.session.get(visitor.page.url, headers={"Host": "example.org"}) as answer:
        assert answer.status == 403
    async with visitor.session.post(f"{visitor.page.url}api/do", json={"what": "join"}) as answer:
        assert answer.status == 403, "another site must not be able to press buttons"


async def test_the_channels_of_the_person_are_listed_and_can_be_opened(visitor: Visitor) -> None:
    channels = await visitor.channels()
    assert list(channels) == ["#welcome", "#introductions", "#first-wins", "#weekly", "#general", "#staff"]
    before = (await visitor.state())["url"]
    answer = await visitor.do("open", channel=channels["#weekly"])
    assert answer["state"]["channel"] == channels["#weekly"]
    assert answer["state"]["url"] not in ("", before)
    async with visitor.session.get(answer["state"]["url"].split("#")[0]) as preview:
        assert preview.status == 200
        assert visitor.page.url.rstrip("/") in preview.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in preview.headers


async def test_staff_is_not_listed_for_a_member(visitor: Visitor) -> None:
    ben = next(person["id"] for person in (await visitor.state())["people"] if person["name"] == "Ben")
    await visitor.do("be", person=ben)
    assert "#staff" not in await visitor.channels()


async def test_a_newcomer_meets_the_rules_and_then_the_greeting(visitor: Visitor) -> None:
    state = (await visitor.do("join"))["state"]
    assert state["gate"]["button"] == "I agree to the rules"
    assert state["channels"] == []
    state = (await visitor.do("accept"))["state"]
    assert state["gate"] is None
    assert "Welcome" in state["recent"][0]["label"]
    state = (await visitor.do("leave"))["state"]
    assert state["gate"]["button"] == "Ann comes back"
    await visitor.do("return")
    state = (await visitor.do("accept"))["state"]
    assert len(state["recent"]) == 2


async def test_time_jumps_to_monday_and_the_new_post_is_counted(visitor: Visitor) -> None:
    assert await visitor.unread("#weekly") == 0
    notice = (await visitor.do("skip", span="monday"))["notice"]
    assert "Monday" in notice
    assert "09:00" in notice
    assert await visitor.unread("#weekly") == 1
    await visitor.do("open", channel=(await visitor.channels())["#weekly"])
    assert await visitor.unread("#weekly") == 0


async def test_the_clock_follows_the_real_one(visitor: Visitor) -> None:
    stage = visitor.page.stage
    assert stage is not None
    before = stage.world.now
    await asyncio.sleep(1.2)
    passed = (stage.world.now - before).total_seconds()
    assert 0.5 < passed < 3


async def test_what_the_bot_posts_by_itself_appears_within_a_second(visitor: Visitor) -> None:
    stage = visitor.page.stage
    assert stage is not None
    preview = stage.preview
    assert preview is not None
    async with stage.lock:
        await stage.world.in_bot(lambda: stage.world.bot.find("welcome").send("by myself"))
    for _ in range(20):
        await asyncio.sleep(0.1)
        if "by myself" in str((await preview_state(preview))["messages"]):
            return
    pytest.fail("the message did not appear on screen")


async def preview_state(preview: Any) -> dict[str, Any]:
    """What the open page shows, without asking the preview to look again."""
    return next(iter(preview._pages.values())).snapshot


async def test_a_killed_bot_comes_back_and_answers(visitor: Visitor) -> None:
    stage = visitor.page.stage
    assert stage is not None
    before = stage.world.bot
    notice = (await visitor.do("restart"))["notice"]
    assert "started again" in notice
    assert stage.world.bot is not before
    assert (await visitor.state())["url"]


async def test_people_can_react_below_the_channel(visitor: Visitor) -> None:
    stage = visitor.page.stage
    assert stage is not None
    await visitor.do("join")
    state = (await visitor.do("accept"))["state"]
    await visitor.do("react", message=state["recent"][0]["id"], emoji="🎉")
    [card] = stage.world.posted(stage.world.welcome)
    assert card.reactions == {"🎉": (stage.person.id,)}


async def test_in_a_crowd_staff_regulars_and_whoever_came_last_stand_on_top(visitor: Visitor) -> None:
    stage = visitor.page.stage
    assert stage is not None
    assert all(person["first"] for person in (await visitor.state())["people"]), (
        "as few as these need no order"
    )
    for name in ("Nils", "Oda", "Pia", "Quim", "Rosa"):
        await stage.world.join(name)
    people = (await visitor.state())["people"]
    first = {person["name"] for person in people if person["first"]}
    assert first == {"Olive", "Farah", "Milo", "Ben", "Cleo", "Rosa"}
    oda = next(person["id"] for person in people if person["name"] == "Oda")
    people = (await visitor.do("be", person=oda))["state"]["people"]
    assert next(person["first"] for person in people if person["name"] == "Oda"), (
        "who you are is never hidden"
    )


async def test_a_thread_says_to_which_channel_it_belongs_and_times_are_written_out(
    visitor: Visitor,
) -> None:
    stage = visitor.page.stage
    assert stage is not None
    world = stage.world
    thread = world.env.backend.create_thread(world.general.id, "Knots", world.member.id)
    await world.say(world.member, world.channel_of(thread.id), "I would, at <t:1791792000:t>")
    listed = {channel["label"]: channel for channel in (await visitor.state())["channels"]}
    assert listed["↳ Knots"]["below"] == "#general" and listed["#general"]["below"] == ""
    assert listed["↳ Knots"]["unread"] == 1
    state = (await visitor.do("open", channel=str(thread.id)))["state"]
    assert "12 Oct 08:00" in state["recent"][0]["label"]


async def test_a_channel_opens_at_its_newest_message_whoever_wrote_it(visitor: Visitor) -> None:
    stage = visitor.page.stage
    assert stage is not None
    world = stage.world
    await world.in_bot(lambda: world.bot.find("general").send("from the bot"))
    newest = await world.say(world.member, world.general, "from a person")
    await visitor.do("open", channel=(await visitor.channels())["#general"])
    assert stage.preview is not None
    assert stage.preview._initial_target(stage.person, world.general.id) == newest.id


@needs_browser
async def test_what_one_does_oneself_is_seen_and_nobody_is_called_by_a_number(visitor: Visitor) -> None:
    stage = visitor.page.stage
    assert stage is not None
    world = stage.world
    async with stage.lock:
        ann = await world.join("Ann")
        for number in range(30):
            await world.say(world.member, world.general, f"Line {number} for <@{ann.id}>")
        await world.leave(ann)
    await visitor.do("be", person=str(world.member.id))
    url = (await visitor.do("open", channel=(await visitor.channels())["#general"]))["state"]["url"]
    async with open_camera() as camera:
        await camera.look_at(url, width=700, height=500)
        await camera.wait_for(IN_SIGHT % "Line 29")
        assert "@Ann" in await camera.ask("document.body.innerText")
        assert "<@" not in await camera.ask("document.body.innerText")
        await camera.ask(SCROLL_UP)
        async with stage.lock:
            await world.say(world.facilitator, world.general, "Somebody else's")
        await camera.wait_for("document.body.innerText.includes(`Somebody else's`)")
        assert not await camera.ask(IN_SIGHT % "Somebody else's"), "who reads back is left in peace"
        async with stage.lock:
            await world.say(world.member, world.general, "My own")
        await camera.wait_for(IN_SIGHT % "My own")


@needs_browser
async def test_a_link_to_a_channel_opens_it_here(visitor: Visitor) -> None:
    stage = visitor.page.stage
    assert stage is not None
    world = stage.world
    weekly = (await visitor.channels())["#weekly"]
    async with stage.lock:
        link = f"https://discord.com/channels/{world.server.guild.id}/{weekly}"
        await world.say(world.member, world.general, f"Look: {link} and <#{weekly}>")
    url = (await visitor.do("open", channel=str(world.general.id)))["state"]["url"]
    async with open_camera() as camera:
        await camera.look_at(url, width=700, height=500)
        await camera.wait_for("document.querySelector(`.channel-message a, .channel-message .mention`)")
        await camera.ask("window.told = []; window.onmessage = (event) => window.told.push(event.data)")
        await camera.ask("document.querySelectorAll(`.channel-message a`).forEach((each) => each.click())")
        await camera.ask("document.querySelector(`.channel-message .mention`).click()")
        await camera.wait_for("window.told.length === 2")
        told = await camera.ask("window.told")
        assert [(each["channel"], each["label"]) for each in told] == [(weekly, ""), ("", "#weekly")]
        await camera.look_at(visitor.page.url, width=900, height=600)
        for each in (told[0], {**told[1], "label": "#general"}):
            await camera.wait_for("typeof state === `object` && state && !busy")
            event = (
                f"new MessageEvent(`message`, {{data: {json.dumps(each)}, source: $(`frame`).contentWindow}})"
            )
            await camera.ask(f"window.dispatchEvent({event})")
            wanted = each["channel"] or str(world.general.id)
            await camera.wait_for(f"state.channel === `{wanted}`")


async def test_times_are_shown_by_the_clock_of_whoever_looks(visitor: Visitor) -> None:
    stage = visitor.page.stage
    assert stage is not None
    assert (await visitor.state())["local"] == ""
    stage.zones = {"Ben": "Asia/Tokyo"}
    ben = next(person["id"] for person in (await visitor.state())["people"] if person["name"] == "Ben")
    state = (await visitor.do("be", person=ben))["state"]
    assert state["local"].endswith("in Tokyo") and stage.zone_of(stage.person) == "Asia/Tokyo"


async def test_an_unknown_button_changes_nothing(visitor: Visitor) -> None:
    address = f"{visitor.page.url}api/do"
    async with visitor.session.post(
        address, json={"what": "explode"}, headers={"X-Lyceum-Demo": "1"}
    ) as answer:
        assert answer.status == 400
