"""The sweep on workers: they and the driver may be killed at any time, and nothing is lost or done twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from studies import TEXT, write_study

from sweeps.errors import InputError
from sweeps.store.store import Store
from sweeps.workers import crew
from sweeps.workers.crew import Pool

pytestmark = pytest.mark.slow

# Where the workers are: the options that say so, and what tells one by its command line.
PROCESSES, RAY = (), ("--address", "local")
NAMES = {PROCESSES: "sweeps.workers.local", RAY: "ray::Actor"}
everywhere = pytest.mark.parametrize("where", [PROCESSES, RAY], ids=["processes", "ray"])

# Three thousand updates a trial: long enough to be killed in the middle of.
LONG = TEXT.replace("steps=20", "steps=3000").replace("evaluate_every=10", "evaluate_every=500")


def ids(store):
    return Counter(store.trials(["trial_id"])["trial_id"].to_pylist())


def start(path, results, where=PROCESSES):
    # A shell starts background jobs with Ctrl-C ignored, and children inherit that: here it must count.
    listening = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [
        sys.executable,
        "-c",
        listening + "from sweeps.cli import main; sys.exit(main(sys.argv[1:]))",
        "sweep",
        str(path),
        "--results",
        str(results),
        "--workers",
        "1",
    ]
    command += ["--wandb", "off", "--cohort", "1", *where]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def descendants(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    children = [int(child) for child in found.stdout.split()]
    return children + [grandchild for child in children for grandchild in descendants(child)]


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def wait_for_rows(store, n, process):
    for _ in range(1200):
        if store.path.exists() and len(store.parts("trials")) >= n:
            return
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.1)
    raise AssertionError("no rows came")


@everywhere
def test_a_killed_worker_is_replaced_and_its_cohort_runs_again_once(tmp_path, where):
    path, store = write_study(tmp_path, LONG, "killed_worker"), Store(tmp_path / "results", "killed_worker")
    process = start(path, store.results, where)
    wait_for_rows(store, 1, process)
    workers = [pid for pid in descendants(process.pid) if NAMES[where] in command_of(pid)]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    assert "its cohort runs again" in output
    assert len(ids(store)) == 12
    assert set(ids(store).values()) == {1}
    assert set(store.trials(["status"])["status"].to_pylist()) == {"finished"}


@pytest.mark.parametrize(
    ("how", "where"), [(signal.SIGKILL, PROCESSES), (signal.SIGINT, PROCESSES), (signal.SIGINT, RAY)]
)
def test_a_killed_driver_loses_nothing_that_finished_and_the_next_sweep_does_the_rest(tmp_path, how, where):
    path, store = write_study(tmp_path, LONG, "long_study"), Store(tmp_path / "results", "long_study")
    process = start(path, store.results, where)
    wait_for_rows(store, 2, process)
    workers = [pid for pid in descendants(process.pid) if NAMES[where] in command_of(pid)]
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
    counts = ids(store)
    assert len(counts) == 12  # gru, its alias and the vanilla RNN: 2 search and 2 confirm trials each
    assert set(counts.values()) == {1}
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
    assert len(ids(store)) == 12
    assert all(
        '"type":"beside:Mine"' in s or "VanillaRNN" in s for s in store.trials(["spec"])["spec"].to_pylist()
    )


def test_a_cluster_that_does_not_answer_is_named():
    pool = Pool(workers=1, address="127.0.0.1:1")
    answer = pytest.raises(InputError, match=r"No Ray cluster answers at '127.0.0.1:1'.*ray start --head")
    with answer, crew.started(pool):
        pass
