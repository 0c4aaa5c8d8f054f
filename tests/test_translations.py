"""The catalogue template follows the code, and every translation in the repository can be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import catalogues
from bot.i18n import LOCALES, Translations, catalogue_files


def test_the_template_is_current() -> None:
    assert catalogues.out_of_date() == []


def test_every_translation_can_be_filled() -> None:
    assert [fault for path in catalogue_files() for fault in catalogues.broken_translations(path)] == []


def test_every_catalogue_of_the_repository_is_loaded() -> None:
    assert len(Translations().locales) == 1 + len(catalogue_files())
    assert not list(LOCALES.rglob("*.mo"))


def test_the_template_changes_only_with_the_texts() -> None:
    text = catalogues.rendered(catalogues.extract())
    assert text == catalogues.rendered(catalogues.extract())
    assert "Date:" not in text
    assert "#:" not in text


CODE = """
from bot.errors import NotFound, TooSoon
from bot.i18n import N_

NAME = N_("marked")

class NotFoundHere(NotFound):
    pass

def t(text="a default is no text"):
    return text

def show(self, tr, x):
    # Translators: seen on the welcome card
    self.translate.t("attribute {name}", name=tr.t("nested"))
    card(tr.t("in a call"), tr.tn("{n} step", "{n} steps", x, who=tr.t("within a plural")))
    tr.t(
        "two "
        "literals",
    )
    tr.t(x)
    tr.t(f"{x} is no literal")
    raise discord.NotFound(x, "not ours")

def refuse(when):
    raise TooSoon("Wait until {when}.", retry_at=when, when=when)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "babel.cfg").write_text("[python: bot/**.py]\n", encoding="utf-8")
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "example.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "bot" / "notes.txt").write_text('t("not code")', encoding="utf-8")
    (tmp_path / "elsewhere.py").write_text('t("not a folder of ours")', encoding="utf-8")
    return tmp_path


def test_texts_are_found_in_functions_methods_and_errors(root: Path) -> None:
    assert catalogues.ids(catalogues.extract(root)) == {
        ("marked",),
        ("attribute {name}",),
        ("nested",),
        ("in a call",),
        ("{n} step", "{n} steps"),
        ("within a plural",),
        ("two literals",),
        ("Wait until {when}.",),
    }
    assert "#. seen on the welcome card" in catalogues.rendered(catalogues.extract(root))


def test_what_the_template_lacks_and_what_it_has_too_much_is_named(root: Path) -> None:
    assert "cannot be read" in catalogues.out_of_date(root)[0]
    assert catalogues.main(["extract"], root) == 0
    assert catalogues.out_of_date(root) == []

    code = root / "bot" / "example.py"
    code.write_text(CODE.replace('"nested"', '"nested anew"'), encoding="utf-8")
    assert catalogues.out_of_date(root) == [
        "not yet in lyceum.pot: 'nested anew'",
        "no longer in the code: 'nested'",
    ]


def test_the_check_command_fails_when_the_template_is_old(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogues.main(["extract"], root)
    assert catalogues.main(["check"], root) == 0
    (root / "bot" / "more.py").write_text('t("one more")', encoding="utf-8")
    assert catalogues.main(["check"], root) == 1
    assert "not yet in lyceum.pot: 'one more'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('msgid "Hi {name}"\nmsgstr "Hallo {nmae}"', "fields that 'Hi {name}' has not: nmae"),
        ('msgid "Hi {name}"\nmsgstr "Hallo"', "lacks fields of 'Hi {name}': name"),
        ('msgid "Hi {name}"\nmsgstr "Hallo {name"', "expected '}'"),
        ('msgid "Hi {name}"\nmsgstr "Hallo {name.x}"', "plain name"),
        ('msgid "{n} a"\nmsgid_plural "{n} b"\nmsgstr[0] "{m}"\nmsgstr[1] "{n}"', "has not: m"),
        ("not a catalogue", "misformatted"),
    ],
)
def test_a_translation_that_could_not_be_shown_is_found(tmp_path: Path, entry: str, fault: str) -> None:
    path = tmp_path / "de" / "LC_MESSAGES" / "lyceum.po"
    path.parent.mkdir(parents=True)
    path.write_text(entry + "\n", encoding="utf-8")
    [found] = catalogues.broken_translations(path)
    assert fault in found
    assert str(path) in found


def test_a_sound_translation_has_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "de" / "LC_MESSAGES" / "lyceum.po"
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid "Hi {name}"\nmsgstr "Hallo {name}"\n\nmsgid "untranslated {x}"\nmsgstr ""\n\n'
        'msgid "{n} a"\nmsgid_plural "{n} b"\nmsgstr[0] "ein A"\nmsgstr[1] "{n} B"\n',
        encoding="utf-8",
    )
    assert catalogues.broken_translations(path) == []
