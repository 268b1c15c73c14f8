"""The choice among the best few settings: on fresh seeds, by validation, before the confirm stage."""

import dataclasses

import pytest
from planning import search_entries
from studies import tiny
from sweeping import made_up, sweep_in

from sweeps.choosing import Choose
from sweeps.errors import InputError
from sweeps.spaces import grid, log_uniform, sampled
from sweeps.stages import Stages, nothing

SEARCH = sampled({"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}, trials=6)
CHOOSING = {"search": SEARCH, "choose": Choose(best=3, seeds=4)}


def test_the_best_settings_of_the_search_are_trained_again_and_the_highest_mean_is_chosen(tmp_path):
    scheduler = sweep_in(tmp_path, tiny(**CHOOSING))
    plan = scheduler.stages.planned
    assert {stage: len(entries) for stage, entries in plan.items()} == {
        "search": 24,
        "choose": 48,
        "confirm": 8,
    }
    for arm, best in scheduler.stages.best.items():
        searched = sorted((e for e in plan["search"] if e.arm == arm), key=made_up, reverse=True)[:3]
        again = {e.trial.optimizer: [] for e in plan["choose"] if e.arm == arm}
        assert list(again) == [e.trial.optimizer for e in searched]
        for e in plan["choose"]:
            if e.arm == arm:
                again[e.trial.optimizer].append(made_up(e))
        assert {len(scores) for scores in again.values()} == {4}
        assert best.optimizer == max(again, key=lambda setting: sum(again[setting]))
        assert {e.trial.optimizer for e in plan["confirm"] if e.arm == arm} == {best.optimizer}


def test_a_setting_that_was_lucky_once_is_not_chosen(tmp_path):
    lucky = {e.id for e in search_entries(tiny(**CHOOSING).study)}
    best = {}

    def score(entry):
        if entry.id in lucky:
            best[entry.arm] = max(best.get(entry.arm, (0.0, None)), (made_up(entry), entry.trial.optimizer))
            return made_up(entry)
        return 0.1 if entry.trial.optimizer == best[entry.arm][1] else 0.6

    scheduler = sweep_in(tmp_path, tiny(**CHOOSING), score=score)
    assert all(trial.optimizer != best[arm][1] for arm, trial in scheduler.stages.best.items())


def test_no_seed_is_of_two_stages(tmp_path):
    plan = sweep_in(tmp_path, tiny(**CHOOSING)).stages.planned
    for cell in ("lstm", "lstm_again"):
        seeds = [e.trial.seed for entries in plan.values() for e in entries if e.cell == cell]
        assert len(seeds) == len(set(seeds)) == 20


def test_a_training_that_diverges_counts_as_zero_in_the_choice(tmp_path):
    loaded = tiny(**CHOOSING)
    clean = sweep_in(tmp_path / "clean", loaded)
    arm, best = next(iter(clean.stages.best.items()))
    bad = {
        e.id for e in clean.stages.planned["choose"] if e.arm == arm and e.trial.optimizer == best.optimizer
    }
    stages, rows = Stages(loaded.study), {row["trial_id"]: row for row in clean.store.trials().to_pylist()}
    rows |= {i: rows[i] | {"status": "diverged"} for i in bad}
    stages.go_on(lambda entry: rows.get(entry.id))
    assert stages.best[arm].optimizer != best.optimizer


@pytest.mark.parametrize(("size", "order"), [(1, 1), (3, 2), (64, 3)])
def test_neither_the_order_of_workers_nor_cohorts_nor_kills_change_the_choice(tmp_path, size, order):
    whole = sweep_in(tmp_path / "whole", tiny(**CHOOSING))
    for stop in (1, 3, 5, None):
        scheduler = sweep_in(tmp_path / "again", tiny(**CHOOSING), size=size, order=order, stop=stop)
    assert scheduler.stages.best == whole.stages.best
    assert scheduler.store.declaration().plan == whole.store.declaration().plan


def test_the_total_says_how_many_there_may_be_and_is_open_until_the_searches_end():
    stages = Stages(tiny(**CHOOSING).study)
    stages.go_on(nothing)
    assert stages.total == {"search": 24, "choose": 48, "confirm": 8}
    assert stages.open


def test_one_setting_alone_needs_no_choice_and_the_same_setting_is_trained_again_once(tmp_path):
    one = grid({"optimizer.learning_rate": [0.01]}, seeds=3)
    scheduler = sweep_in(tmp_path, tiny(search=one, choose=Choose()))
    assert scheduler.total == 4 * (3 + 2)
    assert not scheduler.stages.open


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"choose": 3}, r"choose must be Choose\(best=3, seeds=8\).*got 3"),
        ({"search": None, "choose": Choose()}, "needs a search"),
        ({"choose": Choose(best=1000, seeds=101)}, "at most 100,000 trials per cell and task; got 101,000"),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused_before_anything_runs(changes, message):
    with pytest.raises(InputError, match=message):
        tiny(**{**CHOOSING, **changes})
    with pytest.raises(InputError, match="best >= 2 settings and seeds >= 1"):
        dataclasses.replace(Choose(), best=1)
