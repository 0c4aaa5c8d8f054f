"""Discord's routes that Lyceum uses, each with the name by which `tests/wire/rest.py` answers it."""

from __future__ import annotations

ROUTES: tuple[tuple[str, str, str], ...] = (
    ("GET", "/gateway/bot", "gateway"),
    ("GET", "/users/@me", "own_user"),
    ("POST", "/users/@me/channels", "open_dm"),
    ("GET", "/oauth2/applications/@me", "application"),
    ("GET", "/applications/{application}/commands", "list_commands"),
    ("PUT", "/applications/{application}/commands", "put_commands"),
    ("GET", "/channels/{channel}", "channel"),
    ("GET", "/channels/{channel}/messages", "history"),
    ("POST", "/channels/{channel}/messages", "create_message"),
    ("PATCH", "/channels/{channel}/messages/{message}", "edit_message"),
    ("DELETE", "/channels/{channel}/messages/{message}", "delete_message"),
    ("POST", "/channels/{channel}/messages/{message}/threads", "create_thread"),
    ("POST", "/channels/{channel}/threads", "start_thread"),
    ("PUT", "/channels/{channel}/thread-members/{member}", "add_thread_member"),
    ("GET", "/guilds/{guild}/threads/active", "active_threads"),
    ("PATCH", "/channels/{channel}", "edit_channel"),
    ("PUT", "/guilds/{guild}/members/{member}/roles/{role}", "add_role"),
    ("DELETE", "/guilds/{guild}/members/{member}/roles/{role}", "remove_role"),
    ("PATCH", "/guilds/{guild}", "edit_guild"),
    ("PUT", "/guilds/{guild}/incident-actions", "incident_actions"),
    ("POST", "/guilds/{guild}/bulk-ban", "bulk_ban"),
    ("GET", "/guilds/{guild}/bans", "list_bans"),
    ("PUT", "/guilds/{guild}/bans/{member}", "ban"),
    ("DELETE", "/guilds/{guild}/bans/{member}", "unban"),
    ("DELETE", "/guilds/{guild}/members/{member}", "kick"),
    ("PUT", "/channels/{channel}/permissions/{target}", "set_overwrite"),
    ("DELETE", "/channels/{channel}/permissions/{target}", "delete_overwrite"),
    ("GET", "/guilds/{guild}/members", "list_members"),
    ("PATCH", "/guilds/{guild}/members/{member}", "edit_member"),
    ("GET", "/guilds/{guild}/scheduled-events", "list_events"),
    ("POST", "/guilds/{guild}/scheduled-events", "create_event"),
    ("DELETE", "/guilds/{guild}/scheduled-events/{event}", "delete_event"),
    ("POST", "/interactions/{interaction}/{token}/callback", "answer_interaction"),
    ("POST", "/webhooks/{application}/{token}", "follow_up"),
    ("GET", "/webhooks/{application}/{token}/messages/@original", "original_answer"),
    ("PATCH", "/webhooks/{application}/{token}/messages/@original", "edit_answer"),
)
# Whoever answers an interaction shows its token instead of the bot's.
WITHOUT_TOKEN = frozenset({"answer_interaction", "follow_up", "original_answer", "edit_answer"})
