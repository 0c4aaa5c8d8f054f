"""The health check: from plain facts to findings in words."""

from __future__ import annotations

import dataclasses
import re

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.card_views import to_view
from bot.i18n import Translations
from bot.invite import INVITE_PERMISSIONS
from bot.setup_checks import Facts, Level, PlaceFact, Repair, check, check_place, news
from bot.setup_doctor_render import PROBLEMS_A_CARD, broken_card, explained, report_card
from bot.setup_permissions import ADMINISTRATOR, MANAGE_ROLES, NAMES, VIEW_CHANNEL, WRITE, names_of
from bot.text import V2_COMPONENTS, V2_TEXT_LIMIT, length

T = Translations().for_locale("en")
CHANNEL = PlaceFact(3, 0, "channel", "Staff channel", "Where I tell staff.", 77, exists=True, mention="<#77>")
ROLE = PlaceFact(4, 0, "role", "Prize", "Given at the end.", 88, exists=True, mention="<@&88>", is_given=True)
WELL = Facts(1, INVITE_PERMISSIONS, {bit: () for bit in NAMES if INVITE_PERMISSIONS & bit}, (CHANNEL, ROLE))


def with_place(**changes: object) -> Facts:
    return dataclasses.replace(WELL, places=(dataclasses.replace(CHANNEL, **changes),))  # type: ignore[arg-type]


def with_role(**changes: object) -> Facts:
    return dataclasses.replace(WELL, places=(dataclasses.replace(ROLE, **changes),))  # type: ignore[arg-type]


def test_where_all_is_well_nothing_is_broken() -> None:
    assert {each.level for each in check(WELL)} == {Level.OK}
    assert {each.level for each in check(dataclasses.replace(WELL, roles=199))} == {Level.OK}


@pytest.mark.parametrize(
    ("facts", "level", "said", "repair"),
    [
        (with_place(chosen=None), Level.WARNING, "is not chosen", Repair.OPEN),
        (with_place(chosen=None, can_create=True), Level.WARNING, "is not chosen", Repair.CREATE),
        (with_place(exists=False), Level.BROKEN, "was deleted, or I cannot see it", Repair.FORGET),
        (with_place(lacking=WRITE), Level.BROKEN, "I cannot see <#77>", None),
        (with_place(lacking=1 << 11), Level.BROKEN, "in <#77> I lack Send Messages", None),
        (with_place(lacking=1 << 11, can_allow=True), Level.BROKEN, "I lack Send Messages", Repair.ALLOW),
        (with_place(public=True), Level.WARNING, "everybody can read <#77>", None),
        (with_place(blind=((5, "<@&5>"),)), Level.WARNING, "<@&5> cannot see <#77>", None),
        (with_role(exists=False), Level.BROKEN, "the role was deleted", Repair.FORGET),
        (with_role(managed=True), Level.BROKEN, "belongs to an integration", Repair.OPEN),
        (with_role(above_bot=True), Level.BROKEN, "stands above my own role", None),
        (
            dataclasses.replace(WELL, permissions=WRITE),
            Level.BROKEN,
            "without the permission Manage Roles",
            None,
        ),
        (
            dataclasses.replace(WELL, permissions=WRITE),
            Level.WARNING,
            "lacks the permission Create Events",
            None,
        ),
        (dataclasses.replace(WELL, members_intent=False), Level.BROKEN, "Server Members Intent is off", None),
        (
            dataclasses.replace(WELL, everyone_permissions=1 << 17),
            Level.WARNING,
            "notify the whole server",
            None,
        ),
        (dataclasses.replace(WELL, roles=200), Level.WARNING, "200 roles, and Discord allows 250", None),
    ],
)
def test_each_trouble_is_said_in_words_with_its_repair(
    facts: Facts, level: Level, said: str, repair: Repair | None
) -> None:
    [found] = [each for each in check(facts) if said in explained(each, T)]
    assert (found.level, found.repair) == (level, repair)
    assert "{" not in explained(found, T)


def test_a_role_that_is_only_looked_at_may_stand_anywhere() -> None:
    facts = with_role(is_given=False, above_bot=True, managed=True)
    assert check_place(facts.places[0], facts.permissions)[0].level is Level.OK


def test_an_administrator_lacks_nothing() -> None:
    facts = dataclasses.replace(WELL, permissions=ADMINISTRATOR)
    assert {each.level for each in check(facts)} == {Level.OK}


def test_a_permission_that_a_feature_needs_is_broken_and_says_what_for() -> None:
    facts = dataclasses.replace(WELL, permissions=WRITE | MANAGE_ROLES, wanted={1 << 44: ("making events",)})
    [found] = [each for each in check(facts) if each.level is Level.BROKEN]
    assert "Off because of it: making events" in explained(found, T)


