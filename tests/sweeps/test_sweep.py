"""The sweep in this process: what it stores, what it skips, how it resumes."""

import dataclasses
from collections import Counter
from typing import ClassVar

import pytest
from doors import Narrowing, Precise
from planning import search_entries
from studies import tiny

from experiments import Adding
from lstm_variants import GRU, LSTM, VanillaRNN
from lstm_variants.cells.lstm import LSTMCell
from sweeps.plan import Work, cut
from sweeps.queues import Queue
from sweeps.store import schema
from sweeps.store.store import Store
from sweeps.sweep import Scheduler, Silent, sweep
from sweeps.worker import Event

pytestmark = pytest.mark.slow


def run(loaded, folder, size=2):
    store = Store(folder, loaded.name)
    return sweep(loaded, store, size=size), store


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
        assert (
            row["step_flops"] == {"lstm": 5064, "lstm_again": 5064, "gru": 3816, "rnn": 103168}[row["cell"]]
        )
        assert row["version.jax"]
        assert row["device"].startswith("cpu")
        assert row["run_seconds"] > 0
        assert row["memory_bytes"] > 50e6


def test_the_declaration_holds_the_whole_plan_and_the_controls(finished):
    scheduler, store = finished
    declared = store.declaration()
    assert declared.plan["confirm"] == [e.id for e in scheduler.stages.planned["confirm"]]
    assert declared.same == [["lstm", "lstm_again"]]
    assert declared.different == [["rnn", "lstm", "adding"]]
    assert declared.total == {"search": 8, "confirm": 8}
    assert (declared.margin, declared.margins) == (0.05, {})


def test_margins_of_further_measures_are_declared_before_anything_runs(tmp_path):
    store = Store(tmp_path, "tiny").prepare()
    Scheduler(tiny(margins={"log_steps": 1, "area": 0.02}), store, 2)
    assert store.declaration().margins == {"log_steps": 1.0, "area": 0.02}


def test_running_it_again_does_nothing_twice(finished):
    _, store = finished
    before = {path: path.stat().st_mtime_ns for path in store.parts("trials")}
    scheduler, _ = run(tiny(), store.results)
    assert not scheduler.queue
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
        sweep(tiny(), store, size=2, listener=Impatient())
    stored = set(store.trials()["trial_id"].to_pylist())
    assert len(stored) == 4
    run(tiny(), tmp_path)
    assert essential(store.trials()) == essential(finished[1].trials())


@pytest.mark.slow
def test_a_study_that_looks_at_results_is_resumed_from_its_store_alone(tmp_path):
    class Impatient(Silent):
        works = 0

        def heard(self, work, event):
            self.works += event.kind == "done"
            if self.works == 4:
                raise KeyboardInterrupt

    loaded = tiny(search=Narrowing(most=4), confirm=Precise(error=0.02, most=6, look=2), measure="test_score")
    whole, store = run(loaded, tmp_path / "whole")
    declared = store.declaration()
    assert 4 * 2 < len(declared.plan["confirm"]) == declared.total["confirm"] <= 4 * 6
    other, kills = Store(tmp_path / "killed", "tiny"), 0
    while True:
        try:
            again = sweep(loaded, other, size=1 + kills % 3, listener=Impatient())
            break
        except KeyboardInterrupt:
            kills += 1
    assert kills >= 3
    assert again.stored == again.total == whole.total
    assert other.declaration() == declared
    assert essential(other.trials()) == essential(store.trials())


def test_measure_and_level_are_declared_before_anything_runs(tmp_path):
    store = Store(tmp_path, "tiny").prepare()
    Scheduler(tiny(measure="solved", margin=0.2, alpha=0.1), store, 2)
    declared = store.declaration()
    assert (declared.measure, declared.margin, declared.alpha) == ("solved", 0.2, 0.1)


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
    assert {e.cell for e in again.planned if e.key not in again.done} == {"broken"}


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


def test_the_tasks_of_the_fixture_are_the_real_ones():
    assert tiny().study.tasks["adding"] == Adding(length=4)


def event(work, score=0.5, status="finished"):
    rows = [
        {"trial_id": e.id, "status": status, "valid_score": score, "valid_loss": 0.1, "solved": False}
        for e in work.entries
    ]
    return Event("done", 1.0, 0.0, {}, rows)


def scheduler_of(folder, size=1, listener=None, **changes):
    return Scheduler(tiny(**changes), Store(folder, "tiny").prepare(), size, listener or Silent())


def drain(scheduler):
    works = []
    while scheduler.queue:
        works.append(scheduler.take(set(), set())[0])
    return works


