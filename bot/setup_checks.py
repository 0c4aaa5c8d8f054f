"""What is right and what is wrong in a server, decided from plain facts: the health check behind /setup doctor.

Pure: no Discord, no database. A finding says in words what is the case, what is off because of it, and what mends
it. Its `key` names what it is about, so that the same trouble tomorrow is recognised as known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.i18n import N_
from bot.setup_permissions import (
    ADMINISTRATOR,
    MANAGE_ROLES,
    MENTION_EVERYONE,
    NAMES,
    VIEW_CHANNEL,
    names_of,
)

DRIFT_CONTROL = "setup:drift.show"
MOST_ROLES = 250  # discord.com/developers: roles in a server
MANY_ROLES = 200


class Level(StrEnum):
    """How bad it is. What is broken does not work; a warning is a choice not made or a risk."""

    BROKEN = "broken"
    WARNING = "warning"
    OK = "ok"


class Repair(StrEnum):
    """What one tap can do about it; `Finding.target` says to what."""

    CREATE = "create"  # make the channel or role of this choice, or take the one of that name
    ALLOW = "allow"  # give the bot what it lacks in this channel
    LET_IN = "let_in"  # let this role see the staff channel
    FORGET = "forget"  # empty this choice
    COMPARE = "compare"  # look at who has this role, and choose who is right
    OPEN = "open"  # go to this page and choose


class Word(str):
    """A gettext id among the fields of a finding: it is translated before it is filled in."""

    __slots__ = ()


@dataclass(frozen=True)
class Finding:
    """One line of the report. `text`, `remedy` and `off` are gettext ids; `fields` fill the braces of all three.

    A field that is a `Word`, or a tuple of them, is translated. `settled` means that it is told at another place.
    """

    key: str
    level: Level
    text: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    remedy: str | None = None
    off: str | None = None
    repair: Repair | None = None
    target: int = 0
    link_channel_id: int | None = None
    settled: bool = False

    @property
    def is_hint(self) -> bool:
        """Whether it names a permission that only who wants to use something has to give."""
        return self.key.startswith("hint:")

    @property
    def is_news(self) -> bool:
        """Whether staff are told when it begins."""
        return self.level is Level.BROKEN and not self.settled


@dataclass(frozen=True)
class PlaceFact:
    """A channel or role that was chosen, or could be, as the server has it.

    `number` is the choice's; None for a channel that is no choice. `label` and `help` are gettext ids, `mention` is
    how Discord shows it. `lacking` are the permissions that the bot needs in the channel and has not; `can_allow`
    says whether it may give them to itself. `blind` are the staff roles, by id and mention, that cannot see a
    private channel.
    """

    number: int | None
    page: int
    of: str
    label: str
    help: str
    chosen: int | None
    exists: bool = False
    mention: str = ""
    lacking: int = 0
    can_allow: bool = False
    can_create: bool = False
    is_given: bool = False
    above_bot: bool = False
    managed: bool = False
    private: bool = False
    public: bool = False
    blind: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class DriftFact:
    """Who has a role in Discord differs from what is written down: `missing` have it not, `extra` have it besides.

    `title` says what the role is for, in words that are quoted already.
    """

    role_id: int
    mention: str
    title: str
    missing: int
    extra: int


@dataclass(frozen=True)
class Facts:
    """What a server is like. `wanted` are permissions of the invite, each with what it is for (gettext ids). `roles` is
    how many roles there are, without @everyone; `hints` are permissions by the title of the feature that could use them."""

    guild_id: int
    permissions: int
    wanted: Mapping[int, tuple[str, ...]]
    places: tuple[PlaceFact, ...]
    everyone_permissions: int = 0
    members_intent: bool = True
    listening_for_members: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    drifts: tuple[DriftFact, ...] = ()
    roles: int = 0
    hints: Mapping[str, int] = field(default_factory=dict[str, int])


def check(facts: Facts) -> tuple[Finding, ...]:
    """Everything there is to say, the worst first."""
    found = [*_server(facts)]
    for place in facts.places:
        found += check_place(place, facts.permissions)
    found += [_drifted(each) for each in facts.drifts]
    order = list(Level)
    return tuple(sorted(found, key=lambda each: order.index(each.level)))


def check_place(place: PlaceFact, permissions: int) -> tuple[Finding, ...]:
    """What there is to say of one channel or role."""
    if place.chosen is None:
        return (_not_chosen(place),)
    problems = tuple(_channel(place) if place.of == "channel" else _role(place, permissions))
    if problems:
        return problems
    ok = N_("{label}: {place}")
    return (Finding(_key("fine", place), Level.OK, ok, _fields(place)),)


def news(findings: Iterable[Finding]) -> dict[str, Finding]:
    """What staff are told when it begins, by key."""
    return {each.key: each for each in findings if each.is_news}


def _not_chosen(place: PlaceFact) -> Finding:
    return Finding(
        _key("unset", place),
        Level.WARNING,
        N_("{label} is not chosen."),
        _fields(place),
        off=N_("Off until it is: “{help}”"),
        repair=Repair.CREATE if place.can_create else Repair.OPEN,
        target=(place.number or 0) if place.can_create else place.page,
    )


def _channel(place: PlaceFact) -> Iterator[Finding]:
    if not place.exists:
        yield Finding(
            _key("gone", place),
            Level.BROKEN,
            N_("{label}: the channel was deleted, or I cannot see it."),
            _fields(place),
            remedy=N_("Let my role see it in the channel's settings, or choose another."),
            off=N_("Off because of it: “{help}”"),
            repair=Repair.FORGET if place.number is not None else None,
            target=place.number or 0,
            settled=True,  # a deletion is told where the choice is forgotten
        )
        return
    if place.lacking:
        hidden = bool(place.lacking & VIEW_CHANNEL)
        yield Finding(
            _key("lacks", place),
            Level.BROKEN,
            N_("{label}: I cannot see {place}.")
            if hidden
            else N_("{label}: in {place} I lack {permissions}."),
            {**_fields(place), "permissions": tuple(Word(each) for each in names_of(place.lacking))},
            remedy=N_("In that channel's settings, under Permissions, give my role {permissions}."),
            off=N_("Off because of it: “{help}”"),
            repair=Repair.ALLOW if place.can_allow else None,
            target=place.chosen or 0,
            link_channel_id=None if hidden else place.chosen,
        )
    if place.public:
        yield Finding(
            _key("public", place),
            Level.WARNING,
            N_("{label}: everybody can read {place}."),
            _fields(place),
            remedy=N_("Take View Channel from @everyone in that channel's settings, or choose another."),
            link_channel_id=place.chosen,
        )
    for role_id, mention in place.blind:
        yield Finding(
            f"blind:{place.chosen}:{role_id}",
            Level.WARNING,
            N_("{label}: {role} cannot see {place}."),
            {**_fields(place), "role": mention},
            remedy=N_("Give that role View Channel in the channel's settings."),
            repair=Repair.LET_IN if place.can_allow else None,
            target=role_id,
        )


def _role(place: PlaceFact, permissions: int) -> Iterator[Finding]:
    fields = _fields(place)
    if not place.exists:
        yield Finding(
            _key("gone", place),
            Level.BROKEN,
            N_("{label}: the role was deleted."),
            fields,
            remedy=N_("Choose another."),
            off=N_("Off because of it: “{help}”"),
            repair=Repair.FORGET,
            target=place.number or 0,
            settled=True,
        )
    elif not place.is_given:
        return
    elif place.managed:
        yield Finding(
            _key("managed", place),
            Level.BROKEN,
            N_("{label}: {place} belongs to an integration, so nobody can give it."),
            fields,
            remedy=N_("Choose another role."),
            off=N_("Off because of it: “{help}”"),
            repair=Repair.OPEN,
            target=place.page,
        )
    elif place.above_bot:
        yield Finding(
            _key("above", place),
            Level.BROKEN,
            N_("{label}: {place} stands above my own role, so I cannot give it."),
            fields,
            remedy=N_("In Server Settings > Roles, drag my role above it."),
            off=N_("Off because of it: “{help}”"),
        )
    elif not permissions & (MANAGE_ROLES | ADMINISTRATOR):
        yield Finding(
            _key("unmanaged", place),
            Level.BROKEN,
            N_("{label}: I cannot give {place} without the permission Manage Roles."),
            fields,
            remedy=N_("In Server Settings > Roles, give my role Manage Roles."),
            off=N_("Off because of it: “{help}”"),
        )


def _server(facts: Facts) -> Iterator[Finding]:
    if not facts.permissions & ADMINISTRATOR:
        for bit, uses in facts.wanted.items():
            if not facts.permissions & bit:
                yield _missing(bit, uses)
    if not facts.members_intent:
        yield Finding(
            "members_intent",
            Level.BROKEN,
            N_("The Server Members Intent is off, so I do not hear who joins or leaves."),
            {"features": tuple(Word(each) for each in facts.listening_for_members)},
            remedy=N_("Whoever runs me can switch it on: `members_intent` in the configuration."),
            off=N_("Limited because of it: {features}. Everything else works."),
        )
    if facts.everyone_permissions & MENTION_EVERYONE:
        yield Finding(
            "everyone_mentions",
            Level.WARNING,
            N_("Everybody may notify the whole server with @everyone."),
            remedy=N_(
                "In Server Settings > Roles > @everyone, switch off Mention @everyone, @here and All Roles."
            ),
        )
    if facts.roles >= MANY_ROLES:
        yield Finding(
            "many_roles",
            Level.WARNING,
            N_("There are {n} roles, and Discord allows {most}."),
            {"n": facts.roles, "most": MOST_ROLES},
            remedy=N_("Delete what nobody needs. Badges are seen without a role, too: `/manage badges list`"),
        )
    for title, bits in facts.hints.items():
        lacking = 0 if facts.permissions & ADMINISTRATOR else bits & ~facts.permissions
        if lacking:
            names = tuple(Word(each) for each in names_of(lacking))
            yield Finding(
                f"hint:{title}",
                Level.OK,
                N_("{feature}: {permissions}"),
                {"feature": Word(title), "permissions": names},
            )
    for title in facts.off:
        yield Finding(
            f"off:{title}", Level.OK, N_("Switched off by a facilitator: {feature}"), {"feature": Word(title)}
        )


def _drifted(drift: DriftFact) -> Finding:
    return Finding(
        f"drift:{drift.role_id}",
        Level.WARNING,
        N_("{title}: who has {role} in Discord differs from my record ({missing} missing, {extra} besides)."),
        {"title": drift.title, "role": drift.mention, "missing": drift.missing, "extra": drift.extra},
        remedy=N_("I change nothing by myself. Have a look, and choose who is right."),
        repair=Repair.COMPARE,
        target=drift.role_id,
    )


def _missing(bit: int, uses: tuple[str, ...]) -> Finding:
    """A permission of the invite that the bot has nowhere by itself. Where it hurts, the places say so, too."""
    return Finding(
        f"permission:{bit}",
        Level.BROKEN if uses else Level.WARNING,
        N_("My role lacks the permission {permission}."),
        {"permission": Word(NAMES[bit]), "uses": tuple(Word(each) for each in uses)},
        remedy=N_("Give it to my role in Server Settings > Roles."),
        off=N_("Off because of it: {uses}") if uses else None,
    )


def _key(code: str, place: PlaceFact) -> str:
    what = place.number if place.number is not None else f"p{place.page}"
    return f"{code}:{what}:{place.chosen or 0}"


def _fields(place: PlaceFact) -> dict[str, object]:
    return {"label": Word(place.label), "help": Word(place.help), "place": place.mention}
