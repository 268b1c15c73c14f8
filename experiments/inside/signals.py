"""How far a produced signal is from the one that was learnt, in the part that was trained on and beyond it."""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from experiments.tasks.periodic import Periodic
from experiments.tasks.waveform import Waveform

FEWEST = 16  # samples of which there is a spectrum worth the name


class Off(NamedTuple):
    """score: 1 - NMSE, so that 0 is the signal's mean. spectrum: ‖|Y| - |S|‖ / ‖|S|‖ of the amplitude spectra Y and S
    of output and signal, whatever their phases: 0 the same, 1 for silence."""

    score: float
    spectrum: float


def signal(task: Any, length: int) -> np.ndarray | None:
    """So many samples of what a task asks for, going on as it would beyond its end; None for other tasks."""
    if isinstance(task, Waveform):
        return np.asarray(replace(task, length=max(2, length)).target()[:length])
    if isinstance(task, Periodic):
        return np.asarray(replace(task, periods=math.ceil(length / task.period)).target()[:length])
    return None


def off(output: np.ndarray, wanted: np.ndarray) -> Off | None:
    """None for a part that is too short."""
    if len(wanted) < FEWEST or wanted.var() < 1e-12:
        return None
    nmse = float(((output - wanted) ** 2).mean() / wanted.var())
    ours, theirs = spectrum(output), spectrum(wanted)
    return Off(1 - nmse, float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)))


def spectrum(values: np.ndarray) -> np.ndarray:
    """Amplitudes by frequency, 0 to half a cycle a step, of values less their mean under a Hann window."""
    values = np.asarray(values, np.float64)
    window = np.hanning(len(values))
    return np.asarray(np.abs(np.fft.rfft((values - values.mean()) * window)) * 2 / window.sum())
