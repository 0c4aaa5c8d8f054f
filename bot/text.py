"""Text that fits and behaves in Discord: the limits, cutting, member-written text, dates and mentions.

Lengths are counted in UTF-16 code units, as Discord's own client (JavaScript) counts what is typed. The
documentation says only "characters" and the API counts code points; a text has never fewer UTF-16 units than
code points, so what fits here fits there whichever a field uses. An emoji counts two or more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import regex

from bot.i18n import Translator

# Discord's limits. Sources: the pages of docs.discord.com named beside each group.

# components/reference. The text limit is the sum over all text displays of one message.
V2_TEXT_LIMIT = 4000
V2_COMPONENTS = 40
BUTTON_LABEL = 80
SELECT_OPTIONS = 25
GROUP_OPTIONS = 10  # in a radio or checkbox group of a form
SELECT_LABEL = 100
SELECT_DESCRIPTION = 100
SELECT_PLACEHOLDER = 150
MODAL_TITLE = 45
MODAL_LABEL = 45
MODAL_DESCRIPTION = 100
TEXT_INPUT = 4000
TEXT_INPUT_PLACEHOLDER = 100

# interactions/application-commands
CHOICE_NAME = 100
COMMAND_DESCRIPTION = 100

# resources/channel, resources/guild, resources/guild-scheduled-event, resources/poll, resources/audit-log
THREAD_NAME = 100
EVENT_NAME = 100
EVENT_DESCRIPTION = 1000
EVENT_LOCATION = 100
AUDIT_REASON = 512

ELLIPSIS = "…"
_ZERO_WIDTH_SPACE = "\u200b"

_LINE_ENDS = regex.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# What nobody can see and no script needs: controls, lone surrogates (no JSON can carry them), the bidi
# controls and everything that Unicode says to ignore, apart from the four kinds that `_IN_CONTEXT` judges.
_UNSEEN = regex.compile(
    r"[[\p{Cc}--[\n\t]][\p{Cs}][\ufff9-\ufffb]"
    r"[\p{Default_Ignorable_Code_Point}--[\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]]]",
    regex.V1,
)
_JOINING = (
    r"[\p{Arabic}\p{Syriac}\p{Nko}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}"
    r"\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Tibetan}\p{Myanmar}\p{Khmer}]"
)
_IN_CONTEXT = regex.compile(
    # Kept: the flags of England, Scotland and Wales (a black flag spelt out in tags) ...
    r"(?P<keep>\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f"
    # ... a joiner between two emoji, as in a family ...
    r"|(?<=\p{Extended_Pictographic}[\U0001f3fb-\U0001f3ff]?\ufe0f?)\u200d(?=\p{Extended_Pictographic})"
    # ... the joiners that Persian and the Indic scripts spell words with ...
    rf"|(?<={_JOINING})[\u200c\u200d](?={_JOINING})"
    # ... and one choice of form after a character.
    r"|(?<=[^\s\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef])"
    r"[\ufe00-\ufe0f\U000e0100-\U000e01ef])"
    r"|[\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]"
)
# Tried once for each run of spaces, or thousands of spaces in a row would take half a second.
_LINE_TAIL = regex.compile(r"(?<![^\S\n])[^\S\n]++(?=\n)")
_MANY_BLANK_LINES = regex.compile(r"\n{4,}")

_CLUSTER = regex.compile(r"\X")
# Discord links a bare address as it stands, so a backslash inside would become part of it. Only characters
# that cannot end the link or begin markup are taken as its part.
_PIECE = regex.compile(r"(?P<address>https?://[\w/.?&=%+~#:;,!$'@-]*[\w/=&%+#-])|\X")
_EVERYONE = regex.compile(r"@(?=everyone|here)", regex.IGNORECASE)
_MARKUP = frozenset("\\*_~`|[]<@")
_LINE_MARKUP = regex.compile(
    r"(?:^|(?<=\n))(?P<indent>[^\S\n]*)(?:(?P<mark>[#>+-])|(?P<number>\d+)(?P<dot>[.)]))"
)

_TIMESTAMP_STYLES = frozenset("tTdDfFsSR")


def length(text: str) -> int:
    """The length in UTF-16 code units."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """`text` within `limit` UTF-16 units; when something had to go, it ends in an ellipsis.

    The cut lies between grapheme clusters, so no emoji, flag or accented letter is taken apart. Markup is not
    looked at: cut member-written text with `quote`.
    """
    if length(text) <= limit:
        return text
    return _fit(_CLUSTER.findall(text), limit)


def clean(text: str) -> str:
    """Member-written text without what cannot be seen; what can be read stays as it is.

    Goes: control characters and NUL, bidirectional controls, zero-width and other ignorable characters,
    space at line ends, more than two blank lines in a row, space around the whole. Stays: letters of every
    script in their own direction, the joiners inside emoji and inside Persian or Indic words. Tabs become
    spaces.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _UNSEEN.sub("", text).replace("\t", " ")
    text = _IN_CONTEXT.sub(lambda found: found["keep"] or "", text)
    text = _LINE_TAIL.sub("", text)
    return _MANY_BLANK_LINES.sub("\n\n\n", text).strip()


