"""The contract of search strategies: what they ask for follows from the study and from the store, and from no more.

A strategy joins by a line in STRATEGIES.
"""

import dataclasses
import math
from typing import ClassVar

import numpy as np
import pytest
from doors import RATE, Narrowing
from studies import tiny
from sweeping import sweep_in

from sweeps.errors import InputError
from sweeps.spaces import Choice, LogUniform, Uniform, choice, grid, log_uniform, sampled, uniform
from sweeps.stages import Stages, nothing
from sweeps.strategies.halving import halving
from sweeps.strategies.sobol import sobol
from sweeps.strategy import PENDING, GoOn, Strategy, Tried

SPACE = {RATE: log_uniform(1e-3, 1e-1), "optimizer.clip": uniform(0.5, 2.0)}
SEEDS = ((0, 1), (0, 2))


STRATEGIES = {
    "sampled": sampled(SPACE, trials=5),
    "grid": grid({RATE: [1e-3, 1e-2], "optimizer.clip": [1.0, 2.0]}, seeds=2),
    "sobol": sobol(SPACE, trials=5),
    "narrowing": Narrowing(),
    "halving": halving(SPACE, trials=7, eta=2, rungs=(0.3, 0.6)),
}


def all_asked(strategy, seed, score=lambda setting: -abs(math.log(setting[RATE] / 0.02))):
    """Everything that it asks for, with these scores."""
    tried = []
    while True:
        while (answer := strategy.ask(tried, seed)) is not None:
            if isinstance(answer, GoOn):
                tried[answer.i] = dataclasses.replace(tried[answer.i], status=PENDING)
            else:
                tried.append(Tried(setting=answer))
        if not any(t.status == PENDING for t in tried):
            return tried
        tried = [result_of(t, score(t.setting), len(getattr(strategy, "rungs", ()))) for t in tried]


def result_of(asked, score, rungs):
    """What was asked for, with this score, stopped as long as there are rungs."""
    if asked.status != PENDING:
        return asked
    stopped = len(asked.rungs) < rungs
    passed = (*asked.rungs, (score, 0.1)) if stopped else asked.rungs
    return Tried(
        setting=asked.setting,
        status="stopped" if stopped else "finished",
        score=score,
        loss=0.1,
        rungs=passed,
    )


@pytest.fixture(params=STRATEGIES)
def strategy(request):
    return STRATEGIES[request.param]


def test_a_strategy_says_what_it_is_and_asks_for_no_more_than_its_most(strategy):
    assert isinstance(strategy, Strategy)
    assert strategy.sampler
    assert 0 < len(all_asked(strategy, SEEDS[0])) <= strategy.most


def test_the_same_results_and_seed_give_the_same_settings(strategy):
    again = dataclasses.replace(strategy)
    assert all_asked(strategy, SEEDS[0]) == all_asked(again, SEEDS[0]) == all_asked(strategy, SEEDS[0])


def test_another_seed_draws_other_settings_unless_nothing_is_drawn(strategy):
    one, other = ([t.setting for t in all_asked(strategy, seed)] for seed in SEEDS)
    assert (one == other) == (strategy.sampler == "grid")


def test_neither_the_order_of_workers_nor_cohorts_nor_kills_change_what_is_tried(strategy, tmp_path):
    loaded = tiny(search=strategy)
    plan = sweep_in(tmp_path / "whole", loaded).store.declaration().plan
    assert len(plan["search"]) == 4 * len(all_asked(strategy, SEEDS[0]))
    for k, (size, order) in enumerate([(1, 1), (3, 2), (64, 3)]):
        folder = tmp_path / str(k)
        for stop in (1, 2, 3, None):  # killed three times
            scheduler = sweep_in(folder, loaded, size=size, order=order, stop=stop)
        assert scheduler.store.declaration().plan == plan
        assert scheduler.stored == scheduler.total == sum(map(len, plan.values()))


def test_a_strategy_sees_no_result_before_all_that_it_asked_for_is_in():
    stages, rows = Stages(tiny(search=Narrowing()).study), {}
    asked = stages.go_on(nothing)
    last = asked[-1]
    rows |= {e.id: finished(e) for e in asked if e.arm != last.arm}
    others = stages.go_on(lambda entry: rows.get(entry.id))
    assert {e.arm for e in others} == set(stages.order) - {last.arm}
    rows[last.id] = finished(last)
    assert stages.go_on(lambda entry: rows.get(entry.id)) == []
    rows |= {e.id: finished(e) for e in asked}
    assert [e.arm for e in stages.go_on(lambda entry: rows.get(entry.id))] == [last.arm] * 2


