"""Successive halving: who goes on, what the rows say of it, and that a stop on the way changes no number."""

import dataclasses

import numpy as np
import pyarrow.compute as pc
import pytest
from studies import tiny
from sweeping import made_up, sweep_in

from lstm_variants import LSTM
from sweeps import checkpoints
from sweeps.commands.plan import missing
from sweeps.errors import InputError
from sweeps.job import Job
from sweeps.plan import cut
from sweeps.spaces import log_uniform, sampled
from sweeps.stages import Stages, nothing
from sweeps.store import schema
from sweeps.store.store import Store
from sweeps.strategies.halving import halving
from sweeps.strategy import GoOn, Tried
from sweeps.sweep import sweep
from sweeps.worker import Worker

SPACE = {"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}
NINE = halving(SPACE, trials=9, eta=3, rungs=(0.25, 0.5))


def essential(table, ids):
    keep = [name for name in table.column_names if name not in schema.INCIDENTAL and name != "code"]
    rows = [row for row in table.select(keep).to_pylist() if row["trial_id"] in ids]
    return sorted(rows, key=lambda row: (row["trial_id"], row.get("step", 0)))


def statuses(store):
    return {row["trial_id"]: (row["status"], row["rung"]) for row in store.planned().rows.to_pylist()}


# ------------------------------------------------------------------ who goes on


def stopped(score, loss=0.1):
    return Tried(setting={}, status="stopped", score=score, loss=loss, rungs=((score, loss),))


@pytest.mark.parametrize(
    ("tried", "goes_on"),
    [
        ([stopped(0.1), stopped(0.9), stopped(0.5)], 1),
        ([stopped(0.5, 0.3), stopped(0.5, 0.2), stopped(0.1)], 1),  # of equal scores the lower loss
        ([stopped(0.5), stopped(0.5), stopped(0.1)], 0),  # of equals the first
        ([stopped(None, None), stopped(-3.0), Tried(setting={}, status="diverged")], 1),
        (
            [
                Tried(setting={}, status="failed"),
                Tried(setting={}, status="diverged", score=0.9),
                stopped(-9.0),
            ],
            2,
        ),
    ],
)
def test_the_best_third_on_validation_goes_on(tried, goes_on):
    three = halving(SPACE, trials=3, eta=3)
    assert three.ask(tried, (0, 1)) == GoOn(goes_on)


def test_nobody_goes_on_where_all_diverged_or_one_came_to_its_end_as_the_best():
    three = halving(SPACE, trials=3, eta=3)
    assert three.ask([Tried(setting={}, status="diverged")] * 3, (0, 1)) is None
    ended = Tried(setting={}, status="finished", score=1.0, loss=0.0)
    assert three.ask([stopped(0.9), ended, stopped(0.8)], (0, 1)) is None


def test_the_settings_are_those_of_a_random_search(tmp_path):
    plain = Stages(tiny(search=sampled(SPACE, trials=9)).study)
    halved = Stages(tiny(search=NINE).study)
    assert [e.id for e in plain.go_on(nothing)] == [e.id for e in halved.go_on(nothing)]


def test_a_third_goes_on_at_each_rung_and_the_rows_say_where_the_others_stopped(tmp_path):
    scheduler = sweep_in(tmp_path, tiny(search=NINE, evaluate_every=5))
    found = statuses(scheduler.store)
    for entries in (searching.entries for searching in scheduler.stages.searches.values()):
        ended = [found[entry.id] for entry in entries]
        assert sorted(ended, key=str) == [("finished", None), *[("stopped", 1)] * 6, *[("stopped", 2)] * 2]
        scores = {entry.id: made_up(entry) for entry in entries}
        assert found[max(scores, key=scores.get)] == ("finished", None)
    assert scheduler.stored == scheduler.total
    assert scheduler.store.declaration().total == {"search": 36, "confirm": 8}


def test_every_row_that_was_written_is_kept_though_one_a_trial_counts(tmp_path):
    scheduler = sweep_in(tmp_path, tiny(search=NINE, evaluate_every=5))
    written = [row for row in scheduler.store.rows(["stage", "steps_done"]) if row["stage"] == "search"]
    assert sorted(row["steps_done"] for row in written) == [5] * 36 + [10] * 12 + [20] * 4


def test_a_trial_that_fails_after_a_rung_counts_as_failed_until_it_is_tried_again(tmp_path):
    loaded = tiny(search=NINE, evaluate_every=5)
    whole = sweep_in(tmp_path / "whole", loaded)
    ended = next(i for i, (status, _) in statuses(whole.store).items() if status == "finished")
    there = tmp_path / "failing"
    sweep_in(there, loaded, failing={ended}, fails_from=2)
    assert statuses(Store(there, "tiny"))[ended] == ("failed", 1)
    again = sweep_in(there, loaded)
    assert statuses(again.store)[ended] == ("finished", None)
    assert again.stages.best == whole.stages.best  # another had gone on in its place: it changes nothing
    assert again.stored == again.total


def test_a_failure_after_a_rung_takes_no_row_of_that_rung_away_in_cohorts_of_one(tmp_path):
    loaded = tiny(search=NINE, evaluate_every=5)
    whole = sweep_in(tmp_path / "whole", loaded, size=1)
    ended = next(i for i, (status, _) in statuses(whole.store).items() if status == "finished")
    failing = sweep_in(tmp_path / "failing", loaded, size=1, failing={ended}, fails_from=2)
    rows = [row for row in failing.store.rows(["trial_id", "status", "rung"]) if row["trial_id"] == ended]
    assert sorted((row["status"], row["rung"]) for row in rows) == [("failed", 1), ("stopped", 1)]
    assert ended in {row["trial_id"] for row in failing.store.rungs()}


def test_a_trial_that_comes_in_while_the_rungs_are_read_is_passed_over(tmp_path, monkeypatch):
    store = sweep_in(tmp_path, tiny(search=NINE, evaluate_every=5)).store
    before, read = store.rungs(), Store.trials
    new = before[0]["trial_id"]
    monkeypatch.setattr(Store, "trials", lambda *a: read(*a).filter(pc.field("trial_id") != new))
    assert store.rungs() == [row for row in before if row["trial_id"] != new]


def test_the_choice_is_among_those_that_came_to_their_end(tmp_path):
    high_then_low = {5: 0.9, 10: 0.8, None: 0.1}
    loaded = tiny(search=NINE, evaluate_every=5)
    scheduler = sweep_in(tmp_path, loaded, score=lambda entry: high_then_low[entry.until] * made_up(entry))
    found = statuses(scheduler.store)
    for arm, trial in scheduler.stages.best.items():
        chosen = [e for e in scheduler.stages.searches[arm].entries if e.trial == trial]
        assert [found[e.id][0] for e in chosen] == ["finished"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"eta": 1}, "eta >= 2 .*got eta=1"),
        ({"eta": 2.5}, "integer eta"),
        ({"rungs": ()}, "increasing fractions"),
        ({"rungs": (0.5, 0.2)}, r"got rungs=\(0.5, 0.2\)"),
        ({"rungs": (1.0,)}, "fractions of a trial's updates"),
        ({"trials": 0}, "trials >= 1"),
    ],
)
def test_what_is_no_halving_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        halving(SPACE, **{"trials": 9, **arguments})


