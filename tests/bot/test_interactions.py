"""What a menu brings back is a number that a database can look for, or a refusal: its values can be forged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.cards import LARGEST_ROW_ID
from bot.errors import InvalidInput
from bot.interactions import chosen_number


def chosen(*values: str) -> Any:
    return SimpleNamespace(data={"values": list(values)})


@pytest.mark.parametrize("number", [0, 7, LARGEST_ROW_ID])
def test_a_number_is_read_as_it_was_offered(number: int) -> None:
    assert chosen_number(chosen(str(number))) == number


@pytest.mark.parametrize(
    "values",
    [(), ("1", "2"), ("",), ("-1",), ("one",), ("٣",), (str(LARGEST_ROW_ID + 1),), ("0" * 20 + "9" * 30,)],
)
def test_what_no_menu_offered_is_refused(values: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match="cannot be chosen"):
        chosen_number(chosen(*values))
