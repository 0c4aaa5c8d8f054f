"""Whatever is published, done, left out and begun anew, in any order: a member's progress stays what they did."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import UserError
from cogs.onboarding.definition import Audience, Detector
from cogs.onboarding.model import OnboardingSettings, Quest
from cogs.onboarding.progress import StepState
from cogs.onboarding.service import OnboardingService
from storage.acts import ActRow
from storage.database import Database
from storage.onboarding import OnboardingSettingsRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock
from tests.databases import SqliteTemplate

GUILD = 1
ME = Actor(GUILD, 10)
FARAH = Actor(GUILD, 20, permissions=MANAGE_GUILD)
INTRODUCTIONS = frozenset({"introductions"})

actions = st.one_of(
    st.tuples(
        st.just("publish"), st.sampled_from(["without hello", "with a reading", "for helpers only", "moved"])
    ),
    st.tuples(st.just("goal"), st.sampled_from(["new", "mentor"])),
    st.tuples(st.just("hello"), st.integers(1, 3)),
    st.tuples(st.just("answer"), st.integers(1, 3)),
    st.tuples(st.just("form"), st.just(4)),
    st.tuples(st.just("read"), st.integers(4, 7)),
    st.tuples(st.just("skip"), st.none() | st.integers(1, 6)),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("old restart"), st.none()),
    st.tuples(st.just("by hand"), st.integers(1, 5)),
    st.tuples(st.just("channel"), st.booleans()),
)


async def publish(service: OnboardingService, change: object) -> None:
    editor = service.editor
    definition = (await editor.shown(FARAH, "first")).definition
    if change == "without hello" and definition.step("hello") is not None:
        await editor.remove_step(FARAH, "first", "hello")
    elif change == "with a reading" and len(definition.steps) < 7:
        await editor.add_step(FARAH, "first", Detector.READ, "Read", body="x")
    elif change == "for helpers only":
        await editor.edit_step(FARAH, "first", "answer", audience=Audience(levels=("mentor",)))
    else:
        await editor.move_step(FARAH, "first", "goal", 1)
    await editor.publish(FARAH, "first")


async def do(service: OnboardingService, core: Core, name: str, value: object) -> None:
    quests, number = service.quests, value if isinstance(value, int) else 0
    quest = await quests.open(ME)
    match name:
        case "publish":
            await publish(service, value)
        case "goal":
            from bot.profiles import Level

            await quests.set_goal(ME, "Knots", level=Level(str(value)), share_win=True)
        case "hello" | "answer":
            detector = Detector.POST if name == "hello" else Detector.REACTION
            # The index says what the listeners would do.
            if service.waiting.waits(GUILD, 10, detector, INTRODUCTIONS):
                await quests.note_message(
                    GUILD, 10, detector, INTRODUCTIONS, message_id=quest.run * 10 + number
                )
        case "form":
            await quests.answer(ME, quest.id, number, "Splices")
        case "read":
            await quests.read(ME, quest.id, number)
        case "skip":
            await quests.skip(ME, quest.id, value if isinstance(value, int) else None)
        case "restart":
            await quests.restart(ME, quest.id, quest.run)
        case "old restart":
            await quests.restart(ME, quest.id, quest.run - 1)
        case "by hand":
            await service.desk.tick(FARAH, quest.id, number)
        case _:
            async with core.db.begin() as session:
                channel_id = 102 if value else None
                await core.configs.change(
                    session, GUILD, OnboardingSettings, introductions_channel_id=channel_id
                )


def check(before: Quest, after: Quest, name: str) -> None:
    done = {key for key, state in before.progress.states.items() if state is StepState.DONE}
    if after.run == before.run:
        assert after.version == before.version, "who is in a quest stays on their version"
        assert all(after.progress.states.get(key) is StepState.DONE for key in done), "a done step was lost"
        assert after.is_finished or not before.is_finished
    else:
        assert name == "restart" and after.run == before.run + 1 and after.progress.done == 0
    assert not after.is_finished or after.progress.done > 0
    if after.is_finished and not before.is_finished and after.run == before.run:
        assert name not in {"channel", "publish"}, "nobody wins by what staff do to channels or versions"


async def play(url: str, played: list[tuple[str, object]]) -> None:
    database = Database(url)
    try:
        core = Core.build(database, FixedClock())
        core.configs.register(OnboardingSettings, OnboardingSettingsRow)
        async with database.begin() as session:
            await core.configs.change(
                session,
                GUILD,
                OnboardingSettings,
                introductions_channel_id=102,
                wins_channel_id=103,
                finished_role_id=104,
            )
        service = OnboardingService(core)
        service.register()
        before = await service.quests.open(ME)
        for name, value in played:
            with suppress(UserError):  # a refusal changes nothing, which is what is checked
                await do(service, core, name, value)
            found = await service.quests.open(ME)
            check(before, found, name)
            before = found
        await check_once(core, before)
        # What a new process knows is what this one knew.
        again = OnboardingService(core)
        await again.load()
        await service.quests.open(ME)
        assert again.waiting.targets(GUILD, *Detector) == service.waiting.targets(GUILD, *Detector)
    finally:
        await database.close()


async def check_once(core: Core, quest: Quest) -> None:
    async with core.db.read() as session:
        counts = Counter(await session.scalars(select(ActRow.kind).filter_by(retracted_at=None)))
        planned = [row.key for row in await session.scalars(select(OutboxRow))]
    assert counts["quest.completed"] <= 1 and counts["quest.win.shared"] <= 1
    assert not quest.is_finished or counts["quest.completed"] == 1
    assert sum("onboarding.role" in key for key in planned) == counts["quest.completed"]
    assert sum("onboarding.win" in key for key in planned) == counts["quest.win.shared"]


@contextmanager
def copied(template: SqliteTemplate) -> Iterator[str]:
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield f"sqlite:///{shutil.copyfile(template.file, Path(folder) / 'lyceum.db')}"


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(actions, min_size=1, max_size=14))
@example([("goal", "new"), ("channel", False), ("channel", True), ("hello", 1), ("answer", 1)])
@example([("hello", 1), ("publish", "without hello"), ("goal", "mentor"), ("answer", 1), ("form", 4)])
@example(
    [("skip", 1), ("hello", 1), ("answer", 2), ("restart", None), ("old restart", None), ("goal", "new")]
)
@example(
    [
        ("goal", "new"),
        ("hello", 1),
        ("answer", 1),
        ("restart", None),
        ("goal", "new"),
        ("skip", 2),
        ("skip", 3),
    ]
)
def test_any_order_of_things_keeps_what_was_done_and_finishes_once(
    sqlite_template: SqliteTemplate, played: list[tuple[str, object]]
) -> None:
    with copied(sqlite_template) as url:
        asyncio.run(play(url, played))
