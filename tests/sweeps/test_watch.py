"""`watch` follows a sweep from its store alone and ends when it does."""

import contextlib
import datetime
import fcntl
import io
import os
import subprocess
import sys
import threading
import time

import pytest
from rich.console import Console
from studies import tiny, write_study
from sweeping import sweep_in

from sweeps import cli
from sweeps.commands.so_far import SoFar
from sweeps.commands.watch import follow, now, pace, pace_line, show, view
from sweeps.errors import InputError
from sweeps.store.store import Store
from sweeps.sweep import Scheduler


class Writer:
    """Stands in for time that passes: each time somebody sleeps, the sweep has gone a cohort further, until it dies."""

    def __init__(self, folder, cohorts, dies=None):
        self.folder, self.cohorts, self.dies, self.slept = folder, cohorts, dies, 0

    def __call__(self, seconds):
        self.slept += 1
        assert self.slept < 50, "watch does not end"
        if self.slept == self.dies:
            self.lock.close()
        elif self.slept <= self.cohorts:
            sweep_in(self.folder, tiny(), stop=1)

    def started(self):
        self.lock = contextlib.ExitStack()
        self.lock.enter_context(Store(self.folder, "tiny").prepare().lock())
        sweep_in(self.folder, tiny(), stop=1)
        return self


def test_it_ends_when_nothing_is_left_to_run_though_the_sweep_still_holds_the_store(tmp_path):
    writer = Writer(tmp_path, cohorts=7).started()
    with writer.lock:
        states = list(follow(Store(tmp_path, "tiny"), sleep=writer))
    assert [state.done for state in states] == [2, 4, 6, 8, 10, 12, 14, 16]
    assert states[-1].complete


def test_it_waits_for_the_first_trials_of_a_sweep_that_has_just_begun(tmp_path):
    store = Store(tmp_path, "tiny").prepare()
    with store.lock():
        Scheduler(tiny(), store, 2)
        states = follow(store, sleep=lambda seconds: sweep_in(tmp_path, tiny(), stop=1))
        assert [next(states).done for _ in range(2)] == [0, 2]


def test_it_ends_when_the_sweep_does_though_trials_are_left(tmp_path):
    writer = Writer(tmp_path, cohorts=2, dies=3).started()
    states = list(follow(Store(tmp_path, "tiny"), sleep=writer))
    assert [state.done for state in states] == [2, 4, 6, 6]
    assert not states[-1].complete


def test_what_was_written_just_before_the_sweep_ended_is_seen(tmp_path):
    writer = Writer(tmp_path, cohorts=0).started()

    def last_words(seconds):
        sweep_in(tmp_path, tiny(), stop=1)
        writer.lock.close()

    assert [state.done for state in follow(Store(tmp_path, "tiny"), sleep=last_words)] == [2, 4]


def test_where_there_are_no_locks_it_ends_when_nothing_is_left(tmp_path, monkeypatch):
    sweep_in(tmp_path, tiny(), stop=1)
    store, writer = Store(tmp_path, "tiny"), Writer(tmp_path, cohorts=7)
    monkeypatch.setattr(Store, "swept", None)
    assert [state.done for state in follow(store, sleep=writer)][-1] == 16


def test_the_store_is_read_again_only_when_something_was_written(tmp_path, monkeypatch):
    reads, writer = [], Writer(tmp_path, cohorts=0, dies=5).started()
    read = Store.planned
    monkeypatch.setattr(Store, "planned", lambda *a, **k: reads.append(1) or read(*a, **k))
    states = list(follow(Store(tmp_path, "tiny"), sleep=writer))
    assert (len(states), len(reads)) == (6, 2)  # at first, and when the sweep had ended


def test_a_store_that_takes_long_to_read_is_read_less_often(tmp_path):
    writer, waited, ticks = Writer(tmp_path, cohorts=0, dies=1).started(), [], iter([0.0, 3.0, 10.0, 13.0])
    list(follow(Store(tmp_path, "tiny"), lambda s: (waited.append(s), writer(s)), lambda: next(ticks)))
    assert waited == [30.0]


