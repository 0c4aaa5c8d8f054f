"""A simulated Discord in which the real bot runs without a token or a network.

``world`` builds a server with people in it and moves its clock; ``faults`` makes the simulated Discord
fail the way the real one does and keeps a record of every request; ``demo`` shows it all on a local page;
``simcord_patches`` holds every correction SimCord needs, each with its reason. Nothing outside this package
imports SimCord.
"""
