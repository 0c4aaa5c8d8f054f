"""Peer reviews and pairs: who meets whose work, and who meets whom.

Commands: none yet; `python -m cogs.reviews.allocate` allocates from a file.
Jobs: none.
Stores about a person: nothing.
Deleted: nothing to delete.
"""
