"""Published tables beside measured numbers: the page is what the results say, and every arm that it names exists."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.claims.published_table import MEASURES, Row
from analysis.claims.published_tables import TABLES
from analysis.report.published_page import measured, page
from sweeps.study_file import load_study, shipped

DOCS = Path(__file__).parents[2] / "docs"
ROW = Row(network="LSTM", printed="0.9", task="t", cell="lstm")


def runs(scores, **columns):
    return pd.DataFrame({"task": "t", "cell": "lstm", "status": "finished", "test_score": scores} | columns)


def test_the_page_is_what_the_shipped_results_say():
    assert page(DOCS) == (DOCS / "published.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("told", TABLES, ids=lambda told: told.title)
def test_every_arm_that_a_published_table_names_is_in_its_study(told):
    assert told.study in shipped()
    assert told.measure in MEASURES
    study = load_study(told.study).study
    arms = {(task, cell) for cell, _, task, _ in study.arms()}
    named = {(row.task, row.cell) for row in told.rows if row.cell}
    assert named
    assert {(task, cell) for task, cell in named if cell != "rnn"} <= arms


def test_a_number_comes_with_its_interval_and_its_seeds():
    """Of 0.8, 0.9 and 1.0: t with two degrees of freedom, 4.303 standard errors of 0.0577."""
    assert measured(ROW, runs([0.8, 0.9, 1.0]), "score") == "0.900 (0.652 to 1.148; 3 seeds of lstm)"


def test_seeds_that_did_not_finish_count_as_failures():
    table = runs(
        [0.9, 0.9, np.nan], status=["finished", "finished", "diverged"], test_error=[0.1, 0.1, np.nan]
    )
    assert measured(ROW, table, "score").startswith("0.600 (")
    assert measured(ROW, table, "accuracy").startswith("60.0 (")


def test_a_mean_loss_is_not_told_where_a_seed_has_none():
    table = runs([0.9, 0.0], status=["finished", "diverged"], test_loss=[0.1, np.nan])
    assert measured(ROW, table, "loss") == "1 of 2 seeds without a loss"


def test_scores_above_chance_are_told_as_right_answers():
    """Scores of 0.6 and 1.0 above guessing among four: 0.7 and 1.0 right."""
    row = replace(ROW, chance=1 / 4)
    assert measured(row, runs([0.6, 1.0]), "answers").startswith("85.0 (")


def test_what_is_right_on_longer_sequences_is_a_mean_over_their_lengths_beside_the_best_seed():
    """Of three seeds 1.0, 0.5 and, as it did not finish, 0 above chance; other columns have no part in it."""
    table = runs(
        [1.0, 1.0, np.nan],
        status=["finished", "finished", "diverged"],
        test_score_x2=[1.0, 0.8, np.nan],
        test_score_x6=[1.0, 0.2, np.nan],
        test_error_x2=[0.0, 0.9, np.nan],
        test_score_x100=np.nan,  # of another task
    )
    text = measured(replace(ROW, chance=1 / 2), table, "longer")
    assert text.startswith("75.0 (")
    assert text.endswith("; 3 seeds of lstm, best 100.0)")


def test_what_was_not_run_is_empty():
    assert measured(ROW, None, "score") == ""
    assert measured(Row(network="TCN", printed="1"), runs([0.9, 0.9]), "score") == ""
