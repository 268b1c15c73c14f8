"""What a study declares decides what its report compares by, at which level, and what of its search it may compute."""

import dataclasses
import io

import pandas as pd
import pytest
from rich.console import Console
from stores import study, write_store

from analysis.figures import budget, budget_verdicts, importance, scores
from analysis.report.terminal import verdict_table
from analysis.report.write import write_report
from analysis.study.by_measure import by_measure
from analysis.study.results import load
from analysis.study.tables import Analysed
from analysis.study.trust import trust

CELLS = ("lstm", "lstm_again", "nfg", "rnn")


def analysed(folder, solved_step=None, seeds=8, **declared) -> Analysed:
    """solved_step: of every seed of a cell that solved the task."""
    made = study(cells=CELLS, tasks=("adding",), seeds=seeds)
    for row in made.trials:
        if row["solved"] and solved_step:
            row["solved_step"] = solved_step[row["cell"]]
    write_store(
        folder, dataclasses.replace(made, declaration=dataclasses.replace(made.declaration, **declared))
    )
    return Analysed(load(folder, "synthetic"))


def told(found) -> str:
    screen = Console(file=io.StringIO(), width=200)
    screen.print(verdict_table(found.verdicts, found.declaration))
    return screen.file.getvalue()


@pytest.mark.parametrize(("measure", "margin"), [("solved", 0.4), ("log_steps", 1.0), ("area", 0.1)])
def test_a_study_that_is_declared_by_another_measure_is_told_by_it(tmp_path, measure, margin):
    found = analysed(tmp_path, measure=measure, margin=margin, alpha=0.1)
    table = found.verdicts
    assert set(table["measure"]) == {measure}
    assert set(table["margin"]) == {margin}
    assert set(table["alpha"]) == {0.1}
    pd.testing.assert_frame_equal(table, by_measure(found.results, measure))
    assert f"difference in {measure},\nmargin ±{margin:g}, level 0.1" in told(found)
    assert found.measures[0] == measure
    assert set(scores.data(found)["measure"]) == {measure}


def test_the_controls_are_those_of_the_declared_measure(tmp_path):
    by_score = analysed(tmp_path / "score")
    by_divergence = analysed(tmp_path / "diverged", measure="diverged", margin=0.9)
    assert trust(by_score.results, by_score.verdicts).trustworthy
    reasons = trust(by_divergence.results, by_divergence.verdicts).reasons
    assert any("rnn" in reason and "lstm" in reason for reason in reasons)


def test_sooner_is_better_where_the_measure_says_so(tmp_path):
    steps = {"lstm": 500, "lstm_again": 500, "nfg": 100, "rnn": 2000}
    found = analysed(tmp_path, steps, seeds=30, measure="log_steps", margin=0.2)
    rows = found.found(found.verdicts).set_index("cell")
    assert rows.loc["nfg", "value"] < 0 < rows.loc["rnn", "value"]
    assert dict(rows["standing"]) == {"nfg": "better", "rnn": "worse"}


def test_other_measures_keep_their_own_margins_beside_the_declared_one(tmp_path):
    found = analysed(tmp_path, measure="solved", margin=0.4, margins={"area": 0.02})
    margins = {name: set(found.by(name)["margin"]) for name in ("solved", "area", "test_score", "log_steps")}
    assert margins == {"solved": {0.4}, "area": {0.02}, "test_score": {0.05}, "log_steps": {0.25}}


@pytest.mark.slow
def test_a_report_by_another_measure_is_written(tmp_path):
    analysed(tmp_path, measure="solved", margin=0.4)
    paths = write_report(tmp_path, "synthetic")
    assert set(pd.read_csv(paths.verdicts)["measure"]) == {"solved"}


def test_what_assumes_random_draws_is_refused_for_other_strategies_and_says_why(tmp_path):
    random, sobol = (analysed(tmp_path / name, sampler=name) for name in ("random", "sobol"))
    old = analysed(tmp_path / "old")
    for figure in (importance, budget, budget_verdicts):
        assert figure.data(sobol).empty
        pd.testing.assert_frame_equal(figure.data(random), figure.data(old))
        assert figure.ASSUMES_RANDOM_SEARCH
    assert not budget.data(random).empty
    assert sobol.protocol.empty
    assert not random.protocol.empty
    warning = "assumes independent random draws, and this study's settings were chosen by 'sobol'"
    assert any(warning in text for text in trust(sobol.results, sobol.verdicts).warnings)
    assert not any(warning in text for text in trust(random.results, random.verdicts).warnings)


def test_seeds_whose_number_was_decided_by_their_scores_are_warned_of(tmp_path):
    looked, fixed = analysed(tmp_path / "looked", confirm_rule="Precise"), analysed(tmp_path / "fixed")
    for found, warned in ((looked, True), (fixed, False)):
        texts = trust(found.results, found.verdicts).warnings
        assert any("saw the scores (Precise)" in text for text in texts) == warned


@pytest.mark.slow
def test_the_report_says_in_the_place_of_a_figure_why_it_is_not_there(tmp_path):
    analysed(tmp_path, sampler="narrowing")
    paths = write_report(tmp_path, "synthetic", figures={"budget": budget})
    lines = [line for line in paths.markdown.read_text().splitlines() if "chosen by 'narrowing'" in line]
    told = [line for line in lines if "needs " not in line]  # what claims need, they say
    assert len(told) == 2  # the warning, the figure's place
