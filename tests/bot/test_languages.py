"""Languages as people write them, and in which one somebody is spoken to."""

from __future__ import annotations

from gettext import NullTranslations

import pytest

from bot.core import Core
from bot.guild_config import GuildConfig
from bot.i18n import Translations, Translator
from bot.languages import Languages, read_spoken, spoken_name
from bot.outbox import EffectKind
from storage import members
from storage.database import Database
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, ANN = 1, 2, 11


@pytest.mark.parametrize(
    ("typed", "locale", "codes", "unknown"),
    [
        ("English, Spanish", "en-US", ("en", "es"), ()),
        ("Englisch und Deutsch", "de", ("en", "de"), ()),
        ("deutsch; Français / 中文", "en", ("de", "fr", "zh"), ()),
        ("pt-BR, de", "en", ("pt", "de"), ()),
        ("English english ENGLISH", "en", (), ("English english ENGLISH",)),
        ("English, english", "en", ("en",), ()),
        ("Elvishh, 🎉, <@1>", "en", (), ("Elvishh", "🎉", "<@1>")),
        ("", "en", (), ()),
        (",,;/ ,", "zz", (), ()),
    ],
)
def test_languages_are_known_by_any_of_their_names(
    typed: str, locale: str, codes: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    assert read_spoken(typed, locale) == (codes, unknown)


def test_more_than_ten_are_not_kept() -> None:
    codes, _ = read_spoken("en,de,fr,es,it,pt,nl,sv,da,fi,pl,cs", "en")
    assert len(codes) == 10


def test_a_language_is_named_in_the_readers() -> None:
    assert (spoken_name("de", "en"), spoken_name("de", "fr"), spoken_name("zz", "en")) == (
        "German",
        "allemand",
        "zz",
    )


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    return Core.build(database, clock)


@pytest.fixture
def languages(core: Core) -> Languages:
    translations = Translations()
    translations._translators |= {each: Translator(each, NullTranslations()) for each in ("de", "fr")}
    return Languages(core.db, core.configs, translations)


async def test_a_dm_is_in_the_members_language_and_a_post_in_the_communitys(
    core: Core, languages: Languages
) -> None:
    async def spoken(kind: EffectKind, guild: int = GUILD) -> str:
        return (await languages.of_effect(kind, guild, ANN)).locale

    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, GuildConfig, locale="fr")
    assert await spoken(EffectKind.DIRECT_MESSAGE) == "fr"
    async with core.db.begin() as session:
        await members.change_member(session, GUILD, ANN, locale="de")
    assert (await spoken(EffectKind.DIRECT_MESSAGE), await spoken(EffectKind.POST)) == ("de", "fr")
    async with core.db.begin() as session:
        await members.change_member(session, GUILD, ANN, language="en")
    assert (await spoken(EffectKind.DIRECT_MESSAGE), await spoken(EffectKind.POST)) == ("en", "fr")
    assert await spoken(EffectKind.DIRECT_MESSAGE, OTHER_GUILD) == "en", "the other community's own"


async def test_a_choice_is_known_after_a_restart_and_only_where_it_was_made(
    core: Core, languages: Languages
) -> None:
    async with core.db.begin() as session:
        await members.change_member(session, GUILD, ANN, language="de")
    await languages.load()
    assert (languages.chosen(GUILD, ANN), languages.chosen(OTHER_GUILD, ANN)) == ("de", None)
    assert languages.chosen(None, ANN) is None
    languages.note(GUILD, ANN, None)
    assert languages.chosen(GUILD, ANN) is None
