"""Examples of reviews, the training on three works, and the reviewer's licence; on bad days too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cogs.reviews import rubrics
from cogs.reviews.training import content
from cogs.reviews.training.model import Sample
from sandbox.faults import ADD_ROLE
from sandbox.people import Person
from sandbox.seen import Answer
from sandbox.server import Role
from tests.behaviour.configs import apply, export, give
from tests.behaviour.quests import LyceumWorld, notices
from tests.behaviour.steps import HOSTILE, reach, switch
from tests.behaviour.test_privacy import deleted, files, mentions_of

DAY = timedelta(days=1)
SHIPPED = {each.title: each for each in content.samples()}


async def train(world: LyceumWorld, person: Person | None = None) -> Answer:
    return await world.slash(person or world.member, world.general, "review train")
