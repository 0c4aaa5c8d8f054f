"""What is shipped to learn reviewing with, and that a mistake in it is noticed with its place."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable

import pytest

from cogs.challenges.shipped import shipped as challenges
from cogs.reviews.rubrics import Kind, portion
from cogs.reviews.training import content
from cogs.reviews.training.content import ContentError, read_examples, read_samples
from cogs.reviews.training.model import Sample, from_json, number_of, to_json
from cogs.reviews.training.rules import A_SET, USUAL_THRESHOLD, Rule, Theme, agreement, difference

WRITING = (content.EXAMPLES / "writing.toml").read_text(encoding="utf-8")
SAMPLES = content.SAMPLES.read_text(encoding="utf-8")


def test_every_theme_has_works_with_a_good_and_a_weak_review() -> None:
    counts = Counter(each.theme for each in content.examples())
    assert sum(counts.values()) >= 8 and all(counts[theme] >= 2 for theme in Theme)
    lacking = Counter(rule for each in content.examples() for rule in each.weak.lacks)
    assert set(lacking) == set(Rule)  # each rule can be seen missing


def test_works_are_made_for_challenges_that_exist() -> None:
    titles = {each.title for each in challenges()}
    named = [each.challenge for each in content.examples() if each.challenge is not None]
    assert set(named) <= titles and len(named) >= 8
    themes = {each.theme for each in content.examples() if each.challenge is not None}
    assert themes == {Theme.PROGRAMMING, Theme.WRITING, Theme.DATA}


def test_there_are_three_sets_and_each_judges_different_kinds_of_work() -> None:
    groups: dict[str | None, list[Sample]] = {}
    for each in content.samples():
        assert each.is_complete and all(reference.why for reference in each.reference.values())
        groups.setdefault(each.group, []).append(each)
    assert len(groups) >= 3
    for samples in groups.values():
        assert len(samples) == A_SET and len({each.rubric.key for each in samples}) == A_SET


SAME_FOR_ALL: list[Callable[[int], int]] = [
    lambda n: 0 * n,
    lambda n: (n - 1) // 2,
    lambda n: n // 2,
    lambda n: n - 1,
]


@pytest.mark.parametrize("choose", SAME_FOR_ALL, ids=["lowest", "below the middle", "above it", "highest"])
def test_whoever_answers_everything_alike_does_not_pass(choose: Callable[[int], int]) -> None:
    for group in {each.group for each in content.samples()}:
        found: list[float] = []
        for sample in [each for each in content.samples() if each.group == group]:
            for criterion in sample.rubric.criteria:
                n = len(criterion.answers)
                own = portion(criterion, choose(n))
                reference = portion(criterion, sample.reference[criterion.key].answer)
                found.append(difference(own, reference, n, levels=criterion.kind is Kind.LEVELS))
        assert agreement(found) < USUAL_THRESHOLD, group


def test_a_sample_comes_back_from_the_database_as_it_was() -> None:
    for each in content.samples():
        kept = from_json(to_json(each))
        assert (kept.key, kept.text, kept.rubric, kept.reference) == (
            each.key,
            each.text,
            each.rubric,
            each.reference,
        )


def test_no_two_shipped_works_share_a_number() -> None:
    assert len({number_of(each.key) for each in content.samples()}) == len(content.samples())


BROKEN_EXAMPLES = [
    ('key = "ferry-story"', 'key = "Ferry Story"', "an example: key"),
    ('place = "Sentence 5"', 'place = "Sentence 9"', "ferry-story: “place” is part"),
    ('lacks = ["question", "place", "next_step"]', 'lacks = ["kindness"]', "'kindness' is none of"),
    ('lacks = ["question", "place", "next_step"]', "lacks = []", "lacks is a list"),
    ('title = "The last ferry"', 'title = " The last ferry"', "ferry-story: title"),
    ('title = "The last ferry"', 'tittle = "The last ferry"', "needs exactly"),
    ('theme = "writing"', 'theme = "data"', "the theme is writing"),
    (
        'question = "Is the person gone for good, or do they only not come this year?',
        'question = "Good.',
        "asks something",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), BROKEN_EXAMPLES, ids=lambda each: str(each)[:40])
def test_a_mistake_in_an_example_is_named(old: str, new: str, said: str) -> None:
    assert old in WRITING
    with pytest.raises(ContentError, match=said):
        read_examples(WRITING.replace(old, new, 1), Theme.WRITING)


BROKEN_SAMPLES = [
    ('rubric = "any-work"', 'rubric = "comments-only"', "no rubric with criteria"),
    ('answer = "Partly"', 'answer = "So-so"', "lost-cat: 'aim' cannot be answered so"),
    ('criterion = "clear"', 'criterion = "aim"', "lost-cat: 'aim' cannot be answered so, or not again"),
    ('set = "one"', 'set = "two"', "has . samples, not 3"),
    ('key = "lost-cat"', 'key = "rent-map"', "two samples have one key"),
    ('key = "lost-cat"', "key = 3", "a sample: key"),
]


@pytest.mark.parametrize(("old", "new", "said"), BROKEN_SAMPLES, ids=lambda each: str(each)[:40])
def test_a_mistake_in_a_sample_is_named(old: str, new: str, said: str) -> None:
    assert old in SAMPLES
    with pytest.raises(ContentError, match=said):
        read_samples(SAMPLES.replace(old, new, 1))


def test_a_criterion_without_an_answer_and_a_file_that_is_no_toml_are_named() -> None:
    first = '[[samples.answers]]\ncriterion = "clear"'
    cut = SAMPLES[: SAMPLES.index(first)] + SAMPLES[SAMPLES.index("[[samples]]", SAMPLES.index(first)) :]
    with pytest.raises(ContentError, match="lost-cat: each criterion of any-work"):
        read_samples(cut)
    with pytest.raises(ContentError):
        read_samples("[[samples]")
    assert tomllib.loads(SAMPLES)["samples"]
