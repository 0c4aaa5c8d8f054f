"""The fake Discord's objects as JSON, with the fields that discord.py reads."""

from __future__ import annotations

from typing import Any

from tests.wire.world import (
    APPLICATION_ID,
    GUILD_ID,
    OWNER_ID,
    PRIVATE_OR_PUBLIC,
    Channel,
    Event,
    Member,
    Message,
    Payload,
    Role,
    World,
)


def user(member: Member) -> Payload:
    return {
        "id": str(member.id),
        "username": member.name,
        "discriminator": "0",
        "global_name": None,
        "avatar": member.avatar,
        "bot": member.bot,
        "public_flags": 0,
    }


def application(world: World) -> Payload:
    return {
        "id": str(APPLICATION_ID),
        "name": "Lyceum",
        "icon": None,
        "description": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "",
        "flags": 0,
        "owner": user(world.members[OWNER_ID]),
        "team": None,
    }


def member(world: World, who: Member) -> Payload:
    return {
        "user": user(who),
        "nick": None,
        "avatar": None,
        "roles": [str(each) for each in sorted(who.roles)],
        "joined_at": who.joined_at.isoformat(),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": who.pending,
        "flags": 0,
        "communication_disabled_until": who.timeout_until,
        "permissions": str(_permissions(world, who)),
    }


def _permissions(world: World, who: Member) -> int:
    if who.id == OWNER_ID:
        return (1 << 53) - 1
    granted = 0
    for each in (GUILD_ID, *who.roles):
        granted |= world.roles[each].permissions
    return granted


def role(each: Role) -> Payload:
    return {
        "id": str(each.id),
        "name": each.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": each.position,
        "permissions": str(each.permissions),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def channel(world: World, each: Channel) -> Payload:
    if each.type == 1:
        recipient = world.members[each.recipient_id or 0]
        return {"id": str(each.id), "type": 1, "last_message_id": None, "recipients": [user(recipient)]}
    result: Payload = {
        "id": str(each.id),
        "type": each.type,
        "guild_id": str(each.guild_id),
        "name": each.name,
        "position": 0,
        "parent_id": str(each.parent_id) if each.parent_id is not None else None,
        "permission_overwrites": list(each.overwrites.values()),
        "nsfw": False,
        "topic": None,
        "rate_limit_per_user": each.slowmode,
        "last_message_id": None,
    }
    if each.type in PRIVATE_OR_PUBLIC:
        result |= {
            "owner_id": str(APPLICATION_ID),
            "message_count": 0,
            "member_count": 1,
            "thread_metadata": {
                "archived": each.archived,
                "auto_archive_duration": 1440,
                "archive_timestamp": world.now().isoformat(),
                "locked": False,
                "create_timestamp": world.now().isoformat(),
            },
        }
    return result


def guild(world: World, *, members: list[Member]) -> Payload:
    """The guild as GUILD_CREATE shows it. A large server does not send everybody: tests choose whom."""
    return {
        "id": str(GUILD_ID),
        "name": "Lyceum's testing ground",
        "owner_id": str(OWNER_ID),
        "member_count": len(world.members),
        "large": False,
        "unavailable": False,
        "joined_at": world.members[APPLICATION_ID].joined_at.isoformat(),
        "verification_level": world.verification_level,
        "incidents_data": dict(world.incidents),
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "features": [],
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "mfa_level": 0,
        "afk_timeout": 300,
        "roles": [role(each) for each in world.roles.values()],
        "channels": [channel(world, each) for each in world.channels.values() if each.type == 0],
        "threads": [channel(world, each) for each in world.active_threads()],
        "members": [member(world, each) for each in members],
        "voice_states": [],
        "presences": [],
        "emojis": [],
        "stickers": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
    }


def message(world: World, each: Message) -> Payload:
    author = world.members[each.author_id]
    body = each.body
    return {
        "id": str(each.id),
        "channel_id": str(each.channel_id),
        "author": user(author),
        "content": body.get("content", ""),
        "timestamp": each.at.isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": body.get("embeds", []),
        "components": _with_ids(body.get("components", [])),
        "pinned": False,
        "type": 0,
        "flags": body.get("flags", 0),
        "nonce": each.nonce,
    }


def _with_ids(components: list[Payload]) -> list[Payload]:
    """Discord numbers the components that came without an id."""
    number = 0

    def numbered(part: Any) -> Any:
        nonlocal number
        if isinstance(part, list):
            return [numbered(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "type" in part and "id" not in part:
            number += 1
            part = {**part, "id": number}
        return {
            name: numbered(each) if name in ("components", "component") else each
            for name, each in part.items()
        }

    return numbered(components)


def event(each: Event) -> Payload:
    body = each.body
    return {
        "id": str(each.id),
        "guild_id": str(GUILD_ID),
        "channel_id": None,
        "creator_id": str(APPLICATION_ID),
        "name": body["name"],
        "description": body.get("description"),
        "scheduled_start_time": body["scheduled_start_time"],
        "scheduled_end_time": body.get("scheduled_end_time"),
        "privacy_level": 2,
        "status": 1,
        "entity_type": body.get("entity_type", 3),
        "entity_id": None,
        "entity_metadata": body.get("entity_metadata"),
        "user_count": 0,
        "image": None,
    }
