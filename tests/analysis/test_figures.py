"""Figures: one contract for all of the catalogue, then what each shows (read from artists, not from pixels).

`data` is complete and saved, `draw` shows these numbers and needs nothing else, `caption` says what they are.
"""

import dataclasses
import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flowing import MOMENTS, flow_row
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from stores import TASKS, in_a_race, study

import analysis.figures
from analysis.figures import (
    FIGURES,
    SECTIONS,
    canvas,
    differences,
    glance,
    learning_curves,
    learning_rate,
    longer,
    palette,
    scores,
    solved,
)
from analysis.figures import verdicts as matrix
from analysis.report import figure_files
from analysis.statistics.pairs.reasons import RACE
from analysis.study.results import Results
from analysis.study.tables import Analysed
from sweeps.terminal.colours import KNOWN

pytestmark = pytest.mark.slow

CONTRACT = pytest.mark.parametrize("name", FIGURES)
OF_THE_SEARCH = pytest.mark.parametrize("name", [*SECTIONS["importance"], *SECTIONS["budget"]])


@pytest.fixture(scope="module")
def studies(analysed, results):
    """Of each figure a study that has it: a race where seeds were raced, a diagram of ranks from five tasks on."""
    raced = in_a_race(results.declaration, look=4, most=8)
    tasks = ("adding", "temporal_order", "copy", "reber", "dyck")
    of_its_own = {
        "race": Analysed(dataclasses.replace(results, declaration=raced)),
        "ranks": loaded(study(cells=("lstm", "gru", "nfg", "rnn"), tasks=tasks, search=1)),
        "longer": with_longer(analysed),
    }
    return (
        dict.fromkeys(FIGURES, analysed) | of_its_own | dict.fromkeys(SECTIONS["flow"], with_flow(analysed))
    )


def with_longer(whole):
    """The same study, tested on longer sequences too: half the score at twice, a tenth at twelve times the length."""
    trials = whole.results.trials
    far = {f"test_score_x{f}": trials["test_score"] * share for f, share in ((2, 0.5), (12, 0.1))}
    return Analysed(dataclasses.replace(whole.results, trials=trials.assign(**far)))


def with_flow(whole):
    """The same study with the flow of the first three networks of every arm."""
    confirm = whole.results.stage("confirm").assign(schema_version=1)
    confirm = confirm[~confirm["cell"].isin([alias for _, alias in whole.declaration.same])]
    rows = [
        flow_row(trial, moment, k)
        for _, trials in confirm.groupby(["task", "cell"], sort=False)
        for k, trial in enumerate(trials.head(3).to_dict("records"))
        for moment in MOMENTS
    ]
    return Analysed(dataclasses.replace(whole.results, flow=pd.DataFrame(rows)))


@pytest.fixture(scope="module")
def data(studies):
    """The data of every figure, computed a second time: it must be what the report saved."""
    return {name: module.data(studies[name]) for name, module in FIGURES.items()}


@pytest.fixture(scope="module")
def halves(studies):
    """Sweeps that were cut short: search trials at most, or some seeds of some cells."""

    def cut(whole):
        trials = whole.results.trials
        return [
            Analysed(dataclasses.replace(whole.results, trials=trials[kept].reset_index(drop=True)))
            for kept in (trials["stage"] == "search", trials["trial_id"].str[0] < "5")
        ]

    return {name: cut(whole) for name, whole in studies.items()}


def shuffled(whole):
    """The same study with its rows in another order."""
    rows = whole.results.trials.sample(frac=1, random_state=np.random.default_rng(3)).reset_index(drop=True)
    return Analysed(dataclasses.replace(whole.results, trials=rows))


def loaded(made):
    """A made-up study as the loader would give it."""
    trials = pd.DataFrame(made.trials)
    trials = trials.assign(solved=trials["solved"].astype(bool))
    curves = pd.DataFrame(made.curves)
    return Analysed(Results(declaration=made.declaration, trials=trials, curves=curves, left_out=0))


@pytest.fixture(scope="module")
def many():
    """As many cells as the real study has, and the same in a race, which figures of one need."""
    cells = ("peephole", "lstm", "cifg", "nig", "nfg", "nog", "niaf", "noaf", "fgr")
    cells += ("gru", "depth_gated", "clockwork", "rnn", "transformer")
    whole = loaded(study(cells=cells, tasks=("adding", "copy"), seeds=4, search=8))
    raced = in_a_race(whole.declaration, look=2, most=4)
    race = Analysed(dataclasses.replace(whole.results, declaration=raced))
    own = {"race": race, "longer": with_longer(whole)} | dict.fromkeys(SECTIONS["flow"], with_flow(whole))
    return dict.fromkeys(FIGURES, whole) | own


