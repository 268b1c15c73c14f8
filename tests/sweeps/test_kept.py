"""`sweep --keep`: networks of confirmed trials are kept as asked for, whatever happens on the way, and nothing else."""

import json
import shutil

import numpy as np
import pytest
from planning import search_entries
from studies import tiny

from sweeps import cli, kept
from sweeps.job import Keep
from sweeps.plan import rank
from sweeps.remade import remade
from sweeps.store import schema
from sweeps.store.store import Store
from sweeps.sweep import Silent, sweep

pytestmark = pytest.mark.slow


def essential(store):
    """Rows by trial, without what may differ between two runs of the same trial."""
    table = store.trials()
    keep = [name for name in table.column_names if name not in schema.INCIDENTAL]
    return sorted(table.select(keep).to_pylist(), key=lambda row: row["trial_id"])


def confirmed(store):
    return [row for row in store.trials().to_pylist() if row["stage"] == "confirm"]


def best_of(store):
    """By cell and task the confirmed trial that is best on validation."""
    found = {}
    for row in sorted(confirmed(store), key=rank):
        found.setdefault((row["cell"], row["task"]), row["trial_id"])
    return set(found.values())


class Saying(Silent):
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    """The store of the tiny study, swept with nothing kept."""
    store = Store(tmp_path_factory.mktemp("without"), "tiny")
    sweep(tiny(), store)
    return store


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """The same with everything kept."""
    store = Store(tmp_path_factory.mktemp("all"), "tiny")
    sweep(tiny(), store, keep="all")
    return store


def copied(store, folder):
    shutil.copytree(store.path, folder / "tiny")
    return Store(folder, "tiny")


def names(store):
    return set(kept.listed(store.path / kept.FOLDER))


def test_what_is_kept_changes_no_row_and_nothing_is_kept_unless_asked_for(without, swept):
    assert essential(without) == essential(swept)
    assert not (without.path / kept.FOLDER).exists()
    assert names(swept) == {row["trial_id"] for row in confirmed(swept)}


def test_best_keeps_the_seed_of_each_cell_and_task_that_is_best_on_validation(tmp_path, without):
    store = Store(tmp_path, "tiny")
    listener = Saying()
    sweep(tiny(), store, keep="best", listener=listener)
    assert names(store) == best_of(store)
    assert len(names(store)) == 4
    assert not any("trained again" in line for line in listener.lines)
    assert essential(store) == essential(without)


def test_of_a_sweep_without_keep_the_missing_networks_are_made_again_and_no_row_is_added(tmp_path, without):
    store, listener = copied(without, tmp_path), Saying()
    rows, parts = essential(store), sorted(store.path.glob("*/*.parquet"))
    sweep(tiny(), store, keep="best", listener=listener)
    assert any("4 of the networks to keep are not there" in line for line in listener.lines)
    assert names(store) == best_of(store)
    assert essential(store) == rows
    assert sorted(store.path.glob("*/*.parquet")) == parts
    again = Saying()
    sweep(tiny(), store, keep="best", listener=again)
    assert not again.lines


def test_a_network_that_was_kept_is_the_one_that_its_row_tells_of(swept, without):
    """Found or trained again: the same parameters and the row's scores, bit for bit."""
    from experiments import from_json

    rows = [row for row in confirmed(swept) if row["cell"] == "gru"]
    stored = [(from_json(row["spec"]), row) for row in rows]
    found = remade(stored, swept, lambda done: None)
    trained = remade(stored, without, lambda done: None)
    assert [one.kept for one in found] == [True] * len(rows)
    assert [one.kept for one in trained] == [False] * len(rows)
    for a, b in zip(found, trained, strict=True):
        np.testing.assert_array_equal(a.parameters, b.parameters)
        assert not a.differs
        assert not b.differs
        assert "bit for bit" in a.words
    assert np.abs(found[0].parameters - found[0].untrained).max() > 1e-3


