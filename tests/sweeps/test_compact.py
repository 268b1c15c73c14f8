"""Small parts are put together: every row stays, whoever reads meanwhile, whatever is killed."""

import shutil

import pyarrow.parquet as pq
import pytest
from planning import search_entries
from studies import tiny
from sweeping import row_of, sweep_in

from sweeps.errors import InputError
from sweeps.job import Job
from sweeps.mirror.missing import Now, read_trials
from sweeps.spaces import log_uniform, sampled
from sweeps.store import compact
from sweeps.store.compact import Compactor, level_of, steady
from sweeps.store.store import Store
from sweeps.strategies.halving import halving
from sweeps.sweep import Scheduler

SPACE = {"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}
HALVED = tiny(search=halving(SPACE, trials=9, eta=3, rungs=(0.25, 0.5)), evaluate_every=5)


def curve_of(row, upto=2):
    names = ("schema_version", "trial_id", "study", "stage", "cell", "task", "code", "seed")
    measures = dict.fromkeys(("train_loss", "gradient_norm", "valid_loss", "valid_error", "valid_score"), 0.5)
    common = {name: row[name] for name in names} | measures
    return [common | {"step": 10 * step, "seconds": 1.0} for step in range(1, upto + 1)]


@pytest.fixture
def store(tmp_path):
    """Sixteen cohorts of one trial, with curves, put together by none."""
    store = Store(tmp_path, "tiny").prepare()
    for entry in search_entries(tiny(search=sampled(SPACE, trials=4)).study):
        row = row_of(entry, Job(study="tiny"))
        store.append([row], curve_of(row))
    return store


def contents(store):
    """Every row of both tables as it is read, in an order of its own."""
    trials, curves = store.trials().to_pylist(), store.curves().to_pylist()
    key = lambda row: (row["trial_id"], row.get("step") or 0)  # noqa: E731
    return sorted(trials, key=key), sorted(curves, key=key)


def levels(store, table="trials"):
    return sorted(map(level_of, store.parts(table)))


def test_parts_are_put_together_level_by_level_and_every_row_and_curve_stays(store):
    before = contents(store)
    assert levels(store) == [0] * 16
    assert Compactor(store.path, many=3).run(most=100) == 15 + 3
    assert levels(store) == levels(store, "curves") == [0, 1, 1, 2]
    assert contents(store) == before
    assert Compactor(store.path, many=3).run() == 0


def test_at_most_so_much_is_done_at_once(store):
    compactor = Compactor(store.path, many=2)
    assert [compactor.run(most=1) for _ in range(3)] == [2, 2, 2]


def test_a_trial_that_went_on_after_rungs_keeps_a_row_of_each(tmp_path):
    store = sweep_in(tmp_path, HALVED, size=1).store
    columns = ["trial_id", "rung", "status", "steps_done", "valid_score"]
    key = lambda row: tuple(map(str, row.values()))  # noqa: E731
    before, read = sorted(store.rows(columns), key=key), contents(store)
    assert len(before) > len({row["trial_id"] for row in before})
    compactor = Compactor(store.path, many=2)
    while compactor.run():
        pass
    assert len(store.parts("trials")) < len(before) / 4
    assert sorted(store.rows(columns), key=key) == before
    assert contents(store) == read


def test_a_sweep_goes_on_from_parts_that_were_put_together(tmp_path):
    whole = sweep_in(tmp_path / "whole", HALVED, size=1)
    for stop in (15, 20, 15, None):
        scheduler = sweep_in(tmp_path / "part", HALVED, size=1, stop=stop)
        Compactor(scheduler.store.path, many=3).run(most=100)
    assert [e.id for e in scheduler.planned] == [e.id for e in whole.planned]
    written = scheduler.store.rows(["trial_id", "rung"])
    assert len(written) == len(whole.store.rows(["trial_id"]))  # nothing ran twice


def test_a_sweep_puts_together_what_it_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(compact, "MANY", 4)
    monkeypatch.setattr(Compactor.__init__, "__defaults__", (4,))
    store = sweep_in(tmp_path, HALVED, size=1).store
    assert max(levels(store)) >= 2
    assert len(store.parts("trials")) < 30 < len(store.rows(["trial_id"]))


class Killed(BaseException):
    pass


@pytest.mark.parametrize("after", range(0, 21, 2))
def test_a_kill_at_any_moment_loses_nothing_and_the_next_one_cleans_up(store, monkeypatch, after):
    before, steps = contents(store), []

    def dying(what):
        def step(*arguments, **options):
            if len(steps) == after:
                raise Killed
            steps.append(1)
            return what(*arguments, **options)

        return step

    monkeypatch.setattr(compact, "write_part", dying(compact.write_part))
    monkeypatch.setattr(compact.Path, "unlink", dying(compact.Path.unlink))
    with pytest.raises(Killed):
        Compactor(store.path, many=4).run(most=100)
    monkeypatch.undo()
    assert contents(store) == before
    Compactor(store.path, many=4).run(most=100)
    assert contents(store) == before
    assert len(store.rows(["trial_id"])) == 16  # and none is there twice
    assert levels(store) == levels(store, "curves") == [2]


def test_a_part_that_was_written_anew_since_it_was_put_together_stays(store):
    first, second = store.parts("trials")[:2]
    kept = first.read_bytes()
    Compactor(store.path, many=16).run()
    first.write_bytes(kept)  # as a kill leaves it
    shutil.copy(store.parts("trials")[-1], second)  # another content
    Compactor(store.path, many=16)
    assert (first.exists(), second.exists()) == (False, True)


def test_whoever_reads_while_parts_are_put_together_misses_none(store, monkeypatch):
    before, read, times = contents(store), compact.listed, []

    def listed(folder):
        found = read(folder)
        times.append(1)
        if len(times) == 1:
            Compactor(store.path, many=4).run(most=2)  # between listing and reading
        return found

    monkeypatch.setattr(compact, "listed", listed)
    trials = store.trials().to_pylist()
    assert sorted(row["trial_id"] for row in trials) == [row["trial_id"] for row in before[0]]


def test_a_large_part_that_the_listing_did_not_show_yet_is_read(store, monkeypatch):
    names, read, times = {row["trial_id"] for row in contents(store)[0]}, compact.listed, []
    Compactor(store.path, many=16).run()

    def listed(folder):
        times.append(1)
        return [] if len(times) == 1 else read(folder)  # the small ones gone, the large one not yet seen

    monkeypatch.setattr(compact, "listed", listed)
    assert set(store.trials(["trial_id"])["trial_id"].to_pylist()) == names


def test_parts_that_never_stand_still_are_said_to(tmp_path, monkeypatch):
    gone = tmp_path / "search-0123456789abcdef.parquet"
    monkeypatch.setattr(compact, "listed", lambda folder: [gone])
    with pytest.raises(InputError, match="faster than they can be read"):
        steady(tmp_path, lambda path: path.read_bytes())


def test_failed_trials_and_damaged_parts_stay_where_they_are(tmp_path):
    scheduler = sweep_in(tmp_path, tiny(), size=1, stop=1)
    failing = [e.id for e in scheduler.planned if e.key not in scheduler.rows][:2]
    store = sweep_in(tmp_path, tiny(), size=1, failing=failing).store
    failed = [p for p in store.parts("trials") if "failed" in pq.read_table(p)["status"].to_pylist()]
    damaged = next(p for p in store.parts("trials") if p not in failed and p.name.startswith("confirm"))
    damaged.write_text("damaged")
    compactor = Compactor(store.path, many=2)
    while compactor.run():
        pass
    assert {p for p in store.parts("trials") if level_of(p) == 0} >= {*failed, damaged}
    assert damaged.read_text() == "damaged"
    damaged.unlink()
    again = sweep_in(tmp_path, tiny(), size=1)
    assert again.stored == again.total == 16
    assert {row["status"] for row in store.trials(["status"]).to_pylist()} == {"finished"}


def test_rows_whose_curves_are_damaged_stay_beside_them_to_be_set_aside_together(store):
    torn = store.parts("curves")[0]
    torn.write_text("damaged")
    compactor = Compactor(store.path, many=2)
    while compactor.run():
        pass
    assert store.path / "trials" / torn.name in store.parts("trials")
    assert len(store.repair()) == 1
    assert torn.name not in {path.name for table in ("trials", "curves") for path in store.parts(table)}


def test_columns_of_different_types_are_not_put_into_one(tmp_path):
    store = Store(tmp_path, "tiny").prepare()
    values = [1, 2.5, "(3, 4)", 5]
    for entry, value in zip(search_entries(tiny().study), values, strict=False):
        store.append([row_of(entry, Job(study="tiny")) | {"task.size": value}], [])
    before = sorted(store.trials(["task.size"])["task.size"].to_pylist())
    assert Compactor(store.path, many=4).run() == 4
    assert (
        sorted(store.trials(["task.size"])["task.size"].to_pylist()) == before == ["(3, 4)", "1", "2.5", "5"]
    )


def test_the_mirror_passes_over_a_part_that_was_put_together_and_finds_its_trials_there(store):
    old = store.parts("trials")[0]
    (name,) = pq.read_table(old)["trial_id"].to_pylist()
    Compactor(store.path, many=16).run()
    now = Now.of(store)
    assert list(read_trials(store, old, {name}, now, {})) == []
    (new,) = store.parts("trials")
    (trial,) = read_trials(store, new, {name}, now, {})
    assert len(trial.curve) == 2


def test_a_scheduler_finishes_what_a_killed_compaction_left(store):
    kept = {path: path.read_bytes() for table in ("trials", "curves") for path in store.parts(table)}
    Compactor(store.path, many=16).run()
    for path, content in kept.items():
        path.write_bytes(content)
    Scheduler(tiny(search=sampled(SPACE, trials=4)), store, 2)
    assert levels(store) == levels(store, "curves") == [1]
