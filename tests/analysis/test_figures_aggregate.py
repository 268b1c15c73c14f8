"""Figures over tasks and budgets: they show their saved data, few cells or many."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from stores import TASKS, study

from analysis.figures import budget, budget_verdicts, canvas, frontier, palette, profiles, ranks
from analysis.study.results import Results

pytestmark = pytest.mark.slow

FIGURES = {
    "budget": budget,
    "budget_verdicts": budget_verdicts,
    "frontier": frontier,
    "profiles": profiles,
    "ranks": ranks,
}
CONTRACT = pytest.mark.parametrize("name", FIGURES)
BY_TASK = pytest.mark.parametrize("name", ["budget", "budget_verdicts", "frontier"])


@pytest.fixture(scope="module")
def data(results):
    return {name: module.data(results) for name, module in FIGURES.items()}


@CONTRACT
def test_a_figure_is_drawn_from_its_saved_data_alone(name, data, tmp_path):
    data[name].to_csv(tmp_path / "saved.csv", index=False)
    saved = pd.read_csv(tmp_path / "saved.csv")
    pd.testing.assert_frame_equal(saved, data[name], check_dtype=False)
    assert isinstance(FIGURES[name].draw(saved), Figure)


@BY_TASK
def test_there_is_a_panel_for_every_task(name, data):
    titles = [a.get_title(loc="left") for a in FIGURES[name].draw(data[name]).axes]
    assert set(TASKS) <= set(titles)


@CONTRACT
def test_a_caption_says_n_and_method(name, data):
    caption = FIGURES[name].caption(data[name])
    assert re.search(r"\b(8 seeds|6 search trials)", caption)
    assert "interval" in caption
    assert FIGURES[name].title


@CONTRACT
def test_without_any_trial_a_figure_has_no_data_and_does_not_fail(name, results):
    none = dataclasses.replace(results, trials=results.trials.iloc[:0], curves=results.curves.iloc[:0])
    assert FIGURES[name].data(none).empty


@CONTRACT
def test_half_a_study_is_drawn_or_has_no_data(name, results):
    """A sweep that was cut short: search trials at most, or some seeds of some cells."""
    trials = results.trials
    for kept in (trials["stage"] == "search", trials["trial_id"].str[0] < "5"):
        part = FIGURES[name].data(dataclasses.replace(results, trials=trials[kept].reset_index(drop=True)))
        if not part.empty:
            FIGURES[name].draw(part)
            assert FIGURES[name].caption(part)


@CONTRACT
def test_a_cell_has_one_colour_in_every_figure(name, data):
    frame = data[name]
    assert dict(zip(frame["cell"], frame["colour"], strict=True)).items() <= palette.KNOWN.items()


@CONTRACT
def test_the_data_does_not_hang_on_the_order_of_the_rows(name, data, results):
    shuffled = results.trials.sample(frac=1, random_state=np.random.default_rng(3)).reset_index(drop=True)
    exact = [c for c in data[name].columns if c not in ("low", "high")]
    again = FIGURES[name].data(dataclasses.replace(results, trials=shuffled))
    pd.testing.assert_frame_equal(again[exact], data[name][exact])


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
    assert "next to no power" in ranks.caption(data["ranks"])


@pytest.fixture(scope="module")
def many():
    """As many cells as the real study has."""
    cells = ("peephole", "lstm", "cifg", "nig", "nfg", "nog", "niaf", "noaf", "fgr")
    cells += ("gru", "depth_gated", "clockwork", "rnn", "transformer")
    made = study(cells=cells, tasks=("adding", "copy"), seeds=4, search=8)
    trials = pd.DataFrame(made.trials)
    trials = trials.assign(solved=trials["solved"].astype(bool))
    return Results(declaration=made.declaration, trials=trials, curves=pd.DataFrame(made.curves), left_out=0)


@CONTRACT
def test_with_fourteen_cells_no_name_covers_another(name, many):
    figure = FIGURES[name].draw(FIGURES[name].data(many))
    figure.dpi = 100
    with canvas.styled():
        renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
        figure.draw_without_rendering()
        for panel in figure.axes:
            words = [text for text in panel.texts if text.get_text() in many.declaration.cells]
            boxes = [Text.get_window_extent(text, renderer) for text in words]
            for i, one in enumerate(boxes):
                for other in boxes[i + 1 :]:
                    assert not one.shrunk(1, 0.8).overlaps(other.shrunk(1, 0.8))
                assert figure.bbox.x0 - 1 <= one.x0
                assert one.x1 <= figure.bbox.x1 + 1