def lines(axes, marker=None):
    return [line for line in axes.get_lines() if marker is None or line.get_marker() == marker]


def test_every_figure_file_is_in_the_catalogue_once():
    files = {p.stem for p in Path(analysis.figures.__file__).parent.glob("*.py")}
    assert files - {"__init__", "canvas", "palette", "squares"} == set(FIGURES)
    assert sum(len(section) for section in SECTIONS.values()) == len(FIGURES)


# ------------------------------------------------------------------ the contract


@CONTRACT
def test_a_figure_is_drawn_from_its_saved_data_alone_and_names_every_task(
    name, data, written, studies, analysed, tmp_path
):
    if studies[name] is analysed:
        path = written.figures[name].with_suffix(".csv")
    else:
        figure_files.picture(name, FIGURES[name], studies[name], tmp_path)
        path = tmp_path / f"{name}.csv"
    saved = pd.read_csv(path)
    pd.testing.assert_frame_equal(saved, data[name], check_dtype=False)
    figure = FIGURES[name].draw(saved)
    assert isinstance(figure, Figure)
    assert figure.get_size_inches()[0] == canvas.WIDTH
    titles = [a.get_title(loc="left") for a in figure.axes] + [t.get_text() for t in figure.texts]
    assert set(TASKS) <= set(titles) or "task" not in saved


@CONTRACT
def test_a_caption_says_n_and_method(name, data):
    caption = FIGURES[name].caption(data[name])
    assert re.search(r"\b(8 seeds|6 search trials|3 networks)", caption)
    assert re.search(r"interval|TOST|quartiles", caption)
    assert FIGURES[name].title


@CONTRACT
def test_without_any_trial_a_figure_has_no_data_and_does_not_fail(name, studies):
    results = studies[name].results
    tables = {name: getattr(results, name).iloc[:0] for name in ("trials", "curves", "flow")}
    none = dataclasses.replace(results, **tables)
    assert FIGURES[name].data(Analysed(none)).empty


@OF_THE_SEARCH
def test_without_a_search_the_figures_of_the_search_have_no_data(name, results):
    confirm = results.trials[results.trials["stage"] == "confirm"].reset_index(drop=True)
    assert FIGURES[name].data(Analysed(dataclasses.replace(results, trials=confirm))).empty


@CONTRACT
def test_half_a_study_is_drawn_or_has_no_data(name, halves):
    for half in halves[name]:
        part = FIGURES[name].data(half)
        if not part.empty:
            assert isinstance(FIGURES[name].draw(part), Figure)
            assert FIGURES[name].caption(part)


@CONTRACT
def test_a_cell_has_one_colour_in_every_figure(name, data):
    frame = data[name]
    if "colour" in frame:
        assert frame.groupby("cell")["colour"].nunique().eq(1).all()
        assert dict(zip(frame["cell"], frame["colour"], strict=True)).items() <= KNOWN.items()


@CONTRACT
def test_the_data_does_not_hang_on_the_order_of_the_rows(name, data, studies):
    """But for the ends of intervals that are drawn."""
    exact = [c for c in data[name].columns if c not in ("low", "high")]
    pd.testing.assert_frame_equal(FIGURES[name].data(shuffled(studies[name]))[exact], data[name][exact])


@CONTRACT
def test_with_fourteen_cells_no_name_covers_another(name, many):
    figure = FIGURES[name].draw(FIGURES[name].data(many[name]))
    figure.dpi = 100
    with canvas.styled():
        renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
        figure.draw_without_rendering()
        for panel in figure.axes:
            cells = many[name].declaration.cells
            words = [text for text in panel.texts if text.get_text().split(" ")[0] in cells]
            boxes = [Text.get_window_extent(text, renderer) for text in words]
            for i, one in enumerate(boxes):
                for other in boxes[i + 1 :]:
                    assert not one.shrunk(1, 0.8).overlaps(other.shrunk(1, 0.8))
                assert figure.bbox.x0 - 1 <= one.x0
                assert one.x1 <= figure.bbox.x1 + 1


@CONTRACT
def test_the_numbers_on_an_axis_are_plain_and_do_not_cover_each_other(name, many):
    figure = FIGURES[name].draw(FIGURES[name].data(many[name]))
    with canvas.styled():
        figure.draw_without_rendering()
        for panel in figure.axes:
            for labels in (panel.get_xticklabels(which="both"), panel.get_yticklabels(which="both")):
                shown = [text for text in labels if text.get_text() and text.get_visible()]
                assert not [text for text in shown if "$" in text.get_text()]
                boxes = [text.get_window_extent() for text in shown if not text.get_rotation()]
                boxes = [box for box in boxes if panel.bbox.padded(3).overlaps(box.expanded(1.05, 1.05))]
                for one, other in itertools.combinations(boxes, 2):
                    assert not one.overlaps(other)


