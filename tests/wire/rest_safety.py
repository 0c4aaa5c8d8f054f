"""What the fake Discord does to members, channels and the server itself, and what it tells everybody of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from tests.wire import payloads
from tests.wire.faults import Fault
from tests.wire.world import (
    APPLICATION_ID,
    GUILD_ID,
    OWNER_ID,
    ApiError,
    Channel,
    Member,
    Payload,
    World,
    unknown,
)

NOT_IN_AN_UPDATE = ("channels", "threads", "members", "voice_states", "presences", "guild_scheduled_events")


@dataclass
class Request:
    """What was asked and what came of it."""

    route: str
    method: str
    path: str
    at: datetime
    body: Payload
    ids: dict[str, int]
    query: dict[str, str]
    reason: str | None = None  # for the audit log
    fault: Fault | None = None
    done_at: datetime | None = None  # it had its effect, or was answered from what is there
    status: int | None = None  # None while, or because, no answer left


class SafetyRoutes:
    """One method a route, called by its name."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tell: Callable[[str, Payload], Awaitable[None]] | None = None  # what the gateway says of it
        self._told: set[asyncio.Future[None]] = set()

    def _set_overwrite(self, entry: Request) -> None:
        self.channel_changed(self.world.set_overwrite(entry.ids["channel"], entry.ids["target"], entry.body))

    def _delete_overwrite(self, entry: Request) -> None:
        self.channel_changed(self.world.set_overwrite(entry.ids["channel"], entry.ids["target"], None))

    def channel_changed(self, channel: Channel) -> Payload:
        data = payloads.channel(self.world, channel)
        self._tell("CHANNEL_UPDATE", data)
        return data

    def _edit_guild(self, entry: Request) -> Payload:
        self.world.verification_level = entry.body.get("verification_level", self.world.verification_level)
        return self._guild_changed()

    def _incident_actions(self, entry: Request) -> Payload:
        self.world.pause(entry.body)
        self._guild_changed()
        return self.world.incidents

    def _guild_changed(self) -> Payload:
        whole = payloads.guild(self.world, members=[])
        data = {name: value for name, value in whole.items() if name not in NOT_IN_AN_UPDATE}
        self._tell("GUILD_UPDATE", data)
        return data

    def _ban(self, entry: Request) -> None:
        if entry.ids["member"] in (OWNER_ID, APPLICATION_ID):
            raise ApiError(403, 50013, "Missing Permissions")
        who = self.world.members.get(entry.ids["member"])
        self.world.ban(entry.ids["member"])
        self._left(who)

    def _bulk_ban(self, entry: Request) -> Payload:
        ids = [int(each) for each in entry.body["user_ids"]]
        here = {each: self.world.members.get(each) for each in ids}
        result = self.world.ban_many(ids)
        for each in result["banned_users"]:
            self._left(here[int(each)])
        return result

    def _audit_log(self, _: Request) -> Payload:
        """What bots do is in it too at Discord; nothing here asks for that."""
        parts = (
            "audit_log_entries",
            "users",
            "integrations",
            "webhooks",
            "threads",
            "guild_scheduled_events",
        )
        return {name: [] for name in (*parts, "application_commands", "auto_moderation_rules")}

    def _list_bans(self, entry: Request) -> list[Payload]:
        after, limit = int(entry.query.get("after", "0")), int(entry.query.get("limit", "1000"))
        found = [each for each in sorted(self.world.banned) if each > after][:limit]
        return [{"reason": None, "user": {"id": str(each), "username": f"banned {each}"}} for each in found]

    def _unban(self, entry: Request) -> None:
        self.world.unban(entry.ids["member"])

    def _kick(self, entry: Request) -> None:
        who = self.world.members.pop(entry.ids["member"], None)
        if who is None:
            raise unknown(10007, "Member")
        self._left(who)

    def _left(self, who: Member | None) -> None:
        if who is not None:
            self._tell("GUILD_MEMBER_REMOVE", {"guild_id": str(GUILD_ID), "user": payloads.user(who)})

    def _tell(self, event: str, data: Payload) -> None:
        """What a request changed is an event, too."""
        if self.tell is None:
            return
        task = asyncio.ensure_future(self.tell(event, data))
        self._told.add(task)
        task.add_done_callback(self._told.discard)
