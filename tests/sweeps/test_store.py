"""Results survive: parts are atomic, reading is exact, damage is named and contained."""

import json
import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from experiments.specs import flatten
from sweeps.errors import InputError
from sweeps.store import schema
from sweeps.store.declaration import Declaration
from sweeps.store.parts import part_name
from sweeps.store.store import Store
from sweeps.study_file import load_study, shipped

DECLARATION = Declaration(study="s", doc="Doc.", cells=["a"], tasks=["t"], plan={"search": ["x"]})


def trial(identity, **values):
    row = dict.fromkeys(schema.TRIAL_COLUMNS)
    row |= {
        "schema_version": schema.VERSION,
        "trial_id": identity,
        "study": "s",
        "stage": "search",
        "cell": "a",
    }
    return row | {"task": "t", "seed": 1, "status": "finished", "test_score": 0.25} | values


def point(identity, step):
    row = dict.fromkeys(schema.CURVE_COLUMNS)
    return row | {"schema_version": schema.VERSION, "trial_id": identity, "step": step, "valid_score": 0.5}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path, "s").prepare()


def test_rows_come_back_as_they_were_with_the_declared_types(store):
    store.append([trial("a", **{"cell.hidden": 3})], [point("a", 10), point("a", 20)])
    table = store.trials()
    assert table.schema.names[: len(schema.TRIAL_COLUMNS)] == list(schema.TRIAL_COLUMNS)
    assert all(table.schema.field(n).type == kind for n, (kind, _, _) in schema.TRIAL_COLUMNS.items())
    assert table.to_pylist()[0]["test_score"] == 0.25
    assert table.to_pylist()[0]["cell.hidden"] == 3
    assert store.curves()["step"].to_pylist() == [10, 20]


def test_every_column_says_its_unit_and_meaning_in_the_file(store):
    path = store.append([trial("a")], [])
    for field in pq.read_schema(path):
        assert field.metadata[b"meaning"]
        assert b"unit" in field.metadata


def test_a_row_that_lacks_a_declared_column_is_refused(store):
    row = trial("a")
    del row["commit"]
    with pytest.raises(KeyError, match="commit"):
        store.append([row], [])
    assert store.parts("trials") == []


def test_cells_with_other_fields_live_in_one_table(store):
    store.append([trial("a", **{"cell.hidden": 3, "cell.forget_bias": 1.0})], [])
    store.append([trial("b", **{"cell.hidden": 4, "cell.periods": "[1, 2]"})], [])
    rows = {row["trial_id"]: row for row in store.trials().to_pylist()}
    assert rows["a"]["cell.periods"] is None
    assert rows["b"]["cell.periods"] == "[1, 2]"


def test_a_late_duplicate_counts_once_whatever_part_it_comes_in(store):
    store.append([trial("a"), trial("b")], [point("a", 10)])
    store.append([trial("a"), trial("b")], [point("a", 10)])
    assert len(store.parts("trials")) == 1
    store.append([trial("b"), trial("c")], [])
    assert sorted(store.trials()["trial_id"].to_pylist()) == ["a", "b", "c"]
    assert store.curves().num_rows == 1


def test_a_row_that_did_not_fail_counts_before_one_that_did(store):
    store.append([trial("a", status="failed", error="x")], [])
    store.append([trial("a"), trial("b")], [])
    assert {r["trial_id"]: r["status"] for r in store.trials(["trial_id", "status"]).to_pylist()} == {
        "a": "finished",
        "b": "finished",
    }


def test_a_temporary_file_of_a_killed_writer_is_not_read(store):
    store.append([trial("a")], [])
    (store.path / "trials" / f".{part_name('search', ['z'])}.0.tmp").write_bytes(b"half a part")
    assert store.trials()["trial_id"].to_pylist() == ["a"]


def test_a_damaged_part_is_named_and_the_others_are_untouched(store):
    good = store.append([trial("a")], [])
    bad = store.append([trial("b")], [])
    bad.write_bytes(bad.read_bytes()[:100])
    assert store.trials()["trial_id"].to_pylist() == ["a"]
    assert store.incomplete.startswith(
        "Incomplete: 1 damaged part of the results could not be read and is left out"
    )
    assert f"trials/{bad.name}" in store.incomplete
    assert good.exists()
    assert bad.exists()
    Store(store.results, store.study).repair()
    assert store.incomplete == ""  # also for who looked before another process moved it


def test_a_part_of_another_schema_version_is_refused(store, monkeypatch):
    monkeypatch.setattr(schema, "VERSION", 99)
    store.append([trial("a")], [])
    monkeypatch.undo()
    with pytest.raises(InputError, match="schema version 99; this lstm-variants reads 1"):
        store.trials()


def test_a_file_in_the_way_of_the_results_is_named(tmp_path):
    (tmp_path / "results").write_text("")
    with pytest.raises(InputError, match=r"results is a file. Move it away or name another with --results"):
        Store(tmp_path / "results", "s").prepare()


def test_a_study_that_never_ran_names_those_that_did(store):
    with pytest.raises(InputError, match="nothing is there"):
        store.declaration()
    store.declare(DECLARATION)
    assert store.declaration() == DECLARATION
    with pytest.raises(InputError, match="found: s"):
        Store(store.results, "other").declaration()


def test_a_damaged_declaration_is_named(store):
    (store.path / "study.json").write_text('{"study": "s", "colour": 1}')
    with pytest.raises(InputError, match="is not a study declaration"):
        store.declaration()


def test_one_sweep_at_a_time_and_a_killed_one_lets_go(store):
    script = (
        "import sys, time; from sweeps.store.store import Store\n"
        f"with Store({str(store.results)!r}, 's').lock(): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(InputError, match=f"process {process.pid}"), store.lock():
        pass
    process.kill()
    process.communicate()
    with store.lock():
        assert json.loads((store.path / ".lock").read_text())["process"] == os.getpid()
    assert (store.path / ".lock").read_text() == ""


@pytest.mark.parametrize("module", ["sweeps.store.store", "sweeps.commands.status", "sweeps.commands.watch"])
def test_reading_results_starts_nothing(module):
    script = f"import sys, {module}; print({{'jax', 'ray', 'wandb', 'experiments'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_field_that_is_a_number_in_one_spec_and_a_tuple_in_another_is_text(store):
    wave, sine = trial("a", **{"task.periods": "[8, 32]"}), trial("b", **{"task.periods": 10})
    whole, half = trial("c", **{"task.x": 1}), trial("d", **{"task.x": 0.5})
    for row in (wave, sine, whole, half):
        store.append([row], [])
    rows = {row["trial_id"]: row for row in store.trials().to_pylist()}
    assert [rows[i]["task.periods"] for i in "abc"] == ["[8, 32]", "10", None]
    assert [rows[i]["task.x"] for i in "cd"] == [1.0, 0.5]
    together = schema.table([wave, sine, whole, half], schema.TRIAL_COLUMNS)
    assert together.column("task.periods").to_pylist() == ["[8, 32]", "10", None, None]
    assert together.column("task.x").to_pylist() == [None, None, 1.0, 0.5]


@pytest.mark.parametrize("name", shipped())
def test_the_arms_of_every_shipped_study_fit_into_one_store(name, store):
    for cell, spec, task, what in load_study(name).study.arms():
        fields = {f"cell.{k}": v for k, v in flatten(spec).items()}
        fields |= {f"task.{k}": v for k, v in flatten(what).items()}
        store.append([trial(f"{cell}/{task}", **fields)], [])
    assert store.trials().num_rows == len(load_study(name).study.arms())
