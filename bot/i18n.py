"""Every text that people see, in their own language: gettext over Babel catalogues.

The English text is the message id, so the code reads as what it shows and a missing translation shows
English. Templates hold named fields only ("Welcome, {name}!"). For what one member sees, ask for that member's
locale; for a post, the guild's.

Catalogues are the plain-text `bot/locales/<locale>/LC_MESSAGES/lyceum.po`, compiled in memory at start-up
(about 20 ms for a thousand texts): no binary files in git that could fall behind their source.
`bot/catalogues.py` collects the texts for translators.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

log = logging.getLogger(__name__)

SOURCE_LOCALE = "en"
DOMAIN = "lyceum"
LOCALES = Path(__file__).parent / "locales"


def N_(text: str) -> str:  # noqa: N802 - the name that gettext's tools know
    """Marks a text for the catalogue where it is written; `t` translates it later, where it is shown."""
    return text


class BrokenTemplate(ValueError):
    """A template cannot be filled: a field is missing, has no plain name, or a brace stands alone."""


def field_names(template: str) -> frozenset[str]:
    """The names of the fields in a template. Raises `BrokenTemplate`."""
    return frozenset(name for name in _fields(template) if name is not None)


class Translator:
    """Translates into one locale. `locale` names the catalogue in use, or "en" for the texts as written.

    A translator is called like a function and by convention named `t`, which `bot/catalogues.py` looks for.
    """

    def __init__(self, locale: str, catalogue: NullTranslations) -> None:
        self.locale = locale
        self._catalogue = catalogue

    def __call__(self, text: str, /, **fields: object) -> str:
        """`text` translated and its `{fields}` filled; without fields it is plain text, not a template.

        A translation that cannot be filled is logged and the English text shown instead. Raises
        `BrokenTemplate` when the English text itself cannot be filled, which is a mistake in the code.
        """
        # The empty id stands for the header of a catalogue.
        translated = self._catalogue.gettext(text) if text else text
        return self._filled(translated, text, fields)

    def tn(self, one: str, many: str, n: int, /, **fields: object) -> str:
        """The form for `n` things, by the plural rules of the locale. `{n}` is a field of its own accord."""
        translated = self._catalogue.ngettext(one, many, n)
        return self._filled(translated, one if n == 1 else many, {"n": n, **fields})

    def _filled(self, translated: str, source: str, fields: Mapping[str, object]) -> str:
        if not fields:
            return translated
        if translated != source:
            try:
                return _fill(translated, fields)
            except BrokenTemplate as error:
                log.error("translation cannot be filled locale=%s text=%r: %s", self.locale, source, error)
        return _fill(source, fields)


class Translations:
    """The catalogues of a folder, read once. A catalogue that cannot be read is logged and left out."""

    def __init__(self, folder: Path = LOCALES) -> None:
        self._translators = {SOURCE_LOCALE: Translator(SOURCE_LOCALE, NullTranslations())}
        for path in catalogue_files(folder):
            locale = path.parts[-3]
            try:
                catalogue = load_catalogue(path)
            except (PoFileError, ValueError, OSError) as error:
                log.error("catalogue cannot be read locale=%s: %s", locale, error)
            else:
                self._translators[_key(locale)] = Translator(locale, catalogue)

    @property
    def locales(self) -> tuple[str, ...]:
        """What can be chosen, English included."""
        return tuple(sorted(translator.locale for translator in self._translators.values()))

    def for_locale(self, locale: str | None) -> Translator:
        """The nearest there is: "de-AT" is served by de_AT, else by de, else in English.

        Takes Discord's codes ("pt-BR") and gettext's ("pt_BR"); None, for someone unknown, means English.
        """
        key = _key(locale or SOURCE_LOCALE)
        while key not in self._translators:
            key, separator, _ = key.rpartition("_")
            if not separator:
                return self._translators[SOURCE_LOCALE]
        return self._translators[key]


def catalogue_files(folder: Path = LOCALES) -> list[Path]:
    """The catalogues in a folder: `<folder>/<locale>/LC_MESSAGES/lyceum.po`."""
    return sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def load_catalogue(path: Path) -> GNUTranslations:
    """One .po file, ready to use; fuzzy entries are left out. Raises PoFileError, ValueError or OSError."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parts[-3], domain=DOMAIN, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _key(locale: str) -> str:
    return locale.replace("-", "_").lower()


def _fields(template: str) -> Iterator[str | None]:
    """The field of each piece of the template, None for a piece without. Raises `BrokenTemplate`."""
    try:
        for _, name, spec, _ in Formatter().parse(template):
            # A translator may name a field, not reach into what it holds ("{name.__class__}", "{0}").
            if name is not None and not name.isidentifier():
                raise BrokenTemplate(f"a field needs a plain name, not {name!r}")
            if spec and "{" in spec:
                raise BrokenTemplate("a field inside the format of a field")
            yield name
    except ValueError as error:
        raise BrokenTemplate(str(error)) from error


def _fill(template: str, fields: Mapping[str, object]) -> str:
    missing = field_names(template) - fields.keys()
    if missing:
        raise BrokenTemplate(f"no value for {', '.join(sorted(missing))}")
    try:
        return template.format_map(fields)
    except (ValueError, TypeError) as error:  # A format that the value does not know, as in "{name:d}".
        raise BrokenTemplate(str(error)) from error
