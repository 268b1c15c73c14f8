"""What is one run, and how is it trained? Specs, tasks, and the cohort engine; pure functions only."""

from experiments.cohort import Cohort, Report, State
from experiments.optimizers import SGD, Adam
from experiments.program import Program
from experiments.specs import SpecError, structure, trial_id
from experiments.tasks import TASKS, Adding, CopyMemory, TemporalOrder, Waveform
from experiments.trial import Trial, checked

__all__ = [
    "SGD",
    "TASKS",
    "Adam",
    "Adding",
    "Cohort",
    "CopyMemory",
    "Program",
    "Report",
    "SpecError",
    "State",
    "TemporalOrder",
    "Trial",
    "Waveform",
    "checked",
    "structure",
    "trial_id",
]
