"""What members are asked, in a configuration file. Nothing that a member has said is in it."""

from __future__ import annotations

from bot.config_parts import Ground
from bot.config_reading import Given, Wanted
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import N_
from bot.text import length
from cogs.profiles import rules
from cogs.profiles.service import ProfilesService, SkillSettings, own_statements


class SkillsPart:
    """The five statements by which members judge themselves."""

    table = "profiles"
    title = N_("What members are asked")

    def __init__(self, core: Core, service: ProfilesService) -> None:
        self._configs = core.configs
        self._service = service
        self.keys = {"statements": N_("Statement")}

    async def export(self, ground: Ground) -> Wanted:
        settings = await self._configs.present(ground.session, ground.guild_id, SkillSettings)
        return {"statements": settings.statements}

    async def read(self, ground: Ground, given: Given) -> None:
        given.texts("statements", _read_statements)

    async def apply(self, ground: Ground, wanted: Wanted) -> None:
        await self._service.set_in(ground.session, ground.actor, list(wanted["statements"]))


def _read_statements(texts: tuple[str, ...]) -> tuple[str, ...]:
    # A form cannot be filled in with more; of a file nothing is cut in silence.
    for number, each in enumerate(texts, start=1):
        if length(each) > rules.LONGEST_STATEMENT:
            raise InvalidInput(
                "Statement {number} has {length} characters; at most {limit} fit.",
                number=number,
                length=length(each),
                limit=rules.LONGEST_STATEMENT,
            )
    return own_statements(texts)
