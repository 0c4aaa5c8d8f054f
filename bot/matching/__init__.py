"""Who reviews whom and who meets whom, as pure functions of plain values: no Discord, no database, no clock.

`reviews.allocate` and `pairs.allocate` are the ways in. Both are processor work of up to seconds: call them off
the event loop.
"""
