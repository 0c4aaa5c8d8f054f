"""Taking a feature out of a running bot."""

from __future__ import annotations

from bot.app import Lyceum


async def unload_feature(bot: Lyceum, name: str) -> None:
    """Remove what `Lyceum.load_feature` has added."""
    for cog in list(bot.cogs.values()):
        if type(cog).__module__.startswith(f"{name}."):
            await bot.remove_cog(cog.qualified_name)
