"""The contract of confirm rules: who gets how many seeds follows from the store, and from no more.

A rule joins by a line in RULES.
"""

import dataclasses
from itertools import pairwise

import pytest
from doors import Precise
from studies import tiny
from sweeping import made_up, sweep_in

from lstm_variants import GRU, LSTM
from sweeps.commands.plan import missing
from sweeps.confirm import VALUES, ConfirmRule, Fixed, Question, asked
from sweeps.errors import InputError
from sweeps.rules.race import race
from sweeps.store.store import Store
from sweeps.sweep import Scheduler

QUESTION = Question(reference="lstm", margin=0.05, alpha=0.05, pairs=(("gru", "lstm"),))


@dataclasses.dataclass(frozen=True)
class Against:
    """Two seeds at a time for cells whose mean lies within the margin of the reference's."""

    most: int = 12
    expected: int = 6

    def wanted(self, scores, question):
        def mean(cell):
            return sum(scores[cell]) / max(1, len(scores[cell]))

        near = {
            cell
            for cell in scores
            if abs(mean(cell) - mean(question.reference)) <= question.margin and cell != question.reference
        }
        number = min(self.most, max(map(len, scores.values())) + 2)
        return dict.fromkeys(near | {question.reference}, number) if near else {}


RULES = {"fixed": Fixed(5), "precise": Precise(), "against": Against(), "race": race(most=16, look=4)}
LOOKING = [name for name in RULES if name != "fixed"]


def score(entry):
    """Narrow for the GRU, wide for the others."""
    return 0.45 + 0.1 * made_up(entry) if entry.cell == "gru" else made_up(entry)


def loaded_with(rule, **changes):
    return tiny(confirm=rule, margin=0.2, **changes)


def numbers(scheduler):
    return {cell: len(ids) for cell, _, ids in scheduler.store.declaration().labels["confirm"]}


@pytest.fixture(params=RULES)
def rule(request):
    return RULES[request.param]


@pytest.fixture
def whole(rule, tmp_path):
    """A study that ran through with the rule."""
    return sweep_in(tmp_path / "whole", loaded_with(rule), score=score)


def test_a_rule_has_its_most_and_what_it_expects_and_begins_from_no_scores(rule):
    assert isinstance(rule, ConfirmRule)
    assert 2 <= rule.expected <= rule.most
    first = asked(rule, {"lstm": [], "gru": []}, QUESTION)
    assert set(first) == {"lstm", "gru"}
    assert all(2 <= number <= rule.most for number in first.values())


def test_a_rule_that_looks_gives_cells_different_numbers_of_seeds(tmp_path):
    found = numbers(sweep_in(tmp_path, loaded_with(Precise()), score=score))
    assert found["gru"] == 4
    assert 4 < found["lstm"] <= 16


def test_a_number_is_the_fixed_rule(tmp_path):
    plans = [sweep_in(tmp_path / str(r), loaded_with(r)).store.declaration().plan for r in (5, Fixed(5))]
    assert plans[0] == plans[1]
    assert Store(tmp_path / "5", "tiny").declaration().confirm_rule == ""
    assert len(plans[0]["confirm"]) == 4 * 5


@pytest.mark.parametrize(("size", "order"), [(1, 1), (2, 2), (3, 3), (64, 4)])
def test_neither_the_order_of_workers_nor_the_size_of_cohorts_changes_who_gets_seeds(
    rule, whole, size, order, tmp_path
):
    other = sweep_in(tmp_path, loaded_with(rule), size=size, order=order, score=score)
    assert other.store.declaration().plan == whole.store.declaration().plan
    assert other.store.declaration().total == whole.store.declaration().total


def test_a_sweep_that_is_killed_again_and_again_comes_to_the_same_trials(rule, whole, tmp_path):
    for order in range(200):
        scheduler = sweep_in(
            tmp_path, loaded_with(rule), size=1 + order % 3, order=order, stop=2, score=score
        )
        if scheduler.stored == scheduler.total:
            break
    assert order >= 5
    assert scheduler.store.declaration().plan == whole.store.declaration().plan


def test_running_it_again_runs_nothing_and_says_the_same(rule, whole):
    declared = whole.store.declaration()
    again = Scheduler(loaded_with(rule), whole.store, 2)
    assert not again.queue
    assert whole.store.declaration() == declared
    assert missing(loaded_with(rule), whole.store)[0] == []


def test_rows_that_a_rule_does_not_ask_for_are_not_looked_at(tmp_path):
    sweep_in(tmp_path / "all", loaded_with(16), score=score)
    once = sweep_in(tmp_path / "all", loaded_with(Precise()), score=score)
    fresh = sweep_in(tmp_path / "none", loaded_with(Precise()), score=score)
    assert once.store.declaration().plan == fresh.store.declaration().plan