def test_what_is_deleted_is_no_news_because_it_is_told_where_it_is_forgotten() -> None:
    assert news(check(with_place(exists=False))) == {}
    assert news(check(with_role(exists=False))) == {}


def test_another_channel_in_trouble_is_other_news() -> None:
    one, other = (news(check(with_place(lacking=1, chosen=each))) for each in (5, 6))
    assert one.keys().isdisjoint(other)


def test_every_permission_of_the_invite_has_a_name() -> None:
    bits = {1 << at for at in range(64) if INVITE_PERMISSIONS >> at & 1}
    assert bits <= NAMES.keys()
    assert names_of(VIEW_CHANNEL | MANAGE_ROLES) == ("View Channels", "Manage Roles")


places = st.builds(
    PlaceFact,
    number=st.none() | st.integers(0, 300),
    page=st.integers(0, 30),
    of=st.sampled_from(["channel", "role"]),
    label=st.text(min_size=1, max_size=80),
    help=st.text(max_size=300),
    chosen=st.none() | st.integers(1, 2**63 - 1),
    exists=st.booleans(),
    mention=st.just("<#9223372036854775807>"),
    lacking=st.sampled_from([0, 1 << 11, WRITE]),
    can_allow=st.booleans(),
    can_create=st.booleans(),
    is_given=st.booleans(),
    above_bot=st.booleans(),
    managed=st.booleans(),
    public=st.booleans(),
    blind=st.sampled_from([(), ((5, "<@&5>"),)]),
)


@given(st.lists(places, max_size=60), st.integers(0, 70), st.integers(0, 2**50))
def test_any_report_fits_a_card_and_has_each_control_once(
    found: list[PlaceFact], start: int, permissions: int
) -> None:
    facts = dataclasses.replace(WELL, places=tuple(found), permissions=permissions)
    findings = check(facts)
    for card in (report_card(findings, 1, T, start=start), broken_card(findings, T)):
        view = to_view(card)
        assert view.total_children_count <= V2_COMPONENTS
        shown = [each for each in view.walk_children() if getattr(each, "content", None)]
        assert sum(length(each.content) for each in shown) <= V2_TEXT_LIMIT  # type: ignore[attr-defined]
        ids = [each.custom_id for each in view.walk_children() if getattr(each, "custom_id", None)]  # type: ignore[attr-defined]
        assert len(ids) == len(set(ids))


def test_a_long_list_can_be_read_to_its_end() -> None:
    many = tuple(
        dataclasses.replace(CHANNEL, number=at, chosen=100 + at, label=f"Channel {at}", lacking=WRITE)
        for at in range(30)
    )
    findings = check(dataclasses.replace(WELL, places=many))
    seen: set[str] = set()
    start = 0
    for _ in range(10):
        view = to_view(report_card(findings, 1, T, start=start))
        texts = [each.content for each in view.walk_children() if getattr(each, "content", None)]  # type: ignore[attr-defined]
        seen |= {name for text in texts for name in re.findall(r"Channel \d+", text)}
        more = [each for each in view.walk_children() if str(getattr(each, "label", "")).startswith("Show")]
        if not more:
            break
        start = int(more[0].custom_id.rpartition(":")[2])  # type: ignore[attr-defined]
        assert start % PROBLEMS_A_CARD == 0
    assert len(seen) == 30


@pytest.mark.parametrize(("count", "missing"), [(15, 0), (200, 1)])
def test_what_is_all_right_is_listed_in_whole_lines(count: int, missing: int) -> None:
    fine = tuple(
        dataclasses.replace(CHANNEL, number=at, chosen=1000 + at, label=f"A channel for {at}")
        for at in range(count)
    )
    view = to_view(report_card(check(dataclasses.replace(WELL, places=fine)), 1, T))
    [text] = [
        each.content
        for each in view.walk_children()
        if isinstance(each, discord.ui.TextDisplay) and "All right" in each.content
    ]
    lines = [line for line in text.splitlines() if "A channel for" in line]
    assert all(line.endswith(">") for line in lines), "no line is cut"
    told = re.search(r"^and (\d+) more$", text, re.MULTILINE)
    assert bool(told) == bool(missing) and len(lines) + int(told[1] if told else 0) >= count


def test_permissions_that_nobody_has_asked_for_do_not_push_out_what_is_chosen() -> None:
    hints = {f"Feature {number}": sum(NAMES) & ~INVITE_PERMISSIONS for number in range(3)}
    view = to_view(report_card(check(dataclasses.replace(WELL, hints=hints)), 1, T))
    texts = [each.content for each in view.walk_children() if isinstance(each, discord.ui.TextDisplay)]
    assert any("All right" in each and "<#77>" in each and "<@&88>" in each for each in texts)
    assert any("Feature 0: " in each and "Server Settings > Roles" in each for each in texts)
