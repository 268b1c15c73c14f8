"""The sweep in this process: what it stores, what it skips, how it resumes."""

import dataclasses
from collections import Counter
from typing import ClassVar

import pytest
from studies import tiny

from experiments import Adding
from lstm_variants import LSTM, VanillaRNN
from lstm_variants.lstm import LSTMCell
from sweeps import schema
from sweeps.errors import InputError
from sweeps.plan import search_entries
from sweeps.store import Store
from sweeps.sweep import Silent, sweep


def run(loaded, folder, size=2):
    store = Store(folder, loaded.name)
    return sweep(loaded, store, pool=None, size=size, listener=Silent()), store


def essential(table):
    """Rows by trial, without what may differ between two runs of the same trial."""
    keep = [name for name in table.column_names if name not in schema.INCIDENTAL]
    rows = table.select(keep).to_pylist()
    return sorted(rows, key=lambda row: (row["trial_id"], row.get("step", 0)))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A tiny study, swept once in cohorts of two."""
    return run(tiny(), tmp_path_factory.mktemp("results"))


def test_every_planned_trial_has_one_row_and_its_curve(finished):
    scheduler, store = finished
    ids = store.trials()["trial_id"].to_pylist()
    assert sorted(ids) == sorted(e.id for e in scheduler.planned)
    assert len(ids) == len(set(ids)) == scheduler.total == 16
    assert Counter(store.curves()["trial_id"].to_pylist()) == dict.fromkeys(ids, 2)


def test_a_row_explains_itself(finished):
    _, store = finished
    for row in store.trials().to_pylist():
        assert row["status"] == "finished"
        assert row["margin"] == 0.05
        assert row["baseline_loss"] == pytest.approx(1 / 6)
        assert row["test_score"] == pytest.approx(1 - 6 * row["test_loss"], abs=1e-5)
        assert (row["steps_done"], row["sequences"], row["test_sequences"]) == (20, 80, 8)
        assert row["parameters"] == {"lstm": 72, "lstm_again": 72, "gru": 54, "rnn": 32 * 35}[row["cell"]]
        assert row["version.jax"]
        assert row["device"].startswith("cpu")
        assert row["run_seconds"] > 0
        assert row["memory_bytes"] > 50e6


def test_the_declaration_holds_the_whole_plan_and_the_controls(finished):
    scheduler, store = finished
    declared = store.declaration()
    assert declared.plan["confirm"] == [e.id for e in scheduler.confirm]
    assert declared.same == [["lstm", "lstm_again"]]
    assert declared.different == [["rnn", "lstm", "adding"]]
    assert declared.total == {"search": 8, "confirm": 8}


def test_running_it_again_does_nothing_twice(finished):
    _, store = finished
    before = {path: path.stat().st_mtime_ns for path in store.parts("trials")}
    scheduler, _ = run(tiny(), store.results)
    assert scheduler.queue == []
    assert {path: path.stat().st_mtime_ns for path in store.parts("trials")} == before


def test_a_trial_has_the_same_row_alone_and_in_any_cohort(finished, tmp_path):
    _, store = finished
    for size in (1, 3):
        _, other = run(tiny(), tmp_path / str(size), size)
        assert essential(other.trials()) == essential(store.trials())
        assert essential(other.curves()) == essential(store.curves())


def test_what_is_missing_is_run_and_nothing_else(finished, tmp_path):
    _, store = finished
    _, copy = run(tiny(), tmp_path)
    part = copy.parts("trials")[0]
    lost = set(pq_ids(part))
    part.unlink()
    kept = {path: path.stat().st_mtime_ns for path in copy.parts("trials")}
    run(tiny(), tmp_path)
    new = [path for path in copy.parts("trials") if path not in kept]
    assert {i for path in new for i in pq_ids(path)} == lost
    assert all(path.stat().st_mtime_ns == t for path, t in kept.items())
    assert essential(copy.trials()) == essential(store.trials())


def pq_ids(path):
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=["trial_id"])["trial_id"].to_pylist()


def test_ctrl_c_leaves_everything_resumable(tmp_path, finished):
    class Impatient(Silent):
        works = 0

        def heard(self, work, event):
            self.works += event.kind == "done"
            if self.works == 2:
                raise KeyboardInterrupt

    store = Store(tmp_path, "tiny")
    with pytest.raises(KeyboardInterrupt):
        sweep(tiny(), store, pool=None, size=2, listener=Impatient())
    stored = set(store.trials()["trial_id"].to_pylist())
    assert len(stored) == 4
    run(tiny(), tmp_path)
    assert essential(store.trials()) == essential(finished[1].trials())


class Explosive(LSTMCell):
    def __call__(self, carry, inputs):
        raise RuntimeError("out of ideas")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Broken:
    reference: ClassVar[str] = "none"
    parameters: ClassVar[str] = "0"
    hidden: int = 3

    def build(self, inputs, rngs):
        return Explosive(inputs, self.hidden, rngs=rngs)


def test_a_cell_that_raises_fails_alone_with_its_error_and_is_tried_again(tmp_path):
    cells = {"lstm": LSTM(hidden=3), "broken": Broken()}
    _, store = run(tiny(cells=cells), tmp_path)
    rows = {r["trial_id"]: r for r in store.trials().to_pylist()}
    failed = [r for r in rows.values() if r["status"] == "failed"]
    assert {r["cell"] for r in failed} == {"broken"}
    assert all(r["error"] == "RuntimeError: out of ideas" for r in failed)
    assert Counter(r["cell"] for r in rows.values()) == {"lstm": 4, "lstm_again": 4, "rnn": 4, "broken": 4}
    again, _ = run(tiny(cells=cells), tmp_path)
    assert {e.cell for e in again.planned if e.id not in again.done} == {"broken"}


def test_a_choice_is_never_made_from_trials_that_will_be_tried_again(finished, tmp_path):
    _, store = finished
    broken = [{**row, "status": "failed", "valid_score": None} for row in store.trials().to_pylist()]
    other = Store(tmp_path, "tiny").prepare()
    other.append([row for row in broken if row["stage"] == "search"], [])
    run(tiny(), tmp_path)
    assert essential(other.trials()) == essential(store.trials())
    assert other.declaration().plan == store.declaration().plan


def test_a_diverged_trial_is_a_row_that_says_so(tmp_path):
    wild = tiny(
        search=None, optimizer=dataclasses.replace(tiny().study.optimizer, learning_rate=1e38, clip=1e38)
    )
    _, store = run(wild, tmp_path)
    rows = store.trials().to_pylist()
    assert {r["status"] for r in rows if r["cell"] == "rnn"} == {"diverged"}
    for row in rows:
        if row["status"] == "diverged":
            assert row["diverged_step"] >= 1
            assert row["test_score"] is None


def test_a_study_with_one_more_cell_means_the_old_trials_too():
    more = tiny(cells={**tiny().study.cells, "rnn": VanillaRNN(hidden=3)})
    ids = {e.id for e in search_entries(tiny().study) if e.cell != "rnn"}
    assert ids <= {e.id for e in search_entries(more.study)}


def test_a_damaged_part_stops_the_sweep_before_any_work(tmp_path):
    _, store = run(tiny(search=None), tmp_path)
    store.parts("trials")[0].write_bytes(b"PAR1 and then nothing")
    before = store.parts("trials")
    with pytest.raises(InputError, match="Cannot read"):
        run(tiny(search=None), tmp_path)
    assert store.parts("trials") == before


def test_the_tasks_of_the_fixture_are_the_real_ones():
    assert tiny().study.tasks["adding"] == Adding(length=4)