@CONTRACT
def test_a_figure_leaves_the_tables_of_its_study_as_they_are(name, studies):
    analysed = studies[name]
    tables = (analysed.confirmed, analysed.verdicts, analysed.over_tasks, *analysed.explained)
    before = [table.copy() for table in tables]
    FIGURES[name].draw(FIGURES[name].data(analysed))
    for table, was in zip(tables, before, strict=True):
        pd.testing.assert_frame_equal(table, was)


# ------------------------------------------------------------------ what each shows


def test_undecided_rows_whose_interval_alone_would_decide_are_half_filled_and_explained(data):
    frame = data["differences"].copy()
    first, second, third = frame.index[frame["task"] == "adding"][:3]
    frame.loc[[first, second], "standing"] = "undecided"
    frame.loc[first, ["low", "high", "alone"]] = [-0.01, 0.02, "equivalent"]
    frame.loc[second, ["low", "high", "alone"]] = [-0.3, -0.1, "different"]
    frame.loc[third, ["standing", "low", "high"]] = ["worse", -0.04, -0.03]
    panel = differences.draw(frame).axes[0]
    found = [line for line in lines(panel) if line.get_marker() in ("o", "D")]
    assert [(line.get_marker(), line.get_fillstyle()) for line in found[:3]] == [
        ("o", "bottom"),
        ("D", "bottom"),
        ("D", "full"),
    ]
    said = differences.caption(frame)
    assert re.search(rf"Half-filled \(\d of {len(frame)} comparisons\)", said)
    assert "A difference inside the band is shown to be there" in said


def test_what_an_interval_says_alone_follows_from_its_ends_and_its_test():
    rows = pd.DataFrame(
        {
            "low": [-0.04, 0.01, 0.01, -0.2, 0.01],
            "high": [0.04, 0.2, 0.2, 0.2, 0.2],
            "p_difference": [0.6, 0.02, 0.08, 0.6, np.nan],
            "method": ["Welch"] * 4 + [RACE],
            "margin": 0.05,
            "alpha": 0.05,
        }
    )
    assert list(differences.alone(rows)) == ["equivalent", "different", "undecided", "undecided", "different"]


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


def test_scores_on_longer_sequences_begin_with_the_test_score_and_leave_out_tasks_without(
    data, studies, results
):
    confirm = results.stage("confirm")
    for panel, task in zip(longer.draw(data["longer"]).axes, TASKS, strict=True):
        line = next(line for line in lines(panel) if line.get_label() == "lstm")
        ours = confirm.loc[(confirm["task"] == task) & (confirm["cell"] == "lstm"), "test_score"]
        np.testing.assert_allclose(line.get_xdata(), [1, 2, 12])
        np.testing.assert_allclose(line.get_ydata(), ours.mean() * np.array([1, 0.5, 0.1]))
    whole = studies["longer"].results
    short = whole.trials["test_score_x2"].where(whole.trials["task"] == TASKS[0])
    trials = whole.trials.assign(test_score_x2=short).drop(columns="test_score_x12")
    some = Analysed(dataclasses.replace(whole, trials=trials))
    assert set(longer.data(some)["task"]) == {TASKS[0]}
    assert longer.absent(some) == ""
    assert "longer than in training" in longer.absent(studies["scores"])


def letters(panel):
    """How many squares have each letter, and how many squares there are."""
    found = {
        symbol: len(line.get_xdata())
        for line in panel.get_lines()
        for _, symbol, _ in palette.VERDICTS.values()
        if line.get_marker() is canvas.glyph(symbol)
    }
    return found, sum(len(squares.get_paths()) for squares in panel.collections)


def test_the_matrix_letters_every_ordered_pair(data, analysed):
    data = data["verdicts"]
    panel = matrix.draw(data).axes[0]
    table = analysed.verdicts
    counts = table.loc[table["task"] == "adding", "verdict"].value_counts()
    found, squares = letters(panel)
    assert squares == 90
    assert found == {
        "=": 2 * counts["equivalent"],
        "<": counts["different"],
        ">": counts["different"],
        "?": 2 * counts["undecided"],
    }


