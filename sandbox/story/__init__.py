"""Four weeks in the life of a community of thirty, lived through the real bot in the simulated Discord."""

from __future__ import annotations

from sandbox.story.play import Moment, go_on, play, room, world

__all__ = ["Moment", "go_on", "play", "room", "world"]
