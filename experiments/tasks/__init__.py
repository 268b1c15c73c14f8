"""Synthetic long-dependency tasks, generated on the device.

`TASKS` maps the name used on the command line and in rows to the spec class.
"""

from typing import Any

from experiments.tasks.adding import Adding
from experiments.tasks.contract import TOLERANCE, Batch, Measures, TaskSpec
from experiments.tasks.copy_memory import CopyMemory
from experiments.tasks.temporal_order import TemporalOrder
from experiments.tasks.waveform import Waveform

TASKS: dict[str, type[Any]] = {
    "adding": Adding,
    "temporal_order": TemporalOrder,
    "copy_memory": CopyMemory,
    "waveform": Waveform,
}

__all__ = [
    "TASKS",
    "TOLERANCE",
    "Adding",
    "Batch",
    "CopyMemory",
    "Measures",
    "TaskSpec",
    "TemporalOrder",
    "Waveform",
]