def ended(*seconds_ago):
    """A study whose trials ended then, of 16."""
    at = now()
    rows = [{"finished_at": at - datetime.timedelta(seconds=s)} for s in seconds_ago]
    return type("", (), {"rows": rows, "done": len(rows), "total": 16, "open": False})(), at


def test_the_rate_is_that_of_the_sweep_under_way():
    so_far, at = ended(10, 40, 70, 5000, 5010)  # two of a sweep of before
    found = pace(so_far, at)
    assert (found.trials, found.over, found.last) == (3, 70, 10)
    assert found.left(11) == pytest.approx(11 * 70 / 3)
    assert pace_line(so_far, at) == (
        "2.6 trials a minute over the last 1 min 10 s, about 4 min 17 s left; the last one 10 s ago"
    )
    assert pace_line(*ended()) == "no trial has ended yet"


def test_a_host_whose_clock_is_ahead_makes_no_negative_times():
    found = pace(*ended(-5, 20))
    assert (found.trials, found.over, found.last) == (2, 20, 0)


def test_a_view_says_how_far_each_arm_is_and_where_trials_failed(tmp_path):
    scheduler = sweep_in(tmp_path, tiny(), stop=2)
    failing = next(e.id for e in scheduler.planned if e.key not in scheduler.rows)
    sweep_in(tmp_path, tiny(), failing={failing})
    console = Console(file=io.StringIO(), width=120)
    console.print(view(SoFar(Store(tmp_path, "tiny"))))
    text = console.file.getvalue()
    assert "15 of 16 trials done" in text
    assert "1 failed, 1 to run" in text
    assert "trials a minute" in text
    assert "failed" in next(line for line in text.splitlines() if line.strip().startswith("cell"))
    for cell in ("lstm", "gru", "lstm_again", "rnn"):
        assert cell in text


def test_a_terminal_shows_every_state_and_the_last_is_returned(tmp_path):
    sweep_in(tmp_path, tiny())
    states = [SoFar(Store(tmp_path, "tiny"))] * 2
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    assert show(console, iter(states)) is states[-1]
    assert "16 of 16 trials done" in console.file.getvalue()


def test_a_sweep_that_begins_while_somebody_looks_whether_one_runs_begins(tmp_path):
    store = Store(tmp_path, "tiny").prepare()
    with store.lock():
        assert store.swept is True
    assert store.swept is False
    descriptor = os.open(store.path / ".lock", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    threading.Timer(0.1, os.close, [descriptor]).start()
    with store.lock():
        assert store.swept is True


def test_a_sweep_beside_another_is_still_refused(tmp_path):
    store = Store(tmp_path, "tiny").prepare()
    with store.lock(), pytest.raises(InputError, match="Another sweep"), store.lock():
        pass


def test_a_study_that_never_ran_is_named(tmp_path, capsys):
    assert cli.main(["watch", "quick", "--results", str(tmp_path)]) == 2
    assert "No results of study 'quick'" in capsys.readouterr().err


@pytest.mark.slow
def test_from_another_process_it_follows_a_real_sweep_to_its_end(tmp_path):
    path, results = write_study(tmp_path, name="seen"), tmp_path / "results"
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}

    def start(*arguments):
        command = [sys.executable, "-m", "sweeps.cli", *arguments, "--results", results]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    with start("sweep", path, "--workers", "0", "--wandb", "off") as sweeping:
        while not (results / "seen" / "study.json").exists():
            assert sweeping.poll() is None, sweeping.stdout.read()
            time.sleep(0.05)
        with start("watch", path) as watching:
            out = watching.communicate(timeout=1200)[0]
        said = sweeping.communicate(timeout=1200)[0]
    assert (sweeping.returncode, watching.returncode) == (0, 0), (said, out)
    assert "12 of 12 trials done" in out
    assert "Nothing is left to run" in out
