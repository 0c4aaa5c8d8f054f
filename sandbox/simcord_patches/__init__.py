"""Corrections to SimCord 3.2.1, each in a function of its own with the reason.

SimCord is pinned exactly, so private names may be used here and nowhere else: when SimCord changes, this is
the one folder to mend. Every function may be called any number of times.
"""

from sandbox.simcord_patches.incidents import pause_invites
from sandbox.simcord_patches.likeness import (
    be_ready_like_discord,
    let_owners_close_their_threads,
    name_the_author_in_reactions,
    start_threads_quietly,
)
from sandbox.simcord_patches.nonces import honour_nonces
from sandbox.simcord_patches.timing import (
    forget_cancelled_timers,
    let_nobody_wait_in_a_circle,
    make_fast,
    wait_only_for_what_is_near,
)
from sandbox.simcord_patches.transport import put_faults_in_the_way


def correct_everything() -> None:
    """Apply every correction that holds for the whole process. Called when a world opens."""
    make_fast()
    wait_only_for_what_is_near()
    forget_cancelled_timers()
    let_nobody_wait_in_a_circle()
    be_ready_like_discord()
    name_the_author_in_reactions()
    start_threads_quietly()
    let_owners_close_their_threads()
    honour_nonces()
    pause_invites()
    put_faults_in_the_way()
