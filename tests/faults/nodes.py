"""Nodes of a Ray cluster that come and go, unequal ones; by `make faults`, not with the tests: it takes over a minute.

pytest tests/faults/nodes.py
"""

import shutil
import signal
import tempfile
import time

from faults import LONG, PROCESSES, counts, end_of, start, whole, working_on
from object_stores import s3
from studies import write_study

from sweeps.checkpoints import WORTH
from sweeps.remote.copy import Copy
from sweeps.remote.store import RemoteStore
from sweeps.store.store import Store

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
            time.sleep(0.2)
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


def test_workers_of_a_cluster_without_a_common_folder_hand_over_to_a_url_though_one_of_them_is_lost(
    tmp_path, monkeypatch
):
    from ray.cluster_utils import Cluster

    path, plain = write_study(tmp_path, LONG, "handed"), Store(tmp_path / "plain", "handed")
    alone = start(path, plain.results, PROCESSES)
    assert "12 of 12 trials" in end_of(alone)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    folders = [tempfile.mkdtemp(prefix="ray-", dir="/tmp") for _ in range(3)]
    try:
        with s3() as environment:
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("LSTM_VARIANTS_CACHE", str(tmp_path / "driver"))
            nodes = [cluster.add_node(num_cpus=1, temp_dir=folder) for folder in folders[:2]]
            process = start(path, "s3://bucket/results", ("--address", cluster.address), workers=None)
            there = Copy.of("s3://bucket/results").objects
            while not (there.all_below("handed/trials") and working_on(nodes[0])):
                assert process.poll() is None, process.stdout.read()
                time.sleep(0.2)
            cluster.remove_node(nodes[0], allow_graceful=False)
            cluster.add_node(num_cpus=1, temp_dir=folders[2])
            output = process.communicate(timeout=240)[0]
            assert process.returncode == 0, output
            assert "its cohort runs again" in output
            monkeypatch.setenv("LSTM_VARIANTS_CACHE", str(tmp_path / "reader"))
            store = RemoteStore(Copy.of("s3://bucket/results"), "handed")
            store.refresh()
            assert set(counts(store).values()) == {1}
            assert whole(store) == whole(plain)
    finally:
        cluster.shutdown()
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
