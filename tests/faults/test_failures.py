"""A trial that fails: it says why, in full, and takes no other trial with it."""

import pytest
from studies import tiny
from sweeping import row_of

from sweeps import cli
from sweeps.errors import ThereTraceback
from sweeps.plan import Work
from sweeps.queues import LEAST_PATIENCE, patience
from sweeps.spaces import log_uniform, sampled
from sweeps.store.failures import brief, causes, traceback_file
from sweeps.store.store import Store
from sweeps.sweep import SUSPECT_TRIES, Scheduler, Silent
from sweeps.worker import Event
from sweeps.workers.crew import TRIES, Hung, Lost

SEARCHES = 8


def raised(error, where="Traceback in the worker"):
    error.__cause__ = ThereTraceback(where)
    return error


def broken_sweep(folder, culprits, error, *, training=True):
    """A sweep in cohorts of four, of which every one raises that has a culprit in it, by place in the search. Returns
    the scheduler, the works that ran, and what was said."""
    said = []

    class Listening(Silent):
        def say(self, line):
            said.append(line)

    loaded = tiny(search=sampled({"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}, trials=4))
    scheduler = Scheduler(loaded, Store(folder, "tiny").prepare(), 4, Listening())
    bad = {scheduler.planned[i].id for i in culprits}
    ran = []
    while scheduler.queue:
        work, _, _ = scheduler.take(set(), set())
        ran.append(work)
        if training:
            scheduler.put(work, Event("compiled", 0.0, 1.0))
        if bad & {entry.id for entry in work.entries}:
            scheduler.failed(work, error)
            continue
        rows = [row_of(entry, scheduler.job) for entry in work.entries]
        scheduler.store.append(rows, [])
        scheduler.put(work, Event("done", 1.0, 0.0, {}, rows))
    return scheduler, ran, said, bad


@pytest.mark.parametrize("culprits", [[0], [3], [1, 2], [0, 5]])
def test_a_cohort_that_fails_is_halved_until_only_the_trials_that_are_to_blame_have_failed(
    tmp_path, culprits
):
    scheduler, ran, said, bad = broken_sweep(tmp_path, culprits, ValueError("no\nbecause"))
    rows = {row["trial_id"]: row for row in scheduler.store.trials().to_pylist()}
    assert {name for name, row in rows.items() if row["status"] == "failed"} == bad
    assert set(rows) == {entry.id for entry in scheduler.planned}
    assert not scheduler.training
    assert all(work.size == 4 for work in ran)  # in the program that is compiled already
    assert "run again in two halves" in said[0]
    assert "ValueError: no [...]" in said[0]


def test_what_fails_while_it_compiles_fails_for_the_whole_cohort_at_once(tmp_path):
    scheduler, ran, _, _ = broken_sweep(tmp_path, [0], ValueError("no"), training=False)
    failed = [row for row in scheduler.store.trials().to_pylist() if row["status"] == "failed"]
    assert len(failed) == 4
    assert not any(work.suspect for work in ran)


@pytest.mark.parametrize("error", [Lost("signal 9"), MemoryError(), RuntimeError("RESOURCE_EXHAUSTED: oom")])
def test_what_memory_may_be_to_blame_for_runs_again_in_smaller_cohorts(tmp_path, error):
    _, ran, _, _ = broken_sweep(tmp_path, [0], error)
    assert sorted({work.size for work in ran if work.suspect}) == [1, 2]


def test_a_trial_that_hangs_is_not_waited_for_again(tmp_path):
    scheduler, ran, _, _ = broken_sweep(tmp_path, [0], Hung("No result within 5 s"))
    assert not any(work.suspect for work in ran)
    errors = {row["error"] for row in scheduler.store.trials().to_pylist() if row["status"] == "failed"}
    assert errors == {"Hung: No result within 5 s"}


def test_a_row_keeps_the_whole_message_and_a_file_beside_it_the_traceback(tmp_path):
    error = raised(ValueError("boom in build\nsecond line"), "Traceback:\n  in build")
    scheduler, *_, bad = broken_sweep(tmp_path, [0], error)
    (name,) = bad
    rows = scheduler.store.trials(["trial_id", "error"]).to_pylist()
    assert [row["error"] for row in rows if row["trial_id"] == name] == [
        "ValueError: boom in build\nsecond line"
    ]
    assert traceback_file(scheduler.store.path, name).read_text() == "Traceback:\n  in build"


def test_an_error_of_this_process_leaves_its_own_traceback(tmp_path):
    try:
        raise ValueError("here")
    except ValueError as error:
        scheduler, *_, bad = broken_sweep(tmp_path, [0], error)
    text = traceback_file(scheduler.store.path, next(iter(bad))).read_text()
    assert 'raise ValueError("here")' in text


def test_status_groups_what_failed_by_its_cause(tmp_path, capsys):
    broken_sweep(tmp_path, [0, 1], raised(ValueError("boom\nsecond line"), "Traceback:\n  in build"))
    assert cli.main(["status", "tiny", "--results", str(tmp_path)]) == 0
    assert f"lstm-variants status tiny --results {tmp_path} --failed" in capsys.readouterr().out
    assert cli.main(["status", "tiny", "--results", str(tmp_path), "--failed"]) == 0
    said = capsys.readouterr().out
    assert said.count("ValueError: boom") == 1
    assert "2 trials of lstm on adding (2):" in said
    assert "second line" in said
    assert "    Traceback:\n      in build" in said
    assert f"{tmp_path / 'tiny' / 'errors'}" in said


def test_status_of_a_study_without_failures_says_so(tmp_path, capsys):
    broken_sweep(tmp_path, [], None)
    assert cli.main(["status", "tiny", "--results", str(tmp_path), "--failed"]) == 0
    assert "No trial has failed." in capsys.readouterr().out


def test_the_commonest_cause_comes_first():
    rows = [{"status": "failed", "error": error} for error in ("a", "b", "b")] + [{"status": "finished"}]
    assert [(cause.error, len(cause.rows)) for cause in causes(rows)] == [("b", 2), ("a", 1)]
    assert (brief("a"), brief("a\nb")) == ("a", "a [...]")


def test_a_cohort_may_take_its_timeout_for_each_of_its_trials_and_far_more_than_estimated_without_one(
    tmp_path,
):
    store = Store(tmp_path, "tiny").prepare()
    work, _, _ = Scheduler(tiny(), store, 2, timeout=30.0).take(set(), set())
    assert Scheduler(tiny(), store, 2, timeout=30.0).terms(work).seconds == 60.0
    terms = Scheduler(tiny(), store, 2).terms(work)
    assert terms.seconds == patience(work) > LEAST_PATIENCE
    assert terms.tries == TRIES
    suspect = Work(work.entries, work.size, suspect=True)
    assert Scheduler(tiny(), store, 2).terms(suspect).tries == SUSPECT_TRIES


@pytest.mark.parametrize(
    ("given", "told"),
    [(["--trial-timeout", "0"], "positive"), (["--trial-timeout", "5", "--workers", "0"], "needs")],
)
def test_a_timeout_that_cannot_be_is_refused_before_anything_runs(given, told, tmp_path, capsys):
    assert cli.main(["sweep", "quick", "--results", str(tmp_path), *given]) == 2
    assert f"--trial-timeout {'must be a ' if told == 'positive' else ''}{told}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
