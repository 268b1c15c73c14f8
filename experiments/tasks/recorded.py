"""Recorded sequences with a class each: what `japanese_vowels` and `basic_motions` share. No task of its own.

The recordings ship inside the package aeon (BSD 3-Clause), a file to train with and a file to test with: a line a
sequence, its channels between colons, its class last. They are read from its folder, and aeon itself is never imported,
which would take seconds: of `pip install --no-deps aeon`, too, all that is needed is there.

Every sequence is in one part. The file to test with is the part "test"; the other one is cut into "train" and
"validation", at random but always alike, with equal shares of the classes. A channel has mean 0 and standard deviation
1 over all frames of "train". After the last frame come `blank` steps of 0, and the answer is asked for at the last, so
that no frame is in sight of it; shorter sequences are padded at their beginning.
"""

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.specs import SpecError
from experiments.tasks.contract import Batch, Measures, draws, judge_symbols, whole

PARTS = ("train", "validation", "test")
PACKAGE, KNOWN = "aeon", "1.6.0"
INSTALL = "pip install 'lstm-variants[data]', or `make data` in a clone"


class Items(NamedTuple):
    """frames: (N, T, n) float32, at the end of the T steps, 0 before them. lengths, classes: (N,) int32."""

    frames: np.ndarray
    lengths: np.ndarray
    classes: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """name: of the files. classes: as they are called there. counts: sequences of each class, by part. channels: n.
    shortest, longest: frames of a sequence. digest: SHA-256 of the lines of both files."""

    name: str
    classes: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]]
    channels: int
    shortest: int
    longest: int
    digest: str

    def frequencies(self, part: str) -> np.ndarray:
        """Share of each class among the sequences of a part."""
        counts = np.array(self.counts[part])
        return np.asarray(counts / counts.sum())


def folder(name: str) -> Path:
    """Where aeon has the files. Raises SpecError where there is none, or none with these."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None:
        raise SpecError(
            f"The recordings of {name} ship inside the package {PACKAGE}, which is not installed here. Install it: "
            f"{INSTALL}."
        )
    places = [Path(place) / "datasets" / "data" / name for place in found.submodule_search_locations or ()]
    for place in places:
        if all((place / file).is_file() for file in files(name)):
            return place
    raise SpecError(
        f"The package {PACKAGE} that is installed here lacks {' and '.join(files(name))} in "
        f"{places[0] if places else found.origin}. Install the version {KNOWN}, which has them."
    )


def files(name: str) -> tuple[str, str]:
    return f"{name}_TRAIN.ts", f"{name}_TEST.ts"


def lines(path: Path) -> list[str]:
    """What stands behind `@data`, a line a sequence."""
    _, _, data = path.read_text(encoding="utf-8", errors="replace").partition("@data")
    return data.split()


def parsed(line: str) -> tuple[np.ndarray, str]:
    """Frames (T, n) and the class of one line."""
    *channels, label = line.split(":")
    return np.array([channel.split(",") for channel in channels], np.float64).T, label


@cache
def read(recording: Recording) -> Mapping[str, Items]:
    """All sequences by part. Raises SpecError where they are not installed, or are not those that were published."""
    from sklearn.model_selection import train_test_split

    place = folder(recording.name)
    first, second = (lines(place / file) for file in files(recording.name))
    digest = hashlib.sha256("\n".join([*first, *second]).encode()).hexdigest()
    if digest != recording.digest:
        raise SpecError(
            f"The recordings of {recording.name} in {place} are not those that were published: {len(first)} and "
            f"{len(second)} sequences with SHA-256 {digest[:12]}, expected {recording.digest[:12]}. Install "
            f"{PACKAGE} {KNOWN} anew."
        )
    frames, labels = zip(*map(parsed, [*first, *second]), strict=True)
    classes = np.array([recording.classes.index(label) for label in labels], np.int32)
    train, validation = train_test_split(
        np.arange(len(first)),
        test_size=sum(recording.counts["validation"]),
        stratify=classes[: len(first)],
        random_state=0,
    )
    seen = np.concatenate([frames[i] for i in train])
    mean, deviation = seen.mean(0), seen.std(0)
    test = np.arange(len(first), len(frames))
    return MappingProxyType(
        {
            name: together([(frames[i] - mean) / deviation for i in chosen], classes[chosen], recording)
            for name, chosen in zip(PARTS, (train, validation, test), strict=True)
        }
    )


def together(frames: list[np.ndarray], classes: np.ndarray, recording: Recording) -> Items:
    """Sequences (T, n) of their own lengths in one array, each at the end of its row."""
    row = np.zeros((len(frames), recording.longest, recording.channels), np.float32)
    for i, sequence in enumerate(frames):
        row[i, recording.longest - len(sequence) :] = sequence
    return Items(row, np.array([len(sequence) for sequence in frames], np.int32), classes)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What such a task has beside its `recording`, `reference` and names.

    blank: empty steps after the last frame, at least 1. part: "train", "validation" or "test"; trials are validated
    and tested on theirs whatever stands here.
    """

    recording: ClassVar[Recording]
    reference: ClassVar[str]
    lines: ClassVar[tuple[str, ...]]
    axes: ClassVar[tuple[str, ...]] = ("blank",)
    objective: ClassVar[str] = "cross-entropy of the class"
    naive: ClassVar[str] = "knows how frequent the classes are"
    wrong: ClassVar[str] = "another class"
    scored: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    blank: int = 1
    part: str = "train"

    def __post_init__(self) -> None:
        if self.blank < 1 or self.part not in PARTS:
            raise ValueError(
                f"{type(self).__name__} needs blank >= 1, a step at which to answer, and part = 'train', 'validation' "
                f"or 'test'; got blank={self.blank}, part={self.part!r}."
            )

    @property
    def inputs(self) -> int:
        return self.recording.channels

    @property
    def outputs(self) -> int:
        return len(self.recording.classes)

    @property
    def answers(self) -> tuple[str, ...]:
        return self.recording.classes

    @property
    def padded(self) -> bool:
        """Whether some sequences are shorter than others."""
        return self.recording.shortest < self.recording.longest

    @property
    def baseline(self) -> float:
        p = self.recording.frequencies(self.part)
        return float(-(p * np.log(p)).sum())

    @property
    def steps(self) -> int:
        return self.recording.longest + self.blank

    def ready(self) -> None:
        """Raises SpecError where the recordings are not here."""
        read(self.recording)

    def sample(self, key: jax.Array, batch: int) -> Batch:
        items = read(self.recording)[self.part]
        chosen = whole(draws(key, 1, batch)[0], 0, len(items.classes))
        frames = jnp.asarray(items.frames)[chosen].swapaxes(0, 1)
        inputs = jnp.concatenate([frames, jnp.zeros((self.blank, batch, self.inputs))])
        begin = self.recording.longest - jnp.asarray(items.lengths)[chosen]
        mask = jnp.arange(self.steps)[:, None] >= begin if self.padded else None
        return Batch(inputs, jnp.asarray(items.classes)[chosen][None], mask)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, float(self.recording.frequencies(self.part).max()))

    def longer(self, factor: int) -> Self:
        return replace(self, blank=self.blank + self.steps * (factor - 1))
