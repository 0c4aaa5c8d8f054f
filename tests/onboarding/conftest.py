"""The service of onboarding over a real database and a fixed clock, without Discord."""

from __future__ import annotations

import pytest

from bot.core import Core
from cogs.onboarding.model import OnboardingSettings
from cogs.onboarding.service import OnboardingService
from storage.database import Database
from storage.onboarding import OnboardingSettingsRow
from tests.clocks import FixedClock


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    core = Core.build(database, clock)
    core.configs.register(OnboardingSettings, OnboardingSettingsRow)
    return core


@pytest.fixture
def service(core: Core) -> OnboardingService:
    service = OnboardingService(core)
    service.register()
    return service
