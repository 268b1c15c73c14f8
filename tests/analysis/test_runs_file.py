"""The table of all shipped runs is what the shipped results give, and its page says what is in it."""

import doctest
import io
import re
import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.report import runs_file
from analysis.report.runs_file import content, filled, runs, studies
from analysis.study.results import load
from sweeps.errors import InputError
from sweeps.store.schema import LONGER, TRIAL_COLUMNS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "data.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def table():
    return runs(DOCS)


@pytest.fixture(scope="module")
def shipped():
    return pd.read_parquet(DOCS / "runs.parquet")


def test_the_file_is_what_the_shipped_results_give(table):
    stored = pq.read_table(DOCS / "runs.parquet")
    assert stored.schema.equals(table.schema, check_metadata=True), "run `make runs`"
    assert stored.equals(table), "run `make runs`"


def test_the_same_results_give_the_same_bytes(table):
    made = content(table)
    stored = (DOCS / "runs.parquet").read_bytes()
    assert len(made) < 1.5e6
    if written_by(made) == written_by(stored):  # another version of pyarrow may write other bytes
        assert made == stored, "run `make runs`"


def written_by(file):
    return pq.ParquetFile(io.BytesIO(file)).metadata.created_by


def test_the_page_says_what_is_in_the_file(table):
    assert filled(PAGE, table) == PAGE, "run `make runs`"
    assert set(re.findall(r"^\| `(\S+)` \|", PAGE, re.MULTILINE)) == set(table.column_names)
    told = [f.metadata[b"meaning"].decode() for f in table.schema]
    assert all(len(meaning) > 5 for meaning in told)


def test_the_examples_on_the_page_run_and_print_what_stands_there(monkeypatch):
    monkeypatch.chdir(DOCS.parent)
    blocks = "\n".join(re.findall(r"```pycon\n(.*?)```", PAGE, re.DOTALL))
    examples = doctest.DocTestParser().get_doctest(blocks, {}, "data.md", None, 0)
    tried = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(examples)
    assert tried.attempted > 10
    assert tried.failed == 0


def test_every_shipped_trial_is_in_the_file_once_with_its_scores_and_settings(shipped):
    assert not shipped.duplicated(["study", "trial_id"]).any()
    for results, name in studies(DOCS):
        trials = load(results, name).trials.set_index("trial_id")
        mine = shipped[shipped["study"] == name].set_index("trial_id")
        assert mine.index.tolist() == trials.index.tolist()
        shared = [
            c
            for c in trials
            if c in mine
            and (c in TRIAL_COLUMNS or LONGER.fullmatch(c) or c.startswith(("optimizer", "task")))
        ]
        assert {"valid_score", "test_score", "optimizer.learning_rate", "stage", "task.type"} <= set(shared)
        changed = {"cell.type", "solved", "solved_step"}  # of the cell in layers; as `load` reads them
        for column in sorted(set(shared) - changed):
            a, b = trials[column].astype(object), mine[column].astype(object)
            same = (a == b) | (a.isna() & b.isna()) | (a.astype(str) == b.astype(str))
            assert same.all(), (name, column)


def test_a_cell_in_layers_has_its_fields_under_their_own_names(shipped):
    comparable = shipped[shipped["study"] == "comparable"]
    assert set(comparable["layers.type"]) == {"Layers"}
    assert set(comparable["cell.hidden"]) == {8, 16, 32}
    by_cell = comparable.groupby("cell")[["cell.type", "layers.layers", "cell.layers"]].first()
    assert by_cell.loc["stacked"].tolist()[:2] == ["LSTM", 2]
    assert by_cell.loc["depth_gated"].tolist() == ["DepthGatedLSTM", 1, 2]
    quick = shipped[shipped["study"] == "quick"]
    assert quick["layers.type"].isna().all()
    assert set(quick["cell.hidden"]) == {16}


def test_a_study_that_is_added_is_found_by_itself(tmp_path):
    shutil.copytree(DOCS / "quick" / "results", tmp_path / "quick" / "results")
    one = runs(tmp_path)
    shutil.copytree(DOCS / "quick" / "results" / "quick", tmp_path / "another" / "results" / "second")
    both = runs(tmp_path)
    names = both["study"].to_pylist()
    assert names == ["second"] * one.num_rows + ["quick"] * one.num_rows
    assert both.slice(one.num_rows).equals(one)


def test_results_that_are_damaged_or_not_there_are_refused(tmp_path):
    with pytest.raises(InputError, match="no results of a study"):
        runs(tmp_path)
    shutil.copytree(DOCS / "quick" / "results", tmp_path / "quick" / "results")
    part = next((tmp_path / "quick" / "results" / "quick" / "trials").glob("confirm*"))
    part.write_bytes(part.read_bytes()[:1000])
    (tmp_path / "data.md").write_text(f"{runs_file.BEGIN}\n{runs_file.END}\n")
    with pytest.raises(InputError, match="damaged part"):
        runs_file.main(tmp_path)
    assert not (tmp_path / "runs.parquet").exists()


def test_a_page_without_a_place_for_the_columns_is_refused(table):
    with pytest.raises(InputError, match="no lines <!-- runs:begin"):
        filled("# A page\n", table)
