"""Compiled programs on disk: found again by the next process, shared by two at once, never in the way."""

import os
import shutil
import subprocess
import sys

import pytest

from sweeps import cache, xla

pytestmark = pytest.mark.slow

SCRIPT = """
import jax
import numpy as np
from sweeps import xla
found = []
jax.monitoring.register_event_listener(lambda name, **_: found.append(name))
xla.switch_on()
from experiments import Adam, Adding, Trial
from experiments.cohort import Cohort
from experiments.program import Program
from experiments.specs import structure
from lstm_variants import LSTM
trial = Trial(cell=LSTM(hidden=3), task=Adding(length=5), optimizer=Adam(learning_rate=0.01), seed=1, steps=20,
              evaluate_every=20, validation_batches=1, test_batches=1)
program = Program(structure(trial), 1)
state, report = program.advance(program.start(Cohort((trial,), 1)))
hits = found.count("/jax/compilation_cache/cache_hits")
print(hits, np.asarray(state.params).tobytes().hex())
"""


def start(place):
    environment = {**os.environ, cache.VARIABLE: str(place), "JAX_PLATFORMS": "cpu"}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(process):
    out, err = process.communicate()
    assert process.returncode == 0, err
    hits, bits = out.split()
    return int(hits), bits


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where two processes that ran at once have kept their programs, and the bits that both computed."""
    place = tmp_path_factory.mktemp("kept")
    first = [start(place), start(place)]  # both may compile, neither may fail
    (_, bits), (_, others) = map(answer, first)
    assert bits == others
    return place, bits


def test_the_second_process_compiles_nothing_and_computes_the_same_bits(kept):
    place, bits = kept
    entries = sorted(place.rglob("*-cache"))
    hits, again = answer(start(place))
    assert again == bits
    assert hits >= 1  # advance; init may compile too quickly to be kept
    assert sorted(place.rglob("*-cache")) == entries


def test_a_torn_entry_and_a_place_that_is_a_file_cost_a_compilation_and_no_more(kept, tmp_path):
    place, bits = kept
    shutil.copytree(place, tmp_path / "torn")
    for entry in (tmp_path / "torn").rglob("*-cache"):
        entry.write_bytes(entry.read_bytes()[:100])
    (tmp_path / "file").write_text("in the way")
    assert answer(start(tmp_path / "torn"))[1] == bits
    assert answer(start(tmp_path / "file")) == (0, bits)


def homeless():
    raise RuntimeError("Could not determine home directory.")


def test_where_it_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv(cache.VARIABLE, "off")
    assert xla.folder() is None
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    assert xla.folder() == tmp_path / xla.machine()
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(cache.Path, "home", homeless)
    assert xla.folder() is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert xla.folder() == tmp_path / "lstm-variants" / "xla" / xla.machine()


def test_another_processor_or_version_has_a_folder_of_its_own(monkeypatch):
    ours = xla.machine()
    monkeypatch.setattr(xla.jaxlib, "__version__", "0.0.1")
    assert xla.machine.__wrapped__() != ours
