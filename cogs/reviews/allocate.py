"""Allocates from a file, so that anybody can score the answer: `python -m cogs.reviews.allocate INSTANCE.json`.

Reads an instance of the format `matching/1` (`.json` or `.json.gz`) and writes the answer to standard output.
Exit status 0 with an answer, a refusal included; 2 with one sentence when the file cannot be read.
"""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from pathlib import Path

from bot.errors import InvalidInput
from bot.matching.exchange import answer

LONGEST = 400


def main(arguments: list[str]) -> int:
    """Answer the one instance that was named."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m cogs.reviews.allocate INSTANCE.json > ANSWER.json\n")
        return 2
    try:
        found = answer(_load(Path(arguments[0])))
    # ValueError: neither UTF-8 nor JSON. RecursionError: nested a thousand times.
    except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        return _refuse(f"{arguments[0]} cannot be read: {error}")
    except InvalidInput as error:
        return _refuse(str(error))
    sys.stdout.write(json.dumps(found, separators=(",", ":")) + "\n")
    return 0


def _refuse(sentence: str) -> int:
    """One line, whatever was quoted from the file."""
    line = " ".join(sentence.split())
    sys.stderr.write((line if len(line) <= LONGEST else line[:LONGEST] + "...") + "\n")
    return 2


def _load(path: Path) -> object:
    raw = path.read_bytes()
    return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
