"""What the figure of the race shows: the e-values that decided, where each comparison stopped, and the bounds."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from stores import declare, in_a_race, trials_frame

from analysis.figures import FIGURES, fitting, palette, race
from analysis.figures import verdicts as matrix
from analysis.study.results import Results
from analysis.study.tables import Analysed
from analysis.study.verdicts import against

pytestmark = pytest.mark.slow

MEANS = {"lstm": 0.6, "lstm_again": 0.6, "gru": 0.6, "nog": 0.52, "nfg": 0.3, "rnn": 0.1}
LOOK, MOST = 8, 64


def scores(tasks=("adding", "copy")):
    generator = np.random.default_rng(4)
    spread = 0.05
    return {
        (cell, task): np.clip(mean + spread * generator.standard_normal(MOST), 0, 1).tolist()
        for task in tasks
        for cell, mean in MEANS.items()
    }


def raced(pairs=None):
    """A study that raced; pairs: other ones than those with lstm."""
    frame = trials_frame(scores())
    made = declare(frame.to_dict("records"), cells=tuple(MEANS), tasks=("adding", "copy"))
    declaration = dataclasses.replace(in_a_race(made, look=LOOK, most=MOST), margin=0.1)
    declaration = dataclasses.replace(declaration, pairs=pairs or declaration.pairs)
    return Analysed(Results(declaration=declaration, trials=frame, curves=pd.DataFrame(), left_out=0))


@pytest.fixture(scope="module")
def study():
    return raced()


@pytest.fixture(scope="module")
def frame(study):
    return race.data(study)


def test_every_comparison_has_a_row_for_each_look_and_ends_with_the_evidence_of_its_verdict(study, frame):
    rows = against(study.verdicts, "lstm")
    assert set(rows["standing"]) == {"equivalent", "worse", "undecided"}
    for row in rows.itertuples():
        mine = frame[(frame["task"] == row.task) & (frame["cell"] == row.cell)]
        assert list(mine["seeds"]) == list(range(0, row.looked + 1, LOOK))
        last = mine.iloc[-1]
        assert last.standing == row.standing
        assert last.log10_e_equivalent * math.log(10) == pytest.approx(row.log_e_equal)
        assert last.log10_e_different * math.log(10) == pytest.approx(max(row.log_e_better, row.log_e_worse))
        kind = {"equivalent": "equivalent", "undecided": last.kind}.get(row.standing, "different")
        assert last.kind == kind
    assert set(frame.loc[frame["control"], "cell"]) == {"lstm_again"}
    assert set(frame.loc[~frame["control"], "pairs"]) == {4}


def test_a_line_rises_for_equivalence_falls_for_a_difference_and_ends_in_a_mark(frame):
    panel = race.draw(frame).axes[0]
    rows = frame[frame["task"] == "adding"]
    for cell, mine in rows.groupby("cell"):
        line = next(line for line in panel.get_lines() if line.get_label() == cell)
        assert list(line.get_xdata()) == list(mine["seeds"])
        up = mine["kind"].iloc[0] == "equivalent"
        evidence = mine["log10_e_equivalent" if up else "log10_e_different"].clip(lower=0)
        np.testing.assert_allclose(line.get_ydata(), evidence if up else -evidence)
    marks = {
        (line.get_xdata()[0], line.get_ydata()[0]) for line in panel.get_lines() if len(line.get_xdata()) == 1
    }
    ends = {(float(x), y) for x, y in zip(*ends_of(rows), strict=True)}
    assert marks == ends


def ends_of(rows):
    last = [mine for _, mine in rows.groupby("cell")]
    return [mine["seeds"].iloc[-1] for mine in last], [race.place(mine)[-1] for mine in last]


def test_names_stand_beside_the_lines_with_verdict_and_seeds(frame):
    panel = race.draw(frame).axes[0]
    last = frame[frame["task"] == "adding"].groupby("cell").last()
    expected = {f"{cell} {palette.VERDICTS[row.standing][1]} {row.looked}" for cell, row in last.iterrows()}
    assert {text.get_text() for text in panel.texts} == expected


def test_the_bounds_are_those_of_the_family_and_of_one_comparison_alone(frame):
    panel = race.draw(frame).axes[0]
    labels = {
        text.get_text(): tick for tick, text in zip(panel.get_yticks(), panel.get_yticklabels(), strict=True)
    }
    assert {"1", "20", "80"} <= set(labels)
    dashed = {line.get_ydata()[0] for line in panel.get_lines() if line.get_linestyle() == "--"}
    assert {math.log10(20), math.log10(80)} <= dashed
    assert "20 if all others of its task are decided, up to 80 while none is" in race.caption(frame)


def test_other_pairs_than_those_with_the_reference_are_named_by_both_cells():
    pairs = [["adding", "lstm", "rnn"], ["adding", "gru", "nfg"]]
    frame = race.data(raced(pairs))
    rows = frame.groupby("label").last()
    assert {"rnn", "gru:nfg"} <= set(rows.index)
    assert rows.loc["rnn", "standing"] == "worse"
    assert rows.loc["gru:nfg", "standing"] == "better"


def test_of_very_many_pairs_those_without_the_reference_are_grey(monkeypatch):
    monkeypatch.setattr(race, "MOST", 2)
    frame = race.data(raced([["adding", "gru", "lstm"], ["adding", "gru", "nfg"], ["adding", "nog", "nfg"]]))
    assert set(frame.loc[~frame["named"], "label"]) == {"gru:nfg", "nog:nfg"}
    panel = race.draw(frame).axes[0]
    assert not [text for text in panel.texts if ":" in text.get_text()]
    assert race.caption(frame).endswith("Grey: comparisons with other cells.")


def test_studies_of_a_fixed_number_of_seeds_have_no_race_and_raced_ones_no_matrix_of_pairs(study, analysed):
    assert "race" not in fitting(analysed)
    assert race.absent(analysed)
    assert "verdicts" in fitting(analysed)
    assert set(fitting(study)) == set(FIGURES) - {"verdicts", "ranks", "longer", "flow", "horizons"}
    assert matrix.absent(raced([["adding", "gru", "nfg"]])) == ""