def test_what_is_damaged_or_of_other_code_is_as_good_as_not_there(tmp_path, swept):
    from experiments import from_json

    store = copied(swept, tmp_path)
    (row, *_) = [row for row in confirmed(store) if row["cell"] == "lstm"]
    stored = [(from_json(row["spec"]), row)]
    one = kept.listed(store.path / kept.FOLDER)[row["trial_id"]][0]
    for file in one.path.with_suffix("").rglob("*"):
        if file.is_file() and file.stat().st_size > 100:
            file.write_bytes(file.read_bytes()[:-40])
    (made,) = remade(stored, store, lambda done: None)
    assert (made.kept, made.differs) == (False, {})
    (made,) = remade([(stored[0][0], row | {"code": "mine:Cell 1234"})], swept, lambda done: None)
    assert not made.kept


def test_a_score_that_is_not_the_rows_is_said_with_what_may_explain_it(swept):
    from experiments import from_json

    row = confirmed(swept)[0]
    stored = [(from_json(row["spec"]), row | {"test_score": 0.25, "device": "cpu of another kind"})]
    (made,) = remade(stored, swept, lambda done: None)
    assert list(made.differs) == ["test_score"]
    assert "test score 0.2500 in the row" in made.words
    assert "device cpu of another kind there" in made.words


def test_a_cohort_that_was_killed_between_its_networks_and_its_rows_is_run_again(tmp_path, swept):
    store = copied(swept, tmp_path)
    for part in store.path.glob("*/confirm-*.parquet"):
        part.unlink()
    assert not confirmed(store)
    sweep(tiny(), store, keep="all")
    assert essential(store) == essential(swept)
    assert names(store) == names(swept)


# ------------------------------------------------------------------ what stays in the folder, without any training


def saved(folder, entries, value):
    kept.save(folder, entries, np.full((len(entries), 3), value, np.float32))


def test_what_a_killed_process_left_without_its_list_is_removed_and_other_trials_stay(tmp_path):
    entries = search_entries(tiny().study)[:4]
    rows = [
        {"trial_id": e.id, "status": "finished", "valid_score": s, "valid_loss": 0.1}
        for e, s in zip(entries, (0.5, 0.9, 0.2, 0.1), strict=True)
    ]
    assert {e.arm for e in entries[:2]} == {entries[0].arm}
    for k, entry in enumerate(entries):
        saved(tmp_path, [entry], k)
    (tmp_path / "0123-killed").mkdir()
    (tmp_path / f"{entries[1].id}.orbax-checkpoint-tmp-7").mkdir()
    keep = Keep(folder=tmp_path, best=True)
    kept.tidy(keep, list(zip(entries[:2], rows[:2], strict=True)))
    assert set(kept.listed(tmp_path)) == {entries[1].id, entries[2].id, entries[3].id}
    assert sorted(p.suffix for p in tmp_path.iterdir()) == ["", "", "", ".json", ".json", ".json"]
    kept.tidy(keep, [(e, r | {"status": "diverged"}) for e, r in zip(entries, rows, strict=True)])
    assert not tmp_path.exists()


def test_of_a_network_that_is_kept_twice_the_newer_counts(tmp_path):
    import os

    first, second, *_ = search_entries(tiny().study)
    saved(tmp_path, [first], 1)
    (old,) = tmp_path.glob("*.json")
    os.utime(old, (1, 1))
    saved(tmp_path, [first, second], 2)
    (newest, before) = kept.listed(tmp_path)[first.id]
    assert (kept.load(newest)[0], kept.load(before)[0]) == (2, 1)
    assert json.loads(newest.path.read_text())["trials"][1]["id"] == second.id


def test_a_folder_that_can_not_be_written_is_a_warning(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match="No network was kept"):
        saved(tmp_path / "file", search_entries(tiny().study)[:1], 1)


def test_the_command_says_where_the_networks_are(tmp_path, capsys):
    from studies import write_study

    study = write_study(tmp_path, name="keeping")
    asked = ["--results", str(tmp_path), "--workers", "0", "--wandb", "off", "--keep", "best"]
    assert cli.main(["sweep", str(study), *asked]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Networks kept for inspect and generate: 3, in" in out
    with pytest.raises(SystemExit):
        cli.main(["sweep", str(study), *asked[:-1], "worst"])
