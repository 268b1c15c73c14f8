"""How far back a recurrent network looks: what flows through its carry, measured on any cell.

influence   the norm of dL/ds by lag, from perturbations of the carry that are zero
exponent    whether a small change of the carry grows or dies away: the largest Lyapunov exponent
gates       what the gates say: how many are shut or open, and how much of c is kept along the belt

flows(trials, sequences)   trains a cohort and measures all three before, halfway and after
Flows(engine, sequences)   the same for many cohorts, with the programs of an engine that there is
"""

from experiments.flow.influence import horizon, influence
from experiments.flow.measure import Measured
from experiments.flow.run import MOMENTS, SEQUENCES, Flows, Moment, flows
from experiments.flow.stepped import stepped

__all__ = [
    "MOMENTS",
    "SEQUENCES",
    "Flows",
    "Measured",
    "Moment",
    "flows",
    "horizon",
    "influence",
    "stepped",
]
