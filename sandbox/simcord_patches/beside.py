"""What is kept beside SimCord's own records of one simulated Discord."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class NonceBook:
    """What one simulated Discord remembers of nonces: the documented "past few minutes", here ``window``."""

    window: float = 120.0
    seen: dict[str, tuple[int, int, float]] | None = None  # nonce -> channel, message, moment it was made

    def entries(self) -> dict[str, tuple[int, int, float]]:
        """The remembered nonces."""
        if self.seen is None:
            self.seen = {}
        return self.seen


class Transport(Protocol):
    """What stands between the bot and the simulated Discord: the fault layer."""

    async def perform(
        self, method: str, path: str, body: Any, real: Callable[[], Coroutine[Any, Any, Any]]
    ) -> Any:
        """Answer one request of the bot, usually by awaiting ``real()``."""
        ...


@dataclass
class Beside:
    """What is kept beside SimCord's own records of one simulated Discord."""

    nonces: NonceBook = field(default_factory=NonceBook)
    # By server: until when invites and DMs are paused, as the API has it.
    incidents: dict[int, dict[str, str | None]] = field(default_factory=dict[int, dict[str, str | None]])
    nonce_of: dict[int, str] = field(default_factory=dict[int, str])
    transport: Transport | None = None


def beside(backend: Any) -> Beside:
    """Kept on the object itself: values of a weak dictionary that lead back to their key keep it for ever."""
    kept: Beside = backend.__dict__.setdefault("_lyceum", Beside())
    return kept
