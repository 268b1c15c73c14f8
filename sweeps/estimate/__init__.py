"""What a sweep will take: a guess from the specs, corrected by what was timed on this machine.

`guess` has the formula, `posterior` the correction, `timing` times a structure on a worker, `kept` remembers what was
timed and reads it from the rows of earlier sweeps, `total` adds up.
"""
