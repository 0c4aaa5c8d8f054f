"""Tells staff, once a day and cause, what could not be done and how to mend it.

Goes to the staff channel chosen in /setup; without one, /manage jobs is where it shows. A notice that
cannot be posted is not reported again, or a lost permission would echo for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cards import Button, Buttons, Card, Item, Style, Text, custom_id
from bot.core import Core
from bot.dispatcher import PlannedEffect
from bot.i18n import N_, Translations, Translator
from bot.jobs import Job, reason_in_words
from bot.outbox import IN_CHANNEL, Effect, EffectKind, Lane
from bot.renderers import Renderers
from bot.schedules import Schedule
from bot.text import mention_channel, mention_role, mention_user, quote
from storage import outbox as outbox_storage
from storage.outbox import UNMENDABLE

RENDERER = "staff.notice"
RETRY_CONTROL = "outbox:effect.retry"
GO_ON_CONTROL = "schedules:held.go_on"
TITLE_LENGTH = 60  # of a schedule

# What hindered an effect, by the code of `Refused`: a sentence and its remedy. {place}, {role}, {member}.
CAUSES: dict[str, tuple[str, str]] = {
    "channel_gone": (
        N_("the channel it belongs in has been deleted"),
        N_("Choose another channel with `/setup start`."),
    ),
    "no_access": (
        N_("I cannot see {place}"),
        N_("Let me view and write in that channel."),
    ),
    "no_permission": (
        N_("I lack a permission for it in {place}"),
        N_("Let me send messages, embed links and open threads there."),
    ),
    "role_above_bot": (
        N_("the role {role} stands above my own"),
        N_("Move my role above it in Server Settings > Roles."),
    ),
    "role_has_power": (
        N_("the role {role} has power over others, so I do not give it back by myself"),
        N_("Give it by hand, or choose another role to give back with `/setup start`."),
    ),
    "no_history": (
        N_("I could not look whether it was there already in {place}"),
        N_("Let me read the message history of that channel."),
    ),
    "outcome_unknown": (
        N_("I lost sight of whether it had arrived in {place}"),
        N_("Please look there: if it is missing, let me try again."),
    ),
    "role_gone": (
        N_("the role has been deleted"),
        N_("Choose another role with `/setup start`."),
    ),
}
# Why a person was spared, found before Discord was asked.
CAUSES.update(
    {
        "target_is_owner": (
            N_("{member} owns the server, and nobody acts on the owner"),
            N_("Nothing was done. Talk to the owner."),
        ),
        "target_is_me": (N_("I do not act on myself"), N_("Nothing was done.")),
        "target_above_bot": (
            N_("{member} stands above me, or beside me"),
            N_("Move my role up in Server Settings > Roles, or let somebody above them act."),
        ),
    }
)
# What a missing permission means where it is not about writing in a channel.
LACKS: dict[EffectKind, tuple[str, str]] = {
    EffectKind.CREATE_EVENT: (
        N_("I lack the permission to create events"),
        N_("Give my role the permission Create Events in Server Settings > Roles."),
    ),
    EffectKind.TIMEOUT: (
        N_("I lack the permission, or {member} stands above me"),
        N_("Give my role the permission Time Out Members, and move it up in Server Settings > Roles."),
    ),
    EffectKind.KICK: (
        N_("I lack the permission, or {member} stands above me"),
        N_("Give my role the permission Kick Members, and move it up in Server Settings > Roles."),
    ),
    **dict.fromkeys(
        (EffectKind.BAN, EffectKind.UNBAN, EffectKind.BULK_BAN),
        (
            N_("I lack the permission to ban"),
            N_("Give my role the permission Ban Members, and move it up in Server Settings > Roles."),
        ),
    ),
    EffectKind.PURGE: (
        N_("I lack a permission in {place}"),
        N_("Give my role the permission Manage Messages there."),
    ),
    EffectKind.SET_CHANNEL: (
        N_("I lack a permission in {place}"),
        N_("Give my role the permissions Manage Channels and Manage Roles there."),
    ),
    EffectKind.SET_GUILD: (
        N_("I lack the permission Manage Server"),
        N_("Give it to my role in Server Settings > Roles."),
    ),
    EffectKind.SET_AUTOMOD: (
        N_("I lack the permission Manage Server"),
        N_("Give it to my role in Server Settings > Roles."),
    ),
    **dict.fromkeys(
        (EffectKind.ADD_ROLE, EffectKind.REMOVE_ROLE),
        (
            N_("I lack the permission to manage roles, or {role} stands above me"),
            N_("Give my role the permission Manage Roles, and move it up in Server Settings > Roles."),
        ),
    ),
}
OWN_MISTAKE = (
    N_("I made a mistake of my own ({code})"),
    N_("Tell whoever runs this bot; once it is mended, let me try again."),
)
OTHER_CAUSE = (
    N_("Discord refused it ({code})"),
    N_("If it happens again, tell whoever runs this bot."),
)
ACTIONS: dict[EffectKind, str] = {
    EffectKind.ADD_ROLE: N_("giving {member} a role"),
    EffectKind.REMOVE_ROLE: N_("taking a role from {member}"),
    EffectKind.DELETE: N_("deleting a message"),
    EffectKind.CLOSE_ROOM: N_("closing a thread"),
    EffectKind.TIMEOUT: N_("a timeout for {member}"),
    EffectKind.KICK: N_("a kick of {member}"),
    EffectKind.BAN: N_("a ban of {member}"),
    EffectKind.UNBAN: N_("lifting a ban of {member}"),
    EffectKind.BULK_BAN: N_("a ban of several people"),
    EffectKind.PURGE: N_("clearing messages in {place}"),
    EffectKind.SET_CHANNEL: N_("changing {place}"),
    EffectKind.SET_GUILD: N_("changing the safety settings of the server"),
    EffectKind.SET_AUTOMOD: N_("changing a rule of Discord's AutoMod"),
}


class StaffNotices:
    """Plans and draws the notices."""

    def __init__(self, core: Core, renderers: Renderers, translations: Translations) -> None:
        self._core = core
        self._renderers = renderers
        self._translations = translations
        renderers.register(RENDERER, self._render, what=N_("a notice to staff"))

    async def effect_failed(self, session: AsyncSession, effect: PlannedEffect, code: str) -> None:
        """An effect ended as failed."""
        if code == "dms_closed" and effect.member_id is not None:
            await self._fall_back_to_channel(session, effect)
        if code in UNMENDABLE or effect.renderer == RENDERER:
            return
        lost = f"notice:{effect.guild_id}:lost:{effect.channel_id}:"
        if code == "channel_gone" and await outbox_storage.has_key_like(session, effect.guild_id, lost):
            return  # staff know that the channel was deleted
        target = effect.role_id or effect.channel_id or effect.member_id or 0
        await self._plan(
            session,
            effect.guild_id,
            f"{code}:{target}",
            {
                "about": "effect",
                "code": code,
                "row_id": effect.id,
                "kind": effect.kind.value,
                "renderer": effect.renderer,
                "channel_id": effect.channel_id,
                "member_id": effect.member_id,
                "role_id": effect.role_id,
            },
        )

    async def job_failed(self, session: AsyncSession, job: Job, reason: str) -> None:
        """A job was given up."""
        if job.guild_id is not None:
            arguments = {"about": "job", "name": job.name, "reason": reason}
            await self._plan(session, job.guild_id, f"job:{job.name}", arguments)

    async def schedule_held(self, session: AsyncSession, schedule: Schedule) -> None:
        """A mass catch-up was refused."""
        arguments = {"about": "hold", "row_id": schedule.id, "title": schedule.payload.get("title")}
        await self._plan(session, schedule.guild_id, f"hold:{schedule.id}", arguments)

    async def choice_lost(
        self, session: AsyncSession, guild_id: int, label: str, of: str, place_id: int
    ) -> None:
        """A channel or role chosen in /setup was deleted. `label` (a gettext id) says what it was for.

        What fails in that channel from then on is not told beside it.
        """
        arguments = {"about": "lost", "label": label, "of": of}
        await self._plan(session, guild_id, f"lost:{place_id}:{label}"[:120], arguments)

    async def _plan(
        self, session: AsyncSession, guild_id: int, cause: str, arguments: Mapping[str, Any]
    ) -> None:
        config = await self._core.configs.guild(guild_id)
        if config.staff_channel_id is None:
            return
        today = self._core.clock.now().date().isoformat()
        await self._core.outbox.plan(
            session,
            Effect(
                kind=EffectKind.POST,
                key=f"notice:{guild_id}:{cause}:{today}",
                guild_id=guild_id,
                channel_id=config.staff_channel_id,
                renderer=RENDERER,
                arguments=arguments,
                lane=Lane.SCHEDULED,
            ),
        )

    async def _fall_back_to_channel(self, session: AsyncSession, effect: PlannedEffect) -> None:
        """The member closed their DMs: say it in the channel it belongs to, without a word about the DM."""
        assert effect.member_id is not None
        await self._core.notifier.fall_back_from_dm(session, effect.guild_id, effect.member_id, effect.key)
        if effect.channel_id is None:
            return
        await self._core.outbox.plan(
            session,
            Effect(
                kind=EffectKind.POST,
                key=f"{effect.key}{IN_CHANNEL}",
                guild_id=effect.guild_id,
                channel_id=effect.channel_id,
                member_id=effect.member_id,
                renderer=effect.renderer,
                arguments=effect.arguments,
                lane=effect.lane,
                expires_at=effect.expires_at,
            ),
            act_id=effect.act_id,
            job_id=effect.job_id,
        )

    async def _render(self, effect: PlannedEffect) -> Card:
        t = self._translations.for_locale((await self._core.configs.guild(effect.guild_id)).locale)
        facts = effect.arguments
        if facts["about"] == "effect":
            return Card(effect_notice(facts, self._renderers, t))
        if facts["about"] == "job":
            return Card((Text(_job_notice(facts, t)),))
        if facts["about"] == "lost":
            return Card(lost_notice(facts, t))
        return Card(hold_notice(facts, t))


def effect_notice(facts: Mapping[str, Any], renderers: Renderers, t: Translator) -> tuple[Item, ...]:
    """What could not be done, why, how to mend it, and the button that tries again."""
    fields: dict[str, object] = {
        "code": facts["code"],
        "place": mention_channel(facts["channel_id"]) if facts["channel_id"] else "?",
        "member": mention_user(facts["member_id"]) if facts["member_id"] else "?",
        "role": mention_role(facts["role_id"]) if facts["role_id"] else "?",
    }
    action = ACTIONS.get(EffectKind(facts["kind"])) or renderers.what(facts["renderer"] or "")
    cause, remedy = _cause(facts)
    if facts["code"] == "channel_gone":
        remedy = renderers.if_channel_gone(facts["renderer"] or "") or remedy
    text = t(
        "**Something needs a hand**\nI could not do this: {action}, because {cause}.\n{remedy}",
        action=t(action, **fields) if action else facts["kind"],
        cause=t(cause, **fields),
        remedy=t(remedy, **fields),
    )
    if facts["code"] == "channel_gone":
        return (Text(text),)  # the same place can never come back, so there is nothing to try again
    retry = Button(t("Mended: try again"), custom_id(RETRY_CONTROL, facts["row_id"]), style=Style.PRIMARY)
    return Text(text), Buttons((retry,))


def _cause(facts: Mapping[str, Any]) -> tuple[str, str]:
    code = facts["code"]
    if code == "no_permission" and facts["kind"] in LACKS:
        return LACKS[EffectKind(facts["kind"])]
    return CAUSES.get(code, OWN_MISTAKE if code.startswith("bug") else OTHER_CAUSE)


def lost_notice(facts: Mapping[str, Any], t: Translator) -> tuple[Item, ...]:
    """A choice was lost: what is off now, and where to choose anew."""
    deleted = t("The channel was deleted.") if facts["of"] == "channel" else t("The role was deleted.")
    text = t(
        "**Something needs a hand**\n{deleted} It was chosen as: {label}. What it was for is off until you "
        "choose another with {command}.",
        deleted=deleted,
        label=t(facts["label"]),
        command="`/setup start`",
    )
    return (Text(text),)


def hold_notice(facts: Mapping[str, Any], t: Translator) -> tuple[Item, ...]:
    """A schedule is held: what that means, and the button that lets it go on."""
    text = t(
        "**A schedule is waiting for you**\n{title} has missed runs for more than 35 days. I did not catch up, in "
        "case my clock is wrong. If all is well, let it go on from now; what was missed is left out.",
        title=quote(t(facts["title"]), TITLE_LENGTH) if facts.get("title") else t("A schedule"),
    )
    go_on = Button(t("Go on from now"), custom_id(GO_ON_CONTROL, facts["row_id"]), style=Style.PRIMARY)
    return Text(text), Buttons((go_on,))


def _job_notice(facts: Mapping[str, Any], t: Translator) -> str:
    return t(
        "**Something needs a hand**\nWork that I do on schedule went wrong, and I do not try it again ({name}: "
        "{reason}). Tell whoever runs this bot; {command} shows what else waits.",
        name=facts["name"],
        reason=reason_in_words(facts["reason"], t),
        command="`/manage jobs`",
    )
