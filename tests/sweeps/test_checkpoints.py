"""A killed worker's cohort goes on inside its trials; what does not fit is as good as not there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from planning import search_entries
from studies import tiny

from lstm_variants import LSTM
from sweeps import checkpoints, signals
from sweeps.checkpoints import Checkpoint
from sweeps.job import Job
from sweeps.plan import cut
from sweeps.store import schema
from sweeps.store.store import Store
from sweeps.sweep import Silent, sweep
from sweeps.worker import Worker

pytestmark = pytest.mark.slow


def essential(table):
    """Rows by trial, without what may differ between two runs of the same trial."""
    keep = [name for name in table.column_names if name not in schema.INCIDENTAL]
    return sorted(table.select(keep).to_pylist(), key=lambda row: (row["trial_id"], row.get("step", 0)))


@pytest.fixture
def always(monkeypatch):
    """A checkpoint after every evaluation."""
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)


class Cohort:
    """The first cohort of a tiny study, run by one worker as often as one likes."""

    def __init__(self, worker, folder):
        self.worker, self.store = worker, Store(folder, "tiny").prepare()
        entries = search_entries(tiny(steps=60, evaluate_every=5).study)
        self.work = cut([e for e in entries if e.cell == "lstm"], 2)[0]

    def run(self, evaluations=None, work=None):
        """Steps at which an evaluation was told of; stops dead after so many."""
        events, told = (
            self.worker.run(work or self.work, Job(study="tiny", store=self.store, margin=0.05)),
            [],
        )
        for event in events:
            if event.kind == "evaluated":
                told.append(round(event.fraction * 60))
            if evaluations is not None and len(told) == evaluations:
                events.close()
        return told

    def results(self):
        return essential(self.store.trials()), essential(self.store.curves())

    def kept(self):
        return sorted((self.store.path / "checkpoints").glob("*/*"))


@pytest.fixture(scope="module")
def worker():
    return Worker()


@pytest.fixture(scope="module")
def whole(worker, tmp_path_factory):
    """What an uninterrupted run of the cohort stores."""
    cohort = Cohort(worker, tmp_path_factory.mktemp("whole"))
    assert cohort.run() == list(range(5, 60, 5))
    return cohort.results()


@pytest.fixture
def stopped(worker, always, tmp_path):
    """The cohort, stopped after four evaluations."""
    cohort = Cohort(worker, tmp_path)
    assert cohort.run(evaluations=4) == [5, 10, 15, 20]
    return cohort


def test_a_stopped_cohort_goes_on_where_it_was_with_the_same_rows_and_curves(stopped, whole):
    assert [path.name for path in stopped.kept()] == ["4"]
    assert stopped.run() == list(range(25, 60, 5))
    assert stopped.results() == whole
    assert stopped.kept() == []


def test_a_worker_that_is_asked_to_end_keeps_what_it_has_and_goes_on_from_there(
    worker, tmp_path, whole, monkeypatch
):
    cohort = Cohort(worker, tmp_path)
    monkeypatch.setattr(checkpoints, "WORTH", 0.0)
    monkeypatch.setattr(signals, "asked", signals.Asked())
    events = worker.run(cohort.work, Job(study="tiny", store=cohort.store, margin=0.05))
    assert [next(events).kind for _ in range(4)] == ["compiled", *["evaluated"] * 3]
    assert signals.asked.keeping
    signals.asked.to_leave = True
    with pytest.raises(SystemExit) as left:
        next(events)
    assert left.value.code == 143
    assert not signals.asked.keeping
    assert [path.name for path in cohort.kept()] == ["4"]
    signals.asked.to_leave = False
    assert cohort.run() == list(range(25, 60, 5))
    assert cohort.results() == whole


def test_the_seconds_before_the_kill_count(stopped, monkeypatch):
    load = Checkpoint.load

    def slow(self):
        state, places, evaluations = load(self)
        return state, places, [(step, report, seconds + 1000) for step, report, seconds in evaluations]

    monkeypatch.setattr(Checkpoint, "load", slow)
    stopped.run()
    assert all(row["run_seconds"] > 1000 for row in stopped.store.trials().to_pylist())
    curve = stopped.store.curves().to_pylist()
    assert all(row["seconds"] > 1000 for row in curve)


def test_a_short_cohort_writes_no_checkpoint(worker, tmp_path):
    cohort = Cohort(worker, tmp_path)
    cohort.run(evaluations=4)
    assert cohort.kept() == []


def damage_bytes(folder):
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size > 2000:
            content = bytearray(path.read_bytes())
            for at in range(500, len(content), 50):
                content[at] ^= 0xFF
            path.write_bytes(bytes(content))


def truncate(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:20])


def half_written(folder):
    folder.rename(folder.with_name(f"{folder.name}.orbax-checkpoint-tmp"))


def empty(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


@pytest.mark.parametrize("harm", [damage_bytes, truncate, half_written, empty])
def test_a_damaged_checkpoint_is_ignored_with_no_harm(stopped, whole, harm):
    harm(stopped.kept()[0])
    assert stopped.run() == list(range(5, 60, 5))
    assert stopped.results() == whole
    assert stopped.kept() == []


def test_numbers_that_changed_on_disk_are_noticed(stopped, whole, monkeypatch):
    """Where all else can be read: the hash of the arrays has to see it."""
    real = checkpoints.checkpointer()

    class Forger:
        save = staticmethod(real.save)

        @staticmethod
        def restore(folder):
            kept = real.restore(folder)
            kept["arrays"][0] = np.nextafter(kept["arrays"][0], np.float32(9), dtype=np.float32)
            return kept

    monkeypatch.setattr(checkpoints, "checkpointer", Forger)
    assert stopped.run() == list(range(5, 60, 5))
    assert stopped.results() == whole


@pytest.mark.parametrize("what", ["version", "device", "program"])
def test_a_checkpoint_of_another_origin_is_ignored_with_no_harm(stopped, whole, monkeypatch, what):
    if what == "version":
        other = checkpoints.provenance() | {"version.jax": "0.0.1"}
        monkeypatch.setattr(checkpoints, "provenance", lambda: other)
    elif what == "device":
        monkeypatch.setattr(checkpoints, "device_name", lambda device: "gpu Other")
    else:
        engine = next(iter(stopped.worker.engines.values()))
        program = engine.program(stopped.work.structure, stopped.work.size)
        monkeypatch.setattr(program, "digest", "of another program")
    assert stopped.run() == list(range(5, 60, 5))
    assert stopped.results() == whole


def test_a_cohort_that_is_cut_in_another_way_takes_nothing_over(stopped, whole):
    entries = stopped.work.entries
    for work in (*cut(entries[:1], 2), *cut(entries[1:], 2)):
        assert stopped.run(work=work) == list(range(5, 60, 5))
    assert stopped.results() == whole
    assert stopped.run(work=cut(entries[::-1], 2)[0]) == list(range(5, 60, 5))


def test_a_checkpoint_that_can_not_be_written_is_a_warning(worker, always, tmp_path, whole):
    cohort = Cohort(worker, tmp_path)
    (cohort.store.path / "checkpoints").write_text("a file in the way")
    with pytest.warns(UserWarning, match="No checkpoint in"):
        cohort.run()
    assert cohort.results() == whole


class Telling(Silent):
    """Prints every event and keeps each work's first evaluation."""

    def __init__(self):
        self.first = {}

    def heard(self, work, event):
        print(event.kind, event.fraction, flush=True)
        if event.kind == "evaluated":
            self.first.setdefault(work, event.fraction)


