"""Tiny studies that run in seconds, for the tests of sweeps."""

from pathlib import Path

from experiments import Adam, Adding
from lstm_variants import GRU, LSTM
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Study
from sweeps.study_file import Loaded

TEXT = '''"""Tiny study.

Question: does the line hold?
"""

from experiments import Adam, Adding
from lstm_variants import GRU
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Study

STUDY = Study(
    cells={"gru": GRU(hidden=3)},
    tasks={"adding": Adding(length=4)},
    optimizer=Adam(learning_rate=0.01),
    search=sampled({"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}, trials=2),
    confirm=2,
    steps=20,
    evaluate_every=10,
    batch=4,
    validation_batches=1,
    test_batches=2,
)
'''


def tiny(**changes) -> Loaded:
    """Two cells, the alias and the vanilla RNN on adding: 4 arms of 2 + 2 trials, 20 updates each."""
    values = {
        "cells": {"lstm": LSTM(hidden=3), "gru": GRU(hidden=3)},
        "tasks": {"adding": Adding(length=4)},
        "optimizer": Adam(learning_rate=0.01),
        "search": sampled({"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}, trials=2),
        "confirm": 2,
        "steps": 20,
        "evaluate_every": 10,
        "batch": 4,
        "validation_batches": 1,
        "test_batches": 2,
    }
    return Loaded("tiny", "Tiny study.", Study(**(values | changes)))


def write_study(folder: Path, text: str = TEXT, name: str = "mine") -> Path:
    path = folder / f"{name}.py"
    path.write_text(text)
    return path
