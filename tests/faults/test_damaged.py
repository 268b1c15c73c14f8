"""Parts that a power cut or a bad sector has damaged: named, left out, and made again by the next sweep."""

import os
import shutil

import pytest
from faults import essential
from studies import tiny
from sweeping import sweep_in

from analysis.study.results import load
from analysis.study.trust import gaps
from sweeps import cli
from sweeps.errors import InputError
from sweeps.store import parts as module
from sweeps.store import schema
from sweeps.store.store import Store
from sweeps.sweep import Silent


def empty(path):
    path.write_bytes(b"")


def torn(path):
    path.write_bytes(path.read_bytes()[:200])


def zeros(path):
    path.write_bytes(bytes(path.stat().st_size))


def holes(path):
    """Bytes of the middle are lost; what describes them, at the end, is not."""
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 3] = bytes(len(content) // 3 - 4)
    path.write_bytes(bytes(content))


def words(path):
    path.write_text("not a table at all\n" * 100)


HARMS = [empty, torn, zeros, holes, words]


class Listening(Silent):
    def __init__(self):
        self.said = []

    def say(self, line):
        self.said.append(line)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return sweep_in(tmp_path_factory.mktemp("results"), tiny()).store


@pytest.fixture
def store(finished, tmp_path):
    shutil.copytree(finished.results, tmp_path, dirs_exist_ok=True)
    return Store(tmp_path, "tiny")


@pytest.mark.parametrize("harm", HARMS)
def test_readers_name_a_damaged_part_leave_it_out_and_say_that_the_rest_is_not_all(store, harm, capsys):
    part = store.parts("trials")[0]
    harm(part)
    assert store.trials().num_rows == 14
    assert part.name in store.incomplete
    assert part.exists()
    assert cli.main(["status", "tiny", "--results", str(store.results)]) == 0
    said = capsys.readouterr().out
    assert "Incomplete: 1 damaged part of the results could not be read" in said
    assert "14 of 16 trials done" in said
    results = load(store.results, "tiny")
    assert gaps(results)[0] == results.incomplete
    assert part.name in results.incomplete


@pytest.mark.parametrize("harm", HARMS)
def test_a_sweep_moves_damaged_parts_away_says_so_and_runs_their_trials_again(store, finished, harm):
    first, second, *others = store.parts("trials")
    before = {path: path.read_bytes() for path in others}
    harm(first)
    harm(second)
    broken = first.read_bytes()
    told = store.repair()
    assert [f"{path} was damaged" in line for path, line in zip((first, second), told, strict=True)] == [
        True
    ] * 2
    assert (store.path / "damaged" / "trials" / first.name).read_bytes() == broken
    sweep_in(store.results, tiny())
    assert essential(store.trials()) == essential(finished.trials())
    assert store.incomplete == ""
    assert {path: path.read_bytes() for path in others} == before
    assert store.repair() == []


def test_rows_go_with_their_damaged_curves_so_that_these_are_made_again(store):
    part = store.parts("trials")[0]
    point = dict.fromkeys(schema.CURVE_COLUMNS) | {"trial_id": "x", "step": 1}
    curve = module.write_part(schema.table([point], schema.CURVE_COLUMNS), store.path / "curves" / part.name)
    torn(curve)
    assert store.curves().num_rows == 0
    assert f"curves/{curve.name}" in store.incomplete
    assert len(store.repair()) == 1
    assert not part.exists()
    assert not curve.exists()
    assert (store.path / "damaged" / "trials" / part.name).exists()
    assert (store.path / "damaged" / "curves" / part.name).exists()


def test_a_part_that_the_system_does_not_let_us_read_is_not_damaged(store, monkeypatch):
    part = store.parts("trials")[0]

    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.pq, "ParquetFile", refuse)
    with pytest.raises(InputError, match=f"Cannot read {part}: Permission denied"):
        store.repair()
    assert part.exists()


def test_results_of_another_version_are_refused_and_stay_where_they_are(store, monkeypatch, capsys):
    monkeypatch.setattr(schema, "VERSION", 99)
    other = store.append([dict.fromkeys(schema.TRIAL_COLUMNS) | {"trial_id": "x", "stage": "search"}], [])
    monkeypatch.undo()
    before = sorted(store.path.rglob("*"))
    with pytest.raises(InputError, match="schema version 99; this lstm-variants reads 1"):
        store.repair()
    assert cli.main(["status", "tiny", "--results", str(store.results)]) == 2
    assert "Use the version that wrote it" in capsys.readouterr().err
    assert sorted(store.path.rglob("*")) == before
    assert other.exists()


def test_a_part_is_on_the_disk_before_it_has_its_name_and_its_name_before_anybody_is_told(store, monkeypatch):
    done = []
    sync, replace = os.fsync, os.replace

    def name_of(handle):
        return os.path.basename(os.readlink(f"/proc/self/fd/{handle}"))

    monkeypatch.setattr(os, "fsync", lambda handle: (done.append(("sync", name_of(handle))), sync(handle)))
    monkeypatch.setattr(
        os, "replace", lambda a, b: (done.append(("rename", os.path.basename(b))), replace(a, b))
    )
    part = store.append([dict.fromkeys(schema.TRIAL_COLUMNS) | {"trial_id": "x", "stage": "search"}], [])
    (first, temporary), second, third = done
    assert first == "sync"
    assert temporary.startswith(f".{part.name}")
    assert second == ("rename", part.name)
    assert third == ("sync", "trials")
