"""A community's own badges in its configuration file, on both databases."""

from __future__ import annotations

import tomllib

from bot.config_file import write
from bot.config_places import Server
from bot.config_service import Applied, ConfigService
from cogs.badges.config import BadgesPart
from cogs.badges.rules import State
from tests.badges import test_service
from tests.badges.test_service import BEN, CLEO, FARAH, GUILD, Badges

badges = test_service.badges  # the fixture
SERVER = Server("Quay Street", channels={}, roles={})
NEW = """
[[badges.list]]
title = "Bridge"
how = "Bring two people together."
tier = "deep"
again = true
hidden = false
[[badges.list.rule]]
acts = ["micro.done", "*"]
at_least = 3
people = 2
subjects = 0
within_days = 30
subject = ""
"""


def service(badges: Badges) -> ConfigService:
    part = BadgesPart(badges.staff)
    return ConfigService(badges.core, lambda: [part])


async def exported(config: ConfigService) -> str:
    seen = await config.overview(FARAH, SERVER)
    return write(seen.blocks)


async def test_own_badges_are_written_read_and_come_as_drafts(badges: Badges) -> None:
    config = service(badges)
    badge_id = await badges.on(await badges.write(at_least=2))
    text = await exported(config)
    [item] = tomllib.loads(text)["badges"]["list"]
    assert (item["title"], item["rule"][0]["acts"], item["rule"][0]["at_least"]) == (
        "Reader",
        ["review.given"],
        2,
    )
    assert not (await config.propose(FARAH, SERVER, text.encode(), "same.toml")).changes

    added = text.replace("Read the work of others.", "Read with care.") + NEW
    proposal = await config.propose(FARAH, SERVER, added.encode(), "new.toml")
    assert len(proposal.changes) == 2 and proposal.id is not None and not proposal.mistakes
    assert isinstance(await config.apply(FARAH, SERVER, proposal.id), Applied)
    reader, bridge = (await badges.staff.desk(FARAH)).badges
    assert (reader.id, reader.how, reader.state) == (badge_id, "Read with care.", State.ON)
    assert bridge.state is State.DRAFT and bridge.repeatable and bridge.rule.criteria[0].people == 2
    await badges.act(BEN, 1)
    await badges.act(BEN, 2)
    assert await badges.held(BEN) == ["Reader"]
    assert not (await config.propose(FARAH, SERVER, (await exported(config)).encode(), "again.toml")).changes


async def test_no_file_takes_a_badge_out_or_changes_a_promise(badges: Badges) -> None:
    config = service(badges)
    await badges.on(await badges.write(at_least=2))
    text = await exported(config)

    async def refused(changed: str) -> str:
        proposal = await config.propose(FARAH, SERVER, changed.encode(), "a.toml")
        assert proposal.id is None
        return " ".join(each.problem.message for each in proposal.mistakes)

    assert "no file takes it out" in await refused("format = 1\n[badges]\nlist = []\n")
    assert "its rule is a promise" in await refused(text.replace("at_least = 2", "at_least = 1"))
    assert "can be counted" in await refused(text + NEW.replace("micro.done", "messages.sent"))
    assert "called" in await refused(text + NEW + NEW)
    assert await badges.held(CLEO) == [] and GUILD == 1
