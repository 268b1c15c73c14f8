"""What the figures over tasks and budgets show of their data. (The contract of all figures: test_figures.py.)"""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from stores import TASKS, study

from analysis.figures import budget, frontier, profiles, ranks
from analysis.study.results import Results
from analysis.study.tables import Analysed

pytestmark = pytest.mark.slow

FIGURES = {"budget": budget, "frontier": frontier, "profiles": profiles, "ranks": ranks}


@pytest.fixture(scope="module")
def data(analysed):
    return {name: module.data(analysed) for name, module in FIGURES.items()}


def test_the_budget_lines_end_at_the_score_of_the_chosen_trial(data, results):
    figure = budget.draw(data["budget"])
    search = results.stage("search")
    for panel, task in zip(figure.axes, TASKS, strict=True):
        for cell in ("lstm", "rnn"):
            mine = search[(search["task"] == task) & (search["cell"] == cell)]
            line = next(line for line in panel.get_lines() if line.get_label() == f"{cell} test")
            chosen = mine.loc[mine["valid_score"].idxmax(), "test_score"]
            assert line.get_ydata()[-1] == pytest.approx(chosen)
            assert list(line.get_xdata()) == [1, 2, 3, 4, 5, 6]


def test_the_frontier_marks_the_median_of_every_cell(data):
    figure = frontier.draw(data["frontier"])
    rows = data["frontier"].drop_duplicates(["part", "task", "cell"])
    for panel, task in zip(figure.axes[1::2], TASKS, strict=True):
        mine = rows[rows["task"] == task]
        marks = [line.get_xdata()[0] for line in panel.get_lines() if len(line.get_xdata()) == 1]
        known = mine["t50"].dropna()
        assert set(known) <= set(marks)
        words = [text.get_text() for text in panel.texts]
        assert len(words) == len(mine)
        assert any(word.startswith("≥ ") for word in words)


def test_the_profile_panel_shows_every_cell_and_the_means_their_intervals(data):
    frame = data["profiles"]
    figure = profiles.draw(frame)
    assert [line.get_label() for line in figure.axes[0].get_lines()] == list(dict.fromkeys(frame["cell"]))
    means = frame[frame["part"] == "interquartile mean"]
    spans = [line.get_xdata() for line in figure.axes[1].get_lines() if len(line.get_xdata()) == 2]
    np.testing.assert_allclose(spans, means[["low", "high"]])


def test_the_diagram_has_a_mark_at_every_average_rank_and_the_critical_difference(data):
    panel = ranks.draw(data["ranks"]).axes[0]
    marks = [line.get_xdata()[0] for line in panel.get_lines() if len(line.get_xdata()) == 1]
    assert sorted(marks) == pytest.approx(sorted(data["ranks"]["value"]))
    words = " ".join(text.get_text() for text in panel.texts)
    assert f"critical difference {data['ranks']['critical_difference'].iloc[0]:.1f}" in words


def test_a_diagram_of_ranks_needs_five_tasks_and_says_so(analysed):
    assert ranks.absent(analysed).startswith("No critical-difference diagram: over 2 tasks its tests")
    tasks = ("adding", "temporal_order", "copy", "reber", "dyck")
    made = study(cells=("lstm", "gru", "rnn"), tasks=tasks, seeds=2, search=1)
    trials = pd.DataFrame(made.trials).assign(solved=lambda rows: rows["solved"].astype(bool))
    five = Results(declaration=made.declaration, trials=trials, curves=pd.DataFrame(), left_out=0)
    assert ranks.absent(Analysed(five)) == ""
    lost = dataclasses.replace(five, trials=trials[(trials["task"] != "dyck") | (trials["cell"] == "lstm")])
    assert "over 4 tasks" in ranks.absent(Analysed(lost))


def test_a_task_that_nobody_solves_has_a_line_and_no_empty_panel(data):
    frame = data["frontier"].copy()
    nobody = frame["task"] == TASKS[0]
    frame.loc[nobody, ["value", "t50"]] = [0.0, np.nan]
    figure = frontier.draw(frame)
    assert len(figure.axes) == 3
    assert [text.get_text() for text in figure.axes[2].texts] == [
        f"{TASKS[0]}: no seed of any cell solved it"
    ]
    assert figure.axes[0].get_title(loc="left") == TASKS[1]
    frame.loc[frame.index[nobody][0], "value"] = 0.125
    assert frontier.unsolved([frame[nobody]]) == f"{TASKS[0]}: at most 12% of the seeds of a cell solved it"


def test_profiles_of_high_scores_are_stretched_towards_one_and_those_of_low_ones_are_not(data):
    frame = data["profiles"]
    panel = profiles.draw(frame).axes[0]
    x = panel.transData.transform([(tau, 0) for tau in (0, 0.9, 0.99)])[:, 0]
    assert (x[2] - x[1]) / (x[1] - x[0]) == pytest.approx(1, abs=0.1)
    low = frame.assign(value=frame["value"].where(frame["tau"] < 0.5, 0.0))
    assert profiles.draw(low).axes[0].get_xscale() == "linear"
