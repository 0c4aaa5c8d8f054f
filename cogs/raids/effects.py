"""What is done about each of those who came, as planned effects and cases, and who is spared and why. Pure: values in,
effects out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.cases import PART_OF, CaseDraft, CaseKind, Source
from bot.i18n import N_
from bot.outbox import MOST_BANS, Effect, EffectKind, Lane
from cogs.raids.model import BAN_KEY, OLDER_THAN, ONE_KEY, ActionKind, Comer, MemberState, PersonFact, Spared
from storage import raids as storage

AUDIT = "Came with a raid"
AUDIT_BACK = "An action against a raid was taken back"
DELETE_SECONDS = 3600
"""How far back messages of who is banned are deleted."""
CASE_REASON = N_("Joined with many others in what looked like a raid")
HOLDABLE = frozenset({MemberState.HERE, MemberState.FAILED})
SETTLED = frozenset({MemberState.BANNED, MemberState.KICKED, MemberState.PLANNED})


def why_spared(
    comer: Comer,
    person: PersonFact | None,
    row: storage.RaidRow,
    what: ActionKind,
    older: int,
    *,
    took_part: bool,
) -> Spared | None:
    limit = OLDER_THAN[older]
    checks = (
        (comer.joined_at < row.since, Spared.WAS_HERE),
        (
            person is not None and person.joined_at is not None and person.joined_at < row.since,
            Spared.WAS_HERE,
        ),
        (person is not None and person.is_bot, Spared.BOT),
        (person is not None and person.is_staff, Spared.STAFF),
        (comer.state in SETTLED, Spared.DONE),
        (what is ActionKind.QUARANTINE and comer.state not in HOLDABLE, Spared.DONE),
        (what is ActionKind.RELEASE and comer.quarantined is None, Spared.DONE),
        (comer.left_out and what is not ActionKind.RELEASE, Spared.BY_STAFF),
        (person is None and what is not ActionKind.BAN, Spared.GONE),
    )
    found = next((why for holds, why in checks if holds), None)
    if found is not None or what is ActionKind.RELEASE:
        return found
    milder = (
        (not comer.suspicion.is_suspect, Spared.NO_SUSPECT),
        (took_part, Spared.TOOK_PART),
        (person is not None and person.has_roles, Spared.HAS_ROLES),
        (limit is not None and comer.joined_at - comer.account_at > limit, Spared.OLDER),
    )
    return next((why for holds, why in milder if holds), None)


def hold(row: storage.RaidRow, member_id: int, role_id: int | None, *, held: bool) -> Effect:
    """Into the quarantine, or out of it."""
    until = row.ends_at.isoformat()
    key = f"{ONE_KEY}{row.id}:0:{'hold' if held else 'free'}:{member_id}"
    arguments: dict[str, Any] = {"reason": AUDIT if held else "The lockdown has ended"}
    if role_id is not None:
        return Effect(
            kind=EffectKind.ADD_ROLE if held else EffectKind.REMOVE_ROLE,
            key=key,
            guild_id=row.guild_id,
            member_id=member_id,
            role_id=role_id,
            arguments=arguments,
            lane=Lane.SAFETY,
        )
    arguments |= {"until": until if held else None, "unless_beyond": until}
    return Effect(
        kind=EffectKind.TIMEOUT,
        key=f"{key}:{int(row.ends_at.timestamp())}",
        guild_id=row.guild_id,
        member_id=member_id,
        arguments=arguments,
        lane=Lane.SAFETY,
    )


def bans(action: storage.RaidActionRow, ids: Sequence[int], number: int) -> list[Effect]:
    return [
        Effect(
            kind=EffectKind.BULK_BAN,
            key=f"{BAN_KEY}{action.id}:{start // MOST_BANS}",
            guild_id=action.guild_id,
            arguments={
                "user_ids": [str(each) for each in ids[start : start + MOST_BANS]],
                "delete_seconds": DELETE_SECONDS,
                "reason": f"{AUDIT} (case #{number})",
            },
            lane=Lane.SAFETY,
        )
        for start in range(0, len(ids), MOST_BANS)
    ]


def kick(action: storage.RaidActionRow, member_id: int, number: int) -> Effect:
    return Effect(
        kind=EffectKind.KICK,
        key=f"{ONE_KEY}{action.raid_id}:{action.id}:kick:{member_id}",
        guild_id=action.guild_id,
        member_id=member_id,
        arguments={"reason": f"{AUDIT} (case #{number})"},
        lane=Lane.SAFETY,
    )


def unban(action: storage.RaidActionRow, member_id: int, *, late: bool = False) -> Effect:
    return Effect(
        kind=EffectKind.UNBAN,
        key=f"{ONE_KEY}{action.raid_id}:{action.id}:{'late' if late else 'unban'}:{member_id}",
        guild_id=action.guild_id,
        member_id=member_id,
        arguments={"reason": AUDIT_BACK},
        lane=Lane.SAFETY,
    )


def case_key(action_id: int, member_id: int) -> str:
    return f"raid-member:{action_id}:{member_id}"


def action_key(action_id: int) -> str:
    """Of the case about all whom the action was about."""
    return f"raid-action:{action_id}"


def case_of_one(action: storage.RaidActionRow, member_id: int) -> CaseDraft:
    return CaseDraft(
        guild_id=action.guild_id,
        kind=CaseKind.BAN if action.what == ActionKind.BAN else CaseKind.KICK,
        source=Source.RAID,
        reason=CASE_REASON,
        member_id=member_id,
        source_key=case_key(action.id, member_id),
        details={PART_OF: action_key(action.id)},
    )
