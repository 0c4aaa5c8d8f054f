"""The errors of Lyceum: what a person can put right, what Discord refused, and everything else.

`UserError` is shown to the person as it stands, so its text says what to do next. `ExternalError` means
Discord or the network refused us: a short apology and what to check. Any other exception is a bug: the
person sees a reference id that staff can find in the log.

Messages are English templates with named fields; `bot/error_replies.py` translates and fills them at the
moment of the reply, so this module imports neither discord nor gettext. The class names are gettext
keywords (`bot/i18n.py`): a literal message is picked up for translation where it is raised.
"""

from __future__ import annotations

from datetime import datetime


class BotError(Exception):
    """Base of every error that Lyceum raises on purpose."""

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields

    def __str__(self) -> str:
        return self.message.format_map(self.fields) if self.fields else self.message


class UserError(BotError):
    """The person can put it right. Shown as is, only to them."""


class NotFound(UserError):
    """The thing asked for does not exist (any more)."""


class NotAllowed(UserError):
    """The person lacks the capability, or the target stands above them."""


class InvalidInput(UserError):
    """What was typed or chosen cannot be used."""


class AlreadyDone(UserError):
    """A second click, or somebody else was first."""


class TooSoon(UserError):
    """Allowed later: `retry_at` is an aware UTC instant."""

    def __init__(self, message: str, *, retry_at: datetime, **fields: object) -> None:
        super().__init__(message, **fields)
        self.retry_at = retry_at


class LimitReached(UserError):
    """A stated limit is used up."""


class NotConfigured(UserError):
    """A facilitator has to choose something in /setup first."""


class ExternalError(BotError):
    """Discord or the network refused us."""


class MissingBotPermission(ExternalError):
    """The bot lacks a Discord permission."""


class TargetAboveBot(ExternalError):
    """The role or member stands above the bot's highest role, so Discord will not let the bot act on it."""


class ServiceUnavailable(ExternalError):
    """Discord did not answer, or answered with a fault of its own."""