def test_a_cell_that_did_not_run_on_a_task_has_no_blank_row_there(data):
    frame = data["verdicts"]
    alias = frame["cell"].eq("lstm_again") | frame["reference"].eq("lstm_again")
    partly = frame[~(alias & frame["task"].eq("adding"))]
    one, other = matrix.draw(partly).axes
    assert [text.get_text() for text in other.get_yticklabels()] == list(dict.fromkeys(frame["cell"]))
    assert [text.get_text() for text in one.get_yticklabels()] == [
        cell for cell in dict.fromkeys(frame["cell"]) if cell != "lstm_again"
    ]


def test_squares_are_full_where_proven_and_outlined_where_likely(data):
    frame = data["glance"].copy()
    frame.loc[frame.index[frame["grade"] == "likely"][::2], "grade"] = "proven"
    assert set(frame["grade"]) == {"tested", "likely", "proven", "undecided"}
    for grades in ({"likely"}, {"proven"}, {"likely", "proven"}):
        rows = frame[frame["grade"].isin({*grades, "undecided", "tested"})]
        figure = glance.draw(rows)
        legend = [text.get_text() for text in figure.legends[0].get_texts()]
        assert ("outlined: likely" in legend) == ("likely" in grades)
        assert ("full: proven" in legend) == ("proven" in grades)
        edges = {len(c.get_paths()): c.get_linewidth()[0] for c in figure.axes[1].collections}
        assert any(edges.values()) == ("likely" in grades)
    assert "Full squares: proven by e-values" in glance.caption(frame)


def test_at_a_glance_there_is_an_interval_over_all_tasks_and_a_square_for_each(data):
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
    styles = [text.get_style() for text in intervals.get_yticklabels()]
    assert styles == ["normal"] * 8 + ["italic"]
    elsewhere = frame[~(frame["control"] & (frame["place"] == glance.OVER))]  # no interval of its own
    assert glance.draw(elsewhere).axes[0].get_yticklabels()[-1].get_style() == "italic"
    rest = over.loc[~over["control"], "value"]
    assert rest.is_monotonic_decreasing
    found, n = letters(squares)
    assert n == 18
    counts = frame.loc[frame["place"] != glance.OVER, "standing"].value_counts()
    assert found == {palette.VERDICTS[standing][1]: count for standing, count in counts.items()}


def test_at_a_glance_one_task_is_drawn_with_its_own_intervals(results):
    declaration = dataclasses.replace(results.declaration, tasks=["adding"], different=[])
    frame = glance.data(Analysed(dataclasses.replace(results, declaration=declaration)))
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


def test_of_two_trials_with_the_same_learning_rate_the_one_that_was_used_is_ringed():
    arm = {"task": "adding", "cell": "lstm"}
    rates, sizes, clips = [0.002, 0.002, 0.01], [8, 16, 8], [np.nan, np.nan, 1.0]
    search = pd.DataFrame(
        {"optimizer.learning_rate": rates, "cell.hidden": sizes, "optimizer.clip": clips}
    ).assign(**arm)
    confirm = search.iloc[[1, 1]]
    assert learning_rate.chosen(search, confirm).tolist() == [False, True, False]


def test_unknown_cells_get_colours_of_their_own():
    given = palette.colours(["lstm", "mine", "yours", "gru"])
    assert given["lstm"] == KNOWN["lstm"]
    assert len(set(given.values())) == 4


def test_numbers_on_a_logarithmic_axis_keep_apart_and_powers_of_ten_stay():
    assert canvas.apart([90, 100, 150, 200], 0.06) == [100, 150, 200]
    assert canvas.apart([100, 110, 200], 0.06) == [100, 200]
    assert canvas.apart([1, 2, 5, 10], 0.06) == [1, 2, 5, 10]


@pytest.mark.parametrize(
    ("low", "high"), [(0.00811, 0.00889), (0.0301, 0.031), (0.05, 0.05), (2, 2.9), (1e-3, 0.1)]
)
def test_a_logarithmic_axis_has_numbers_however_short_it_is(low, high):
    panel = Figure().subplots()
    canvas.logarithmic(panel, low, high, most=3)
    numbers = panel.xaxis.get_major_locator().tick_values(low, high)
    assert 1 <= len(numbers) <= 3
    assert all(0.9 * low <= number <= 1.1 * high for number in numbers)


def test_labels_are_spread_and_keep_their_order():
    placed = canvas.spread([0.98, 1.0, 0.99, 0.1], gap=0.08, low=0.0, high=1.03)
    assert placed[3] == 0.1
    assert placed[0] < placed[2] < placed[1] <= 1.03
    assert min(np.diff(sorted(placed))) >= 0.08 - 1e-12
