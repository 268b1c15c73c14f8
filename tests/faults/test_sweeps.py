"""Real sweeps to which something happens once; `make faults` does the same at many random moments."""

import signal

import pytest
from faults import (
    LONG,
    NAMES,
    PROCESSES,
    RAY,
    TRIALS,
    counts,
    end_of,
    family,
    left_of,
    start,
    wait_for_rows,
    workers_of,
)
from studies import TEXT, write_study

from sweeps.store.failures import traceback_file
from sweeps.store.store import Store

pytestmark = pytest.mark.slow
everywhere = pytest.mark.parametrize("where", [PROCESSES, RAY], ids=["processes", "ray"])
LONGER = LONG.replace("steps=3000", "steps=100000")

HANGS = """
import dataclasses, time
from lstm_variants import GRU

@dataclasses.dataclass(frozen=True, kw_only=True)
class Hanging(GRU):
    hidden: int = 3

    def build(self, inputs, rngs):
        while True:
            time.sleep(0.01)
"""

RAISES = HANGS.replace(
    "        while True:\n            time.sleep(0.01)\n",
    '        raise ValueError("boom in build\\nsecond line")\n',
).replace("Hanging", "Raising")


def study_with(folder, name, cell, code):
    """A study of one more cell, whose code is given."""
    (folder / f"{name}_cell.py").write_text(code)
    text = TEXT.replace(
        "from lstm_variants import GRU", f"from lstm_variants import GRU\nfrom {name}_cell import {cell}"
    )
    text = text.replace('"gru": GRU(hidden=3)', f'"gru": GRU(hidden=3), "bad": {cell}(hidden=3)')
    return write_study(folder, text, name)


def all_there_once(store):
    assert len(counts(store)) == TRIALS
    assert set(counts(store).values()) == {1}
    assert set(store.trials(["status"])["status"].to_pylist()) == {"finished"}


@everywhere
def test_sigterm_ends_a_sweep_in_order_and_the_next_one_runs_the_rest(tmp_path, where):
    path, store = write_study(tmp_path, LONG, "terminated"), Store(tmp_path / "results", "terminated")
    process = start(path, store.results, where)
    wait_for_rows(store, 2, process)
    there = family(process)
    assert any(NAMES[where] for _ in there)
    process.send_signal(signal.SIGTERM)
    output = end_of(process, timeout=60)
    assert process.returncode == 143, output
    assert "Terminated. All finished trials are stored; the same command runs the rest." in output
    assert "Traceback" not in output
    assert "***" not in output  # Ray's own stack
    assert left_of(there) == []
    again = start(path, store.results)  # what ran where leaves no trace in the store
    output = end_of(again)
    assert again.returncode == 0, output
    all_there_once(store)


@everywhere
def test_the_second_ctrl_c_ends_a_sweep_at_once_without_a_traceback_or_a_process_left(tmp_path, where):
    path, store = write_study(tmp_path, LONGER, "twice"), Store(tmp_path / "results", "twice")
    process = start(path, store.results, where)
    while not workers_of(process, where) or not (store.path / "study.json").exists():
        assert process.poll() is None, process.stdout.read()
    there = family(process)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    output = end_of(process, timeout=60)
    assert process.returncode == 130, output
    assert "Traceback" not in output
    assert left_of(there) == []


def test_a_cell_that_never_returns_fails_in_time_and_the_rest_runs(tmp_path):
    """In processes and in Ray at once: most of it is waiting."""
    path = study_with(tmp_path, "hanging", "Hanging", HANGS)
    fewer = ("--set", "search=none", "--set", "confirm=2")  # each trial that hangs takes the whole limit
    stores = {where: Store(tmp_path / f"results-{len(where)}", "hanging") for where in (PROCESSES, RAY)}
    sweeps = {
        where: start(path, store.results, where, "--workers", "2", "--trial-timeout", "30", *fewer)
        for where, store in stores.items()
    }
    for where, process in sweeps.items():
        output = end_of(process)
        assert process.returncode == 1, output
        rows = stores[where].trials(["cell", "status", "error"]).to_pylist()
        failed = [row for row in rows if row["status"] == "failed"]
        assert [row["cell"] for row in failed] == ["bad", "bad"]
        assert {row["error"] for row in failed} == {"Hung: No result within 30 s; its worker was replaced"}
        assert sum(row["status"] == "finished" for row in rows) == TRIALS // 2


@everywhere
def test_a_cell_that_raises_in_a_worker_leaves_its_whole_message_and_its_traceback(tmp_path, where):
    path, store = study_with(tmp_path, "raising", "Raising", RAISES), Store(tmp_path / "results", "raising")
    process = start(path, store.results, where, "--cohort", "4")
    output = end_of(process)
    assert process.returncode == 1, output
    failed = [row for row in store.trials().to_pylist() if row["status"] == "failed"]
    assert {row["cell"] for row in failed} == {"bad"}
    assert {row["error"] for row in failed} == {"ValueError: boom in build\nsecond line"}
    text = traceback_file(store.path, failed[0]["trial_id"]).read_text()
    assert 'raise ValueError("boom in build' in text
    assert "raising_cell.py" in text


def test_a_second_sweep_on_the_same_store_says_who_holds_it_and_harms_nothing(tmp_path):
    path, store = write_study(tmp_path, LONG, "held"), Store(tmp_path / "results", "held")
    first = start(path, store.results)
    wait_for_rows(store, 1, first)
    first.send_signal(signal.SIGSTOP)  # so that it does not end before the second has looked
    second = start(path, store.results)
    output = end_of(second)
    first.send_signal(signal.SIGCONT)
    assert second.returncode == 2, output
    assert f"Another sweep (process {first.pid} on " in output
    output = end_of(first)
    assert first.returncode == 0, output
    all_there_once(store)
