"""Rules over what somebody did: so many acts of these kinds, perhaps for different people, perhaps within some days.

A `Criterion` is one such demand, a `Rule` several that must hold at the same time. Everything here is pure: acts come
in, answers go out (`bot/evidence.py` reads them). Guarantees, tested in `tests/bot/test_criteria.py`:

* `earned_at` is the same whether acts are judged one after the other as they come or all at once later.
* Only acts that stand count, each once, and every answer can name the acts on which it rests.
* More evidence never takes anything away, except that the window of a criterion moves on.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from bot.errors import InvalidInput
from bot.i18n import Translator

ANY_CONTRIBUTION = "*"
MOST_CRITERIA = 5
MOST_KINDS = 10
MOST_ACTS = 1000
MOST_DAYS = 730
LONGEST_SUBJECT = 100
_KEYS = frozenset({"acts", "at_least", "within_days", "people", "subjects", "subject"})


@dataclass(frozen=True)
class CountedAct:
    """An act as far as rules look at it. `other_id` is whom it was done for or with: None nobody, 0 somebody deleted."""

    id: int
    kind: str
    subject: str
    other_id: int | None
    at: datetime


@dataclass(frozen=True)
class Criterion:
    """At least so many acts of these kinds, in any `window_days` days in a row (None: ever).

    `people` of them for or with different people, `subjects` of them about different things; 0 does not ask.
    `subject` counts acts about that one thing only. The kind `ANY_CONTRIBUTION` stands for every contribution.
    """

    kinds: tuple[str, ...]
    at_least: int = 1
    window_days: int | None = None
    people: int = 0
    subjects: int = 0
    subject: str | None = None


@dataclass(frozen=True)
class Rule:
    """All of these criteria at the same time. Without any it holds for nobody: such a thing is given by hand."""

    criteria: tuple[Criterion, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for each in self.criteria for kind in each.kinds)


@dataclass(frozen=True)
class Progress:
    """How far somebody is with one criterion. `done` is never more than `needed`; `evidence` are ids of acts."""

    criterion: Criterion
    done: int
    needed: int
    evidence: tuple[int, ...] = ()

    @property
    def is_met(self) -> bool:
        return self.done >= self.needed


@dataclass(frozen=True)
class Earned:
    """When a rule was first met, by which act, and on which acts it rests (the last is that act)."""

    at: datetime
    act_id: int
    evidence: tuple[int, ...]


def expand(rule: Rule, contributions: Collection[str]) -> Rule:
    """The rule with every kind of contribution in the place of `ANY_CONTRIBUTION`."""
    return Rule(tuple(replace(each, kinds=_expand(each.kinds, contributions)) for each in rule.criteria))


def progress(rule: Rule, acts: Iterable[CountedAct], now: datetime) -> list[Progress]:
    """How far each criterion is at `now`, which ends the window of those that have one. The rule is expanded."""
    ordered = _in_order(each for each in acts if each.at <= now)
    found: list[Progress] = []
    for criterion in rule.criteria:
        window = _Window(criterion)
        for act in ordered:
            window.add(act)
        window.move_to(now)
        found.append(window.progress())
    return found


class Deeds:
    """What somebody did, sorted once so that many rules can be asked at little cost."""

    def __init__(self, acts: Iterable[CountedAct]) -> None:
        self.acts = _in_order(acts)
        self._by_kind: dict[str, list[CountedAct]] = {}
        for act in self.acts:
            self._by_kind.setdefault(act.kind, []).append(act)

    def meets(self, criterion: Criterion, now: datetime) -> bool:
        """Whether one criterion holds at `now`."""
        lists = [self._by_kind[kind] for kind in criterion.kinds if kind in self._by_kind]
        if sum(map(len, lists)) < criterion.at_least:
            return False
        since = now - timedelta(days=criterion.window_days) if criterion.window_days else None
        found = [
            act
            for acts in lists
            for act in acts
            if act.at <= now
            and (since is None or act.at > since)
            and (criterion.subject is None or act.subject == criterion.subject)
        ]
        if len(found) < criterion.at_least:
            return False
        if criterion.people:
            people = {act.other_id for act in found if act.other_id is not None}
            if len(people) < criterion.people:
                return False
        return not criterion.subjects or len({(act.kind, act.subject) for act in found}) >= criterion.subjects


def is_met(rule: Rule, acts: Iterable[CountedAct] | Deeds, now: datetime) -> bool:
    """Whether all of it holds at `now`. Where many rules are asked, `acts` are `Deeds`, sorted once."""
    deeds = acts if isinstance(acts, Deeds) else Deeds(acts)
    return bool(rule.criteria) and all(deeds.meets(each, now) for each in rule.criteria)


def earned(rule: Rule, acts: Iterable[CountedAct], *, times: int = 1) -> list[Earned]:
    """When the rule was met for the first time, and with `times` again, each time by acts not used before."""
    ordered = _in_order(acts)
    found: list[Earned] = []
    while len(found) < times and (one := _first(rule, ordered)) is not None:
        found.append(one)
        used = set(one.evidence)
        ordered = [each for each in ordered if each.id not in used]
    return found


def parse_rule(data: object, known: Collection[str] | None = None) -> Rule:
    """A rule as it stands in TOML or JSON: a list of tables. `known` are the kinds that can be counted, if it matters.

    Raises `InvalidInput` with a sentence for what is wrong.
    """
    if not isinstance(data, list):
        raise InvalidInput("A rule is a list of criteria.")
    listed = cast("list[object]", data)
    if len(listed) > MOST_CRITERIA:
        raise InvalidInput("A rule has at most {most} criteria.", most=MOST_CRITERIA)
    return Rule(tuple(_parse(each, known) for each in listed))


def check_kinds(names: Sequence[str], known: Collection[str] | None) -> None:
    """Raises `InvalidInput` when these are too many or none, or name a kind that cannot be counted."""
    if not 1 <= len(names) <= MOST_KINDS:
        raise InvalidInput("A criterion names 1 to {most} kinds of acts in `acts`.", most=MOST_KINDS)
    for name in names:
        if known is not None and name != ANY_CONTRIBUTION and name not in known:
            raise InvalidInput("There is no kind of act `{name}` that can be counted.", name=name[:64])


def rule_data(rule: Rule) -> list[dict[str, Any]]:
    """The same as data, for TOML or JSON; what does not ask for anything is left out."""
    listed: list[dict[str, Any]] = []
    for each in rule.criteria:
        item: dict[str, Any] = {"acts": list(each.kinds), "at_least": each.at_least}
        optional = {
            "within_days": each.window_days,
            "people": each.people,
            "subjects": each.subjects,
            "subject": each.subject,
        }
        listed.append(item | {name: value for name, value in optional.items() if value})
    return listed


def sentence(criterion: Criterion, titles: Mapping[str, str], t: Translator) -> str:
    """One criterion for people: "Reviews given: 10, with at least 5 different people, within 60 days".

    `titles` says what each kind is called (gettext ids); a kind that nobody names any more is shown as it is.
    """
    names = [t(titles[kind]) if kind in titles else _plain(kind, t) for kind in criterion.kinds]
    text = t("{what}: {n}", what=t(" or ").join(names), n=criterion.at_least)
    if criterion.people > 1:
        text += t(", with at least {n} different people", n=criterion.people)
    if criterion.subjects > 1:
        text += t(", about at least {n} different things", n=criterion.subjects)
    if criterion.window_days is not None:
        text += t.tn(", within {n} day", ", within {n} days", criterion.window_days)
    return text


class _Window:
    """The acts of one criterion up to some instant, counted as they come and go."""

    def __init__(self, criterion: Criterion) -> None:
        self._criterion = criterion
        self._kinds = frozenset(criterion.kinds)
        self._span = timedelta(days=criterion.window_days) if criterion.window_days else None
        self._acts: deque[CountedAct] = deque()
        self._people: Counter[int] = Counter()
        self._subjects: Counter[tuple[str, str]] = Counter()

    def add(self, act: CountedAct) -> bool:
        """The next act. False when it is none of this criterion's."""
        criterion = self._criterion
        if act.kind not in self._kinds or (criterion.subject and act.subject != criterion.subject):
            return False
        self.move_to(act.at)
        self._acts.append(act)
        if criterion.people and act.other_id is not None:
            self._people[act.other_id] += 1
        if criterion.subjects:
            self._subjects[act.kind, act.subject] += 1
        return True

    def move_to(self, now: datetime) -> None:
        """Let go of what is older than the window."""
        while self._span is not None and self._acts and self._acts[0].at <= now - self._span:
            act = self._acts.popleft()
            if self._criterion.people and act.other_id is not None:
                self._people = _less(self._people, act.other_id)
            if self._criterion.subjects:
                self._subjects = _less(self._subjects, (act.kind, act.subject))

    @property
    def is_met(self) -> bool:
        criterion = self._criterion
        return (
            len(self._acts) >= criterion.at_least
            and len(self._people) >= criterion.people
            and len(self._subjects) >= criterion.subjects
        )

    def progress(self) -> Progress:
        """As one number: who lacks people is not told that nothing is missing."""
        criterion = self._criterion
        done = min(len(self._acts), criterion.at_least)
        missing = max(0, criterion.people - len(self._people), criterion.subjects - len(self._subjects))
        done = max(0, min(done, criterion.at_least - missing))
        return Progress(criterion, done, criterion.at_least, self.evidence())

    def evidence(self) -> tuple[int, ...]:
        """The newest acts that are enough: the last one, others that add a person or thing, then any."""
        criterion = self._criterion
        people: set[int] = set()
        subjects: set[tuple[str, str]] = set()
        chosen: list[CountedAct] = []
        rest: list[CountedAct] = []
        for act in reversed(self._acts):
            new_person = (
                len(people) < criterion.people and act.other_id is not None and act.other_id not in people
            )
            new_subject = len(subjects) < criterion.subjects and (act.kind, act.subject) not in subjects
            if new_person or new_subject or not chosen:
                chosen.append(act)
                if act.other_id is not None:
                    people.add(act.other_id)
                subjects.add((act.kind, act.subject))
            else:
                rest.append(act)
        chosen += rest[: max(0, criterion.at_least - len(chosen))]
        return tuple(each.id for each in _in_order(chosen))


