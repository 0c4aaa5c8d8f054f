"""Looks at everything that ``lyceum run`` needs, offline where it can be, and tells each thing in a sentence.

With a token and a network Discord is asked too: whether it takes the token, whether the privileged intents are on, and
which permissions the bot lacks in which server. Without, it is said what could not be checked.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any, cast

import aiohttp
import discord

from bot import preflight
from bot.backups import folder_of
from bot.invite import INVITE_PERMISSIONS, MODERATION_PERMISSIONS, application_id_of, invite_link
from bot.preflight import Finding
from bot.process_lock import AlreadyRunning, lock_file
from bot.settings import WHERE_TOKENS_ARE, Settings, SettingsError, check_token
from storage import schema
from storage.backup import list_backups
from storage.database import Database, parse_url
from storage.faults import explain

ASK_WITHIN = 20.0  # seconds
INTENTS = "intents"
# Discord lists 200 servers a page; who has more has other means than this page.
SERVERS_LOOKED_AT = 200


async def examine(settings: Settings, config: Path, *, offline: bool = False) -> list[Finding]:
    """Everything that was looked at, in the order in which it matters."""
    findings = [await asyncio.to_thread(preflight.config_file, config)]
    token = settings.discord.token.get_secret_value()
    fit: Finding
    try:
        check_token(token, config)
        fit = Finding("token", "ok", "There is a token, and it looks like one.")
    except SettingsError as error:
        fit = Finding("token", "bad", str(error))
    findings.append(fit)
    findings += await _database(settings)
    if fit.state == "bad":
        findings.append(Finding(INTENTS, "unknown", "Without a token Discord cannot be asked."))
        findings.append(_invite(None))
    elif offline:
        findings.append(
            Finding(INTENTS, "unknown", "Discord was not asked about intents and permissions (--offline).")
        )
        findings.append(_invite(application_id_of(token)))
    else:
        findings += await ask_discord(
            token,
            message_content=settings.discord.message_content,
            members=settings.discord.members_intent,
        )
    return findings


async def schema_finding(settings: Settings) -> Finding:
    """Whether the database has the schema of this version. Opens it, and makes nothing."""
    what, url = "schema", parse_url(settings.database.url)
    if url.get_backend_name() == "sqlite" and not await asyncio.to_thread(Path(str(url.database)).exists):
        return Finding(what, "ok", f"There is no database at {url.database} yet; lyceum run makes it.")
    database: Database | None = None
    try:
        database = Database(settings.database.url)
        await schema.check(database)
    except schema.SchemaTooOld:
        return Finding(what, "ok", "The schema is of an earlier version; the next lyceum run upgrades it.")
    except schema.SchemaError as error:
        return Finding(what, "bad", str(error))
    except Exception as error:  # noqa: BLE001 - a driver may raise anything, and quote the password in it.
        missing_package = type(error) is RuntimeError
        said = (
            str(error) if missing_package else preflight.cannot_open(parse_url(settings.database.url), error)
        )
        return Finding(what, "unknown", said)
    finally:
        if database is not None:
            await database.close()
    return Finding(what, "ok", "The schema is that of this version.")


async def ask_discord(token: str, *, message_content: bool, members: bool = True) -> list[Finding]:
    """What Discord says of the bot; findings that could not be checked when it does not answer."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    try:
        async with asyncio.timeout(ASK_WITHIN), client:
            await client.login(token)
            application = await client.application_info()
            # Raw, because a client that never connects has no servers in its cache.
            servers = cast("list[dict[str, Any]]", await client.http.get_guilds(SERVERS_LOOKED_AT))
    except discord.LoginFailure:
        return [
            Finding(
                "Discord", "bad", f"Discord does not accept the token: make a new one ({WHERE_TOKENS_ARE})."
            ),
            _invite(None),
        ]
    except (aiohttp.ClientError, OSError, TimeoutError, discord.HTTPException) as error:
        kind = f"HTTP {error.status}" if isinstance(error, discord.HTTPException) else type(error).__name__
        said = f"Discord could not be asked ({kind}): token, intents and permissions were not checked."
        return [Finding("Discord", "unknown", said), _invite(application_id_of(token))]
    return [
        Finding("Discord", "ok", f"Discord accepts the token; the application is {application.name}."),
        _intents(application.flags, message_content=message_content, members=members),
        *_permissions(servers),
        _invite(application.id),
    ]