def swept(folder):
    """A study with a checkpoint after every evaluation; its store, and how far each work was when first heard of."""
    checkpoints.EVERY, listener = 0.0, Telling()
    loaded = tiny(cells={"lstm": LSTM(hidden=3)}, search=None, steps=60, evaluate_every=5)
    store = Store(folder, loaded.name)
    sweep(loaded, store, size=2, listener=listener)
    return store, listener.first


@pytest.mark.slow
def test_a_sweep_killed_inside_a_trial_ends_with_the_rows_of_one_that_was_not(tmp_path, always):
    killed = tmp_path / "killed"
    program = f"import test_checkpoints; test_checkpoints.swept({str(killed)!r})"
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    done = Store(killed, "tiny")
    with process:
        for line in process.stdout:  # in the second cohort, half way
            if done.parts("trials") and line.startswith("evaluated 0.5"):
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.wait() == -signal.SIGKILL
    assert len(done.parts("trials")) == 1
    ours, first = swept(killed)
    assert sorted(fraction > 0.5 for fraction in first.values()) == [False, True]
    theirs, _ = swept(tmp_path / "whole")
    assert essential(ours.trials()) == essential(theirs.trials())
    assert essential(ours.curves()) == essential(theirs.curves())
    assert not (ours.path / "checkpoints").exists()


def test_a_sweep_with_nothing_left_to_do_removes_its_checkpoints_and_no_others(worker, tmp_path):
    store, _ = swept(tmp_path)
    first = store.declaration().plan["confirm"][0]
    names = [f"{first}-0123456789abcdef", "0123456789ab-0123456789abcdef"]
    for name in names:  # killed after the rows were there and before this was gone; of another seed
        (store.path / "checkpoints" / name / "4").mkdir(parents=True)
    swept(tmp_path)
    assert [path.name for path in (store.path / "checkpoints").iterdir()] == names[1:]
