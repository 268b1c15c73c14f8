"""How far back cells look, in the report of a study that measured it."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from flowing import LENGTH, add_flow, factor, horizon
from rich.console import Console
from stores import study, write_store

from analysis.figures import FIGURES, fitting, flow, horizons
from analysis.report.publish import copy_results
from analysis.report.terminal import flow_table
from analysis.report.write import write_report
from analysis.study.results import load
from analysis.study.tables import Analysed
from sweeps.store.store import Store

CELLS = ("lstm", "lstm_again", "gru", "rnn")
NETWORKS = 3


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flow")
    store = write_store(folder, study(cells=CELLS, tasks=("adding", "temporal_order"), seeds=4, search=3))
    add_flow(store, NETWORKS)
    return folder


@pytest.fixture(scope="module")
def measured(place):
    return Analysed(load(place, "synthetic"))


def at(table, **labels):
    for name, value in labels.items():
        table = table[table[name] == value]
    (row,) = table.itertuples()
    return row


def test_the_numbers_are_medians_over_the_networks_with_their_range(measured):
    assert list(dict.fromkeys(measured.flow["cell"])) == ["lstm", "gru", "rnn"]
    assert list(dict.fromkeys(measured.flow["moment"])) == ["start", "halfway", "end"]
    for cell in ("lstm", "gru", "rnn"):
        row = at(measured.flow, task="adding", cell=cell, moment="end")
        reach = [horizon(factor(cell, "end", k)) for k in range(NETWORKS)]
        assert (row.horizon, row.horizon_low, row.horizon_high) == (np.median(reach), min(reach), max(reach))
        assert row.level == 0.75, "of three networks"
        assert row.exponent == pytest.approx(np.log(factor(cell, "end", 1)))
        assert (row.networks, row.same, row.diverged) == (NETWORKS, NETWORKS, 0)
    lstm, rnn = (at(measured.flow, task="adding", cell=c, moment="end") for c in ("lstm", "rnn"))
    assert lstm.kept == pytest.approx(np.sqrt(factor("lstm", "end", 1)) ** lstm.horizon, rel=1e-5)
    assert np.isnan(rnn.kept)
    assert np.isnan(rnn.shut)


def test_the_curves_are_relative_to_the_first_lag(measured):
    curve = measured.flow_curves.query("task == 'adding' and cell == 'gru' and moment == 'halfway'")
    assert list(curve["lag"]) == list(range(1, LENGTH + 1))
    np.testing.assert_allclose(curve["share"], factor("gru", "halfway", 1) ** np.arange(LENGTH), rtol=1e-5)
    assert (curve["share_q25"] <= curve["share"]).all()
    assert curve["norm"].iloc[0] == pytest.approx(2.0)


@pytest.mark.slow
def test_every_cell_has_a_panel_with_its_moments_and_its_horizon(measured):
    data = flow.data(measured)
    figure = flow.draw(data)
    assert [panel.get_title(loc="left") for panel in figure.axes[:3]] == [
        f"{cell}: {at(measured.flow, task='adding', cell=cell, moment='end').horizon:g}"
        for cell in ("lstm", "gru", "rnn")
    ]
    lstm, gru = ({line.get_label(): line for line in panel.get_lines()} for panel in figure.axes[:2])
    assert {"start", "halfway", "end", "kept"} <= set(lstm)
    assert "kept" not in gru
    np.testing.assert_allclose(
        gru["end"].get_ydata()[:20], factor("gru", "end", 1) ** np.arange(20), rtol=1e-4
    )
    text = flow.caption(data)
    assert "3 networks of the confirmed setting" in text
    assert "All 18 gave the numbers of their rows again, bit for bit" in text


@pytest.mark.slow
def test_horizons_are_drawn_with_their_intervals(measured):
    figure = horizons.draw(horizons.data(measured))
    bars = [line.get_xdata() for line in figure.axes[0].get_lines() if len(line.get_xdata()) == 2]
    lstm = at(measured.flow, task="adding", cell="lstm", moment="end")
    assert list(bars[0]) == [lstm.horizon_low, lstm.horizon_high]
    assert len(bars) == 3


def test_long_sequences_are_drawn_at_fewer_lags(measured):
    long = dataclasses.replace(measured.results)
    many = long.flow.assign(norms=[np.full(1000, 1.0)] * len(long.flow), kept=None, horizon=1000)
    data = flow.data(Analysed(dataclasses.replace(long, flow=many)))
    lags = sorted(set(data["lag"]))
    assert (lags[0], lags[-1]) == (1, 994)
    assert len(lags) <= flow.LAGS + 1


def test_networks_that_are_not_those_of_the_rows_are_told(measured):
    other = measured.results.flow.assign(same=False)
    text = flow.caption(flow.data(Analysed(dataclasses.replace(measured.results, flow=other))))
    assert "18 of 18 did not give all numbers of their rows again" in text


def test_a_state_beyond_all_numbers_has_an_exponent_of_infinity(measured):
    wild = measured.results.flow.assign(exponent=np.nan, score=np.nan, horizon=0)
    row = at(
        Analysed(dataclasses.replace(measured.results, flow=wild)).flow,
        task="adding",
        cell="gru",
        moment="end",
    )
    assert (row.exponent, row.exponent_low, row.score, row.horizon) == (np.inf, np.inf, -np.inf, 0)


@pytest.mark.slow
def test_the_report_has_a_section_with_figures_and_tables(place, measured):
    paths = write_report(place, "synthetic", figures={name: FIGURES[name] for name in ("flow", "horizons")})
    page, text = paths.report.read_text(), paths.markdown.read_text()
    assert '<a href="#part-flow">How far back cells look</a>' in page
    assert page.count('<h2 id="part-flow">') == 1
    assert '<figure id="flow">' in page
    assert '<figure id="horizons">' in page
    assert "## How far back cells look" in text
    assert "### adding: how far back" in text
    lstm = at(measured.flow, task="adding", cell="lstm", moment="end")
    told = f"{lstm.horizon:g} ({lstm.horizon_low:g} to {lstm.horizon_high:g})"
    assert told in page
    assert told in text
    saved = pd.read_csv(paths.report.with_name("flow.csv"))
    assert len(saved) == 2 * 3 * 3
    assert {"flow", "horizons"} <= set(paths.figures)


def test_the_terminal_has_the_horizons(measured):
    screen = io.StringIO()
    Console(file=screen, width=100).print(flow_table(measured.flow))
    lines = screen.getvalue().splitlines()
    row = at(measured.flow, task="adding", cell="gru", moment="end")
    assert any(line.split()[:2] == ["gru", f"{row.horizon:g}"] for line in lines)


def test_a_study_that_measured_nothing_has_none_of_it(analysed):
    assert analysed.flow.empty
    assert analysed.flow_curves.empty
    assert not {"flow", "horizons"} & set(fitting(analysed))
    assert {"flow", "horizons"} <= set(FIGURES)


@pytest.mark.slow
def test_a_study_that_measured_nothing_has_no_section(small, tmp_path):
    written = write_report(small, "synthetic", tmp_path / "report", figures={})
    assert "part-flow" not in written.report.read_text()
    assert "How far back" not in written.markdown.read_text()
    assert not written.report.with_name("flow.csv").exists()


def test_a_compact_copy_of_the_results_has_it_too(place, tmp_path):
    results = load(place, "synthetic")
    copy_results(results, Store(place, "synthetic"), Store(tmp_path, "synthetic"))
    copied = load(tmp_path, "synthetic")
    pd.testing.assert_frame_equal(copied.flow, results.flow)
    assert len(copied.flow) == 2 * 3 * NETWORKS * 3
