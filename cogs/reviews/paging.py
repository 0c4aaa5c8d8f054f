"""Splits what people wrote into pages of a card, so that none of it is cut."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import Button, custom_id
from bot.i18n import Translator
from bot.text import length

PAGES = 100  # a page's control is numbered `row * PAGES + page`: never change it
ROOM = 3400  # of the 4,000 characters of a card; the rest is for what stands on every page


def split(blocks: Sequence[str], room: int = ROOM, between: str = "\n") -> tuple[str, ...]:
    """The blocks in order, as many on a page as fit; none is taken apart, so each must fit by itself."""
    pages: list[str] = []
    for block in filter(None, blocks):
        if pages and length(pages[-1]) + len(between) + length(block) <= room:
            pages[-1] += f"{between}{block}"
        else:
            pages.append(block)
    return tuple(pages) or ("",)


def turns(control: str, row_id: int, page: int, pages: int, t: Translator) -> tuple[Button, ...]:
    """The buttons to the pages before and after."""
    buttons: list[Button] = []
    if page > 0:
        buttons.append(Button(t("Previous"), custom_id(control, row_id * PAGES + page - 1)))
    if page + 1 < pages:
        buttons.append(Button(t("Next"), custom_id(control, row_id * PAGES + page + 1)))
    return tuple(buttons)


def place_of(number: int | None) -> tuple[int, int]:
    """The row and the page that a control is about."""
    return divmod(number or 0, PAGES)


def note(page: int, pages: int, t: Translator) -> str:
    """Where the reader is; nothing when there is one page."""
    return t("-# Page {page} of {pages}", page=page + 1, pages=pages) if pages > 1 else ""
