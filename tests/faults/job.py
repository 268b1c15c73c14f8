"""`ray job submit` on a cluster of three raylets on this machine, of which one is killed and another comes: the sweep
has to use it, and to be whole. By hand, since Ray's job server needs more packages than the tests:

    pip install 'ray[default]'
    python tests/faults/job.py
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

from faults import LONG, TRIALS, counts, working_on
from ray.cluster_utils import Cluster
from studies import write_study

from sweeps.store.store import Store

CELL = """
import dataclasses
from lstm_variants import GRU

@dataclasses.dataclass(frozen=True, kw_only=True)
class Mine(GRU):
    hidden: int = 3
"""
PORT = 8266


def submitted(code: Path, results: object) -> subprocess.Popen:
    """The folder with the study goes along."""
    job = [sys.executable, "-m", "ray.scripts.scripts", "job", "submit"]
    where = ["--address", f"http://127.0.0.1:{PORT}", "--working-dir", str(code)]
    sweep = [sys.executable, "-m", "sweeps.cli", "sweep", "study.py", "--address", "auto", "--wandb", "off"]
    command = [*job, *where, "--", *sweep, "--cohort", "1", "--results", str(results)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(folder: Path) -> None:
    code = folder / "code"
    code.mkdir()
    (code / "cell.py").write_text(CELL)
    text = LONG.replace("from lstm_variants import GRU", "from cell import Mine as GRU")
    write_study(code, text.replace("steps=3000", "steps=60000"), "study")
    head = {"num_cpus": 0, "include_dashboard": True, "dashboard_port": PORT}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    # Each node keeps what it is sent in a folder of its own, as on a machine of its own.
    places = [str(folder / name) for name in "abc"]
    try:
        node, _ = (cluster.add_node(num_cpus=1, temp_dir=place) for place in places[:2])
        job, store = submitted(code, folder / "results"), Store(folder / "results", "study")
        while not working_on(node):
            assert job.poll() is None, job.communicate()[0]
            time.sleep(0.2)
        cluster.remove_node(node, allow_graceful=False)
        node, before = cluster.add_node(num_cpus=1, temp_dir=places[2]), time.monotonic()
        while not working_on(node):
            assert job.poll() is None, "The job ended before the node that came was used."
            time.sleep(0.2)
        print(f"The node that came was used after {time.monotonic() - before:.0f} s.")
        output = job.communicate()[0]
        assert job.returncode == 0, output
        assert sorted(counts(store).values()) == [1] * TRIALS
        print(f"All {TRIALS} trials are stored once.")
        job = submitted(code, "results")
        assert "Give an absolute path that every node sees." in job.communicate()[0]
        assert job.returncode == 1
        print("Results in the job's copy of its folder are refused.")
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    made = Path(tempfile.mkdtemp(prefix="job-", dir="/tmp"))  # short, for Ray's sockets
    try:
        run(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)
