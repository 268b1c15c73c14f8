"""match finds the size at which a cell meets a budget, by measuring and not by a formula."""

import contextlib
from dataclasses import dataclass, replace

import pytest
from flax import nnx
from oracles.modules import abstract

from lstm_variants import (
    CELLS,
    GRU,
    LSTM,
    LSTM1997,
    MUT1,
    ClockworkRNN,
    DepthGridLSTM,
    Layers,
    Match,
    Stacked,
    VanillaRNN,
    match,
)
from lstm_variants.match import MEASURES, TOLERANCE

pytestmark = pytest.mark.slow

N = 3


def measured(spec, name, inputs=N):
    return MEASURES[name](abstract(spec, inputs), inputs)


def sizes(spec, low, high):
    """The spec at every size in a range that it accepts, smallest first."""
    for hidden in range(low, high):
        with contextlib.suppress(ValueError):
            yield replace(spec, hidden=hidden)


@pytest.mark.parametrize("name", CELLS)
def test_the_nearest_size_is_found_and_its_number_is_the_built_modules(name):
    found = match(CELLS[name](), inputs=N, parameters=1000)
    assert found.value == measured(found.spec, "parameters")
    below, above = (
        list(sizes(found.spec, 1, found.hidden))[-1:],
        list(sizes(found.spec, found.hidden + 1, found.hidden + 9)),
    )
    for other in [*below, *above[:1]]:
        assert abs(measured(other, "parameters") - 1000) >= abs(found.value - 1000)
    assert replace(found.spec, hidden=CELLS[name]().hidden) == CELLS[name](), "nothing else is changed"


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    "spec", [GRU(), ClockworkRNN(), LSTM1997(hidden=3, size=3)], ids=lambda spec: type(spec).__name__
)
def test_a_budget_taken_from_a_size_gives_that_size(spec, measure):
    for hidden in (12, 24):
        sized = replace(spec, hidden=hidden)
        found = match(spec, inputs=N, **{measure: measured(sized, measure)})
        assert (found.spec, found.error, found.within) == (sized, 0.0, True)
        assert str(found).endswith("exactly as requested")


def test_the_hidden_that_the_spec_came_with_does_not_matter():
    assert match(LSTM(hidden=1), inputs=N, flops=9000) == match(LSTM(hidden=500), inputs=N, flops=9000)


def test_an_error_is_relative_and_said_in_words():
    near = match(GRU(), inputs=N, parameters=10_000)
    assert near == Match(spec=GRU(hidden=56), measure="parameters", target=10_000, value=10_080)
    assert near.error == pytest.approx(0.008)
    assert near.within
    assert str(near) == "GRU(hidden=56): 10,080 parameters, 0.8 % more than 10,000"
    far = match(ClockworkRNN(), inputs=N, state=10)
    assert (far.hidden, far.error, far.within) == (8, pytest.approx(-0.2), False)
    assert str(far).endswith("8 numbers of state, 20 % fewer than 10, and no size comes closer")


def test_within_is_one_per_cent_inclusive():
    fits = Match(spec=VanillaRNN(), measure="state", target=100, value=101)
    assert TOLERANCE == 0.01
    assert fits.within
    assert not replace(fits, target=1000, value=1011).within
    assert not replace(fits, target=1000, value=989).within


def test_of_two_sizes_equally_near_the_smaller_is_taken():
    assert match(ClockworkRNN(), inputs=N, state=10).hidden == 8


@pytest.mark.parametrize(
    "spec", [Stacked(cell=GRU(), layers=3), Layers(cell=GRU(), layers=2, bidirectional=True)]
)
@pytest.mark.parametrize("measure", MEASURES)
def test_the_cell_inside_is_sized(spec, measure):
    sized = replace(spec, cell=GRU(hidden=17))
    assert match(spec, inputs=N, **{measure: measured(sized, measure)}).spec == sized


def test_a_size_that_happens_to_be_cheaper_misleads_nobody():
    """MUT1 with as many units as inputs needs no projection: at 40 inputs, 40 units cost less than 36 do."""
    costs = {h: measured(MUT1(hidden=h), "parameters", 40) for h in range(35, 42)}
    assert costs[35] < costs[40] < costs[36]
    for h, cost in costs.items():
        assert match(MUT1(), inputs=40, parameters=cost).hidden == h


def test_a_budget_below_the_smallest_size_gives_that_size_and_says_so():
    found = match(ClockworkRNN(), inputs=N, parameters=5)
    assert (found.hidden, found.within) == (4, False)
    assert "% more than 5, and no size comes closer" in str(found)


def test_a_budget_that_no_size_reaches_is_refused():
    with pytest.raises(
        ValueError, match="No size up to hidden=131072 brings DepthGridLSTM to 8 numbers of state"
    ):
        match(DepthGridLSTM(), inputs=N, state=8)


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    units: int = 5

    def build(self, inputs, rngs):
        return nnx.GRUCell(inputs, self.units, rngs=rngs)


@dataclass(frozen=True, kw_only=True)
class ByHidden:
    """A third-party cell behind a spec of three lines."""

    hidden: int = 5

    def build(self, inputs, rngs):
        return nnx.GRUCell(inputs, self.hidden, rngs=rngs)


def test_a_cell_from_elsewhere_is_matched_as_ours_are():
    assert match(ByHidden(), inputs=N, parameters=3 * 20 * (N + 20 + 1)).hidden == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"match needs one budget, parameters, flops or state; got none\."),
        ({"state": 4, "flops": 5}, r"match needs one budget.*; got flops=5, state=4\."),
        ({"parameters": 0}, r"match needs parameters >= 1 to be met; got parameters=0\."),
        ({"flops": -3}, r"match needs flops >= 1 to be met; got flops=-3\."),
        ({"state": 2.5}, r"match needs an integer state; got state=2\.5\."),
        ({"state": 4, "inputs": 0}, r"match needs inputs >= 1 feature; got inputs=0\."),
        (
            {"state": 4, "spec": Elsewhere()},
            r"a spec with a field `hidden` to choose; got Elsewhere\(units=5\)\.",
        ),
        ({"state": 4, "spec": Stacked(cell=Elsewhere())}, r"a field `hidden` to choose; got Stacked\("),
    ],
)
def test_bad_requests_are_refused_in_words(arguments, message):
    arguments = {"spec": LSTM(), "inputs": N} | arguments
    with pytest.raises(ValueError, match=message):
        match(arguments.pop("spec"), **arguments)
