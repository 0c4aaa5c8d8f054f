"""What the operator decides: the token, the database, the log. What a community decides lives in its rows instead.

``load_settings`` reads a TOML file and lets the environment override it (``LYCEUM__DISCORD__TOKEN`` is ``token`` in
``[discord]``). It accepts no key that it does not know, because a misspelt key is otherwise a setting that silently
does nothing. Whatever is wrong comes back as a ``SettingsError``: one sentence that names the key and the fix. No such
sentence contains the token or the database password.

``Settings(...)`` called directly reads neither file nor environment; that is how tests and the sandbox make theirs.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableVariableError

DEFAULT_PATH = Path("config.toml")
ENVIRONMENT_PREFIX = "LYCEUM__"
TOKEN_VARIABLE = "LYCEUM__DISCORD__TOKEN"  # noqa: S105 - the name of a variable, not a secret.
WHERE_TOKENS_ARE = "Developer Portal, your application, Bot, Reset Token"

# Three parts of base64: the bot's id, when the token was made, a signature. Discord promises no exact lengths.
_TOKEN = re.compile(r"[\w-]{18,}\.[\w-]{5,}\.[\w-]{20,}", re.ASCII)
# Nobody names a setting this long; it is more likely a secret on the wrong side of the equals sign.
_LONGEST_SHOWN_KEY = 30


class SettingsError(RuntimeError):
    """The configuration cannot be used; the message is one sentence with the fix."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DiscordSettings(_Section):
    """How the bot appears to Discord."""

    token: SecretStr = SecretStr("")
    message_content: bool = False
    """Whether to ask for the Message Content intent. Only the feature `filters` needs it."""
    members_intent: bool = True
    """Whether to ask for the Server Members intent. Without it nobody is greeted; everything else works."""
    low_memory: bool = False
    """Whether to hold no members in memory, but to ask Discord about one when they are needed."""


class DatabaseSettings(_Section):
    """Where everything is kept."""

    # Not in the repr: the URL of a PostgreSQL database holds its password.
    url: str = Field(default="sqlite:///data/lyceum.db", repr=False)

    @field_validator("url")
    @classmethod
    def _is_supported(cls, url: str) -> str:
        # Here, because it brings in SQLAlchemy, and `lyceum --help` should not wait for that.
        from storage.database import parse_url

        parse_url(url)
        return url


