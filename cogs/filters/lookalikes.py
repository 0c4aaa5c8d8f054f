"""Tells addresses that pretend to be another: of Discord, of Steam, or of what the community protects.

Names are compared as they look: accents and scripts away, 0 like o, 1 and i like l, rn like m. A name that looks the
same, is one slip away, or carries bait around it (discord-gift, steam-nitro) is a look-alike. A name of its own that only contains another's (discord.example.org) is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from cogs.filters.folding import bare
from cogs.filters.links import Link, registrable

OFFICIAL = frozenset(
    [
        "discord.com",
        "discord.gg",
        "discord.gift",
        "discord.gifts",
        "discord.new",
        "discord.dev",
        "discord.co",
        "discord.media",
        "discord.tools",
        "discordapp.com",
        "discordapp.net",
        "discordapp.io",
        "discordcdn.com",
        "discordstatus.com",
        "discord.store",
        "discordmerch.com",
        "discordsays.com",
        "discord-activities.com",
        "discordactivities.com",
        "discordpartygames.com",
        "discordsez.com",
        "dis.gd",
        "steamcommunity.com",
        "steampowered.com",
        "steamstatic.com",
        "steamgames.com",
        "steamusercontent.com",
        "steam.tv",
        "s.team",
        "steamdeck.com",
        "valvesoftware.com",
        "steam-chat.com",
        "steamserver.net",
        "steamcontent.com",
        "steamchina.com",
    ]
)
# Sites of their own whose names are near a protected one, or made of it.
HONEST = frozenset(
    [
        "discord.js.org",
        "discordjs.guide",
        "discordjs.dev",
        "discordpy.com",
        "discord.me",
        "discord.id",
        "discord.boats",
        "discord.bio",
        "discord.band",
        "discords.com",
        "discordbots.org",
        "discordbotlist.com",
        "discordservers.com",
        "discordlookup.com",
        "discordlabs.org",
        "discordhome.com",
        "discordtemplates.me",
        "discordhub.com",
        "discordr.com",
        "discard.com",
        "discard.app",
        "steamgifts.com",
        "steamtrades.com",
        "steamladder.com",
        "steamdb.info",
        "steamcharts.com",
        "steamspy.com",
        "steamrep.com",
        "steamunlocked.net",
        "steamgriddb.com",
        "steamid.io",
        "steamidfinder.com",
        "steampeek.hu",
        "steamos.cloud",
        "steam.design",
        "discogs.com",
        "discourse.org",
    ]
)
_BAIT = tuple(
    sorted(
        [
            "nitro",
            "gift",
            "gifts",
            "giveaway",
            "giveaways",
            "give",
            "free",
            "promo",
            "promos",
            "promotion",
            "promotions",
            "airdrop",
            "airdrops",
            "app",
            "apps",
            "login",
            "signin",
            "signup",
            "verify",
            "verification",
            "verified",
            "event",
            "events",
            "claim",
            "claims",
            "boost",
            "boosts",
            "steam",
            "support",
            "drop",
            "drops",
            "com",
            "gg",
            "net",
            "official",
            "security",
            "moderation",
            "moderator",
            "moderators",
            "academy",
            "hypesquad",
            "partner",
            "partners",
            "trade",
            "trades",
            "tradeoffer",
            "offer",
            "offers",
            "skin",
            "skins",
            "prize",
            "bonus",
            "invite",
            "invites",
            "shop",
            "store",
            "account",
            "secure",
            "reward",
            "rewards",
            "get",
            "month",
            "months",
            "classic",
            "discount",
            "nitros",
            "update",
            "appeal",
            "appeals",
            "ticket",
            "tickets",
            "auth",
            "oauth",
            "inc",
            "co",
            "www",
        ],
        key=lambda word: -len(word),
    )
)
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_SINGLES = str.maketrans(
    {"0": "o", "1": "l", "i": "l", "|": "l", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "!": "l"}
)


KEPT = 2000  # hosts
_NAMES = ("discord", "discordapp", "steamcommunity", "steampowered")


@dataclass(frozen=True)
class Pretence:
    """What a link pretends, and to be whom."""

    host: str
    of: str


class LookAlikes:
    """Knows what is protected: Discord, Steam and the domains that a community adds, each in its canonical writing."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        self._own = frozenset(own)
        self._protected = OFFICIAL | self._own
        self._trusted = self._protected | HONEST
        self._names = {_skeleton(name): name for name in _NAMES}
        self._own_names = {_skeleton(_name(domain)): domain for domain in sorted(self._own)}
        # People share the same few sites again and again.
        self._pretends = lru_cache(maxsize=KEPT)(self._look_at)

    def judge(self, link: Link) -> Pretence | None:
        """Whom this link pretends to be; None when it does not."""
        host = link.host
        if link.may_be_file:
            return None
        is_trusted, of = self._pretends(host)
        if is_trusted:
            return None
        if link.claims is not None and registrable(link.claims) != registrable(host):
            return Pretence(host, link.claims)
        if link.hints is not None and _is_of(link.hints, self._protected):
            return Pretence(host, link.hints)
        return Pretence(host, of) if of is not None else None

    def is_own(self, host: str) -> bool:
        """Whether it belongs to a domain that the community protects."""
        return _is_of(host, self._own)

    def _look_at(self, host: str) -> tuple[bool, str | None]:
        """Whether a host is known to be honest, and else whom it pretends to be."""
        if _is_of(host, self._trusted):
            return True, None
        return False, self._leads_with(host) or self._resembles(host) or self._resembles_own(host)

    def _leads_with(self, host: str) -> str | None:
        """discord.com.elsewhere.example, and discord.com-gift.example."""
        for domain in self._protected:
            place = host.find(domain)
            if place < 0 or (place and host[place - 1] not in ".-"):
                continue
            if host[place + len(domain) : place + len(domain) + 1] in (".", "-"):
                return domain
        return None

    def _resembles(self, host: str) -> str | None:
        *labels, _ = host.removeprefix("www.").split(".")
        name = _name(host)
        # Only what somebody registered may not bear the plain name: discord.example.org is an address like any other.
        others = [label for label in labels if label != name and label not in _NAMES]
        for label in (name, *others):
            of = self._of_label(label)
            if of is not None:
                return f"{of}.com"
        in_pieces = _skeleton("".join(labels)) if len(labels) > 1 else ""
        return f"{self._names[in_pieces]}.com" if in_pieces in self._names else None

    def _of_label(self, label: str) -> str | None:
        cores = _cores(label)
        for core in cores:
            look = _skeleton(core).replace("-", "")
            for name_look, name in self._names.items():
                if _distance(look, name_look, _slips(name)) <= _slips(name):
                    return name
            if core != label and look in ("steam", _skeleton("steamdiscord"), _skeleton("discordsteam")):
                return "steamcommunity"
        return None

    def _resembles_own(self, host: str) -> str | None:
        """Homographs and bait under any end; one slip under the same end, since short names have honest neighbours."""
        name, end = _name(host), host.rpartition(".")[2]
        for own_look, domain in self._own_names.items():
            looks = [_skeleton(core) for core in _cores(name)]
            if own_look in looks and name != _name(domain):
                return domain
            if (
                end == domain.rpartition(".")[2]
                and len(own_look) >= 6
                and _distance(looks[0], own_look, 1) == 1
            ):
                return domain
        return None


