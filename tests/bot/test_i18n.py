"""Translating with catalogues made on the spot: a pseudo-locale, Polish plurals, and broken files."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bot.i18n import N_, SOURCE_LOCALE, BrokenTemplate, Translations, Translator, field_names

HEADER = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: {plural}\n"
"""
TWO_FORMS = "nplurals=2; plural=(n != 1);"
POLISH = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"


def write_catalogue(folder: Path, locale: str, body: str, plural: str = TWO_FORMS) -> None:
    path = folder / locale / "LC_MESSAGES" / "lyceum.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEADER.format(plural=plural) + body, encoding="utf-8")


GERMAN = r"""
msgid "Welcome, {name}!"
msgstr "Willkommen, {name}!"

msgid "Nothing to do."
msgstr "Nichts zu tun."

msgid "Renamed {name}"
msgstr "Umbenannt {nmae}"

msgid "Positional {name}"
msgstr "Der Reihe nach {}"

msgid "Reaching {name}"
msgstr "Neugierig {name.__class__}"

msgid "Unclosed {name}"
msgstr "Offen {name"

msgid "Number {n}"
msgstr "Zahl {n:q}"

#, fuzzy
msgid "Guessed"
msgstr "Geraten"

msgid "{n} step"
msgid_plural "{n} steps"
msgstr[0] "ein Schritt"
msgstr[1] "{n} Schritte"
"""
AUSTRIAN = 'msgid "Nothing to do."\nmsgstr "Nix zu tun."\n'
PLURALS = r"""
msgid "{n} step"
msgid_plural "{n} steps"
msgstr[0] "{n} krok"
msgstr[1] "{n} kroki"
msgstr[2] "{n} kroków"

msgid "{n} day"
msgid_plural "{n} days"
msgstr[0] "{n} dzień"
msgstr[1] "{n} dni"
msgstr[2] ""
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_catalogue(tmp_path, "de", GERMAN)
    write_catalogue(tmp_path, "de_AT", AUSTRIAN)
    write_catalogue(tmp_path, "pl", PLURALS, POLISH)
    return tmp_path


@pytest.fixture
def german(folder: Path) -> Translator:
    return Translations(folder).for_locale("de")


def test_a_text_is_translated_and_filled(german: Translator) -> None:
    assert german("Welcome, {name}!", name="Ada") == "Willkommen, Ada!"
    assert german("Nothing to do.") == "Nichts zu tun."


def test_what_has_no_translation_is_shown_in_english(german: Translator) -> None:
    assert german("Goodbye, {name}!", name="Ada") == "Goodbye, Ada!"
    assert german("Guessed") == "Guessed"
    assert german("") == ""
    assert german.tn("{n} duck", "{n} ducks", 2) == "2 ducks"


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("de", "de"),
        ("de-DE", "de"),
        ("de_CH_1996", "de"),
        ("de-AT", "de_AT"),
        ("DE-at", "de_AT"),
        ("en-US", "en"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
        ("_", "en"),
    ],
)
def test_the_nearest_catalogue_serves_a_locale(folder: Path, asked: str | None, served: str) -> None:
    assert Translations(folder).for_locale(asked).locale == served


def test_english_is_there_without_any_catalogue(tmp_path: Path) -> None:
    translations = Translations(tmp_path / "nowhere")
    assert translations.locales == (SOURCE_LOCALE,)
    assert translations.for_locale("de").tn("{n} step", "{n} steps", 1) == "1 step"
    assert translations.for_locale("de").tn("{n} step", "{n} steps", 0) == "0 steps"


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0 kroków"),
        (1, "1 krok"),
        (2, "2 kroki"),
        (5, "5 kroków"),
        (12, "12 kroków"),
        (22, "22 kroki"),
        (112, "112 kroków"),
    ],
)
def test_plurals_follow_the_rules_of_the_language(folder: Path, n: int, text: str) -> None:
    assert Translations(folder).for_locale("pl").tn("{n} step", "{n} steps", n) == text


def test_an_empty_plural_form_is_shown_in_english(folder: Path) -> None:
    assert Translations(folder).for_locale("pl").tn("{n} day", "{n} days", 5) == "5 days"


def test_a_plural_form_may_leave_the_number_out_and_hold_other_fields(german: Translator) -> None:
    assert german.tn("{n} step", "{n} steps", 1) == "ein Schritt"
    assert german.tn("{n} step for {name}", "{n} steps for {name}", 3, name="Ada") == "3 steps for Ada"


@pytest.mark.parametrize("word", ["Renamed", "Positional", "Reaching", "Unclosed"])
def test_a_broken_translation_shows_english_and_is_logged(
    german: Translator, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "bot.i18n"):
        assert german(word + " {name}", name="Ada") == f"{word} Ada"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert word in caplog.text
    assert "Ada" not in caplog.text


def test_a_format_that_the_value_does_not_know_shows_english(german: Translator) -> None:
    assert german("Number {n}", n=3) == "Number 3"


def test_a_mistake_in_the_english_text_is_not_hidden(german: Translator) -> None:
    with pytest.raises(BrokenTemplate, match="name"):
        german("Hello, {name}", nmae="Ada")
    with pytest.raises(BrokenTemplate, match="plain name"):
        german("Hello, {0}", name="Ada")


def test_braces_in_what_a_member_wrote_stay_as_they_are(german: Translator) -> None:
    assert german("Welcome, {name}!", name="{name} {0} {") == "Willkommen, {name} {0} {!"
    assert german("No fields {here}") == "No fields {here}"


def test_a_field_may_have_any_name(german: Translator) -> None:
    assert german("{self} and {text}", self="a", text="b") == "a and b"


def test_a_catalogue_that_cannot_be_read_is_left_out_and_logged(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_catalogue(folder, "fr", 'msgid "a"\nnot a catalogue')
    translations = Translations(folder)
    assert translations.locales == ("de", "de_AT", "en", "pl")
    assert "locale=fr" in caplog.text


def test_marking_a_text_leaves_it_as_it_is() -> None:
    assert N_("Marked {name}") == "Marked {name}"


def test_field_names_are_those_in_braces() -> None:
    assert field_names("{a} {b:>3} {{c}} {a!s}") == {"a", "b"}
    with pytest.raises(BrokenTemplate):
        field_names("{a:{b}}")
