"""Logging: where lines go, and which guild, person, command and error reference each line is about.

``with tagged(guild=..., user=..., command=...)`` marks every line that is written inside it, in that task and in the
tasks started there, whoever writes it. Lines go to standard error, as text for people or as one JSON object a line for
machines, with the time in UTC. Never log message text or a member's words. Secrets are taken out of each finished line,
traces included (`bot/redaction.py`); an error that nobody caught goes the same way.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, TextIO

from bot.redaction import Redactor

_tags: ContextVar[Mapping[str, str]] = ContextVar("lyceum_log_tags")
_of_task: ContextVar[Callable[[], Mapping[str, object]]] = ContextVar("lyceum_log_tags_of_task")

# The chosen level is for our own code. Libraries stay at INFO at the most, because at DEBUG they write down what passes
# through them (discord.py every event, aiosqlite every value), and that is what members wrote.
_OWN = ("bot", "cogs", "storage", "sandbox")
# These say at INFO what an operator of Lyceum has no use for.
_QUIETER = ("apscheduler", "alembic", "aiosqlite", "discord.client")


@contextmanager
def tagged(
    *,
    guild: int | None = None,
    user: int | None = None,
    command: str | None = None,
    error: str | None = None,
) -> Generator[None]:
    """Adds what is given to each line inside; the rest stays as the surrounding block set it.

    ``guild`` and ``user`` are Discord ids, ``command`` is the qualified name or a custom_id without its row id,
    ``error`` is the reference that the person was shown.
    """
    token = _tags.set(_merged(guild=guild, user=user, command=command, error=error))
    try:
        yield
    finally:
        _tags.reset(token)


def tag_task(read: Callable[[], Mapping[str, object]]) -> None:
    """The same for the rest of the task that is running, where no block can be put around it.

    ``read`` gives the tags by name. It is called when a line is written: few commands write any.
    """
    _of_task.set(read)


def _merged(**new: object) -> Mapping[str, str]:
    return {**_tags.get({}), **_given(new)}


def _given(tags: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in tags.items() if value is not None}


def set_up(
    level: str = "INFO",
    form: Literal["text", "json"] = "text",
    stream: TextIO | None = None,
    *,
    secrets: Iterable[str] = (),
) -> None:
    """Sends every logger to one place, ``stream`` or standard error. Calling it again replaces the place.

    ``secrets`` are what must not be written down whatever happens: the token, the database's password.
    """
    handler = RedactingHandler(sys.stderr if stream is None else stream, Redactor(secrets))
    handler.addFilter(TagFilter())
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    chosen = logging.getLevelNamesMapping()[level]
    root.setLevel(max(chosen, logging.INFO))
    for name in _OWN:
        logging.getLogger(name).setLevel(chosen)
    for name in _QUIETER:
        logging.getLogger(name).setLevel(max(chosen, logging.WARNING))


def log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For ``sys.excepthook``: the interpreter itself would print the error with whatever is in it."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("bot").critical("ended by an error that nobody expected", exc_info=(kind, error, trace))


class RedactingHandler(logging.StreamHandler[TextIO]):
    """Writes lines without secrets. On the handler, because what other loggers pass up meets no filter of the root."""

    def __init__(self, stream: TextIO, redact: Redactor) -> None:
        super().__init__(stream)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


class TagFilter(logging.Filter):
    """Puts the tags of the moment on the record; they are gone by the time a queue would format it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.tags = {**_given(_of_task.get(dict)()), **_tags.get({})}
        return True


class TextFormatter(logging.Formatter):
    """``2026-11-21T08:00:00.000Z INFO bot.jobs: what happened [guild=1 user=2]``, with the trace below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name.
        return _instant(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name.
        tags = " ".join(f"{name}={value}" for name, value in _tags_of(record).items())
        return super().formatMessage(record) + (f" [{tags}]" if tags else "")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the tags, and the trace as ``exception``."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _instant(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_tags_of(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _tags_of(record: logging.LogRecord) -> dict[str, str]:
    return getattr(record, "tags", {})


def _instant(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
