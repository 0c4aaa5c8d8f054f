"""Rubrics: what they may hold, the pages of their form, and how high an answer lies."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.reviews.drafts import next_page
from cogs.reviews.rubrics import Criterion, Kind, Rubric, Words, pages, parse, portion, read, shipped, to_json

_LEVELS = Criterion("aim", "Does it do its job?", "Try it.", Kind.LEVELS, ("No", "Partly", "Yes"))


def _rubric(criteria: int) -> Rubric:
    return Rubric("r", "R", tuple(Criterion(f"c{n}", "C", "E", Kind.YES_NO) for n in range(criteria)))


def test_every_kind_of_rubric_is_shipped_and_comments_only_is_one() -> None:
    kinds = {each.kind for rubric in shipped() for each in rubric.criteria}
    assert kinds == set(Kind)
    assert any(not rubric.criteria for rubric in shipped())


@given(st.integers(0, 6))
def test_a_form_has_at_most_five_parts_a_page_and_asks_everything_once(criteria: int) -> None:
    rubric = _rubric(criteria)
    found = pages(rubric)
    assert all(1 <= len(page) <= 5 for page in found)
    assert [part for page in found for part in page] == [*rubric.criteria, *Words]
    assert set(Words) <= set(found[-1])
    assert len(found) <= 2


def test_six_criteria_leave_none_alone() -> None:
    assert [len(page) for page in pages(_rubric(6))] == [4, 5]


def test_an_answer_lies_between_nothing_and_all() -> None:
    assert [portion(_LEVELS, answer) for answer in range(3)] == [0.0, 0.5, 1.0]
    assert portion(Criterion("ok", "OK?", "E", Kind.YES_NO), 1) == 1.0


@pytest.mark.parametrize("answer", [-1, 3])
def test_an_answer_that_nobody_could_choose_is_refused(answer: int) -> None:
    with pytest.raises(InvalidInput):
        portion(_LEVELS, answer)


def test_no_page_of_a_shipped_form_fills_in_what_another_asks_for() -> None:
    for rubric in shipped():
        draft: dict[str, object] = {}
        for number, parts in enumerate(pages(rubric)):
            assert next_page(rubric, draft) == number
            draft |= {
                part.value if isinstance(part, Words) else part.key: "In words"
                if isinstance(part, Words)
                else 1
                for part in parts
            }
        assert next_page(rubric, draft) is None


def test_a_rubric_is_kept_as_it_was() -> None:
    for rubric in shipped():
        assert read(json.loads(json.dumps(to_json(rubric)))) == rubric


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("rubrics = 1", "[[rubrics]]"),
        ("[[rubrics]", "no TOML"),
        ('[[rubrics]]\nkey = "A b"\ntitle = "T"', "small letters"),
        ('[[rubrics]]\nkey = "a"\ntitle = ""', "a: “title”"),
        ('[[rubrics]]\nkey = "a"\ntitle = "T"\nversion = 0', "“version”"),
        ('[[rubrics]]\nkey = "a"\ntitle = "T"\nbogus = 1', "“bogus” is not known"),
        ('[[rubrics]]\nkey = "a"\ntitle = "T"\n[[rubrics]]\nkey = "a"\ntitle = "T"', "Two rubrics"),
        (
            '[[rubrics]]\nkey="a"\ntitle="T"\n[[rubrics.criteria]]\nkey="b"\ntitle="T"\nexplain="E"\nkind="x"',
            "a, b: “kind”",
        ),
        (
            (
                '[[rubrics]]\nkey="a"\ntitle="T"\n[[rubrics.criteria]]\nkey="b"\ntitle="T"\nexplain="E"\n'
                'kind="levels"\nchoices=["one"]'
            ),
            "a, b: “choices” are 2 to 5",
        ),
        (
            (
                '[[rubrics]]\nkey="a"\ntitle="T"\n[[rubrics.criteria]]\nkey="b"\ntitle="T"\nexplain="E"\n'
                'kind="yes_no"\nchoices=["one", "two"]'
            ),
            "needs no “choices”",
        ),
        (
            (
                '[[rubrics]]\nkey="a"\ntitle="T"\n[[rubrics.criteria]]\nkey="question"\ntitle="T"\nexplain="E"\n'
                'kind="yes_no"'
            ),
            "a: “strength”, “question”, “next_step” are asked in every review",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(content: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(content)
    assert said in str(refused.value)
