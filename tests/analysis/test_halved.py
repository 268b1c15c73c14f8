"""A study whose search stopped settings on the way: its report says so, and compares nothing unequal."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from studies import tiny
from sweeping import made_up, sweep_in

from analysis.figures import FIGURES
from analysis.report.publish import copy_results
from analysis.report.write import write_report
from analysis.study.results import load
from analysis.study.tables import Analysed
from analysis.study.trust import warnings
from lstm_variants import GRU, LSTM
from sweeps.choosing import Choose
from sweeps.rules.race import race
from sweeps.spaces import log_uniform
from sweeps.store.store import Store
from sweeps.strategies.halving import halving
from sweeps.sweep import Scheduler

SEARCH = halving({"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}, trials=9, eta=3, rungs=(0.5,))


LOADED = tiny(
    search=SEARCH,
    choose=Choose(best=2, seeds=2),
    cells={"lstm": LSTM(hidden=3), "gru": GRU(hidden=3)},
    confirm=race(most=16, look=8),
    margin=0.2,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("halved")
    sweep_in(path, LOADED, score=lambda entry: made_up(entry) * (0.5 if entry.until else 0.9))
    return path


@pytest.fixture(scope="module")
def results(folder):
    """The results, with curves: made up as the rows are (the made-up sweep writes none)."""
    found = load(str(folder), "tiny")
    search = found.stage("search")
    first = search[["trial_id", "stage", "cell", "task", "seed"]].assign(
        step=10, valid_loss=0.1, valid_error=0.2, train_loss=0.3, gradient_norm=1.0, seconds=0.1
    )
    first["valid_score"] = np.linspace(0.1, 0.6, len(first))
    return dataclasses.replace(found, curves=pd.concat([first, first.assign(step=20, valid_score=0.9)]))


def test_a_third_has_come_to_its_end_and_the_others_have_no_test_score(results):
    search = results.stage("search")
    assert search["status"].value_counts().to_dict() == {"stopped": 24, "finished": 12}
    assert search.loc[search["status"] == "stopped", "test_score"].isna().all()
    assert (search.loc[search["status"] == "stopped", "rung"] == 1).all()


def test_the_first_rung_has_every_setting_with_its_score_there(results):
    first = results.first_rung
    assert len(first) == 36
    assert set(first["status"]) == {"finished"}
    assert set(first["steps_done"]) == {10}
    np.testing.assert_allclose(first["valid_score"], np.linspace(0.1, 0.6, 36))
    assert first["test_score"].isna().all()


def test_a_trial_that_diverged_before_the_rung_says_so_there(results):
    search = results.stage("search")
    victim = search.loc[search["status"] == "stopped", "trial_id"].iloc[0]
    trials = results.trials.assign(
        status=results.trials["status"].where(results.trials["trial_id"] != victim, "diverged")
    )
    curves = results.curves[results.curves["trial_id"] != victim]
    first = dataclasses.replace(results, trials=trials, curves=curves).first_rung.set_index("trial_id")
    assert first.loc[victim, "status"] == "diverged"
    assert (first.drop(victim)["status"] == "finished").all()


def test_shares_are_of_the_first_rung_and_the_best_of_k_is_left_out_with_the_reason(results):
    study = Analysed(results)
    assert len(study.shares) > 0
    assert FIGURES["budget"].data(study).empty
    rates = FIGURES["learning_rate"].data(study)
    assert (rates["rung"] == 10).all()
    assert "first rung (10 updates on adding)" in FIGURES["learning_rate"].caption(rates)
    told = "\n".join(warnings(results))
    assert "at the search's first rung, where all settings still trained (10 updates on adding)" in told
    assert "this study's search stopped most of them on the way" in told


def test_the_report_of_a_halved_study_with_choices_is_written(folder):
    page = write_report(str(folder), "tiny").report
    text = page.read_text()
    assert "stopped" in text
    assert "choose" in text


def test_a_published_copy_holds_all_that_a_sweep_needs_to_find_nothing_left_to_run(folder, tmp_path):
    source, target = Store(folder, "tiny"), Store(tmp_path, "tiny")
    copy_results(load(str(folder), "tiny"), source, target)
    kept = [path.name for path in target.parts("trials")]
    assert len(kept) == 4  # a part per stage, and that of the rung after which some went on
    again = Scheduler(LOADED, target, 2)
    assert not again.queue
    assert again.store.declaration().plan == source.declaration().plan
    assert target.trials().num_rows == source.trials().num_rows == again.total
