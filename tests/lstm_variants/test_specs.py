"""Bad structure is refused when the spec is made, in words that say what to do."""

import pytest

from lstm_variants import LSTM, ClockworkRNN, DepthGatedLSTM, Stacked, VanillaRNN


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LSTM(hidden=0), r"LSTM needs hidden >= 1 unit; got hidden=0\."),
        (lambda: LSTM(hidden=2.5), r"LSTM needs an integer hidden; got hidden=2\.5\."),
        (lambda: VanillaRNN(activation="Tanh"), r"VanillaRNN needs activation = tanh \| relu; got .*'Tanh'"),
        (lambda: DepthGatedLSTM(layers=1), r"DepthGatedLSTM needs layers >= 2 .*; got layers=1\."),
        (lambda: ClockworkRNN(periods=()), r"needs a tuple of periods, one a module; got \(\)\."),
        (lambda: ClockworkRNN(periods=[1, 2]), r"needs a tuple of periods, one a module; got \[1, 2\]\."),
        (lambda: ClockworkRNN(periods=(0, 1)), r"needs period >= 1 .*; got period=0\."),
        (lambda: ClockworkRNN(periods=(1.0, 2.0)), r"needs an integer period; got period=1\.0\."),
        (lambda: ClockworkRNN(periods=(1, 4, 2)), r"increasing periods .*; got periods=\(1, 4, 2\)\."),
        (lambda: ClockworkRNN(periods=(1, 1)), r"increasing periods .*; got periods=\(1, 1\)\."),
        (lambda: ClockworkRNN(hidden=10), r"hidden divisible by its 4 modules; got hidden=10\."),
        (lambda: Stacked(cell=LSTM(), layers=0), r"Stacked needs layers >= 1 layer; got layers=0\."),
        (lambda: Stacked(cell="lstm"), r"Stacked needs the spec of a cell.*; got cell='lstm'\."),
        (lambda: Stacked(cell=LSTM), r"Stacked needs the spec of a cell.*; got cell=<class"),
    ],
)
def test_bad_structure_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_stacked_checks_the_floats_of_its_cell():
    Stacked(cell=LSTM(forget_bias=1.0)).check()
    Stacked(cell=VanillaRNN()).check()
    with pytest.raises(ValueError, match="finite forget_bias"):
        Stacked(cell=LSTM(forget_bias=float("nan"))).check()
