"""For maintainers and translators: collects the texts of the code into `bot/locales/lyceum.pot`.

    python -m bot.catalogues extract    write the template after texts have changed
    python -m bot.catalogues check      exit 1, naming what differs, if it is not current or a .po is broken

A new language begins with `pybabel init -i bot/locales/lyceum.pot -d bot/locales -D lyceum -l de` and
follows the code with `pybabel update -i bot/locales/lyceum.pot -d bot/locales -D lyceum --no-fuzzy-matching`.

Which files are read stands in `babel.cfg`. Texts are the literal arguments of `t`, `tn` and `N_`, called as a
function or as a method of anything, and the messages of the errors in `bot/errors.py`, which are translated
where they are answered. What features ship as TOML has its texts under the keys in `SHIPPED_TEXTS`.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from babel.messages import frontend
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import PoFileError, read_po, write_po

from bot import errors
from bot.i18n import DOMAIN, BrokenTemplate, catalogue_files, field_names, load_catalogue

ROOT = Path(__file__).parent.parent
TEMPLATE = Path("bot", "locales", f"{DOMAIN}.pot")


# No dates, no line numbers: the file changes when a text does, and merges of two branches stay small.
_HEADER = """\
# Texts of Lyceum for translators. Written by `python -m bot.catalogues extract`; do not edit by hand.
# Names in braces are filled in by the bot: keep them as they are.
msgid ""
msgstr ""
"Project-Id-Version: lyceum\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

_Mapping: TypeAlias = tuple[list[tuple[str, str]], dict[str, dict[str, Any]]]

SHIPPED_TEXTS = frozenset(
    {
        "title",
        "intro",
        "hint",
        "body",
        "text",
        "purpose",
        "done",
        "warm_up",
        "core",
        "stretch",
        "explain",
        "choices",
        "strength",
        "question",
        "next_step",
        "place",
        "why",
        "what",
    }
)
"""The keys under which the TOML files of features (`cogs/*/*.toml`) hold texts that people read."""

Id: TypeAlias = tuple[str, ...]
"""A text, or its singular and plural."""


def keywords() -> dict[str, tuple[int, ...] | None]:
    """The names whose calls hold texts, and which of their arguments do (None: the first)."""
    raised = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.BotError)
    ]
    return {"t": None, "tn": (1, 2), "N_": None, **dict.fromkeys(raised)}


def extract(root: Path = ROOT) -> Catalog:
    """The texts in the code under `root`, by its `babel.cfg`; their order is that of the alphabet."""
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        # Babel leaves this one function without types.
        parsed = cast("_Mapping", frontend.parse_mapping_cfg(file))  # pyright: ignore[reportUnknownMemberType] - Babel's
    method_map, options_map = parsed
    catalogue = Catalog(domain=DOMAIN)
    found = extract_from_dir(
        root, method_map, options_map, keywords(), comment_tags=("Translators:",), strip_comment_tags=True
    )
    for _, _, text, comments, context in found:
        catalogue.add(text, auto_comments=comments, context=context)
    return catalogue


def extract_toml(
    file: BinaryIO,
    keywords: object,  # noqa: ARG001 - what Babel passes to every extractor, by these names
    comment_tags: object,  # noqa: ARG001
    options: object,  # noqa: ARG001
) -> Iterable[tuple[int, str, str, list[str]]]:
    """What a feature ships as TOML, for Babel."""
    for text in _texts(tomllib.load(file)):
        yield 1, "", text, []


def _texts(data: object) -> Iterator[str]:
    """The texts at any depth, by the names of their keys."""
    if isinstance(data, dict):
        for key, value in cast("dict[str, object]", data).items():
            if key in SHIPPED_TEXTS and isinstance(value, str) and value:
                yield value
            elif key in SHIPPED_TEXTS and isinstance(value, list):
                yield from (
                    each
                    for each in cast("list[object]", value)
                    if isinstance(each, str) and not each.isdecimal()
                )
            else:
                yield from _texts(value)
    elif isinstance(data, list):
        for each in cast("list[object]", data):
            yield from _texts(each)


def rendered(catalogue: Catalog) -> str:
    """The content of the .pot file."""
    body = BytesIO()
    write_po(body, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    return _HEADER + body.getvalue().decode("utf-8").strip() + "\n"


def ids(catalogue: Iterable[Message]) -> set[Id]:
    return {_id(message) for message in catalogue if message.id}


def out_of_date(root: Path = ROOT) -> list[str]:
    """What differs between the code and the .pot, one sentence each; empty when it is current."""
    wanted = ids(extract(root))
    try:
        with (root / TEMPLATE).open("rb") as file:
            present = ids(read_po(file, abort_invalid=True))
    except (FileNotFoundError, PoFileError) as error:
        return [f"{TEMPLATE.name} cannot be read: {error}"]
    missing = [f"not yet in {TEMPLATE.name}: {' / '.join(text)!r}" for text in sorted(wanted - present)]
    stale = [f"no longer in the code: {' / '.join(text)!r}" for text in sorted(present - wanted)]
    return missing + stale


def broken_translations(path: Path) -> list[str]:
    """What would make the translations of one .po file fall back to English; empty when all can be shown."""
    try:
        load_catalogue(path)
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parts[-3], abort_invalid=True)
    except (PoFileError, ValueError) as error:
        return [f"{path}: {error}"]
    return [f"{path}: {fault}" for message in catalogue if message.id for fault in _faults(message)]


def _faults(message: Message) -> Iterable[str]:
    sources = _id(message)
    expected = frozenset[str]().union(*map(field_names, sources))
    forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    for form in filter(None, forms):
        try:
            used = field_names(form)
        except BrokenTemplate as error:
            yield f"{form!r}: {error}"
            continue
        if used - expected:
            yield f"{form!r} has fields that {sources[0]!r} has not: {', '.join(sorted(used - expected))}"
        # A plural form may leave the number out ("one step"); a single text may leave nothing out.
        elif len(sources) == 1 and used != expected:
            yield f"{form!r} lacks fields of {sources[0]!r}: {', '.join(sorted(expected - used))}"


def _id(message: Message) -> Id:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bot.catalogues", description="The texts for translators."
    )
    parser.add_argument("command", choices=["check", "extract"])
    template = root / TEMPLATE
    if parser.parse_args(arguments).command == "extract":
        template.parent.mkdir(exist_ok=True)
        template.write_text(rendered(extract(root)), encoding="utf-8", newline="\n")
        return 0
    faults = out_of_date(root)
    faults += [fault for path in catalogue_files(template.parent) for fault in broken_translations(path)]
    if faults:
        remedy = "Run `python -m bot.catalogues extract`, or mend the .po file."
        sys.stderr.write("\n".join([*faults, remedy]) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
