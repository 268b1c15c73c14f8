"""A cohort inside its trials, kept on disk so that a killed worker loses little of it.

    results/STUDY/checkpoints/NAME/N    after N evaluations: state of all members and what was reported so far

It is written at the first evaluation after `EVERY` seconds; between evaluations there is nothing to keep.

NAME is the first trial's id and a hash of all, in the cohort's order, so that a cohort that was cut in another way
finds nothing. Orbax writes beside and renames; the one before is removed after that. Beside the arrays stand a
fingerprint (the traced program, device and versions: where they are equal, going on gives the numbers that stopping
lost) and a hash of the arrays. What does not agree with both, or cannot be read, is as good as not there.
"""

import contextlib
import hashlib
import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import jax
import jaxlib
import numpy as np

from experiments.program import Program
from experiments.state import Report, State
from sweeps.provenance import device_name, provenance

EVERY = 30.0  # seconds between two checkpoints of a cohort: a shorter one never pays for any (0.5 s the first, 0.1 s)

WORTH = 2.0  # seconds of training that a cohort keeps when its worker is asked to end

Evaluation = tuple[np.ndarray, Report, float]  # step (size,), what was reported, seconds so far
Kept = tuple[State, np.ndarray, list[Evaluation]]  # all members' state, places of those on the device, so far


class Checkpoint:
    """Where one cohort keeps its state between its start and its rows."""

    def __init__(self, folder: Path, ids: list[str], program: Program):
        all_ids = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
        self.path = folder / f"{ids[0]}-{all_ids}"
        self.program = program

    def save(self, state: State, places: np.ndarray, evaluations: list[Evaluation]) -> None:
        """Write both, then remove what was there before. A failure is a warning: training does not need it."""
        *leaves, steps, seconds = packed(state, evaluations)
        arrays = [*leaves, places, steps, seconds]
        kept = {"fingerprint": fingerprint(self.program), "hash": array_hash(arrays), "arrays": arrays}
        before = self.folders()
        new = self.path / str(len(evaluations))
        try:
            checkpointer().save(new, kept, force=True)
        except Exception as error:
            warnings.warn(f"No checkpoint in {new}: {type(error).__name__}: {error}", stacklevel=2)
            return
        for folder in before:
            if folder != new:
                shutil.rmtree(folder, ignore_errors=True)

    def load(self) -> Kept | None:
        """The newest that is whole and fits; None where there is none."""
        numbered = sorted((f for f in self.folders() if f.name.isdigit()), key=lambda f: -int(f.name))
        for folder in numbered:
            # Whatever is wrong with a damaged file, Orbax and what is below it raise errors of many kinds.
            with contextlib.suppress(Exception):
                kept = checkpointer().restore(folder)
                arrays = [np.asarray(array) for array in kept["arrays"]]
                if kept["fingerprint"] == fingerprint(self.program) and kept["hash"] == array_hash(arrays):
                    *leaves, places, steps, seconds = arrays
                    state, evaluations = unpacked([*leaves, steps, seconds], self.program.results)
                    return state, places, evaluations
        return None

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def folders(self) -> list[Path]:
        """Everything that is there, what a killed process left half written too."""
        return list(self.path.glob("*"))


def packed(state: State, evaluations: list[Evaluation]) -> list[np.ndarray]:
    """Both as a list of arrays."""
    steps, reports, seconds = zip(*evaluations, strict=True)
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *reports)
    leaves = map(np.asarray, jax.tree.leaves((state, stacked)))
    return [*leaves, np.stack(steps), np.array(seconds)]


def unpacked(arrays: list[np.ndarray], structure: Any) -> tuple[State, list[Evaluation]]:
    """What `packed` took apart. structure: of what `Program.advance` gives. Raises ValueError where it is another."""
    *leaves, steps, seconds = arrays
    state, stacked = jax.tree.unflatten(structure, leaves)
    reports = [jax.tree.map(lambda leaf, k=k: leaf[k], stacked) for k in range(len(steps))]
    return state, list(zip(steps, reports, seconds.tolist(), strict=True))


def fingerprint(program: Program) -> str:
    """What must be equal for the numbers to be."""
    versions = {name: value for name, value in provenance().items() if name.startswith("version.")}
    facts = {"program": program.digest, "device": device_name(jax.devices()[0]), **versions}
    facts |= {"xla": jaxlib.__version__, "flags": os.environ.get("XLA_FLAGS", "")}
    return json.dumps(facts, sort_keys=True)


def checkpointer() -> Any:
    """Orbax, which takes half a second to import."""
    import orbax.checkpoint

    return orbax.checkpoint.PyTreeCheckpointer()


def array_hash(arrays: list[np.ndarray]) -> str:
    """Hash of numbers, shapes and types."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
