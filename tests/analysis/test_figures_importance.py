"""What the figures of what a search explains show of their data. (The contract of all figures: test_figures.py.)"""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from searches import results_of
from searches import searched as search

from analysis.figures import canvas, importance, interactions, marginals
from analysis.statistics.search.importance import MAIN, PAIR, REST
from analysis.study import shares
from analysis.study.tables import Analysed
from sweeps.terminal.colours import KNOWN

pytestmark = pytest.mark.slow

FIGURES = (importance, interactions, marginals)
TASKS = ("adding", "copy")
TERMS = {("learning rate",): 0.5, ("hidden size",): 0.1, ("cell",): 0.25, ("learning rate", "cell"): 0.15}
CELLS = ("lstm", "peephole", "gru", "rnn")


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Few resamples."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shares, "RESAMPLES", 6)
        yield


@pytest.fixture(scope="module")
def searched():
    generator = np.random.default_rng(0)
    trials = search(TERMS, cells=CELLS, tasks=TASKS, generator=generator, noise=0.3, diverges=0.02)
    return Analysed(results_of(trials))


@pytest.fixture(scope="module")
def data(searched):
    """What is saved beside the figures, read again."""
    return {figure: pd.read_csv(io.StringIO(figure.data(searched).to_csv(index=False))) for figure in FIGURES}


@pytest.mark.parametrize("figure", FIGURES)
def test_a_caption_says_n_method_interval_and_lost_trials(figure, data, searched):
    text = figure.caption(data[figure])
    lost = int((searched.results.trials["status"] == "diverged").sum())
    assert lost > 0
    for part in ("48 search trials", "95% interval", "forest", f"{lost} diverged or failed trials"):
        assert part in text


def test_bars_show_every_factor_and_the_strongest_interactions_with_intervals(data):
    frame = data[importance]
    panel = importance.draw(frame).axes[0]
    rows = frame[frame["task"] == "adding"]
    main, pairs = rows[rows["kind"] == MAIN], rows[rows["kind"] == PAIR]
    expected = [*main["value"], *pairs["value"].nlargest(importance.STRONGEST)]
    expected += list(rows.loc[rows["kind"] == REST, "value"])
    bars = [p for p in panel.patches if isinstance(p, Rectangle)]
    np.testing.assert_allclose([bar.get_width() for bar in bars], expected)
    labels = [text.get_text() for text in panel.get_yticklabels()]
    assert labels[: len(main)] == list(main["factor"])
    assert main["value"].is_monotonic_decreasing
    assert " × " in labels[len(main)]
    assert labels[-1] == REST
    low_high = [line.get_xdata() for line in panel.get_lines()]
    np.testing.assert_allclose(low_high[: len(main)], main[["low", "high"]])
    bold = [text.get_text() for text in panel.get_yticklabels() if text.get_fontweight() == "bold"]
    assert bold == ["cell"]


def test_a_model_that_explains_nothing_is_marked_in_figure_and_caption():
    noise = search({}, cells=CELLS, generator=np.random.default_rng(1), noise=1.0)
    study = Analysed(results_of(noise))
    frame = importance.data(study)
    assert importance.draw(frame).axes[0].get_title(loc="right").startswith("weak")
    assert "the shares are unreliable" in importance.caption(frame)
    frame = interactions.data(study)
    assert interactions.draw(frame).axes[0].get_title(loc="right").startswith("weak")


def test_a_good_model_is_not_marked(data):
    note = importance.draw(data[importance]).axes[0].get_title(loc="right")
    assert note.startswith("R² 0.")
    assert "are unreliable" not in importance.caption(data[importance])


def test_the_matrix_has_every_factor_on_its_diagonal_and_every_pair_once(data):
    frame = data[interactions]
    panel = interactions.draw(frame).axes[0]
    rows = frame[frame["task"] == "adding"]
    places = {tuple(text.get_position()): text.get_text() for text in panel.texts}
    assert len(places) == (rows["kind"] != REST).sum() == 15
    assert all(x <= y for x, y in places)
    names = [text.get_text() for text in panel.get_yticklabels()]
    for row in rows[rows["kind"] == PAIR].itertuples():
        x, y = sorted((names.index(row.factor), names.index(row.other)))
        assert places[x, y] == importance.told(row.value)


def test_each_cell_has_one_panel_in_its_colour_and_the_others_behind(data):
    frame = data[marginals]
    panels = marginals.draw(frame).axes
    assert [panel.get_title(loc="left") for panel in panels[:4]] == list(CELLS)
    assert [panel.get_title(loc="left") for panel in panels[4:7]] == [
        "hidden size",
        "input noise",
        "momentum (b1)",
    ]
    for panel, cell in zip(panels[:4], CELLS, strict=True):
        (own,) = panel.get_lines()
        assert own.get_color() == KNOWN[cell]
        behind = next(c for c in panel.collections if isinstance(c, LineCollection))
        assert len(behind.get_segments()) == 4
        rows = frame[(frame["task"] == "adding") & (frame["cell"] == cell)]
        np.testing.assert_allclose(own.get_ydata(), rows["value"])
        assert panel.get_xscale() == "log"
    assert panels[5].get_xscale() == "linear"
    assert panels[5].get_lines()[0].get_color() == canvas.INK


def test_a_share_is_told_in_whole_percent():
    assert [importance.told(share) for share in (0.004, 0.013, 0.667, 1.0)] == [
        "< 1%",
        "1%",
        "67%",
        "100%",
    ]
