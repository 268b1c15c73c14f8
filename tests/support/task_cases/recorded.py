"""Japanese vowels and basic motions: recordings that are installed with aeon, or not."""

import functools
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from experiments import BasicMotions, JapaneseVowels
from task_cases.case import Case, constant, sure

NEEDED = "aeon"
INSTALLED = importlib.util.find_spec(NEEDED) is not None
needs_recordings = pytest.mark.skipif(
    not INSTALLED, reason="recordings are not installed; `make data` does it"
)


def published(name, part):
    """Frames (T, n) and classes of one file, in its order, read without our reader."""
    (place,) = importlib.util.find_spec(NEEDED).submodule_search_locations
    lines = (Path(place) / "datasets" / "data" / name / f"{name}_{part}.ts").read_text().splitlines()
    items = [line.strip().split(":") for line in lines if line and line[0] not in "#@"]
    return [np.array([list(map(float, c.split(","))) for c in item[:-1]]).T for item in items], [
        item[-1] for item in items
    ]


def outline(frames):
    """When each channel is highest and lowest: the same, however channels are scaled."""
    return len(frames), *frames.argmax(0).tolist(), *frames.argmin(0).tolist()


@functools.cache
def classes(task_type):
    """The class of every sequence that was published, by its outline."""
    recording, known = task_type.recording, {}
    for part in ("TRAIN", "TEST"):
        for frames, label in zip(*published(recording.name, part), strict=True):
            known[outline(frames)] = recording.classes.index(label)
    assert len(known) == sum(sum(counts) for counts in recording.counts.values())
    return known


def recognise(task, inputs, mask):
    there = np.ones(inputs.shape[:2], bool) if mask is None else mask
    last = task.steps - task.blank
    seen = [inputs[:last, b][there[:last, b]] for b in range(inputs.shape[1])]
    return sure([[classes(type(task))[outline(frames)] for frames in seen]], task.outputs)


CASES = {
    "japanese_vowels": Case(JapaneseVowels(), recognise, constant(0.0)),
    "japanese_vowels-later": Case(JapaneseVowels(blank=4), recognise, constant(0.0)),
    "basic_motions": Case(BasicMotions(), recognise, constant(0.0)),
}
