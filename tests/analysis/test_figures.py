"""Figures: `data` is complete and saved, `draw` shows these numbers (read from artists, not from pixels)."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from stores import TASKS

import analysis.figures
from analysis.figures import (
    FIGURES,
    SECTIONS,
    canvas,
    differences,
    glance,
    learning_curves,
    learning_rate,
    palette,
    scores,
    solved,
)
from analysis.figures import verdicts as matrix
from analysis.study.verdicts import verdicts

pytestmark = pytest.mark.slow

CONTRACT = pytest.mark.parametrize("name", FIGURES)


@pytest.fixture(scope="module")
def data(results):
    """The data of every figure, computed a second time: it must be what the report saved."""
    return {name: module.data(results) for name, module in FIGURES.items()}


def lines(axes, marker=None):
    return [line for line in axes.get_lines() if marker is None or line.get_marker() == marker]


def test_every_figure_file_is_in_the_catalogue_once():
    files = {p.stem for p in Path(analysis.figures.__file__).parent.glob("*.py")}
    assert files - {"__init__", "canvas", "palette"} == set(FIGURES)
    assert sum(len(section) for section in SECTIONS.values()) == len(FIGURES)


@CONTRACT
def test_a_figure_is_drawn_from_its_saved_data_alone(name, data, written):
    saved = pd.read_csv(written.figures[name].with_suffix(".csv"))
    pd.testing.assert_frame_equal(saved, data[name], check_dtype=False)
    figure = FIGURES[name].draw(saved)
    assert isinstance(figure, Figure)
    titles = [a.get_title(loc="left") for a in figure.axes] + [t.get_text() for t in figure.texts]
    assert set(TASKS) <= set(titles) or "task" not in saved


@CONTRACT
def test_a_caption_says_n_and_method(name, data):
    caption = FIGURES[name].caption(data[name])
    assert re.search(r"\b(8 seeds|6 search trials)", caption)
    assert re.search(r"interval|TOST", caption)
    assert FIGURES[name].title


@CONTRACT
def test_without_any_trial_a_figure_has_no_data_and_does_not_fail(name, results):
    none = dataclasses.replace(results, trials=results.trials.iloc[:0], curves=results.curves.iloc[:0])
    assert FIGURES[name].data(none).empty


@CONTRACT
def test_a_cell_has_one_colour_in_every_figure(name, data):
    frame = data[name]
    if "colour" in frame:
        assert frame.groupby("cell")["colour"].nunique().eq(1).all()
        assert dict(zip(frame["cell"], frame["colour"], strict=True)).items() <= palette.KNOWN.items()


def test_differences_show_value_interval_and_margin(data):
    data = data["differences"]
    panel = differences.draw(data).axes[0]
    rows = data[data["task"] == "adding"]
    shown = [
        line.get_xdata()
        for line in lines(panel)
        if len(line.get_xdata()) == 2 and line.get_color() != canvas.MUTED
    ]
    np.testing.assert_allclose(shown, rows[["low", "high"]])
    points = [line.get_xdata()[0] for line in lines(panel) if line.get_marker() in ("o", "D")]
    np.testing.assert_allclose(points, rows["value"])
    band = next(p for p in panel.patches if isinstance(p, Rectangle))
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((-0.05, 0.05))
    low, high = panel.get_xlim()
    assert low < rows["low"].min()
    assert high > rows["high"].max()
    assert [t.get_text().split()[0] for t in panel.texts] == list(rows["standing"])


def test_scores_show_every_seed_and_mark_the_lost_ones(data):
    data = data["scores"]
    panel = scores.draw(data).axes[0]
    rows = data[data["task"] == "adding"]
    lost = rows["status"] != "finished"
    assert lost.sum() == 1
    dots = np.concatenate([line.get_xdata() for line in lines(panel, "o") if line.get_markersize() < 4])
    crosses = np.concatenate([line.get_xdata() for line in lines(panel, "x")])
    assert sorted(dots) == sorted(rows["score"][~lost])
    assert list(crosses) == [0.0]
    assert len(rows) == 80


def test_learning_curves_end_at_the_mean_of_the_seeds(data, results):
    data = data["learning_curves"]
    confirm = results.stage("confirm")
    for panel, task in zip(learning_curves.draw(data).axes, TASKS, strict=True):
        for cell in ("lstm", "rnn"):
            line = next(line for line in lines(panel) if line.get_label() == cell)
            ids = confirm.loc[(confirm["task"] == task) & (confirm["cell"] == cell), "trial_id"]
            last = results.curves[results.curves["trial_id"].isin(ids) & (results.curves["step"] == 2000)]
            assert line.get_ydata()[-1] == pytest.approx(last["valid_score"].clip(lower=0).mean())
    assert (data["low"] <= data["value"]).all()
    assert (data["value"] <= data["high"]).all()


def letters(panel):
    """How many squares have each letter, and how many squares there are."""
    found = {
        symbol: len(line.get_xdata())
        for line in panel.get_lines()
        for _, symbol, _ in palette.VERDICTS.values()
        if line.get_marker() is canvas.glyph(symbol)
    }
    return found, sum(len(squares.get_paths()) for squares in panel.collections)


def test_the_matrix_letters_every_ordered_pair(data, results):
    data = data["verdicts"]
    panel = matrix.draw(data).axes[0]
    table = verdicts(results.trials, results.declaration)
    counts = table.loc[table["task"] == "adding", "verdict"].value_counts()
    found, squares = letters(panel)
    assert squares == 90
    assert found == {
        "=": 2 * counts["equivalent"],
        "<": counts["different"],
        ">": counts["different"],
        "?": 2 * counts["undecided"],
    }


def test_at_a_glance_there_is_an_interval_over_all_tasks_and_a_square_for_each(data, results):
    frame = data["glance"]
    intervals, squares = glance.draw(frame).axes
    over = frame[frame["place"] == glance.OVER]
    assert len(over) == 9
    shown = [
        line.get_xdata()
        for line in lines(intervals)
        if len(line.get_xdata()) == 2 and line.get_color() != canvas.MUTED
    ]
    np.testing.assert_allclose(shown, over[["low", "high"]])
    cells = [text.get_text() for text in intervals.get_yticklabels()]
    assert cells == list(dict.fromkeys(frame["cell"]))
    assert cells[-1] == "lstm_again"  # the control
    rest = over.loc[~over["control"], "value"]
    assert rest.is_monotonic_decreasing
    found, n = letters(squares)
    assert n == 18
    counts = frame.loc[frame["place"] != glance.OVER, "standing"].value_counts()
    assert found == {palette.VERDICTS[standing][1]: count for standing, count in counts.items()}


def test_at_a_glance_one_task_is_drawn_with_its_own_intervals(results):
    declaration = dataclasses.replace(results.declaration, tasks=["adding"], different=[])
    frame = glance.data(dataclasses.replace(results, declaration=declaration))
    assert set(frame["place"]) == {"adding"}
    intervals, squares = glance.draw(frame).axes
    assert "on adding" in intervals.get_title(loc="left")
    assert letters(squares)[1] == 9
    assert "Left: the difference on adding" in glance.caption(frame)


def test_solved_fractions_are_counts_with_intervals(data):
    data = data["solved"].set_index(["task", "cell"])
    assert (data.loc[("temporal_order", "lstm"), ["solved", "n"]] == [8, 8]).all()
    assert data.loc[("adding", "rnn"), "high"] == pytest.approx(0.324, abs=1e-3)
    panel = solved.draw(data.reset_index()).axes[0]
    assert [t.get_text() for t in panel.texts] == [
        f"{r.solved}/{r.n}" for r in data.loc["adding"].itertuples()
    ]


def test_the_learning_rate_figure_rings_what_the_confirm_stage_used(data):
    data = data["learning_rate"]
    assert len(data) == 120
    chosen = data[data["chosen"]].set_index(["task", "cell"])
    assert len(chosen) == 20
    best = data.groupby(["task", "cell"])["score"].max()
    pd.testing.assert_series_equal(chosen["score"].sort_index(), best.sort_index())
    panel = learning_rate.draw(data).axes[0]
    assert panel.get_xscale() == "log"
    rings = [line for line in lines(panel) if line.get_markerfacecolor() == "none"]
    assert rings[0].get_xdata()[0] == chosen.loc[("adding", "lstm"), "learning_rate"]


def test_unknown_cells_get_colours_of_their_own():
    given = palette.colours(["lstm", "mine", "yours", "gru"])
    assert given["lstm"] == palette.KNOWN["lstm"]
    assert len(set(given.values())) == 4


def test_labels_are_spread_and_keep_their_order():
    placed = canvas.spread([0.98, 1.0, 0.99, 0.1], gap=0.08, low=0.0, high=1.03)
    assert placed[3] == 0.1
    assert placed[0] < placed[2] < placed[1] <= 1.03
    assert min(np.diff(sorted(placed))) >= 0.08 - 1e-12
