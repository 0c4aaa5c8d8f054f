"""In which language somebody is spoken to, and which languages they say that they speak.

A private answer is in the language of the person's Discord, or in the one they chose in /me edit; so is a DM. A post
is in the community's. Choices are kept in memory: every answer asks, and few people choose.
"""

from __future__ import annotations

import re
from functools import cache
from typing import cast

from babel import Locale, UnknownLocaleError

from bot.guild_config import GuildConfigs
from bot.i18n import Translations, Translator
from bot.outbox import EffectKind
from storage import members as storage
from storage.database import Database

MOST_SPOKEN = 10
# What speakers call their own language; names in the reader's language and in English are known besides.
_OWN_NAMES = {
    "ar": "العربية", "bg": "български", "bn": "বাংলা", "cs": "čeština", "da": "dansk", "de": "deutsch",
    "el": "ελληνικά", "es": "español", "et": "eesti", "fa": "فارسی", "fi": "suomi", "fr": "français",
    "he": "עברית", "hi": "हिन्दी", "hr": "hrvatski", "hu": "magyar", "id": "bahasa indonesia", "it": "italiano",
    "ja": "日本語", "ko": "한국어", "lt": "lietuvių", "lv": "latviešu", "nl": "nederlands", "no": "norsk",
    "pl": "polski", "pt": "português", "ro": "română", "ru": "русский", "sk": "slovenčina", "sl": "slovenščina",
    "sr": "srpski", "sv": "svenska", "sw": "kiswahili", "ta": "தமிழ்", "th": "ไทย", "tr": "türkçe",
    "uk": "українська", "ur": "اردو", "vi": "tiếng việt", "zh": "中文",
}  # fmt: skip


class Languages:
    """Knows in which language to speak to whom."""

    def __init__(self, db: Database, configs: GuildConfigs, translations: Translations) -> None:
        self._db = db
        self._configs = configs
        self._translations = translations
        self._chosen: dict[tuple[int, int], str] = {}

    async def load(self) -> None:
        """Read what members chose."""
        async with self._db.read() as session:
            rows = await storage.list_languages(session)
        self._chosen = {(guild_id, member_id): language for guild_id, member_id, language in rows}

    def note(self, guild_id: int, member_id: int, language: str | None) -> None:
        """A member's choice was committed. None is the language of their Discord."""
        if language is None:
            self._chosen.pop((guild_id, member_id), None)
        else:
            self._chosen[guild_id, member_id] = language

    def chosen(self, guild_id: int | None, member_id: int) -> str | None:
        """What somebody chose, if they did. Costs no SQL."""
        return self._chosen.get((guild_id or 0, member_id))

    async def of_guild(self, guild_id: int) -> Translator:
        """For a post."""
        return self._translations.for_locale((await self._configs.guild(guild_id)).locale)

    async def of_member(self, guild_id: int, member_id: int) -> Translator:
        """For a DM: as chosen, else as their Discord was last seen, else the community's language."""
        async with self._db.read() as session:
            member = await storage.find_member(session, guild_id, member_id)
        locale = (member.language or member.locale) if member is not None else None
        return self._translations.for_locale(locale) if locale else await self.of_guild(guild_id)

    async def of_effect(self, kind: EffectKind, guild_id: int, member_id: int | None) -> Translator:
        """For what the outbox sends: a DM or a post."""
        if kind is EffectKind.DIRECT_MESSAGE and member_id is not None:
            return await self.of_member(guild_id, member_id)
        return await self.of_guild(guild_id)


def read_spoken(typed: str, locale: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The languages in "English, Deutsch" as ISO 639 codes, at most ten, and the names that mean none."""
    names = [each.strip() for each in re.split(r"[,;/\n]|\s(?:and|und|y|et|e)\s", typed) if each.strip()]
    known, unknown = dict[str, None](), list[str]()
    for name in names[: 2 * MOST_SPOKEN]:
        code = _code(name, locale)
        if code is None:
            unknown.append(name)
        else:
            known[code] = None
    return tuple(known)[:MOST_SPOKEN], tuple(unknown)


def spoken_name(code: str, locale: str) -> str:
    """What a language is called in the reader's."""
    return _names(_language(locale)).get(code) or _names("en").get(code) or code


def _code(name: str, locale: str) -> str | None:
    wanted = name.casefold()
    for language in (_language(locale), "en"):
        names = _names(language)
        if (code := re.split("[-_]", wanted)[0]) in names and len(wanted) in (2, 5):
            return code
        for code, each in names.items():
            if each.casefold() == wanted:
                return re.split("[-_]", code)[0]
    return next((code for code, own in _OWN_NAMES.items() if own == wanted), None)


@cache
def _names(language: str) -> dict[str, str]:
    try:
        names = cast("dict[str, str]", dict(Locale.parse(language).languages))  # pyright: ignore[reportUnknownArgumentType] - Babel's
    except (UnknownLocaleError, ValueError):
        return {}
    return {code: name for code, name in names.items() if len(code.split("_")[0]) in (2, 3)}


def _language(locale: str) -> str:
    return re.split("[-_]", locale.lower())[0]