def paged(blocks: Sequence[str], *, room: int, most: int) -> list[list[str]]:
    """The blocks in pages of at most `most` of them and, together, `room` UTF-16 units; at least one page.

    A block that is longer than a page has one of its own, and is cut where it is shown.
    """
    pages: list[list[str]] = [[]]
    left = room
    for block in blocks:
        needed = length(block) + 1
        if pages[-1] and (needed > left or len(pages[-1]) >= most):
            pages.append([])
            left = room
        pages[-1].append(block)
        left -= needed
    return pages


def quote(text: str, limit: int) -> str:
    """Member-written text for a card: cleaned, shown letter by letter, within `limit` UTF-16 units.

    Headings, lists, quotes, code, spoilers and masked links appear as they were typed, and so do mentions: no
    one is pinged even where a send allows mentions. Bare web addresses remain links.
    """
    return _fit(_escaped(clean(text)), limit)


def timestamp(instant: datetime, style: str = "f") -> str:
    """Discord's tag for an aware instant, shown in each reader's own zone and language.

    Styles: t T times, d D dates, f F both, s S both in short form, R relative ("in 3 days").
    """
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {instant!r}")
    if style not in _TIMESTAMP_STYLES:
        raise ValueError(f"unknown timestamp style: {style!r}")
    return f"<t:{math.floor(instant.timestamp())}:{style}>"


def mention_user(user_id: int) -> str:
    return f"<@{user_id}>"


def label_of(name: str | None, member_id: int, t: Translator) -> str:
    """How a member is called where Discord draws no mentions, as in a menu; `name` is None when nobody knows it (any more)."""
    return clean(name or "") or t("Somebody whose name I cannot see (…{end})", end=str(member_id)[-4:])


def mention_role(role_id: int) -> str:
    return f"<@&{role_id}>"


def mention_channel(channel_id: int) -> str:
    """Works for threads too."""
    return f"<#{channel_id}>"


def channel_link(guild_id: int, channel_id: int) -> str:
    """Leads to a channel, for a button."""
    return f"https://discord.com/channels/{guild_id}/{channel_id}"


def jump_link(guild_id: int, channel_id: int, message_id: int) -> str:
    return f"https://discord.com/channels/{guild_id}/{channel_id}/{message_id}"


def _fit(pieces: Iterable[str], limit: int) -> str:
    """As many whole pieces as fit, and an ellipsis when some do not."""
    kept: list[str] = []
    used = 0
    # How many pieces, at this point, leave room for the ellipsis.
    room_for_ellipsis = 0
    for piece in pieces:
        used += length(piece)
        if used > limit:
            shortened = "".join(kept[:room_for_ellipsis]).rstrip()
            return shortened + ELLIPSIS if limit >= 1 else ""
        kept.append(piece)
        if used < limit:
            room_for_ellipsis = len(kept)
    return "".join(kept)


def _escaped(text: str) -> Iterator[str]:
    """The text in pieces that may not be cut: an address, or a cluster with the backslashes it needs."""
    line_markup = {
        position
        for found in _LINE_MARKUP.finditer(text)
        for position in (found.start("mark"), found.start("dot"))
    }
    for found in _PIECE.finditer(text):
        if found["address"]:
            # The @ of a ping hidden in an address, spelt as browsers understand and Discord does not.
            yield _EVERYONE.sub("%40", found[0])
        else:
            yield "".join(
                _escaped_character(text, position, line_markup)
                for position in range(found.start(), found.end())
            )


def _escaped_character(text: str, position: int, line_markup: set[int]) -> str:
    character = text[position]
    if character not in _MARKUP and position not in line_markup:
        return character
    # A backslash hides a ping from the reader only: the server still finds "@everyone" in the text.
    unping = _ZERO_WIDTH_SPACE if _EVERYONE.match(text, position) else ""
    return f"\\{character}{unping}"
