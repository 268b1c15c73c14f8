"""The sweep on workers: they and the driver may be killed at any time, and nothing is lost or done twice."""

import os
import shutil
import signal
import tempfile
import time

import pytest
from faults import LONG, NAMES, PROCESSES, RAY, command_of, counts, start, wait_for_rows, workers_of
from studies import TEXT, write_study

from sweeps.checkpoints import WORTH
from sweeps.errors import InputError
from sweeps.signals import descendants
from sweeps.store.store import Store
from sweeps.workers import crew
from sweeps.workers.pool import Pool

pytestmark = pytest.mark.slow

everywhere = pytest.mark.parametrize("where", [PROCESSES, RAY], ids=["processes", "ray"])


def test_a_killed_worker_is_replaced_and_its_cohort_runs_again_once(tmp_path):
    """On a Ray cluster: with the nodes that go, below."""
    path, store = write_study(tmp_path, LONG, "killed_worker"), Store(tmp_path / "results", "killed_worker")
    process = start(path, store.results)
    wait_for_rows(store, 1, process)
    workers = workers_of(process)
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


NEEDS = """
import dataclasses, os
from lstm_variants import GRU

@dataclasses.dataclass(frozen=True, kw_only=True)
class Mine(GRU):
    hidden: int = 3

    def build(self, inputs, rngs):
        import sent_by_ray
        os.environ["GIVEN"]
        return super().build(inputs, rngs)
"""


def working_on(node) -> bool:
    """Whether a worker trains on a node of this machine's."""
    found = [
        number for process in node.all_processes["raylet"] for number in descendants(process.process.pid)
    ]
    return any("ray::Actor.run" in command_of(number) for number in found)


def kept_at(store) -> list[float]:
    """When checkpoints were written."""
    return [path.stat().st_mtime for path in (store.path / "checkpoints").rglob("*") if path.is_file()]


def test_a_cluster_of_unequal_nodes_that_come_and_go_is_used_as_it_is(tmp_path):
    from ray.cluster_utils import Cluster

    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / "sent_by_ray.py").write_text("")
    # A worker on a GPU that nobody has computes on the CPU, since JAX is told to.
    env = tmp_path / "env.yaml"
    env.write_text(f"working_dir: {sent}\nenv_vars: {{GIVEN: 'yes', JAX_PLATFORMS: cpu}}\n")
    (tmp_path / "cell.py").write_text(NEEDS)
    text = LONG.replace("from lstm_variants import GRU", "from cell import Mine as GRU")
    path, store = write_study(tmp_path, text, "unequal"), Store(tmp_path / "results", "unequal")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    # Each node has a folder of its own, as on a machine of its own: there it keeps what it is sent, and deletes it.
    folders = [tempfile.mkdtemp(prefix="ray-", dir="/tmp") for _ in range(3)]
    try:
        nodes = [
            cluster.add_node(num_cpus=1, temp_dir=folders[0]),
            cluster.add_node(num_cpus=1, num_gpus=1, temp_dir=folders[1]),
        ]
        where = ("--address", cluster.address, "--gpu-workers", "1", "--runtime-env", str(env))
        process = start(path, store.results, where, workers=None)
        while not all(map(working_on, nodes)):
            assert process.poll() is None, process.stdout.read()
        for node in nodes:
            cluster.remove_node(node, allow_graceful=False)
        node = cluster.add_node(num_cpus=1, temp_dir=folders[2])
        output = process.communicate(timeout=240)[0]
        assert process.returncode == 0, output
        assert "its cohort runs again" in output
        assert len(counts(store)) == 12
        assert set(counts(store).values()) == {1}
        assert set(store.trials(["status"])["status"].to_pylist()) == {"finished"}

        longer = text.replace("steps=3000", "steps=100000000").replace(
            "evaluate_every=500", "evaluate_every=50000"
        )
        path = write_study(tmp_path, longer, "asked")  # of minutes a trial
        store = Store(tmp_path / "results", "asked")
        process = start(path, store.results, where)
        while not (kept := kept_at(store)):  # by itself, some thirty seconds after it began to train
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.2)
        time.sleep(2 * WORTH)
        asked = time.time()
        process.send_signal(signal.SIGTERM)
        output = process.communicate(timeout=60)[0]
        assert process.returncode == 143, output
        assert max(kept) < asked < max(kept_at(store))
    finally:
        cluster.shutdown()
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def test_a_cluster_that_does_not_answer_is_named():
    pool = Pool(workers=1, address="127.0.0.1:1")
    answer = pytest.raises(InputError, match=r"No Ray cluster answers at '127.0.0.1:1'.*ray start --head")
    with answer, crew.started(pool):
        pass
