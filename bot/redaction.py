"""Takes secrets out of whatever is about to be written down.

Lines reach the log from everywhere, tracebacks of libraries included, so the finished text is searched and not what
somebody meant to log: for the secrets of this process, which are known exactly, and for what looks like one: bot
tokens, the addresses of webhooks and interactions (whoever has one can post with it), passwords in addresses, and the
values that PostgreSQL quotes from rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

GONE = "[redacted]"
# A shorter one would be found inside innocent words.
_SHORTEST_SECRET = 6
_PATTERNS = (
    # A token begins with a Discord id in base64, whose first letter is then M, N or O.
    (re.compile(r"[MNO][\w-]{17,}\.[\w-]{5,}\.[\w-]{20,}", re.ASCII), GONE),
    (re.compile(r"(/(?:webhooks|interactions)/\d+/)[^\s/?\"'\\]+"), rf"\1{GONE}"),
    (re.compile(r"(://[^\s:/@\"']+:)[^\s@\"']+(@)"), rf"\1{GONE}\2"),
    # What a row holds may have lines of its own: it ends where the database's or Python's own words go on. In a line of
    # JSON a new line is written in two characters, and the end of the object stays.
    (
        re.compile(
            r"(DETAIL: ).*?(?=(?:\n|\\n)(?:HINT: |CONTEXT: |\[SQL|\(Background on"
            r"|(?:\n|\\n)?(?:The above exception|During handling))|\"\}\Z|\Z)",
            re.DOTALL,
        ),
        rf"\1{GONE}",
    ),
)


class Redactor:
    """Called with a text, returns it without secrets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({each for each in secrets if len(each) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(each) for each in known)) if known else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(GONE, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text