class LogSettings(_Section):
    """What is written to standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["text", "json"] = "text"


class BackupSettings(_Section):
    """Copies of a SQLite file by schedule; PostgreSQL has its own tools for that."""

    folder: str = ""
    """Empty: the folder ``backups`` beside the database."""
    every_hours: int = Field(default=24, ge=0)
    """0: never by schedule."""
    keep: int = Field(default=7, ge=1)


class HealthSettings(_Section):
    """The endpoint that says on this machine how the bot is."""

    port: int = Field(default=0, ge=0, le=65535)
    """0: there is none."""


class SupportSettings(_Section):
    """Who helps when the bot itself is at fault."""

    contact: str = Field(default="", max_length=200)
    """Shown to members as it stands; empty: nothing is shown."""


class Settings(BaseSettings):
    """All operator settings, frozen."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__"
    )

    discord: DiscordSettings = DiscordSettings()
    database: DatabaseSettings = DatabaseSettings()
    log: LogSettings = LogSettings()
    backup: BackupSettings = BackupSettings()
    health: HealthSettings = HealthSettings()
    support: SupportSettings = SupportSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class _OverriddenSettings(Settings):
    """The same settings, with the environment on top of the values given."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)


def load_settings(path: Path | None = None, *, needs_token: bool = True) -> Settings:
    """The settings from ``path`` and the environment; SettingsError when they cannot be used.

    Without a path, ``config.toml`` in the working directory is read if it exists, so that a container can be set up
    by its environment alone; a path that is given must exist. ``needs_token=False`` is for commands that never
    talk to Discord.
    """
    given = DEFAULT_PATH if path is None else path
    values = _read(given) if path is not None or given.exists() else {}
    _refuse_unknown_sections(values, given)
    try:
        settings = _OverriddenSettings(**values)
    except ValidationError as error:
        raise SettingsError(_in_one_sentence(error, given)) from None
    except UnreadableVariableError:
        raise SettingsError(
            f"One of the {ENVIRONMENT_PREFIX}... variables cannot be read: name the section and the key, "
            f"as in {TOKEN_VARIABLE}."
        ) from None
    if needs_token:
        check_token(settings.discord.token.get_secret_value(), given)
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        # utf-8-sig: some editors on Windows put a mark at the start, which TOML does not allow.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(
            f"There is no {path}: copy config.example.toml to {path} and put your bot's token in it."
        ) from None
    except tomllib.TOMLDecodeError as error:
        # Only the place: the parser's own words may quote what stands there, and that may be the token.
        place = re.search(r"at line \d+, column \d+", str(error))
        where = place.group() if place else "somewhere"
        raise SettingsError(
            f'{path} is not valid TOML {where}: text needs quotes, as in token = "..."; compare it with '
            "config.example.toml."
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text: save it again with that encoding.") from None
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror}): check the path and who may read it."
        ) from None


def _refuse_unknown_sections(values: dict[str, Any], path: Path) -> None:
    sections = list(Settings.model_fields)
    for name in values:
        if name not in sections:
            raise SettingsError(
                f"{path} has a section or key that Lyceum does not know: {_hint(name, sections)}"
            )
    for variable in os.environ:
        name = variable.upper()
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        section = name.removeprefix(ENVIRONMENT_PREFIX).partition("__")[0].lower()
        if section not in sections:
            raise SettingsError(
                f"The environment variable {_shown(variable)} names no setting: the sections are "
                f"{', '.join(sections)}, as in {TOKEN_VARIABLE}."
            )


def _in_one_sentence(error: ValidationError, path: Path) -> str:
    """The first of what pydantic found, without the value that was found."""
    first = error.errors(include_input=False, include_url=False, include_context=True)[0]
    section, *rest = (str(part) for part in first["loc"])
    if not rest:
        return f"[{section}] in {path} must be a table: write [{section}] on a line of its own, its keys below it."
    key = rest[0]
    variable = f"{ENVIRONMENT_PREFIX}{section}__{key}".upper()
    place = f"{key} in [{section}] ({path} or {variable})"
    if first["type"] == "extra_forbidden":
        known = list(_keys_of(section))
        return (
            f"[{section}] ({path} or {ENVIRONMENT_PREFIX}{section.upper()}__...) has a key that Lyceum does not "
            f"know: {_hint(key, known)}"
        )
    if first["type"] == "value_error":
        return f"{place} cannot be used: {str(first.get('ctx', {}).get('error', '')).rstrip('.')}."
    if first["type"] == "literal_error":
        return f"{place} must be one of: {first.get('ctx', {}).get('expected', '')}."
    if first["type"].startswith(("int", "greater_than", "less_than")):
        limits = first.get("ctx", {})
        least, most = limits.get("ge"), limits.get("le")
        bound = f" of {least} or more" if least is not None else f" of {most} or less" if most else ""
        return f"{place} must be a whole number{bound}."
    if first["type"] == "string_too_long":
        return f"{place} must be at most {first.get('ctx', {}).get('max_length')} characters long."
    wanted = "true or false" if first["type"].startswith("bool") else "text in quotes"
    return f"{place} must be {wanted}."


def _keys_of(section: str) -> list[str]:
    kept_in = Settings.model_fields[section].annotation
    assert isinstance(kept_in, type) and issubclass(kept_in, BaseModel)
    return list(kept_in.model_fields)


def check_token(token: str, path: Path) -> None:
    """Raises SettingsError unless this can be a bot token; whether it is one, only Discord knows."""
    where = f"token in [discord] ({path} or {TOKEN_VARIABLE})"
    if not token.strip():
        raise SettingsError(
            f"There is no Discord token: copy config.example.toml to {path} and set token in [discord], or set "
            f"{TOKEN_VARIABLE} ({WHERE_TOKENS_ARE})."
        )
    if token.lower().startswith("bot "):
        raise SettingsError(f'{where} must be the token alone: remove the word "Bot" before it.')
    if token != token.strip() or any(character.isspace() for character in token):
        raise SettingsError(
            f"{where} has spaces in it: copy the token again, without them ({WHERE_TOKENS_ARE})."
        )
    if not _TOKEN.fullmatch(token):
        raise SettingsError(
            f"{where} is not a bot token: that is three parts with dots between them, unlike the public key or the "
            f"client secret ({WHERE_TOKENS_ARE})."
        )


def _shown(name: str) -> str:
    return name if len(name) <= _LONGEST_SHOWN_KEY else "(a long name, not repeated here)"


def _hint(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"{_shown(name)}; " + (f"did you mean {close[0]}?" if close else f"it knows {', '.join(known)}.")
