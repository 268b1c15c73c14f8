"""`train --again`: a stored row is checked by training its trial once more."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from studies import TEXT, write_study

from experiments import from_json, trial_id
from sweeps import cli
from sweeps.commands.train_again import excuse
from sweeps.store.store import Store

pytestmark = pytest.mark.slow

SHIPPED = Path(__file__).parents[2] / "docs" / "quick" / "results"


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A store of twelve trials, and their ids."""
    folder = tmp_path_factory.mktemp("again")
    study = write_study(folder, name="swept")
    assert cli.main(["sweep", str(study), "--results", str(folder), "--workers", "0", "--wandb", "off"]) == 0
    return folder, Store(folder, "swept").trials(["trial_id"])["trial_id"].to_pylist()


def edited(folder, name, **changes):
    """The store with changed values in the row of one trial."""
    (path,) = [
        p
        for p in (folder / "swept" / "trials").glob("*.parquet")
        if name in pq.read_table(p)["trial_id"].to_pylist()
    ]
    table = pq.read_table(path)
    row = table["trial_id"].to_pylist().index(name)
    for column, value in changes.items():
        values = table[column].to_pylist()
        values[row] = value
        i = table.column_names.index(column)
        table = table.set_column(i, table.schema.field(i), pa.array(values, table.schema.field(i).type))
    pq.write_table(table, path)


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_stored_trial_gives_the_same_bits_again_and_nothing_is_written(swept, capsys):
    folder, ids = swept
    before = files(folder)
    code, out = run(capsys, "train", "--again", ids[0], "--results", folder)
    assert (code, "bit for bit: " in out) == (0, True), out
    assert files(folder) == before


def test_an_id_may_be_cut_short_while_one_trial_begins_with_it(swept, capsys):
    folder, ids = swept
    length = next(n for n in range(1, 13) if sum(name.startswith(ids[1][:n]) for name in ids) == 1)
    code, out = run(capsys, "train", "--again", ids[1][:length], "--results", folder)
    assert (code, "bit for bit" in out) == (0, True), out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--again", "zzz"], "No trial below"),
        (["--again", ""], "12 trials below"),
        (["--again", "a", "--steps", "3", "--cell", "lstm"], "leave out --cell, --steps"),
        (["--cell", "lstm"], "train needs --cell NAME and --task NAME, or --again TRIAL_ID"),
    ],
)
def test_what_names_no_single_stored_trial_is_refused(swept, capsys, arguments, message):
    code, out = run(capsys, "train", *arguments, "--results", swept[0])
    assert (code, message in out) == (2, True), out


def test_a_number_that_was_edited_is_found_and_its_size_is_said(swept, capsys):
    folder, ids = swept
    (row,) = [r for r in Store(folder, "swept").trials().to_pylist() if r["trial_id"] == ids[2]]
    edited(folder, ids[2], test_loss=row["test_loss"] + 0.5)
    code, out = run(capsys, "train", "--again", ids[2], "--results", folder)
    assert (code, "1 of " in out, "test_loss" in out, "0.5" in out) == (1, True, True, True), out
    assert "the numbers should be" in out
    edited(folder, ids[2], device="cpu of another kind")
    code, out = run(capsys, "train", "--again", ids[2], "--results", folder)
    assert (code, "cpu of another kind in the row" in out) == (0, True), out


def test_a_row_that_was_made_into_another_trials_is_refused(swept, capsys):
    folder, ids = swept
    (row,) = [r for r in Store(folder, "swept").trials().to_pylist() if r["trial_id"] == ids[3]]
    edited(folder, ids[3], spec=json.dumps(json.loads(row["spec"]) | {"seed": 77}))
    code, out = run(capsys, "train", "--again", ids[3], "--results", folder)
    assert (code, "it was edited" in out) == (2, True), out


def test_only_another_device_library_or_a_gpu_excuses_other_numbers():
    assert excuse("cpu x", ["commit", "version.project"]) is None
    assert "library" in excuse("cpu x", ["version.jax"])
    assert "device" in excuse("cpu x", ["device", "version.jax"])
    assert "--deterministic" in excuse("gpu x", [])


def test_every_row_that_is_shipped_reads_back_as_the_trial_that_it_names():
    rows = Store(SHIPPED, "quick").trials(["trial_id", "spec"]).to_pylist()
    assert len(rows) > 200
    assert all(trial_id(from_json(row["spec"])) == row["trial_id"] for row in rows)


def test_a_trial_that_its_search_stopped_is_trained_as_far_again_and_no_further(tmp_path, capsys):
    places = "sweeps.spaces import log_uniform\nfrom sweeps.strategies.halving import halving"
    text = TEXT.replace("sampled", "halving").replace("sweeps.spaces import log_uniform, halving", places)
    study = write_study(tmp_path, text.replace("trials=2)", "trials=3, rungs=(0.5,))"), name="halved")
    assert run(capsys, "sweep", study, "--results", tmp_path, "--workers", "0", "--wandb", "off")[0] == 0
    rows = Store(tmp_path, "halved").trials(["trial_id", "status"]).to_pylist()
    stopped = [row["trial_id"] for row in rows if row["status"] == "stopped"]
    assert len(stopped) == 2 * 3
    code, out = run(capsys, "train", "--again", stopped[0], "--results", tmp_path)
    assert code == 0, out
    assert "Stopped after 10 updates, as its search did" in out
    assert "bit for bit" in out
