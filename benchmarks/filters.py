"""Own filters: what they find, what they find wrongly, and what an ordinary message costs.

    python -m benchmarks.filters

Known domains and honest sites come from the npm package eth-phishing-detect, if npm can fetch it; its licence does not let
us keep it here. Without it made-up domains stand in. Disguises, look-alikes and chat are made by tests/filters/corpora.py.
CPU of this process, the best of several rounds in turns.
"""

from __future__ import annotations

import asyncio
import io
import json
import random
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import discord

from benchmarks import gateway, payloads
from bot.app import Lyceum
from bot.errors import InvalidInput
from bot.settings import DiscordSettings, Settings
from cogs.filters.compiled import Compiled
from cogs.filters.links import may_have_links
from cogs.filters.model import FilterSettings
from cogs.filters.patterns import Patterns
from cogs.filters.rules import Filter, Lists
from cogs.filters.service import FilterService
from cogs.filters.watching import Watching
from storage import filters as storage
from storage.database import Database
from storage.filters import FilterSettingsRow
from storage.schema import upgrade
from tests.filters import corpora
from tests.filters.test_compiled import EVIL, TEXTS

PACKAGE = "eth-phishing-detect@1.2.0"
PATIENCE = 60  # seconds for npm
ROUNDS = 25
ALL = frozenset(Filter)
HANDLED = 3000


def main() -> None:
    """Measure, and print a line each."""
    known, honest = fetched()
    source = PACKAGE if known else "made up, npm could not be reached"
    known = known or [f"{word}.{end}" for word in corpora.made_up_words(5000) for end in corpora.ENDS[:2]]
    found, missed = recall_of_known(known)
    print(f"known domains in disguise ({source}): {found:.3%} of {len(known)}; missed such as {missed[:3]}")
    print(
        f"look-alikes: {recall_of_look_alikes():.2%} of 5,000 messages on {len(corpora.look_alike_hosts())} hosts"
    )
    print(f"ordinary messages found: {wrongly_found(corpora.honest_messages(10_000), known):.3%} of 10,000")
    if honest:
        listed = Compiled({Lists.DOMAINS: known}, frozenset({Filter.DOMAINS}))
        free = [each for each in honest if not listed.look(f"https://{each}").matches]
        wrong = wrongly_found([f"see https://{each}/" for each in free], known)
        print(
            f"its honest sites found: {wrong:.3%} of {len(free)}, beside {len(honest) - len(free)} that its own list has"
        )
    few, many = words_cost()
    print(f"words: {few:.2f} us a message with 50, {many:.2f} with 1,000: {many / few:.3f} x")
    run, refused, worst = evil()
    print(
        f"evil patterns on 4,000 characters: {run} run, {refused} refused, the slowest {worst * 1e3:.2f} ms"
    )
    for what, has_links in (("without links", False), ("with links", True)):
        each, statements = asyncio.run(handler_cost(has_links=has_links))
        print(
            f"the handler, every filter on, 1,000 words: {each:.1f} us a message {what}, {statements} statements"
        )


def fetched() -> tuple[list[str], list[str]]:
    """Known bad domains and honest ones; nothing when npm is missing or cannot be reached."""
    npm = shutil.which("npm")
    if npm is None:
        return [], []
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                [npm, "pack", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=PATIENCE
            )
        except (subprocess.SubprocessError, OSError):
            return [], []
        [archive] = Path(folder).glob("*.tgz")
        with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as opened:
            file = opened.extractfile("package/src/config.json")
            assert file is not None
            config: dict[str, Any] = json.load(file)
    # A few entries are no names of domains at all.
    real = [each for each in config["blacklist"] if re.fullmatch(r"[^\s/]+\.[^\s./]+", each)]
    return real, list(config["whitelist"])


def recall_of_known(known: Sequence[str]) -> tuple[float, list[str]]:
    compiled, rng = Compiled({Lists.DOMAINS: known}, ALL), random.Random(1)
    messages = [corpora.disguised(each, rng) for each in known]
    missed = [
        each for each in messages if Filter.DOMAINS not in {m.filter for m in compiled.look(each).matches}
    ]
    return 1 - len(missed) / len(messages), missed


def recall_of_look_alikes() -> float:
    compiled = Compiled({}, ALL)
    messages = corpora.look_alike_messages(5000)
    return sum(bool(compiled.look(each).matches) for each in messages) / len(messages)


def wrongly_found(messages: Sequence[str], known: Sequence[str]) -> float:
    lists = {Lists.DOMAINS: known, Lists.WORDS: corpora.made_up_words(1000)}
    compiled = Compiled(lists, ALL)
    return sum(bool(compiled.look(each).matches) for each in messages) / len(messages)


def words_cost() -> tuple[float, float]:
    """Microseconds a message with 50 words and with 1,000."""
    messages = corpora.honest_messages(1000)
    both = [
        Compiled({Lists.WORDS: corpora.made_up_words(count)}, frozenset({Filter.WORDS}))
        for count in (50, 1000)
    ]
    best = [1e9, 1e9]
    for _ in range(ROUNDS):
        for number, compiled in enumerate(both):
            best[number] = min(best[number], _cpu(lambda c=compiled: [c.look(each) for each in messages]))
    return best[0] / len(messages) * 1e6, best[1] / len(messages) * 1e6


def evil() -> tuple[int, int, float]:
    """How many patterns run and are refused, and the seconds of the slowest look."""
    run = refused = 0
    worst = 0.0
    for pattern in EVIL:
        try:
            compiled = Patterns([pattern])
        except InvalidInput:
            refused += 1
            continue
        run += 1
        for text in TEXTS:
            worst = max(worst, min(_cpu(lambda c=compiled, t=text: c.find(t)) for _ in range(3)))
    return run, refused, worst


async def handler_cost(*, has_links: bool, count: int = HANDLED) -> tuple[float, int]:
    """Microseconds of the handler for an ordinary message that discord.py has parsed, and its SQL statements."""
    from benchmarks.bots import Statements

    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
        await upgrade(database)
        bot = Lyceum(Settings(discord=DiscordSettings(message_content=True)), database, ring=False)
        bot.core.configs.register(FilterSettings, FilterSettingsRow)
        async with database.begin() as session:
            deeds: dict[str, Any] = {each.value: "delete" for each in Filter}
            await bot.core.configs.change(session, payloads.GUILD_ID, FilterSettings, **deeds)
            words = tuple(corpora.made_up_words(1000))
            await storage.set_list(session, payloads.GUILD_ID, Lists.WORDS, words, bot.core.clock.now())
        socket, _ = await gateway.connect(bot)
        messages: list[discord.Message] = []
        complete = asyncio.Event()

        async def keep(message: discord.Message) -> None:
            messages.append(message)
            if len(messages) == count:
                complete.set()

        bot.listeners.to_messages(keep)
        for payload in payloads.messages(count, payloads.CHATTY, seed=1):
            await socket.received_message(payload)
        await complete.wait()
        chat = [each for each in corpora.honest_messages(count * 4) if may_have_links(each) == has_links]
        watching = Watching(bot, FilterService(bot.core))
        await watching.on_message(messages[0])
        seen = Statements(database)
        best = 1e9
        for turn in range(5):
            for number, (message, text) in enumerate(zip(messages, chat, strict=False)):
                message.content = (
                    f"{text} {turn}.{number}"  # nobody says the same twice, which is a filter, too
                )
            begun = time.process_time()
            for message in messages:
                await watching.on_message(message)
            best = min(best, time.process_time() - begun)
        await bot.close()
        await database.close()
    return best / count * 1e6, len(seen.seen)


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
