"""The LSTM's own family: options that cannot be met are refused, and biases start as the papers have them."""

import math

import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, parameters

from lstm_variants import CIFG, LSTM1997, LSTM2000, NFG, Initial

ZEROS = Initial(inputs="zeros", recurrent="zeros")  # soon drawn
CHRONO = Initial(inputs="zeros", recurrent="zeros", chrono=100)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LSTM1997(hidden=5, size=2), r"divisible by size, .*; got hidden=5 and size=2\."),
        (lambda: LSTM2000(hidden=5, size=2), r"divisible by size, .*; got hidden=5 and size=2\."),
        (lambda: LSTM1997(size=0), r"LSTM1997 needs size >= 1 cell a block; got size=0\."),
        (lambda: LSTM2000(size=2.0), r"LSTM2000 needs an integer size; got size=2\.0\."),
        (
            lambda: LSTM1997(biases="all"),
            r"LSTM1997 needs biases = hidden \| gates \| none; got biases='all'\.",
        ),
        (
            lambda: LSTM1997(biases="none", initial=Initial(biases="normal")),
            r"no biases to draw .*'normal'\.",
        ),
        (lambda: LSTM1997(initial=CHRONO), r"LSTM1997 has no forget gate for chrono .*; got chrono=100\."),
        (lambda: NFG(initial=CHRONO), r"NFG has no forget gate for chrono .*; got chrono=100\."),
    ],
)
def test_bad_structure_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            LSTM1997(biases="none", input_bias=-3.0),
            r"takes no input_bias when biases='none'; got input_bias=-3",
        ),
        (LSTM1997(biases="none", output_bias=0.0), r"takes no output_bias when .*; got output_bias=0"),
        (LSTM2000(initial=CHRONO, input_bias=-3.0), r"either input_bias or chrono .*; got input_bias=-3"),
        (LSTM2000(initial=CHRONO, forget_bias=2.0), r"either forget_bias or chrono .*; got forget_bias=2"),
        (CIFG(initial=CHRONO, forget_bias=2.0), r"either forget_bias or chrono"),
    ],
)
def test_biases_that_would_be_ignored_are_refused(spec, message):
    with pytest.raises(ValueError, match=message):
        spec.check()


def start(spec):
    return parameters(spec.build(3, nnx.Rngs(0)))


def test_gates_of_1997_start_at_their_biases():
    p = start(LSTM1997(hidden=6, size=2, input_bias=-3.0, output_bias=-2.0, initial=ZEROS))
    assert (p["b_z"].tolist(), p["b_i"].tolist(), p["b_o"].tolist()) == ([0] * 6, [-3] * 3, [-2] * 3)


@pytest.mark.parametrize(("biases", "names"), [("hidden", "zio"), ("gates", "io"), ("none", "")])
def test_units_of_1997_with_biases_are_those_that_the_spec_names(biases, names):
    cell = abstract(LSTM1997(biases=biases), 3)
    assert {path for path in vars(cell) if path.startswith("b_")} == {f"b_{name}" for name in names}


def test_gates_of_2000_start_at_their_biases():
    p = start(LSTM2000(hidden=6, size=2, forget_bias=2.0, input_bias=-3.0, output_bias=-0.5, initial=ZEROS))
    assert p["b"].tolist() == [-3] * 3 + [2] * 3 + [-0.5] * 3


def test_chrono_draws_forget_and_input_biases_of_each_block_of_2000():
    b_i, b_f, b_o = np.split(start(LSTM2000(hidden=64, size=2, initial=CHRONO))["b"], 3)
    assert np.array_equal(b_i, -b_f)
    assert len(set(b_f)) > 16
    assert 0 <= b_f.min() <= b_f.max() <= math.log(99)
    assert np.array_equal(b_o, np.full(32, -1))


def test_coupled_input_gate_starts_at_minus_the_forget_bias():
    assert start(CIFG(hidden=4, forget_bias=2.0, initial=ZEROS))["b"].tolist() == [0] * 4 + [-2] * 4 + [0] * 4
    b_z, b_i, b_o = np.split(start(CIFG(hidden=32, initial=CHRONO))["b"], 3)
    assert -math.log(99) <= b_i.min() < b_i.max() <= 0
    assert not b_z.any()
    assert not b_o.any()
