"""``lyceum db``: upgrade, check, backup, restore."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli_shared import ConfigOption, read_settings, refuse, tell
from bot.settings import Settings

db = typer.Typer(no_args_is_help=True, help="The database.")


@db.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the database to the schema of this version; a SQLite file is copied first."""
    settings = read_settings(config, needs_token=False)
    # Not at the top: `lyceum --help` should not wait for discord.py and SQLAlchemy.
    from bot import process

    try:
        process.upgrade(settings)
    except process.StartRefused as refused:
        refuse(str(refused))
    tell("The database is up to date.")


@db.command()
def check(config: ConfigOption = None) -> None:
    """Look through every page and reference of a SQLite file, and at the schema. The bot may run meanwhile."""
    settings = read_settings(config, needs_token=False)
    from bot.doctor import schema_finding
    from storage.faults import explain
    from storage.sqlite_files import DamagedFile

    file = _sqlite_file(settings)
    if file is not None:
        from storage.backup import check_file

        if not file.exists():
            refuse(f"There is no database at {file}: check url in [database]; lyceum run makes a new one.")
        try:
            rows = check_file(file)
        except DamagedFile as damage:
            refuse(
                f"{file} is damaged ({damage}): stop the bot, keep the file, and restore the newest backup with lyceum "
                "db restore.",
                1,
            )
        except Exception as error:  # noqa: BLE001 - whatever the driver raises, the operator wants a sentence.
            refuse(f"{file} cannot be checked ({explain(error)}): see who may read it and its folder.")
        tell(f"{file} is sound: {len(rows)} tables, {sum(rows.values())} rows.")
    finding = asyncio.run(schema_finding(settings))
    if finding.state == "unknown":
        refuse(finding.said)
    if finding.state == "bad":
        refuse(finding.said, 1)
    tell(finding.said)


@db.command()
def backup(
    config: ConfigOption = None,
    *,
    to: Annotated[Path | None, typer.Option("--to", help="The folder. [default: folder in [backup]]")] = None,
    only_list: Annotated[bool, typer.Option("--list", help="Show the backups there are.")] = False,
) -> None:
    """Make a verified copy of a SQLite database. The bot may run meanwhile."""
    settings = read_settings(config, needs_token=False)
    import discord

    from bot.backups import folder_of
    from storage.backup import BackupError, back_up, list_backups

    file = _sqlite_file(settings)
    if file is None:
        refuse("This database is PostgreSQL: back it up with pg_dump, and restore it with pg_restore.")
    folder = to or folder_of(settings.backup, file)
    if only_list:
        found = list_backups(file, folder)
        tell(f"{len(found)} backups in {folder}")
        for each in found:
            tell(f"{each.taken_at:%Y-%m-%d %H:%M} UTC  {each.size // 1024:>8} KiB  {each.file}")
        return
    try:
        made = back_up(file, folder, now=discord.utils.utcnow(), keep=settings.backup.keep)
    except BackupError as refused:
        refuse(str(refused))
    tell(f"Backup made and verified: {made.file} ({made.size // 1024} KiB)")


@db.command()
def restore(
    file: Annotated[Path, typer.Argument(help="The backup; lyceum db backup --list names them.")],
    config: ConfigOption = None,
) -> None:
    """Put a backup in the place of the SQLite database. Stop the bot first. The replaced database is kept."""
    settings = read_settings(config, needs_token=False)
    import discord

    from bot import process
    from storage.backup import BackupError
    from storage.backup import restore as put_back
    from storage.schema import SchemaError

    target = _sqlite_file(settings)
    if target is None:
        refuse("This database is PostgreSQL: restore it with pg_restore.")

    async def alone() -> Path | None:
        with process.alone_on(target):
            return await put_back(file, target, now=discord.utils.utcnow())

    try:
        aside = asyncio.run(alone())
    except (BackupError, SchemaError, process.StartRefused) as refused:
        refuse(str(refused))
    tell(f"Restored {file} to {target}.")
    if aside is not None:
        tell(f"The database that was there is now {aside}; remove it when you are sure.")
    tell(
        "Start the bot: what Discord has already been sent since the backup is looked for and not sent again."
    )


def _sqlite_file(settings: Settings) -> Path | None:
    from storage.database import parse_url

    url = parse_url(settings.database.url)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
