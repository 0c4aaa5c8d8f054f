"""What Lyceum costs, measured beside the floor of the same run: `make bench`.

Every figure is CPU time of the whole process, the median of alternating rounds in fresh processes, because
wall time on a shared machine says more about the neighbours. Ratios to the floor hold on any machine.
"""