def _intents(flags: discord.ApplicationFlags, *, message_content: bool, members: bool) -> Finding:
    missing: list[str] = []
    if members and not (flags.gateway_guild_members or flags.gateway_guild_members_limited):
        missing.append("Server Members Intent")
    if message_content and not (flags.gateway_message_content or flags.gateway_message_content_limited):
        missing.append("Message Content Intent")
    if missing:
        said = f"Switch on {' and '.join(missing)} in the Developer Portal, your application, Bot."
        return Finding(INTENTS, "bad", said)
    return Finding(INTENTS, "ok", "The intents that the bot asks for are switched on.")


def _permissions(servers: list[dict[str, Any]]) -> list[Finding]:
    what = "permissions"
    if not servers:
        return [Finding(what, "unknown", "The bot is in no server yet: open the invite link.")]
    wanted = discord.Permissions(INVITE_PERMISSIONS)
    findings: list[Finding] = []
    for server in servers:
        has = discord.Permissions(int(server["permissions"]))
        lacking = [] if has.administrator else [name for name, on in wanted if on and not getattr(has, name)]
        if lacking:
            names = ", ".join(each.replace("_", " ") for each in lacking)
            said = f"In {server['name']} the bot lacks {names}: give them to its role, or open the invite link again."
            findings.append(Finding(what, "bad", said))
    fine = f"In {len(servers)} servers the bot's roles have what it needs; channels may still deny it."
    return findings or [Finding(what, "ok", fine)]


def _invite(application_id: int | None) -> Finding:
    if application_id is None:
        said = f"With your application's id in its place: {invite_link('YOUR_APPLICATION_ID')}"
        return Finding("invite link", "unknown", said)
    moderating = invite_link(application_id, MODERATION_PERMISSIONS)
    return Finding("invite link", "ok", f"{invite_link(application_id)} or, to moderate too: {moderating}")


async def _database(settings: Settings) -> list[Finding]:
    url = parse_url(settings.database.url)
    if url.get_backend_name() != "sqlite":
        return [
            Finding("database", "ok", "PostgreSQL; back it up with pg_dump."),
            await schema_finding(settings),
        ]
    file = Path(str(url.database))
    found = [
        await asyncio.to_thread(preflight.database_folder, file),
        await asyncio.to_thread(preflight.file_system, file),
        await asyncio.to_thread(_who_works_on, file),
    ]
    if all(each.state != "bad" for each in found):
        found.append(await schema_finding(settings))
    return [*found, await asyncio.to_thread(_backups, settings, file)]


def _who_works_on(file: Path) -> Finding:
    what = "process"
    if not file.with_name(f"{file.name}.lock").exists():
        return Finding(what, "ok", "No Lyceum works on this database.")
    try:
        with lock_file(file):
            return Finding(what, "ok", "No Lyceum works on this database.")
    except AlreadyRunning:
        return Finding(what, "ok", "A Lyceum works on this database; a second one would be refused.")
    except OSError as error:
        return Finding(what, "unknown", f"Whether a Lyceum works on it cannot be told ({explain(error)}).")


def _backups(settings: Settings, file: Path) -> Finding:
    what, folder = "backups", folder_of(settings.backup, file)
    with contextlib.suppress(OSError):
        newest = next(reversed(list_backups(file, folder)), None)
        if newest is not None:
            return Finding(
                what, "ok", f"The newest is from {newest.taken_at:%Y-%m-%d %H:%M} UTC: {newest.file}"
            )
        if settings.backup.every_hours == 0:
            said = "There is none, and every_hours in [backup] is 0: nothing makes one unless you run lyceum db backup yourself."
            return Finding(what, "unknown", said)
        return Finding(what, "ok", f"There is none yet; lyceum run makes the first in {folder} by itself.")
    return Finding(what, "bad", f"{folder} cannot be read: give it to the user that runs Lyceum.")