def test_an_arm_is_promoted_when_its_own_search_is_complete_in_whatever_order(tmp_path):
    scheduler = scheduler_of(tmp_path)
    works = drain(scheduler)
    assert [w.entries[0].stage for w in works] == ["search"] * 8
    for work in reversed(works):
        before = [e.arm for e in scheduler.stages.planned["confirm"]]
        scheduler.put(work, event(work))
        arm = work.entries[0].arm
        complete = all(e.key in scheduler.rows for e in scheduler.stages.planned["search"] if e.arm == arm)
        assert ([e.arm for e in scheduler.stages.planned["confirm"]] != before) == complete
    assert len(scheduler.stages.planned["confirm"]) == scheduler.total - 8 == 8
    order = [arm[0] for arm in scheduler.loaded.study.arms()]
    assert [e.cell for e in scheduler.stages.planned["confirm"]] == [c for c in order for _ in range(2)]
    assert scheduler.store.declaration().plan["confirm"] == [
        e.id for e in scheduler.stages.planned["confirm"]
    ]


def test_a_failed_trial_completes_its_arm_but_is_never_the_choice(tmp_path):
    scheduler = scheduler_of(tmp_path, cells={"lstm": LSTM(hidden=3)})
    first, second, *_ = (w for w in drain(scheduler) if w.entries[0].cell == "lstm")
    scheduler.put(first, event(first, score=None, status="failed"))
    assert not [e for e in scheduler.stages.planned["confirm"] if e.cell == "lstm"]
    scheduler.put(second, event(second, score=-1.0))
    rates = {e.trial.optimizer.learning_rate for e in scheduler.stages.planned["confirm"] if e.cell == "lstm"}
    assert rates == {second.entries[0].trial.optimizer.learning_rate}
    assert first.entries[0].key not in scheduler.done
    assert scheduler.stored == 1


def test_a_resumed_sweep_promotes_what_was_complete_and_waits_for_the_rest(finished, tmp_path):
    _, store = finished
    rows = [row for row in store.trials().to_pylist() if row["stage"] == "search"]
    copy = Store(tmp_path, "tiny").prepare()
    copy.append([row for row in rows if row["cell"] in ("gru", "lstm")][:-1], [])
    scheduler = scheduler_of(tmp_path)
    kept = {row["trial_id"] for row in copy.trials().to_pylist()}
    searches = scheduler.stages.searches
    full = {arm for arm, search in searches.items() if search.complete}
    assert full == {arm for arm, search in searches.items() if {e.id for e in search.entries} <= kept}
    assert {e.arm for e in scheduler.stages.planned["confirm"]} == full
    assert scheduler.stored == 3
    assert len(scheduler.queue) == 8 - 3 + 2 * len(full)


def test_the_plan_is_written_when_it_changes_and_not_at_every_cohort(tmp_path):
    class Counting(Silent):
        times = 0

        def planned(self, scheduler):
            self.times += 1

    listener = Counting()
    scheduler = scheduler_of(tmp_path, listener=listener)
    for work in drain(scheduler):
        scheduler.put(work, event(work))
    assert listener.times == 1 + 4


def test_work_goes_first_to_who_has_compiled_it_then_to_what_nobody_has():
    works = cut(search_entries(tiny().study), 1)
    queue = Queue()
    queue.extend(works)
    lstm, gru, rnn = dict.fromkeys(w.structure for w in works)
    assert sum(queue.trials.values()) == len(queue) == 8
    assert queue.take({gru}, {lstm}).structure == gru
    assert queue.take(set(), {lstm, gru}).structure == rnn
    of_lstm = [work for work in works if work.structure == lstm]
    assert [queue.take({lstm}, set()) for _ in of_lstm] == of_lstm
    while queue:
        queue.take(set(), set())
    assert queue.trials == {}


def test_a_gpu_beside_cores_takes_the_widest_as_one_cohort_and_the_cores_the_narrowest():
    one, other = (e for e in search_entries(tiny().study) if e.cell == "gru")
    wide = [
        dataclasses.replace(e, trial=dataclasses.replace(e.trial, cell=GRU(hidden=40))) for e in (one, other)
    ]
    odd = Work((dataclasses.replace(wide[0], stage="confirm"),), 1)
    queue = Queue(together=64)
    queue.extend([*cut([one, other, *wide], 1), odd, Work((wide[1],), 1, suspect=True)])
    assert queue.take(set(), set(), "narrow").entries == (one,)
    given = queue.take(set(), set(), "wide")
    assert (given.entries, given.size) == (tuple(wide), 64)
    given = queue.take(set(), set(), "wide")  # not of the same stage, nor with one that failed
    assert (given.entries, given.size) == (odd.entries, 64)
    assert queue.take(set(), set(), "wide").size == 1
    assert sum(queue.trials.values()) == len(queue) == 1


def test_what_has_most_left_to_do_goes_first():
    one, other = (e for e in search_entries(tiny().study) if e.cell == "gru")
    longer = dataclasses.replace(one, trial=dataclasses.replace(one.trial, steps=10 * one.trial.steps))
    wider = dataclasses.replace(one, trial=dataclasses.replace(one.trial, cell=GRU(hidden=40)))
    works = cut([one, other, longer, wider], 1)
    queue = Queue()
    queue.extend(works)
    taken = [queue.take(set(), set()).entries[0] for _ in works]
    assert set(taken[:2]) == {longer, wider}
    assert taken[2:] == [one, other]
