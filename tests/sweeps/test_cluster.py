"""The sweep on workers: they and the driver may be killed at any time, and nothing is lost or done twice."""

import os
import signal
import time

import pytest
from faults import LONG, NAMES, PROCESSES, RAY, command_of, counts, start, wait_for_rows, workers_of
from studies import TEXT, write_study

from sweeps.errors import InputError
from sweeps.store.store import Store
from sweeps.workers import crew
from sweeps.workers.pool import Pool

pytestmark = pytest.mark.slow

everywhere = pytest.mark.parametrize("where", [PROCESSES, RAY], ids=["processes", "ray"])


@everywhere
def test_a_killed_worker_is_replaced_and_its_cohort_runs_again_once(tmp_path, where):
    path, store = write_study(tmp_path, LONG, "killed_worker"), Store(tmp_path / "results", "killed_worker")
    process = start(path, store.results, where)
    wait_for_rows(store, 1, process)
    workers = workers_of(process, where)
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    assert "its cohort runs again" in output
    assert len(counts(store)) == 12
    assert set(counts(store).values()) == {1}
    assert set(store.trials(["status"])["status"].to_pylist()) == {"finished"}


@pytest.mark.parametrize(
    ("how", "where"), [(signal.SIGKILL, PROCESSES), (signal.SIGINT, PROCESSES), (signal.SIGINT, RAY)]
)
def test_a_killed_driver_loses_nothing_that_finished_and_the_next_sweep_does_the_rest(tmp_path, how, where):
    path, store = write_study(tmp_path, LONG, "long_study"), Store(tmp_path / "results", "long_study")
    process = start(path, store.results, where)
    wait_for_rows(store, 2, process)
    workers = workers_of(process, where)
    process.send_signal(how)
    output, _ = process.communicate(timeout=60)
    for _ in range(300):
        left = [pid for pid in workers if NAMES[where] in command_of(pid)]
        if not left:
            break
        time.sleep(0.1)
    assert workers
    assert not left
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "All finished trials are stored" in output
    first = {p.name: p.stat().st_mtime_ns for p in store.parts("trials")}
    assert 2 <= len(first) < 12
    again = start(path, store.results, where)
    output, _ = again.communicate(timeout=240)
    assert again.returncode == 0, output
    assert len(counts(store)) == 12  # gru, its alias and the vanilla RNN: 2 search and 2 confirm trials each
    assert set(counts(store).values()) == {1}
    now = {p.name: p.stat().st_mtime_ns for p in store.parts("trials")}
    assert len(now) == 12
    assert {name: now[name] for name in first} == first


@everywhere
def test_a_cell_beside_the_users_study_file_reaches_the_workers(tmp_path, where):
    (tmp_path / "beside.py").write_text(
        "import dataclasses\nfrom lstm_variants import GRU\n\n"
        "@dataclasses.dataclass(frozen=True, kw_only=True)\nclass Mine(GRU):\n    hidden: int = 3\n"
    )
    text = TEXT.replace("from lstm_variants import GRU", "from beside import Mine as GRU")
    path, store = write_study(tmp_path, text, "uses_beside"), Store(tmp_path / "results", "uses_beside")
    process = start(path, store.results, where)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    assert len(counts(store)) == 12
    assert all(
        '"type":"beside:Mine"' in s or "VanillaRNN" in s for s in store.trials(["spec"])["spec"].to_pylist()
    )


def test_a_cluster_that_does_not_answer_is_named():
    pool = Pool(workers=1, address="127.0.0.1:1")
    answer = pytest.raises(InputError, match=r"No Ray cluster answers at '127.0.0.1:1'.*ray start --head")
    with answer, crew.started(pool):
        pass
