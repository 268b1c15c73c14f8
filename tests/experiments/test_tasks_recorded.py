"""Exact facts of the recorded tasks; what is read, and what is refused, of a package that stands in for aeon."""

import dataclasses
import hashlib
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from task_cases.case import judged, sampled, sure
from task_cases.recorded import needs_recordings, published

from experiments import BasicMotions, JapaneseVowels, SpecError
from experiments.specs import structure
from experiments.tasks import recorded
from experiments.tasks.contract import drawable, part
from experiments.tasks.recorded import PARTS, Recorded, Recording, read

RECORDED = pytest.mark.parametrize("task", [JapaneseVowels(), BasicMotions()], ids=lambda t: type(t).__name__)
N = 10_000


# What was published.


@needs_recordings
@RECORDED
def test_the_test_part_is_the_published_file_and_the_other_one_is_cut_in_two(task):
    recording = task.recording
    items = read(recording)
    frames, labels = published(recording.name, "TEST")
    assert items["test"].lengths.tolist() == [len(f) for f in frames]
    assert [recording.classes[c] for c in items["test"].classes] == labels
    for name in PARTS:
        assert np.bincount(items[name].classes).tolist() == list(recording.counts[name])
    lengths = sorted(np.concatenate([items[name].lengths for name in ("train", "validation")]))
    assert lengths == sorted(len(f) for f in published(recording.name, "TRAIN")[0])
    every = np.concatenate([items[name].lengths for name in PARTS])
    assert (every.min(), every.max()) == (recording.shortest, recording.longest)


