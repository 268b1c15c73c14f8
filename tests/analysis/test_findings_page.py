"""The answer in plain words: every sentence is what the shipped tables say, whichever way they fall."""

import math
from pathlib import Path

import pandas as pd
import pytest

from analysis.report.findings_page import (
    LINK,
    NAMES,
    apart,
    beyond,
    flagship,
    frontier,
    page,
    published,
    rows_of,
    settings,
    unknown,
)
from analysis.statistics.search.importance import MAIN
from sweeps.study_file import load_study

DOCS = Path(__file__).parents[2] / "docs"


def rows(**standing):
    """Verdicts of cells on tasks against the LSTM: `gru_s="worse"` is of gru on s."""
    return pd.DataFrame(
        {
            "cell": [key.rpartition("_")[0] for key in standing],
            "task": [key.rpartition("_")[2] for key in standing],
            "b": "lstm",
            "margin": 0.1,
            "value": [{"worse": -0.3, "better": 0.2}.get(kind, 0.01) for kind in standing.values()],
            "standing": list(standing.values()),
        }
    )


def test_the_page_is_what_the_shipped_results_say_and_fits_a_screen():
    text = page(DOCS)
    assert text == (DOCS / "findings.md").read_text(encoding="utf-8")
    assert len(text.split()) < 500


def test_every_cell_of_the_studies_has_a_name_in_plain_words():
    assert set(load_study("comparable").study.cells) <= set(NAMES)
    assert set(load_study("odyssey").study.cells) <= set(NAMES)


def test_controls_have_no_say():
    found = rows_of(DOCS, "comparable")
    assert found is not None
    assert "lstm_again" not in set(found["cell"])
    assert set(found["standing"]) <= {"equivalent", "better", "worse", "undecided"}
    assert rows_of(DOCS, "none") is None


def test_where_most_are_equivalent_it_does_not_matter():
    first, second = flagship(rows(gru_s="equivalent", gru_t="equivalent", nfg_s="undecided"))
    assert first.startswith("**Mostly it does not matter.** Of 3 comparisons of 2 cells")
    assert "2 are equivalent, none better and 1 undecided" in first
    assert "nothing was shown to be better; the GRU is equivalent on every task." in second
    assert "The GRU is equivalent on s and t." in second


def test_where_cells_are_apart_it_matters_and_the_better_one_is_told():
    first, second, third = flagship(rows(gru_s="better", nfg_s="worse", rnn_s="worse"))
    assert first.startswith("**It matters.**")
    assert "Take what is better than the LSTM without peepholes: the GRU on s (+0.20)." in second
    assert "without forget gate on s (−0.30); the plain RNN on s (−0.30)" in third
    (told,) = apart(rows(gru_s="better", nfg_s="worse"))
    assert "Worse: without forget gate on s. Better: the GRU on s." in told


def test_a_difference_is_told_to_be_smaller_than_the_margin_where_it_is():
    few = rows(gru_s="worse", nfg_s="worse", rnn_s="better").assign(value=[-0.08, -0.3, 0.05])
    _, second, third = flagship(few)
    assert "the plain RNN on s (+0.05); 1 of these is smaller than the margin." in second
    assert "the GRU on s (−0.08); 1 of these is smaller than the margin (" in third
    assert "smaller" not in "".join(flagship(rows(nfg_s="worse")))
    (told,) = apart(few)
    assert told.count("1 of these is smaller than the margin.") == 2


def test_every_sentence_leads_to_evidence_that_is_shipped(tmp_path):
    (tmp_path / "frontier_lag").mkdir()
    halves = pd.DataFrame({"part": ["difficulty"], "task": ["s"], "cell": ["lstm"], "t50": [40.0]})
    halves = halves.assign(t50_low=30.0, t50_high=50.0)
    halves.to_csv(tmp_path / "frontier_lag" / "frontier.csv")
    assert "How far back" not in page(tmp_path)
    (tmp_path / "frontier_lag.md").write_text("")
    assert "half of the seeds bridge on s: the LSTM" in page(tmp_path)
    targets = LINK.findall(page(DOCS))
    assert len(targets) > 4
    assert all((DOCS / target).is_file() for target in targets)


def test_the_open_is_told_where_there_is_any():
    (told,) = unknown(rows(gru_s="undecided", gru_t="undecided", nfg_s="worse"))
    assert "on s the GRU; on t the GRU (" in told
    assert list(unknown(rows(gru_s="worse"))) == []


@pytest.mark.parametrize(("cell", "first"), [(0.1, "Tune the learning rate"), (0.9, "Choose the cell")])
def test_what_explains_more_is_told_to_come_first(cell, first):
    shares = pd.DataFrame(
        {
            "kind": MAIN,
            "factor": ["learning rate", "cell", "cell"],
            "value": [0.5, cell, 0.99],
            "meaningful": [True, True, False],
        }
    )
    (told,) = settings(shares)
    assert told.startswith(f"**{first} first.**")
    assert "50% to 50%" in told
    assert list(settings(shares[:1])) == []


def test_lags_are_told_a_task_with_the_side_on_which_those_lie_that_are_not_known():
    halves = pd.DataFrame(
        {
            "part": ["updates", *["difficulty"] * 5],
            "task": ["s_10", "s", "s", "u", "s", "u"],
            "cell": ["lstm", "lstm", "lstm", "lstm", "rnn", "rnn"],
            "t50": [300.0, 40.2, 40.2, None, 12.0, None],
            "t50_low": [200.0, 30.0, 30.0, 160.0, 11.0, 0.0],
            "t50_high": [400.0, 50.0, 50.0, math.inf, 13.0, 11.1],
        }
    )
    (told,) = frontier(halves)
    assert "bridge on s and u: the LSTM 40 and ≥160; the plain RNN 12 and ≤11 (" in told
    assert list(frontier(halves[:1])) == []


def test_what_most_seeds_are_right_on_is_told_of_the_longest_sequences():
    rows = [
        *[
            ("lstm", "s", 0.5, 0.0),
            ("lstm", "s", 0.5, 0.0),
            ("lstm", "s", 0.0, 0.2),
            ("lstm", "t", 0.0, None),
        ],
        *[("gru", "s", 0.0, 0.0), ("gru", "s", 0.0, 0.2), ("gru", "u", 0.0, 0.0), ("rnn", "s", 0.0, 0.5)],
        *[("rnn", "u", 0.0, 0.0), ("rnn", "u", 0.0, None), ("rnn", "u", 0.0, None)],  # two diverged
    ]
    runs = pd.DataFrame(rows, columns=["cell", "task", "test_error_x2", "test_error_x12"])
    (told,) = beyond(runs.assign(tolerance=0.01))
    assert "12 times as long most seeds are right: the LSTM on s; the GRU on u (" in told
    (none,) = beyond(runs.assign(tolerance=0.0))
    assert "right: none (" in none
    assert list(beyond(runs[["cell", "task"]])) == []


def test_without_claims_nothing_is_said_of_them(tmp_path):
    assert list(published(tmp_path)) == []
