"""What the wire tests share: a fake Discord each, and one nursery for all, since it takes seconds to import the bot."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator

import pytest

from tests.wire.fake_discord import FakeDiscord
from tests.wire.nursery import Nursery


@pytest.fixture(scope="session")
def _one_nursery() -> Generator[Nursery]:
    if not hasattr(os, "pidfd_open"):
        pytest.skip("the nursery needs Linux")
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def nursery(_one_nursery: Nursery) -> Generator[Nursery]:
    """Raises real bots, one at a time."""
    yield _one_nursery
    _one_nursery.clear_away()


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as running:
        yield running