class Restless:
    """Lets a setting go on that is not stopped."""

    sampler, most = "restless", 2

    def ask(self, tried, seed):
        return GoOn(0) if tried else {"optimizer.learning_rate": 0.01}


def test_a_strategy_that_lets_go_on_what_is_not_stopped_is_named():
    with pytest.raises(InputError, match="Restless lets setting 0 go on, which is not stopped"):
        Stages(tiny(search=Restless()).study).go_on(nothing)


def test_a_plan_counts_what_is_still_to_train_after_the_rungs(tmp_path):
    loaded = tiny(search=NINE, evaluate_every=5, cells={"lstm": LSTM(hidden=3)})
    todo, guessed, done, _ = missing(loaded, Store(tmp_path, "tiny"))
    shares = sum(entry.share for entry in todo + guessed if entry.stage == "search")
    assert (done, shares) == (0, pytest.approx(3 * (9 * 0.25 + 3 * 0.25 + 1 * 0.5)))
    sweep_in(tmp_path, loaded)
    assert missing(loaded, Store(tmp_path, "tiny"))[:3] == ([], [], 27 + 6)


# ------------------------------------------------------------------ with real training


@pytest.fixture(scope="module")
def worker():
    return Worker()


class Halved:
    """The search of one cell, halved at 10 of 40 updates and at 20, in cohorts of a size."""

    study = tiny(search=NINE, steps=40, evaluate_every=5, cells={"lstm": LSTM(hidden=3)}, confirm=2)

    def __init__(self, worker, folder, size):
        self.worker, self.size = worker, size
        self.store = Store(folder, "tiny").prepare()

    def run(self):
        scheduler = sweep(self.study, self.store, size=self.size)
        return scheduler


@pytest.mark.slow
def test_a_trial_that_was_stopped_at_rungs_has_the_numbers_of_one_that_was_not(worker, tmp_path):
    halved = Halved(worker, tmp_path / "halved", 2)
    halved.run()
    whole = Store(tmp_path / "whole", "tiny").prepare()
    plain = dataclasses.replace(Halved.study.study, search=sampled(SPACE, trials=9))
    sweep(dataclasses.replace(Halved.study, study=plain), whole, size=4)
    ended = {i for i, (status, _) in statuses(halved.store).items() if status == "finished"}
    searched = ended & set(halved.store.declaration().plan["search"])
    assert len(searched) == 3
    assert essential(halved.store.trials(), searched) == essential(whole.trials(), searched)
    assert essential(halved.store.curves(), searched) == essential(whole.curves(), searched)
    assert not list((halved.store.path / "checkpoints").glob("*"))


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["gone", "torn", "changed", "another program"])
def test_a_trial_of_which_nothing_sound_is_kept_begins_again_to_the_same_numbers(
    worker, tmp_path, harm, monkeypatch
):
    store = Store(tmp_path, "tiny").prepare()
    stages = Stages(Halved.study.study)
    first = [e for e in stages.go_on(nothing) if e.cell == "lstm"][:3]
    job = Job(study="tiny", store=store, margin=0.05)
    for work in cut(first, 4):
        list(worker.run(work, job))
    there = sorted((store.path / "checkpoints").glob("*.npz"))
    assert [path.name for path in there] == sorted(f"{e.id}-10.npz" for e in first)
    bad = there[0]
    if harm == "gone":
        bad.unlink()
    elif harm == "torn":
        bad.write_bytes(bad.read_bytes()[:200])
    elif harm == "changed":
        content = dict(np.load(bad))
        content["0"] = content["0"] + 1
        np.savez(bad, **content)
    else:
        monkeypatch.setattr(checkpoints, "provenance", lambda: {"version.jax": "0.0.1"})
    further = [dataclasses.replace(e, since=10, until=None) for e in first]
    whole = Store(tmp_path / "whole", "tiny").prepare()
    for work in cut(further, 4):
        list(worker.run(work, job))
    for work in cut([dataclasses.replace(e, until=None) for e in first], 4):
        list(worker.run(work, dataclasses.replace(job, store=whole)))
    ids = {e.id for e in first}
    assert essential(store.trials(), ids) == essential(whole.trials(), ids)
    assert essential(store.curves(), ids) == essential(whole.curves(), ids)