def test_a_rule_sees_whole_looks_of_every_cell_and_nothing_between(tmp_path):
    seen = []

    @dataclasses.dataclass(frozen=True)
    class Watching(Precise):
        def wanted(self, scores, question):
            seen.append({cell: len(values) for cell, values in scores.items()})
            return super().wanted(scores, question)

    sweep_in(tmp_path, loaded_with(Watching()), size=1, order=7, score=score)
    looks = [dict(t) for t in dict.fromkeys(tuple(look.items()) for look in seen)]
    assert set(looks[0]) == {"lstm", "lstm_again", "gru", "rnn"}
    for before, after in pairwise(looks):
        assert all(after[cell] - before[cell] in (0, 4) for cell in before)
    assert looks[1] == dict.fromkeys(looks[0], 4)


def test_the_plan_grows_and_the_total_is_the_largest_until_it_is_decided(tmp_path):
    loaded = loaded_with(Precise())
    begun = sweep_in(tmp_path, loaded, stop=3, score=score)
    assert begun.store.declaration().total == {"search": 8, "confirm": 4 * 16}
    assert (begun.total, begun.total_text) == (8 + 4 * 16, "at most 72 (about 40 expected)")
    whole = sweep_in(tmp_path, loaded, score=score)
    declared = whole.store.declaration()
    assert declared.confirm_rule == "Precise"
    assert declared.total == {stage: len(ids) for stage, ids in declared.plan.items()}
    assert whole.stored == whole.total == int(whole.total_text) < 8 + 4 * 16


def test_a_plan_counts_on_as_many_seeds_as_the_rule_expects(tmp_path):
    loaded = loaded_with(Precise())
    todo, guessed, done, _ = missing(loaded, Store(tmp_path, "tiny"))
    assert (len(todo), len(guessed), done) == (8, 4 * 8, 0)
    assert {e.stage for e in guessed} == {"confirm"}


def test_a_failed_trial_scores_zero_and_when_it_is_tried_again_what_it_gives_counts(tmp_path):
    loaded = loaded_with(Precise())
    clean = sweep_in(tmp_path / "clean", loaded, score=score)
    first = next(e for e in clean.stages.planned["confirm"] if e.cell == "gru")
    failing = sweep_in(tmp_path / "failing", loaded, failing={first.id}, score=score)
    assert numbers(failing)["gru"] > numbers(clean)["gru"]
    assert failing.stages.confirms["adding"].scores["gru"][0] == 0.0
    again = sweep_in(tmp_path / "failing", loaded, score=score)
    assert again.store.declaration().plan == clean.store.declaration().plan


def test_scores_are_those_of_the_declared_measure_as_the_verdicts_count_them():
    row = {"status": "finished", "test_score": 0.75, "solved": True}
    lost = {"status": "diverged", "test_score": None, "solved": True}
    assert {name: value(row) for name, value in VALUES.items()} == {
        "test_score": 0.75,
        "solved": 1.0,
        "diverged": 0.0,
    }
    assert {name: value(lost) for name, value in VALUES.items()} == {
        "test_score": 0.0,
        "solved": 0.0,
        "diverged": 1.0,
    }
    assert VALUES["test_score"](row | {"test_score": -0.2}) == 0.0
    assert VALUES["test_score"](row | {"status": "failed", "test_score": None}) == 0.0


@pytest.mark.parametrize("name", LOOKING)
def test_the_question_of_the_study_reaches_the_rule(name, tmp_path):
    cells = {"gru": GRU(hidden=3), "lstm": LSTM(hidden=3)}
    seen = []

    @dataclasses.dataclass(frozen=True)
    class Watching(type(RULES[name])):
        def wanted(self, scores, question):
            seen.append(question)
            return super().wanted(scores, question)

    sweep_in(tmp_path, loaded_with(Watching(), cells=cells, alpha=0.1), stop=1)
    assert seen[0] == Question(
        reference="gru",
        margin=0.2,
        alpha=0.1,
        pairs=(("lstm", "gru"),),
        controls=(("gru_again", "gru"), ("rnn", "gru")),
    )


@dataclasses.dataclass(frozen=True)
class Bad:
    most: int = 4
    expected: int = 4
    answer: tuple = ()

    def wanted(self, scores, question):
        return dict(self.answer)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((("lstn", 2),), "Did you mean 'lstm'"),
        ((("lstm", 5),), "Bad asks for 5 seeds of 'lstm', more than its most=4"),
    ],
)
def test_an_answer_that_breaks_the_contract_is_named(answer, message):
    with pytest.raises(InputError, match=message):
        asked(Bad(answer=answer), {"lstm": [], "gru": []}, QUESTION)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"confirm": 1}, "confirm >= 2"),
        ({"confirm": Precise(most=1)}, "confirm >= 2"),
        ({"confirm": "many"}, "a number of seeds or a rule"),
        ({"confirm": True}, "a number of seeds or a rule"),
        ({"confirm": 200_000}, "100,000 seeds"),
        ({"confirm": Precise(), "measure": "area"}, "compare by one of: test_score, solved, diverged"),
    ],
)
def test_a_study_refuses_what_is_no_rule(changes, message):
    with pytest.raises(InputError, match=message):
        tiny(**changes)