def _is_of(host: str, domains: frozenset[str]) -> bool:
    labels = host.split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels) - 1))


def _name(host: str) -> str:
    """The label that somebody chose: "example" of www.example.co.uk."""
    return registrable(host).partition(".")[0]


def _skeleton(label: str) -> str:
    look = bare(label)
    for pair, single in _PAIRS:
        look = look.replace(pair, single)
    return look.translate(_SINGLES)


def _slips(name: str) -> int:
    """How many slips still make a look-alike: two in names that no word comes near."""
    return 2 if len(name) >= 12 else 1


def _cores(label: str) -> tuple[str, ...]:
    """The label itself, and what is left of it when words of bait and numbers are taken from its ends."""
    found = {bare(label).strip("-"): None}
    waiting = list(found)
    while waiting and len(found) < 64:
        core = waiting.pop()
        for word in _BAIT:
            for cut in (core.removeprefix(word), core.removesuffix(word)):
                rest = cut.strip("-0123456789")
                if cut != core and len(rest) >= 5 and rest not in found:
                    found[rest] = None
                    waiting.append(rest)
    return tuple(found)


def _distance(one: str, other: str, limit: int) -> int:
    """Slips between two words: letters left out, put in, changed, or two swapped. More than `limit`: limit + 1."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, before_last[j - 2] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1
        before_last, last = last, row
    return min(last[-1], limit + 1)
