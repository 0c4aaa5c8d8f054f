"""The invite link: what Lyceum asks a server for. README, doctor and sandbox all take it from here."""

from __future__ import annotations

import base64
import binascii

INVITE_PERMISSIONS = 580928955075648
"""Everything the features use, and nothing more: View Channels, Send Messages, Send Messages in Threads,
Create Public Threads, Create Private Threads, Embed Links, Attach Files, Add Reactions, Read Message History,
Manage Roles, Create Events, Manage Events, Create Polls."""

MODERATION_PERMISSIONS = INVITE_PERMISSIONS | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 13 | 1 << 40
"""The same and what moderation uses: Kick Members, Ban Members, Manage Channels, Manage Server, View Audit Log, Manage
Messages, Time Out Members. A community that moderates with something else need not give them."""


def invite_link(application_id: int | str, permissions: int = INVITE_PERMISSIONS) -> str:
    """Where somebody who may manage a server adds the bot to it."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application_id}"
        f"&scope=bot+applications.commands&permissions={permissions}"
    )


def application_id_of(token: str) -> int | None:
    """The application a token belongs to, read from the token itself; None when it does not say.

    The first part of a token is the bot's id in base64, which is also the application's id except for bots made before
    2016.
    """
    first = token.partition(".")[0]
    try:
        text = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return int(text) if text.isdecimal() else None
