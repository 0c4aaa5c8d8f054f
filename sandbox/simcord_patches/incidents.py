"""Discord's incident actions, which SimCord does not know: invites and DMs of a server are paused for a time."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from simcord.backend import errors, serializers
from simcord.http.router import RequestContext, route

from sandbox.simcord_patches.beside import beside

FIELDS = ("invites_disabled_until", "dms_disabled_until")
LONGEST = timedelta(hours=24, minutes=1)


def pause_invites() -> None:
    """Answer the route, and show in every picture of a server what it has set."""
    original = serializers.guild_create_payload
    if getattr(original, "corrected", False):
        return

    def guild_create_payload(backend: Any, guild: Any) -> Any:
        known = beside(backend).incidents.get(guild.id)
        return {**original(backend, guild), "incidents_data": dict(known) if known else None}

    guild_create_payload.corrected = True  # type: ignore[attr-defined]
    serializers.guild_create_payload = guild_create_payload

    @route("PUT", "/guilds/{guild_id}/incident-actions")
    def incident_actions(ctx: RequestContext) -> Any:
        backend: Any = ctx.backend
        guild_id = ctx.int_arg("guild_id")
        ctx.require_guild_permissions(guild_id, "manage_guild")
        body = ctx.fields(*FIELDS)
        now = datetime.fromisoformat(backend.now_iso())
        for until in body.values():
            if until is not None and datetime.fromisoformat(until) > now + LONGEST:
                raise errors.invalid_form_body("a pause lasts a day at most")
        kept = beside(backend).incidents.setdefault(guild_id, dict.fromkeys(FIELDS))
        kept.update(body)
        backend.edit_guild(guild_id, {})
        return dict(kept)
