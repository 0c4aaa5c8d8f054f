"""How a message of the outbox is recognised: by a nonce for some minutes, by a marker for ever."""

from __future__ import annotations

import hashlib


def nonce_of(key: str) -> str:
    """The nonce of an effect's message: 24 hexadecimal digits (Discord allows 25 characters)."""
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()


def marker_of(key: str) -> int:
    """The component id that marks an effect's message in the channel's history.

    Discord gives unmarked components small ascending ids, so bit 30 is set to stay clear of those; 30 bits
    of the key's hash tell apart the few messages of ours that are searched.
    """
    return 1 << 30 | int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) >> 2