def finished(entry):
    return {"trial_id": entry.id, "status": "finished", "valid_score": 0.5, "valid_loss": 0.1}


def test_a_strategy_that_learns_ends_nearer_to_the_best_than_it_began():
    tried = all_asked(Narrowing(most=20), SEEDS[0])
    off = [-t.score for t in tried]
    assert max(off[-4:]) < min(off[:2])


def test_what_a_strategy_has_still_to_ask_for_counts_in_the_total():
    stages = Stages(tiny(search=Narrowing(most=6)).study)
    assert len(stages.go_on(nothing)) == 8
    assert stages.total == {"search": 24, "confirm": 8}


def test_the_declaration_says_how_settings_were_drawn(tmp_path, strategy):
    declared = sweep_in(tmp_path, tiny(search=strategy), stop=1).store.declaration()
    assert declared.sampler == strategy.sampler
    assert declared.random_draws == (strategy.sampler == "random")


def test_a_study_without_search_and_older_declarations_say_nothing_of_it(tmp_path):
    declared = sweep_in(tmp_path, tiny(search=None), stop=1).store.declaration()
    assert declared.sampler == ""
    assert declared.random_draws


@dataclasses.dataclass(frozen=True)
class Bad:
    sampler: ClassVar[str] = "bad"
    most: int = 2
    always: dict | None = None

    def ask(self, tried, seed):
        return self.always


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (Bad(always={RATE: 0.01}), "Bad asks for more than its most=2 settings"),
        (Bad(), "Bad asks for no settings at all"),
        (sampled({"optimizer.rate": uniform(0, 1)}, trials=1), "'lstm', task 'adding'.*'rate'"),
        (sobol({"cell.hiden": choice(1)}, trials=1), "Did you mean 'hidden'"),
    ],
)
def test_a_strategy_that_breaks_its_contract_is_named(search, message):
    with pytest.raises(InputError, match=message):
        Stages(tiny(search=search).study).go_on(nothing)


def test_what_is_no_strategy_is_refused_with_the_likely_fix():
    with pytest.raises(InputError, match=r"such as sampled\(.*got \{'a': 1\}"):
        tiny(search={"a": 1})


# ------------------------------------------------------------------ Sobol' points


def test_sobol_points_are_spread_evenly_where_draws_are_not():
    space = {"a": choice(*range(8)), "b": choice(*range(8))}
    for make, even in ((sobol, True), (sampled, False)):
        settings = make(space, trials=64).settings(np.random.default_rng(0))
        for name in space:
            counts = np.bincount([s[name] for s in settings], minlength=8)
            assert (set(counts) == {8}) == even


def test_the_first_sobol_points_do_not_depend_on_how_many_there_are_and_stay_for_ever():
    few, many = (sobol(SPACE, trials=n).settings(np.random.default_rng([0, 1])) for n in (3, 33))
    assert many[:3] == few
    assert len(many) == 33
    assert few[0] == {RATE: 0.00431, "optimizer.clip": 1.39}


def test_a_quantile_is_the_value_below_which_that_share_of_the_draws_lies():
    assert LogUniform(1e-4, 1e-2).quantile(0.5) == 1e-3
    assert Uniform(1.0, 3.0).quantile(0.25) == 1.5
    assert [Choice((1, 2, 3)).quantile(u) for u in (0.0, 0.34, 0.999)] == [1, 2, 3]
    rng = np.random.default_rng(5)
    for distribution in (LogUniform(1e-4, 1e-2), Uniform(1.0, 3.0)):
        draws = [distribution.draw(rng) for _ in range(4000)]
        below = np.mean([draw < distribution.quantile(0.3) for draw in draws])
        assert below == pytest.approx(0.3, abs=0.036)  # five standard errors


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sobol({}, trials=2), "at least one distribution"),
        (lambda: sobol(SPACE, trials=0), "sobol needs trials >= 1"),
        (lambda: sobol({"a": [1, 2]}, trials=2), "sobol needs log_uniform, uniform or choice for 'a'"),
    ],
)
def test_a_sobol_space_that_makes_no_sense_says_what_is_expected(make, message):
    with pytest.raises(InputError, match=message):
        make()
