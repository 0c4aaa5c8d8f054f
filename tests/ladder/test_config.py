"""The steps of a ladder in a community's configuration file, on both databases."""

from __future__ import annotations

import tomllib

from bot.config_file import write
from bot.config_places import Server
from bot.config_service import Applied, ConfigService
from cogs.ladder.config import LadderPart
from tests.ladder import test_service
from tests.ladder.test_service import FARAH, GUILD, Ladder

ladder = test_service.ladder  # the fixture
SERVER = Server("Quay Street", channels={}, roles={})
NEW = """
[[ladder.steps]]
step = "own-gardener"
title = "Gardener"
text = "Waters what others sow."
confirmed = false
left_out = false
[[ladder.steps.rule]]
acts = ["micro.done"]
at_least = 2
people = 0
subjects = 0
within_days = 0
subject = ""
"""
MEMBER = '[[ladder.steps]]\nstep = "member"'


async def exported(config: ConfigService) -> str:
    return write((await config.overview(FARAH, SERVER)).blocks)


async def test_steps_are_written_read_and_put_in_order(ladder: Ladder) -> None:
    part = LadderPart(ladder.core, ladder.staff)
    ladder.core.ledger.name("micro.done", "Tasks")
    config = ConfigService(ladder.core, lambda: [part])
    text = await exported(config)
    assert [each["step"] for each in tomllib.loads(text)["ladder"]["steps"]][:2] == ["newcomer", "member"]
    assert not (await config.propose(FARAH, SERVER, text.encode(), "same.toml")).changes

    changed = text.replace(MEMBER, NEW + MEMBER)
    proposal = await config.propose(FARAH, SERVER, changed.encode(), "new.toml")
    assert proposal.id is not None and len(proposal.changes) == 1
    assert isinstance(await config.apply(FARAH, SERVER, proposal.id), Applied)
    assert [each.key for each in ladder.steps.of(GUILD)][:3] == ["newcomer", "own-gardener", "member"]
    assert ladder.steps.of(GUILD)[2].ours  # its words are still those that ship
    await ladder.did("micro.done", 2)
    assert await ladder.step() == "member"
    assert not (await config.propose(FARAH, SERVER, (await exported(config)).encode(), "a.toml")).changes

    async def refused(broken: str) -> str:
        proposal = await config.propose(FARAH, SERVER, broken.encode(), "b.toml")
        assert proposal.id is None
        return " ".join(each.problem.message for each in proposal.mistakes)

    assert "no file takes it away" in await refused(text)
    assert "begins with" in await refused((await exported(config)) + NEW.replace("own-gardener", "wizard"))
    assert "twice" in await refused((await exported(config)) + NEW.replace("Gardener", "Other"))
