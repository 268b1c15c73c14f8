"""A worker on a device with little memory, and what its environment says."""

import json

import pytest
from planning import search_entries
from studies import tiny

from experiments.layout import Layout
from experiments.memory import SAFETY, cohort_bytes
from experiments.tasks.contract import TOLERANCE
from sweeps import worker
from sweeps.job import Job
from sweeps.plan import Work, cut
from sweeps.rows import failed_rows
from sweeps.store.store import Store
from sweeps.sweep import Scheduler
from sweeps.workers import cluster
from sweeps.workers.pool import Kind

pytestmark = pytest.mark.slow

SIDE_BY_SIDE = Layout(members="vmap", devices=1)


def one_work(size):
    works = cut(search_entries(tiny().study), size)
    return max(works, key=lambda work: len(work.entries))


def room_for(members, bare):
    """Bytes of a device that so many members fit into, and not one more."""
    one, two = (cohort_bytes(bare, size, SIDE_BY_SIDE) for size in (1, 2))
    return (one + (members - 1) * (two - one) + 1) / SAFETY


@pytest.fixture(autouse=True)
def fresh():
    worker.room.cache_clear()
    yield
    worker.room.cache_clear()


@pytest.mark.parametrize(("fits", "size"), [(63, 16), (64, 64), (15, 4), (3, 1), (1, 1)])
def test_a_cohort_shrinks_to_the_largest_of_the_few_sizes_that_fits(monkeypatch, fits, size):
    bare = one_work(4).structure
    monkeypatch.setattr(worker, "device_memory", lambda: room_for(fits, bare))
    assert worker.room(bare, 64, SIDE_BY_SIDE) == size


def test_one_after_the_other_needs_no_more_than_one(monkeypatch):
    monkeypatch.setattr(worker, "device_memory", lambda: 1.0)
    assert worker.room(one_work(4).structure, 64, Layout(members="loop")) == 64


def test_a_trial_that_does_not_fit_alone_is_an_error_that_says_so(monkeypatch):
    monkeypatch.setattr(worker, "device_memory", lambda: 1.0)
    with pytest.raises(MemoryError, match="smaller batch"):
        worker.room(one_work(4).structure, 64, SIDE_BY_SIDE)


def test_rows_say_of_which_classes_they_are_as_their_spec_does_and_when_a_task_is_solved():
    for row in failed_rows(one_work(4).entries, Job(study="tiny"), MemoryError("no room")):
        spec = json.loads(row["spec"])
        assert (row["cell.type"], row["task.type"]) == (spec["cell"]["type"], spec["task"]["type"])
        assert row["tolerance"] == TOLERANCE


@pytest.mark.slow
def test_parts_of_a_cohort_make_the_rows_of_the_whole(monkeypatch, tmp_path):
    work = one_work(4)
    assert len(work.entries) > 1
    whole = list(worker.Worker().run(work, Job(study="tiny", layout=SIDE_BY_SIDE)))[-1]
    monkeypatch.setattr(worker, "device_memory", lambda: room_for(1, work.structure))
    worker.room.cache_clear()
    store = Store(tmp_path, "tiny").prepare()
    events = list(worker.Worker().run(work, Job(study="tiny", store=store, layout=SIDE_BY_SIDE)))
    assert [event.kind for event in events].count("done") == 1
    assert [row["trial_id"] for row in events[-1].rows] == [row["trial_id"] for row in whole.rows]
    for ours, theirs in zip(events[-1].rows, whole.rows, strict=True):
        assert ours["valid_loss"] == pytest.approx(theirs["valid_loss"], rel=1e-4)
    assert sorted(store.trials(["trial_id"])["trial_id"].to_pylist()) == sorted(e.id for e in work.entries)
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)


@pytest.mark.slow
def test_a_cohort_that_fails_after_a_part_was_stored_keeps_that_part(tmp_path):
    store = Store(tmp_path, "tiny").prepare()
    scheduler = Scheduler(tiny(), store, 4)
    work = next(
        w for _, w in (line.works[0] for line in scheduler.queue.lines.values()) if len(w.entries) > 1
    )
    done, *left = work.entries
    list(worker.Worker().run(Work((done,), 1), Job(study="tiny", store=store)))
    scheduler.failed(work, RuntimeError("the second part"))
    statuses = {row["trial_id"]: row["status"] for row in store.trials(["trial_id", "status"]).to_pylist()}
    assert statuses == {done.id: "finished"} | {entry.id: "failed" for entry in left}
    assert {i: scheduler.rows[i, None]["status"] for i in statuses} == statuses
    assert done.key in scheduler.done


def test_a_deterministic_pool_forbids_unordered_sums_on_gpus_and_keeps_the_users_flags(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=here")
    flags = cluster.environment(Kind(many=1, gpus=1.0), deterministic=True)["XLA_FLAGS"]
    assert flags == "--xla_dump_to=here --xla_gpu_deterministic_ops=true"
    assert "XLA_FLAGS" not in cluster.environment(Kind(many=1, gpus=1.0))
    assert "XLA_FLAGS" not in cluster.environment(Kind(many=1), deterministic=True)