def _first(rule: Rule, ordered: Sequence[CountedAct]) -> Earned | None:
    if not rule.criteria:
        return None
    windows = [_Window(each) for each in rule.criteria]
    for act in ordered:
        counted = [window.add(act) for window in windows]
        if not any(counted):
            continue
        for window in windows:
            window.move_to(act.at)
        if all(window.is_met for window in windows):
            ids = {id_ for window in windows for id_ in window.evidence()} | {act.id}
            evidence = tuple(each.id for each in ordered if each.id in ids)
            return Earned(act.at, act.id, evidence)
    return None


def _less(counter: Counter[Any], key: object) -> Counter[Any]:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
    return counter


def _in_order(acts: Iterable[CountedAct]) -> list[CountedAct]:
    return sorted(acts, key=lambda act: (act.at, act.id))


def _expand(kinds: tuple[str, ...], contributions: Collection[str]) -> tuple[str, ...]:
    if ANY_CONTRIBUTION not in kinds:
        return kinds
    return tuple(dict.fromkeys([*(kind for kind in kinds if kind != ANY_CONTRIBUTION), *contributions]))


def _plain(kind: str, t: Translator) -> str:
    return t("Contributions of any kind") if kind == ANY_CONTRIBUTION else kind


def _parse(data: object, known: Collection[str] | None) -> Criterion:
    if not isinstance(data, dict):
        raise InvalidInput("A criterion is a table with `acts` and `at_least`.")
    item = cast("dict[str, Any]", data)
    unknown = sorted(set(item) - _KEYS)
    if unknown:
        raise InvalidInput("A criterion has no `{key}`.", key=unknown[0])
    kinds: object = item.get("acts")
    names = [str(each) for each in cast("list[object]", kinds)] if isinstance(kinds, list) else []
    check_kinds(names, known)
    at_least = _number(item, "at_least", 1, MOST_ACTS, 1)
    people = _number(item, "people", 0, at_least, 0)
    subjects = _number(item, "subjects", 0, at_least, 0)
    days = _number(item, "within_days", 1, MOST_DAYS, 0)
    subject = item.get("subject")
    if subject is not None and (not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT):
        raise InvalidInput("`subject` is a text of 1 to {most} characters.", most=LONGEST_SUBJECT)
    return Criterion(tuple(dict.fromkeys(names)), at_least, days or None, people, subjects, subject)


def _number(item: Mapping[str, Any], name: str, least: int, most: int, absent: int) -> int:
    value: object = item.get(name)
    if value is None:
        return absent
    if type(value) is not int or not least <= value <= most:
        raise InvalidInput(
            "`{name}` is a whole number from {least} to {most}.", name=name, least=least, most=most
        )
    return value