@needs_recordings
@RECORDED
def test_channels_are_scaled_by_the_frames_to_train_with_and_by_nothing_else(task):
    items = read(task.recording)
    train = items["train"]
    seen = np.concatenate([f[len(f) - n :] for f, n in zip(train.frames, train.lengths, strict=True)])
    np.testing.assert_allclose(seen.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(seen.std(0), 1, rtol=1e-5)
    frames, _ = published(task.recording.name, "TEST")
    ours = items["test"].frames[3][-len(frames[3]) :]
    for channel in range(task.inputs):  # a rising line
        line = np.polyfit(frames[3][:, channel], ours[:, channel], 1)
        assert line[0] > 0
        np.testing.assert_allclose(np.polyval(line, frames[3][:, channel]), ours[:, channel], atol=1e-5)


@needs_recordings
def test_the_parts_stay_what_they_are():
    sums = {
        kind.__name__: [int(read(kind.recording)[name].lengths.sum()) for name in PARTS]
        for kind in (JapaneseVowels, BasicMotions)
    }
    assert sums == {"JapaneseVowels": [3143, 1131, 5687], "BasicMotions": [2800, 1200, 4000]}
    first = [read(JapaneseVowels.recording)[name].frames[0, -1, 0] for name in PARTS]
    np.testing.assert_allclose(first, [-0.6903, -1.7756, 1.0850], atol=1e-4)


@needs_recordings
@pytest.mark.parametrize("name", PARTS)
def test_a_batch_holds_sequences_of_its_part_alone_and_all_as_often(name):
    task = part(JapaneseVowels(blank=2), name)
    items = read(task.recording)[name]
    row = {f.tobytes(): i for i, f in enumerate(items.frames)}
    batch = sampled(task, 0, size=N)
    chosen = np.array([row[np.ascontiguousarray(x).tobytes()] for x in batch.inputs[:29].swapaxes(0, 1)])
    expected = N / len(row)
    counts = np.bincount(chosen, minlength=len(row))
    assert ((counts - expected) ** 2 / expected).sum() < len(row) + 5 * np.sqrt(2 * len(row))  # chi squared
    np.testing.assert_array_equal(items.classes[chosen], batch.targets[0])
    np.testing.assert_array_equal(batch.mask.sum(0), items.lengths[chosen] + 2)
    assert batch.mask[-1].all()
    assert (batch.inputs[29:] == 0).all()


@needs_recordings
def test_what_linear_classifiers_get_right_is_what_the_docstrings_say():
    def right(kind, look):
        train, test = (read(kind.recording)[name] for name in ("train", "test"))
        fitted = LogisticRegression(C=1, max_iter=2000).fit(look(train), train.classes)
        return fitted.score(look(test), test.classes)

    def last(items):
        return items.frames[:, -1]

    def mean(items):
        return items.frames.sum(1) / items.lengths[:, None]

    assert right(JapaneseVowels, last) == pytest.approx(0.951, abs=0.01)
    assert right(BasicMotions, last) == pytest.approx(0.45, abs=0.05)
    assert right(BasicMotions, mean) == pytest.approx(0.825, abs=0.05)


# What needs no recordings.


@RECORDED
@pytest.mark.parametrize("name", PARTS)
def test_the_baseline_is_the_entropy_of_the_classes_of_the_part(task, name):
    counts = np.array(task.recording.counts[name])
    p = counts / counts.sum()
    told = part(task, name)
    assert told.baseline == pytest.approx(float(-(p * np.log(p)).sum()))
    assert len(counts) == task.outputs == len(task.answers)
    assert (
        sum(counts)
        == {"JapaneseVowels": (198, 72, 370), "BasicMotions": (28, 12, 40)}[type(task).__name__][
            PARTS.index(name)
        ]
    )


@RECORDED
def test_longer_sequences_are_longer_by_blank_steps_to_the_step(task):
    assert task.longer(3).steps == 3 * task.steps
    assert task.longer(3).part == task.part


@pytest.mark.parametrize("bad", [{"blank": 0}, {"part": "testing"}])
def test_a_recorded_task_that_can_not_exist_says_what_it_needs(bad):
    with pytest.raises(ValueError, match=r"JapaneseVowels needs blank >= 1.*got blank="):
        JapaneseVowels(**bad)


# A package that stands in.

TINY = {
    "name": "Tiny",
    "classes": ("a", "b"),
    "counts": {"train": (2, 2), "validation": (1, 1), "test": (1, 2)},
    "channels": 2,
    "shortest": 2,
    "longest": 4,
}


def written(lines):
    return "# of nobody\n@problemName Tiny\n@data\n" + "\n".join(lines) + "\n"


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A folder for recordings in a package that must not be imported; six sequences to train with and three to test."""
    place = tmp_path / "stands_in"
    folder = place / "datasets" / "data" / "Tiny"
    folder.mkdir(parents=True)
    (place / "__init__.py").write_text("raise AssertionError('it was imported')\n")
    generator = np.random.default_rng(0)

    def line(label):
        length = int(generator.integers(2, 5))
        return ":".join([*(",".join(map(str, generator.normal(3, 2, length).round(3))) for _ in "xy"), label])

    lines = [line(label) for label in "aabbabbab"]
    (folder / "Tiny_TRAIN.ts").write_text(written(lines[:6]))
    (folder / "Tiny_TEST.ts").write_text(written(lines[6:]))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(recorded, "PACKAGE", "stands_in")
    read.cache_clear()
    yield folder, lines
    assert "stands_in" not in sys.modules
    read.cache_clear()


def recording(lines, **changes):
    return Recording(**TINY | {"digest": hashlib.sha256("\n".join(lines).encode()).hexdigest()} | changes)


def of(found):
    """A task of its own over a recording."""
    fields = {"recording": found, "reference": "a stand-in", "lines": ("x", "y")}
    return dataclasses.dataclass(frozen=True, kw_only=True)(type("Tiny", (Recorded,), fields))()


def test_recordings_are_read_without_importing_the_package(stand_in):
    _, lines = stand_in
    task = drawable(of(recording(lines)))
    items = read(task.recording)
    assert [np.bincount(items[name].classes).tolist() for name in PARTS] == [[2, 2], [1, 1], [1, 2]]
    labels = [line[-1] for line in lines[6:]]
    assert [task.answers[c] for c in items["test"].classes] == labels
    for line, frames, length in zip(lines[6:], items["test"].frames, items["test"].lengths, strict=True):
        assert length == len(line.split(":")[0].split(","))
        assert (frames[: 4 - length] == 0).all()
        assert (frames[4 - length :] != 0).all()
    batch = sampled(task, 0, size=50)
    assert batch.inputs.shape == (5, 50, 2)
    assert set(batch.mask.sum(0)) <= {3, 4, 5}
    assert judged(task, sure(batch.targets, 2), batch).score == 1.0


def test_recordings_other_than_those_published_are_refused(stand_in):
    folder, lines = stand_in
    task = of(recording([*lines[:-1], "1,2:3,4:a"]))
    with pytest.raises(
        SpecError, match=r"Tiny in .*Tiny are not those that were published: 6 and 3 sequences"
    ):
        drawable(task)
    (folder / "Tiny_TEST.ts").write_bytes(b"\xff\x00")
    with pytest.raises(SpecError, match="6 and 0 sequences"):
        drawable(of(recording(lines)))
    (folder / "Tiny_TEST.ts").unlink()
    with pytest.raises(SpecError, match=r"stands_in.* lacks Tiny_TRAIN.ts and Tiny_TEST.ts.*version 1\.6\.0"):
        drawable(task)


def test_without_the_package_a_task_says_what_to_install_and_still_says_what_it_is(monkeypatch):
    monkeypatch.setattr(recorded, "PACKAGE", "no_such_package")
    read.cache_clear()
    task = BasicMotions()
    with pytest.raises(
        SpecError, match=r"BasicMotions ship inside .*not installed.*pip install 'lstm-variants\[data"
    ):
        drawable(task)
    with pytest.raises(SpecError, match="make data"):
        task.sample(None, 1)
    assert (task.inputs, task.outputs, task.steps, task.padded) == (6, 4, 101, False)
    assert structure(task) == task
    read.cache_clear()
