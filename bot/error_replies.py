"""The one door for errors: what a person is told, and what the log keeps.

The same function stands behind commands, buttons, menus and forms. A `UserError` is shown as it is; an
`ExternalError` with a short apology; anything else is a bug, told with a reference that the log line bears
too. What was typed into a form comes back with it, so that nobody types it twice. Nothing here raises, and nothing internal
is shown.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

import discord
from discord import app_commands

from bot.card_views import form_texts
from bot.cards import Card, Text
from bot.counters import counters
from bot.errors import ExternalError, NotFound, UserError
from bot.i18n import BrokenTemplate, Translator
from bot.log import tagged
from bot.refusals import in_words, typed_again
from bot.replies import reply_to
from storage.faults import explain, is_unwritable

log = logging.getLogger(__name__)


async def respond_to_error(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell the person what went wrong and what they can do. Never raises."""
    error = _cause(error)
    place = f"user={interaction.user.id} guild={interaction.guild_id} on={_what(interaction)}"
    reply = reply_to(interaction)
    reference = _log(error, place)
    try:
        t = reply.translator
        await reply.show(Card((Text(_told(error, t, reference)), *typed_again(form_texts(interaction), t))))
    except Exception:
        log.exception("an error could not be told %s ref=%s", place, reference)


def report_error(error: BaseException, where: str) -> str:
    """Log an error that nobody waits for (an event, a job). Returns its reference."""
    return _log(_cause(error), where)


def _cause(error: BaseException) -> BaseException:
    while (
        isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError) and error.__cause__
    ):
        error = error.__cause__
    if isinstance(error, app_commands.TransformerError):
        # A channel, role or person that is not in the server: deleted or gone since the option was filled in.
        return NotFound("One of the things you chose is not in this server any more. Choose another.")
    return error


def _log(error: BaseException, where: str) -> str:
    reference = secrets.token_hex(3).upper()
    known = isinstance(error, UserError | ExternalError)
    unwritable = is_unwritable(error)
    if not known:
        counters.errors["disk" if unwritable else "bug"] += 1
    with tagged(error=reference):
        if isinstance(error, UserError):
            log.info("told user: %s %s", type(error).__name__, where)
        elif isinstance(error, ExternalError):
            log.warning("refused by Discord: %s %s", error, where)
        elif unwritable:
            # Nobody needs a trace of each to see that.
            log.error("not written down because %s ref=%s %s", explain(error), reference, where)
        else:
            log.error("bug ref=%s %s", reference, where, exc_info=error)
    return reference


def _told(error: BaseException, t: Translator, reference: str) -> str:
    try:
        return _explain(error, t, reference)
    except BrokenTemplate:
        log.exception("the text of an error cannot be filled ref=%s", reference)
        return _apology(t, reference)


def _explain(error: BaseException, t: Translator, reference: str) -> str:
    if isinstance(error, UserError):
        return in_words(error, t)
    if isinstance(error, ExternalError):
        return t("Sorry, Discord did not let me do that. {what}", what=in_words(error, t))
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return t("This command has just changed. Please restart Discord (Ctrl+R) and use it once more.")
    if isinstance(error, app_commands.CheckFailure):
        return t("You cannot use this here. If you think you should, ask a facilitator.")
    if is_unwritable(error):
        return t(
            "I cannot write anything down at the moment, so this was not kept. Please try again later; if it does not "
            "pass, tell a facilitator this number: {reference}",
            reference=reference,
        )
    return _apology(t, reference)


def _apology(t: Translator, reference: str) -> str:
    return t(
        "Something went wrong on my side, not on yours. "
        "Please try again; if it happens again, tell a facilitator this number: {reference}",
        reference=reference,
    )


def _what(interaction: discord.Interaction[Any]) -> str:
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    data = interaction.data or {}
    return str(data.get("custom_id", "?"))
