"""Discord's permissions that the set-up speaks of: their bits and the names that Discord shows for them."""

from __future__ import annotations

from bot.i18n import N_

KICK_MEMBERS = 1 << 1
BAN_MEMBERS = 1 << 2
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
ADD_REACTIONS = 1 << 6
VIEW_AUDIT_LOG = 1 << 7
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
MANAGE_ROLES = 1 << 28
MANAGE_EVENTS = 1 << 33
PUBLIC_THREADS = 1 << 35
PRIVATE_THREADS = 1 << 36
SEND_IN_THREADS = 1 << 38
MODERATE_MEMBERS = 1 << 40
CREATE_EVENTS = 1 << 44
CREATE_POLLS = 1 << 49

NAMES = {
    VIEW_CHANNEL: N_("View Channels"),
    SEND_MESSAGES: N_("Send Messages"),
    SEND_IN_THREADS: N_("Send Messages in Threads"),
    PUBLIC_THREADS: N_("Create Public Threads"),
    PRIVATE_THREADS: N_("Create Private Threads"),
    EMBED_LINKS: N_("Embed Links"),
    ATTACH_FILES: N_("Attach Files"),
    ADD_REACTIONS: N_("Add Reactions"),
    READ_HISTORY: N_("Read Message History"),
    MANAGE_ROLES: N_("Manage Roles"),
    MANAGE_CHANNELS: N_("Manage Channels"),
    CREATE_EVENTS: N_("Create Events"),
    MANAGE_EVENTS: N_("Manage Events"),
    CREATE_POLLS: N_("Create Polls"),
    MODERATE_MEMBERS: N_("Time Out Members"),
    KICK_MEMBERS: N_("Kick Members"),
    BAN_MEMBERS: N_("Ban Members"),
    MANAGE_MESSAGES: N_("Manage Messages"),
    MANAGE_GUILD: N_("Manage Server"),
    VIEW_AUDIT_LOG: N_("View Audit Log"),
}

# The history is where a post is looked for before it is sent a second time.
WRITE = VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | READ_HISTORY
THREADS = WRITE | PUBLIC_THREADS | SEND_IN_THREADS
ROOMS = THREADS | PRIVATE_THREADS
POLLS = WRITE | CREATE_POLLS


def names_of(bits: int) -> tuple[str, ...]:
    """The names (gettext ids) of the permissions in `bits`, in the order of `NAMES`."""
    return tuple(name for bit, name in NAMES.items() if bits & bit)
