"""What results are called is what the study calls them now, not what it called them when they ran."""

import json
import shutil
import sys

import pandas as pd
import pytest

from analysis.study.results import load
from analysis.study.tables import Analysed
from analysis.study.trust import trust
from sweeps.cli import main
from sweeps.store.store import Store

pytestmark = pytest.mark.slow

STUDY = '''"""Tiny."""

from experiments import Adam, Adding
from lstm_variants import GRU, LSTM
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Controls, Study

STUDY = Study(
    cells={"a": GRU(hidden=3), "big": LSTM(hidden=4), "small": LSTM(hidden=2)},
    tasks={"adding": Adding(length=4)},
    optimizer=Adam(learning_rate=0.01),
    search=sampled({"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}, trials=2),
    controls=Controls(alias="twin", unable_label="plain"),
    confirm=2,
    steps=20,
    evaluate_every=10,
    batch=4,
    validation_batches=1,
    test_batches=2,
)
'''
SIZES = {"a": 3, "twin": 3, "big": 4, "small": 2, "plain": 32}
SWAPPED = {'"big": LSTM(hidden=4), "small": LSTM(hidden=2)': '"big": LSTM(hidden=2), "small": LSTM(hidden=4)'}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Results of the study as it is above."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "labels.py").write_text(STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        assert main(sweeping(folder)) == 0
    return folder


@pytest.fixture
def edited(first, tmp_path, capsys, monkeypatch):
    """A copy of the results; called with replacements in the study's text it runs a command (default: a sweep)."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    shutil.copytree(first / "results", tmp_path / "results")

    def edit(changes, *command):
        text = STUDY
        for before, after in changes.items():
            assert before in text
            text = text.replace(before, after)
        (tmp_path / "labels.py").write_text(text)
        capsys.readouterr()
        if command:
            arguments = [
                command[0],
                str(tmp_path / "labels.py"),
                *command[1:],
                "--results",
                str(tmp_path / "results"),
            ]
        code = main(arguments if command else sweeping(tmp_path))
        said = capsys.readouterr()
        assert code == 0, said.err
        return " ".join(said.out.split())

    edit.results = tmp_path / "results"
    edit.store = Store(tmp_path / "results", "labels")
    return edit


def sweeping(folder):
    results = ["--results", str(folder / "results")]
    return ["sweep", str(folder / "labels.py"), "--workers", "0", "--wandb", "off", *results]


def sizes(table):
    """Label to hidden units, which must be one size a label."""
    found = {}
    for row in table.to_pylist():
        found.setdefault(row["cell"], set()).add(row["cell.hidden"])
    return {label: size for label, (size,) in found.items()}


def test_swapped_labels_are_swapped_in_the_rows_and_nothing_is_run(edited):
    before = load(edited.results, "labels")
    out = edited(SWAPPED)
    assert "this run made 0" in out
    assert (
        "Renamed, and their results with them: small is now big (4 trials), big is now small (4 trials)."
        in out
    )
    assert sizes(edited.store.trials()) == SIZES | {"big": 2, "small": 4}
    after = load(edited.results, "labels")
    other = {"big": "small", "small": "big"}
    for old, new in ((before.trials, after.trials), (before.curves, after.curves)):
        was, now = (dict(zip(t["trial_id"], t["cell"], strict=True)) for t in (old, new))
        assert now == {name: other.get(cell, cell) for name, cell in was.items()}
    # Said once: the next sweep finds the names that it has declared.
    assert "Renamed" not in edited(SWAPPED)


def test_the_report_gives_scores_to_the_labels_of_now(edited, tmp_path):
    before = Analysed(load(edited.results, "labels")).verdicts.set_index(["a", "b"])["value"]
    edited(SWAPPED)
    edited(SWAPPED, "report", "--out", str(tmp_path / "report"))
    after = pd.read_csv(tmp_path / "report" / "verdicts.csv").set_index(["a", "b"])["value"]
    assert before["a", "big"] != pytest.approx(before["a", "small"])
    assert after["a", "big"] == pytest.approx(before["a", "small"])
    assert after["a", "small"] == pytest.approx(before["a", "big"])


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({'"big": LSTM': '"large": LSTM'}, {"large": 4}),
        ({'alias="twin"': 'alias="again"'}, {"again": 3}),
        ({'unable_label="plain"': 'unable_label="vanilla"'}, {"vanilla": 32}),
        ({'"a": GRU': '"b": GRU'}, {"b": 3}),
    ],
)
def test_a_label_that_is_renamed_keeps_its_results(edited, changes, now):
    assert "this run made 0" in edited(changes)
    (label,) = now
    (old,) = [name for name in SIZES if f'"{name}"' in next(iter(changes))]
    assert sizes(edited.store.planned().rows) == {k: v for k, v in SIZES.items() if k != old} | now
    status = edited(changes, "status")
    assert status.startswith("20 of 20 trials done")
    assert f"{label} 2 2 " in status
    assert old not in status.split()


def test_a_task_that_is_renamed_keeps_its_results(edited):
    assert "adding is now sum (20 trials)" in edited({'"adding": Adding': '"sum": Adding'})
    results = load(edited.results, "labels")
    assert set(results.trials["task"]) == set(results.curves["task"]) == {"sum"}
    assert results.missing("confirm") == results.missing("search") == 0


def test_a_cell_that_is_removed_is_left_out_and_counted_and_comes_back_without_running(edited):
    removed = {', "small": LSTM(hidden=2)': ""}
    out = edited(removed)
    assert "No longer in the study: small." in out
    results = load(edited.results, "labels")
    assert "small" not in set(results.trials["cell"])
    assert results.left_out == 4
    table = Analysed(results).verdicts
    assert any(line.startswith("4 rows in the store left out") for line in trust(results, table).warnings)
    assert "this run made 0" in edited({})
    assert sizes(edited.store.planned().rows) == SIZES


def test_a_new_cell_under_an_old_label_takes_none_of_its_results(edited):
    out = edited({"LSTM(hidden=2)": "LSTM(hidden=5)"})
    assert "this run made 4" in out
    assert sizes(edited.store.planned().rows) == SIZES | {"small": 5}
    assert load(edited.results, "labels").left_out == 4


def test_before_a_sweep_the_results_are_called_as_they_were_declared_and_plan_says_what_will_change(edited):
    out = edited(SWAPPED, "plan", "--workers", "0")
    assert "small is now big (4 trials), big is now small (4 trials)" in out
    assert sizes(edited.store.trials()) == SIZES


def test_rows_of_a_declaration_from_before_labels_were_in_it_keep_their_own(edited):
    path = edited.store.path / "study.json"
    old = json.loads(path.read_text())
    del old["labels"], old["codes"]
    path.write_text(json.dumps(old))
    assert sizes(edited.store.planned().rows) == SIZES
    assert "small is now big (4 trials), big is now small (4 trials)" in edited(SWAPPED)
    assert sizes(edited.store.planned().rows) == SIZES | {"big": 2, "small": 4}


def test_what_was_written_is_not_edited(edited):
    parts = {path: path.read_bytes() for path in edited.store.path.glob("*/*.parquet")}
    edited(SWAPPED)
    assert parts == {path: path.read_bytes() for path in edited.store.path.glob("*/*.parquet")}
