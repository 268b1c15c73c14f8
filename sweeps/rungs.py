"""Trials that stopped at a rung of their search, kept on disk so that those that go on need not begin again.

    results/STUDY/checkpoints/TRIAL-UPDATES.npz    one trial after so many updates

A trial's numbers do not depend on its company: one that goes on in another cohort gives the bits that it would have
given without the stop. What is not there, is damaged, or was made by another program is as good as not there: the
trial trains again from its start, to the same numbers.
"""

import contextlib
import io
import os
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from experiments.program import Program
from experiments.state import State
from sweeps.checkpoints import Evaluation, array_hash, fingerprint, packed, unpacked
from sweeps.plan import Entry

Member = tuple[State, list[Evaluation]]  # of one trial: arrays (1, ...)


def path(folder: Path, entry: Entry, updates: int) -> Path:
    return folder / f"{entry.id}-{updates}.npz"


def save(folder: Path, entry: Entry, program: Program, member: Member) -> None:
    """Keep a trial that has made `entry.until` updates. A failure is a warning."""
    assert entry.until is not None
    arrays = packed(*member)
    there = path(folder, entry, entry.until)
    beside = there.with_suffix(f".{os.getpid()}.tmp")
    kept: dict[str, Any] = {str(i): array for i, array in enumerate(arrays)}
    kept |= {"fingerprint": np.array(fingerprint(program)), "hash": np.array(array_hash(arrays))}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            np.savez(file, **kept)
        beside.replace(there)
    except OSError as error:
        warnings.warn(f"{there} was not written: {type(error).__name__}: {error}", stacklevel=2)
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def load(folder: Path, entry: Entry, program: Program) -> Member | None:
    """A trial that has made `entry.since` updates, None where that is not kept."""
    try:
        content = io.BytesIO(path(folder, entry, entry.since).read_bytes())
        with np.load(content, allow_pickle=False) as kept:
            arrays = [kept[str(i)] for i in range(len(kept.files) - 2)]
            sound = str(kept["fingerprint"]) == fingerprint(program) and str(kept["hash"]) == array_hash(
                arrays
            )
            return unpacked(arrays, program.results) if sound else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def member(state: State, evaluations: Sequence[Evaluation], i: int) -> Member:
    """One trial out of a cohort."""

    def one(tree: Any) -> Any:
        return jax.tree.map(lambda leaf: np.asarray(leaf)[i : i + 1], tree)

    return one(state), [(step[i : i + 1], one(report), seconds) for step, report, seconds in evaluations]


def together(members: Sequence[Member], size: int) -> Member:
    """A cohort of so many lanes with these trials; the other lanes are copies that do not run. Seconds are means."""
    states: list[Any] = [state for state, _ in members]
    spare = size - len(states)
    states += [states[0]._replace(running=np.zeros_like(states[0].running))] * spare

    def joined(trees: Sequence[Any]) -> Any:
        return jax.tree.map(lambda *leaves: np.concatenate(leaves), *trees)

    evaluations = list[Evaluation]()
    for at in zip(*(several for _, several in members), strict=True):
        steps, reports, seconds = zip(*at, strict=True)
        lanes = joined([*reports, *[reports[0]] * spare])
        evaluations.append(
            (np.concatenate([*steps, *[steps[0]] * spare]), lanes, sum(seconds) / len(seconds))
        )
    return joined(states), evaluations
