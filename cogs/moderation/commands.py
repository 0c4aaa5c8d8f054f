"""The verbs of /mod that act on people and channels. Each leads to one card."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.cases import CaseKind
from bot.interactions import actor_of
from bot.replies import reply_to
from cogs.moderation import rules
from cogs.moderation.channels import ChannelService
from cogs.moderation.clearing import Clearing, state_of
from cogs.moderation.desk import Desk
from cogs.moderation.model import Order
from cogs.moderation.records import Records

_Interaction = discord.Interaction[Any]
_Reason = app_commands.Range[str, 1, rules.LONGEST_REASON]
_Person = discord.User
_Channel = discord.TextChannel
_LENGTH = "How long: 30m, 12h, 1d, 2w"
_RULE = "Which of the community's rules"
_REASON = "The person reads it, and it stands in the audit log"


class Verbs(app_commands.Group):
    """Its commands are put into /mod one by one, which other features share."""

    def __init__(self, desk: Desk, records: Records, channels: ChannelService, clearing: Clearing) -> None:
        super().__init__(name="verbs", description="Keep people safe")
        self._desk = desk
        self._records = records
        self._channels = channels
        self._clearing = clearing

    @app_commands.command(description="Write down something about a member, for staff alone")
    @app_commands.describe(member="About whom", text="What to remember")
    async def note(self, interaction: _Interaction, member: _Person, text: _Reason) -> None:
        await self._act(interaction, CaseKind.NOTE, member, text)

    @app_commands.command(description="Warn a member: they are told why, and how to appeal")
    @app_commands.describe(member="Whom", reason=_REASON, rule=_RULE)
    async def warn(
        self, interaction: _Interaction, member: _Person, reason: _Reason, rule: str | None = None
    ) -> None:
        await self._act(interaction, CaseKind.WARN, member, reason, rule=rule)

    @app_commands.command(description="Keep a member from writing and speaking for a while")
    @app_commands.describe(member="Whom", length=f"{_LENGTH}; at most 28 days", reason=_REASON, rule=_RULE)
    async def timeout(
        self,
        interaction: _Interaction,
        member: _Person,
        length: str,
        reason: _Reason,
        rule: str | None = None,
    ) -> None:
        await self._act(interaction, CaseKind.TIMEOUT, member, reason, length, rule)

    @app_commands.command(
        description="Give a member the role for restrictions, also if they leave and come back"
    )
    @app_commands.describe(
        member="Whom", reason=_REASON, length=f"{_LENGTH}; without it, until ended", rule=_RULE
    )
    async def restrict(
        self,
        interaction: _Interaction,
        member: _Person,
        reason: _Reason,
        length: str | None = None,
        rule: str | None = None,
    ) -> None:
        await self._act(interaction, CaseKind.RESTRICT, member, reason, length, rule)

    @app_commands.command(
        description="Remove a member from the server; they are told first, and may come back"
    )
    @app_commands.describe(member="Whom", reason=_REASON, rule=_RULE)
    async def kick(
        self, interaction: _Interaction, member: _Person, reason: _Reason, rule: str | None = None
    ) -> None:
        await self._act(interaction, CaseKind.KICK, member, reason, rule=rule)

    @app_commands.command(
        description="Ban somebody, for a while or for good; they are told first how to appeal"
    )
    @app_commands.describe(
        user="Whom, also somebody who is not here",
        reason=_REASON,
        length=f"{_LENGTH}; without it, for good",
        rule=_RULE,
        delete="Delete their messages",
    )
    @app_commands.choices(
        delete=[
            app_commands.Choice(name="Of the last hour", value=3600),
            app_commands.Choice(name="Of the last day", value=86400),
            app_commands.Choice(name="Of the last 7 days", value=604800),
        ]
    )
    async def ban(
        self,
        interaction: _Interaction,
        user: _Person,
        reason: _Reason,
        length: str | None = None,
        rule: str | None = None,
        delete: int = 0,
    ) -> None:
        await self._act(interaction, CaseKind.BAN, user, reason, length, rule, delete)

    @app_commands.command(description="Lift a ban")
    @app_commands.describe(user="Whose; their id does too", reason="It stands in the audit log")
    async def unban(self, interaction: _Interaction, user: _Person, reason: _Reason) -> None:
        await self._act(interaction, CaseKind.UNBAN, user, reason)

    @app_commands.command(description="Delete messages here; first you see what would go")
    @app_commands.describe(count="How many of the newest", member="Only theirs")
    async def purge(
        self,
        interaction: _Interaction,
        count: app_commands.Range[int, 1, rules.MOST_PURGED],
        member: _Person | None = None,
    ) -> None:
        await self._clearing.look(interaction, count, member.id if member is not None else None)

    @app_commands.command(description="Keep everybody from writing in a channel")
    @app_commands.describe(
        reason="It stands in the audit log",
        length=f"{_LENGTH}; without it, until unlocked",
        channel="Where; else here",
    )
    async def lock(
        self,
        interaction: _Interaction,
        reason: _Reason,
        length: str | None = None,
        channel: _Channel | None = None,
    ) -> None:
        actor = actor_of(interaction)
        state = state_of(interaction, channel, await self._channels.spared(actor.guild_id))
        span = rules.read_length(length) if length is not None else None
        case, is_new = await self._channels.lock(actor, state, reason, span)
        t = reply_to(interaction).translator
        said = t("**Locked.**") if is_new else t("**It is locked already.** I have changed when that ends.")
        await self._desk.show_case(interaction, await self._records.open(actor, case.id), said)

    @app_commands.command(description="Open a channel again that was locked with me")
    @app_commands.describe(reason="It stands in the audit log", channel="Which; else this one")
    async def unlock(
        self, interaction: _Interaction, reason: _Reason, channel: _Channel | None = None
    ) -> None:
        actor, state = actor_of(interaction), state_of(interaction, channel)
        case = await self._channels.unlock(actor, state.channel_id, reason)
        await self._desk.show_case(interaction, await self._records.open(actor, case.id))

    @app_commands.command(description="Let everybody write in a channel only every so often")
    @app_commands.describe(
        every="How often: 10s, 5m; off ends it",
        reason="It stands in the audit log",
        length=f"{_LENGTH}; without it, until ended",
        channel="Where; else here",
    )
    async def slowmode(
        self,
        interaction: _Interaction,
        every: str,
        reason: _Reason,
        length: str | None = None,
        channel: _Channel | None = None,
    ) -> None:
        actor, state = actor_of(interaction), state_of(interaction, channel)
        span = rules.read_length(length) if length is not None else None
        case = await self._channels.slow(actor, state, rules.read_seconds(every), reason, span)
        await self._desk.show_case(interaction, await self._records.open(actor, case.id))

    @app_commands.command(description="A case with its history, notes and evidence")
    @app_commands.describe(number="The number of the case")
    async def case(self, interaction: _Interaction, number: app_commands.Range[int, 1, 2**31 - 1]) -> None:
        await self._desk.show_case(interaction, await self._records.look(actor_of(interaction), number))

    @app_commands.command(description="All cases about somebody, and what to do next")
    @app_commands.describe(member="About whom")
    async def history(self, interaction: _Interaction, member: _Person) -> None:
        await self._desk.history(interaction, member.id)

    @warn.autocomplete("rule")
    @timeout.autocomplete("rule")
    @restrict.autocomplete("rule")
    @kick.autocomplete("rule")
    @ban.autocomplete("rule")
    async def _complete(self, interaction: _Interaction, current: str) -> list[app_commands.Choice[str]]:
        known = await self._desk.rules_of(interaction)
        wanted = [each.name for each in known if current.lower() in each.name.lower()]
        return [app_commands.Choice(name=each, value=each) for each in wanted[:25]]

    async def _act(
        self,
        interaction: _Interaction,
        kind: CaseKind,
        person: _Person,
        reason: str,
        length: str | None = None,
        rule: str | None = None,
        delete: int = 0,
    ) -> None:
        span = rules.read_length(length) if length is not None else None
        key = f"command:{interaction.id}"
        await self._desk.act(interaction, Order(kind, person.id, reason, span, rule, delete, key))
